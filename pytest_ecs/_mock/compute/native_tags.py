"""Tags of servers as the native APIs know them, plain strings (6.15); with key and value they are in `tags`."""

from __future__ import annotations

from urllib.parse import quote

from pytest_ecs._mock.compute.finding import find_server
from pytest_ecs._mock.http.errors import NativeError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import Field, Reader
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Server

__all__: list[str] = []

_ALL = "/v2.1/{project_id}/servers/{server_id}/tags"
_ONE = _ALL + "/{tag}"
#: 6.15.4; a slash would not fit into a URL, and a comma separates the tags of a filter (6.2.4).
_MOST, _TAG = 50, Field("string", low=1, high=80, pattern=r"[^,/]*")
_TAGS = Field("object", fields={"tags": Field("array", need=True, high=_MOST, item=_TAG)})  # Table 6-221
_SINCE = (2, 26)


def _server(request: Request, state: State) -> Server:
    """Return the server of the URL at a microversion that has tags."""
    if request.microversion < _SINCE and not state.deviates("tags-below-microversion"):
        raise NativeError(404, "There are no tags below microversion 2.26")
    return find_server(request, state)


def _tag(request: Request, state: State) -> str:
    """Return the tag of the URL."""
    read = Reader(refuse_native, state.deviates).read(
        {"tag": request.parameters["tag"]}, Field("object", fields={"tag": _TAG})
    )
    return str(read["tag"])


def _present(request: Request, server: Server, tag: str) -> None:
    if tag not in server.tags:
        raise NativeError(404, f"Server {server.id} has no tag '{tag}'")


@route("GET", _ALL, family="nova", permission="nova.tags")
def list_tags(request: Request, state: State) -> Response:
    """List the tags of a server (6.15.1)."""
    return Response(200, {"tags": list(_server(request, state).tags)})


@route("PUT", _ALL, family="nova", permission="nova.set-tags")
def replace(request: Request, state: State) -> Response:
    """Give a server these tags, and no others (6.15.2)."""
    server = _server(request, state)
    wanted = Reader(refuse_native, state.deviates).read(request.json, _TAGS).get("tags", [])
    before = server.tags if state.deviates("tags-set-merges") else []
    server.tags = list(dict.fromkeys([*before, *wanted]))
    return Response(200, {"tags": list(server.tags)})


@route("DELETE", _ALL, family="nova", permission="nova.delete-tags")
def delete_all(request: Request, state: State) -> Response:
    """Delete all tags of a server (6.15.3)."""
    server = _server(request, state)
    if not state.deviates("tags-clear-noop"):
        server.tags = []
    return Response(204)


@route("PUT", _ONE, family="nova", permission="nova.add-tag", bodiless=True)
def add(request: Request, state: State) -> Response:
    """Add a tag to a server (6.15.4): 201 with a page that says so, 204 where it has the tag already."""
    server, tag = _server(request, state), _tag(request, state)
    if tag in server.tags:
        return Response(400 if state.deviates("tag-not-idempotent") else 204)
    if len(server.tags) >= _MOST and not state.deviates("native-tags-limit-unchecked"):
        raise refuse_native("Ecs.0905", f"The number of tags exceeded the per-server limit {_MOST}")
    if not state.deviates("tag-add-noop"):
        server.tags.append(tag)
    where = {"Location": f"{request.base}{request.path.rpartition('/')[0]}/{quote(tag, safe='')}"}
    if "application/json" in request.headers.get("accept", ""):
        body = {"message": "<br /><br />\n\n\n", "code": "201 Created", "title": "Created"}
        return Response(201, body, where)
    page = "<html>\n<head>\n  <title>201 Created</title>\n</head>\n<body>\n  <h1>201 Created</h1>\n  <br /><br />\n</body>\n</html>"
    return Response(201, page, where)


@route("GET", _ONE, family="nova", permission="nova.tag")
def has(request: Request, state: State) -> Response:
    """Say whether a server has a tag (6.15.5)."""
    server = _server(request, state)
    if not state.deviates("tag-always-there"):
        _present(request, server, request.parameters["tag"])
    return Response(204)


@route("DELETE", _ONE, family="nova", permission="nova.delete-tag")
def delete(request: Request, state: State) -> Response:
    """Delete a tag of a server (6.15.6)."""
    server, tag = _server(request, state), _tag(request, state)
    _present(request, server, tag)
    if not state.deviates("tag-delete-noop"):
        server.tags.remove(tag)
    return Response(204)
