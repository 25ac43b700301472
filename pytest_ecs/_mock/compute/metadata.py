"""Metadata of servers, whole and by keys (6.9)."""

from __future__ import annotations

from pytest_ecs._mock.compute.building import check_metadata
from pytest_ecs._mock.compute.finding import find_server, refuse_state
from pytest_ecs._mock.http.errors import NativeError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import Field, Reader
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Server

__all__: list[str] = []

_ALL = "/v2.1/{project_id}/servers/{server_id}/metadata"
_ONE = _ALL + "/{key}"
#: What OS-EXT-STS:vm_state must be for a change.
_STATES = ("active", "stopped", "paused", "suspended")
_PAIRS = Field(  # Tables 6-156, 6-159 and 6-167
    "object",
    need=True,
    values=Field("string", high=255),
    keys=Field("string", low=1, high=255, pattern=r"[A-Za-z0-9_:.\-]*"),
)


def _changed(request: Request, state: State) -> Server:
    """Return the server of the URL if its metadata can be changed now."""
    server = find_server(request, state)
    if server.vm_state not in _STATES and not state.deviates("metadata-state-unchecked"):
        raise refuse_state(server, "update metadata")
    return server


def _read(request: Request, state: State, name: str) -> dict[str, str]:
    read = Reader(refuse_native, state.deviates).read(request.json, Field("object", fields={name: _PAIRS}))
    return dict(read.get(name, {}))


def _keep(state: State, server: Server, pairs: dict[str, str]) -> None:
    """Give a server all its metadata, as far as the quota allows."""
    check_metadata(state, pairs, refuse_native)
    server.metadata = pairs


def _value(request: Request, server: Server) -> str:
    key = request.parameters["key"]
    if key not in server.metadata:
        raise NativeError(404, "Metadata item was not found")
    return server.metadata[key]


@route("POST", _ALL, family="nova", permission="nova.update-metadata")
def update(request: Request, state: State) -> Response:
    """Add pairs, or give their keys other values; the rest stays (6.9.1)."""
    pairs, server = _read(request, state, "metadata"), _changed(request, state)
    before = {} if state.deviates("metadata-update-replaces") else server.metadata
    _keep(state, server, {**before, **pairs})
    return Response(200, {"metadata": dict(server.metadata)})


@route("PUT", _ALL, family="nova", permission="nova.set-metadata")
def replace(request: Request, state: State) -> Response:
    """Replace all pairs (6.9.2)."""
    pairs, server = _read(request, state, "metadata"), _changed(request, state)
    before = server.metadata if state.deviates("metadata-set-merges") else {}
    _keep(state, server, {**before, **pairs})
    return Response(200, {"metadata": dict(server.metadata)})


@route("DELETE", _ONE, family="nova", permission="nova.delete-metadata")
def delete(request: Request, state: State) -> Response:
    """Delete one pair (6.9.3)."""
    server = _changed(request, state)
    if request.parameters["key"] not in server.metadata and state.deviates("metadata-unknown-deleted"):
        return Response(204)
    _value(request, server)
    if not state.deviates("metadata-delete-noop"):
        del server.metadata[request.parameters["key"]]
    return Response(204)


@route("GET", _ALL, family="nova", permission="nova.metadata")
def show(request: Request, state: State) -> Response:
    """Show all pairs (6.9.4)."""
    return Response(200, {"metadata": dict(find_server(request, state).metadata)})


@route("GET", _ONE, family="nova", permission="nova.metadatum")
def show_one(request: Request, state: State) -> Response:
    """Show one pair (6.9.5)."""
    server, key = find_server(request, state), request.parameters["key"]
    value = _value(request, server)
    if state.deviates("metadatum-in-metadata"):
        return Response(200, {"metadata": {key: value}})
    return Response(200, {"meta": {key: value}})


@route("PUT", _ONE, family="nova", permission="nova.set-metadatum")
def set_one(request: Request, state: State) -> Response:
    """Add one pair or give its key another value; the key is that of the URL (6.9.6)."""
    pairs, key = _read(request, state, "meta"), request.parameters["key"]
    if len(pairs) != 1 and not state.deviates("mandatory-unchecked"):
        raise refuse_native("Ecs.0005", "There is not exactly one pair of metadata.")
    if key not in pairs and not state.deviates("metadatum-key-unchecked"):
        raise refuse_native("Ecs.0005", "The request body and the URI mismatch.")
    server = _changed(request, state)
    before = {} if state.deviates("metadatum-set-replaces") else server.metadata
    _keep(state, server, {**before, **pairs})
    return Response(200, {"meta": pairs})
