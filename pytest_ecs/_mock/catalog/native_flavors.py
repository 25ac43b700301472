"""Flavors as the native APIs show them (6.6); with extended specifications they are in `flavors`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.records import Flavor

__all__: list[str] = []

_ALL = "/v2.1/{project_id}/flavors"
_ONE = _ALL + "/{flavor_id}"
_MOST = 1000
#: sort_key -> what is compared (Table 6-110); disks of flavors are not used, so that all have 0 GB.
_SORT: Mapping[str, Callable[[Flavor], Any]] = {
    "flavorid": lambda flavor: flavor.id,
    "name": lambda flavor: flavor.id,
    "memory_mb": lambda flavor: flavor.ram,
    "vcpus": lambda flavor: flavor.vcpus,
    "root_gb": lambda flavor: 0,
}


def _find(request: Request, state: State) -> Flavor:
    wanted = request.parameters["flavor_id"]
    found = state.flavors.get(wanted)
    if found is None:
        raise NativeError(404, f"Flavor {wanted[:64]} could not be found.")
    return found


def _brief(request: Request, state: State, flavor: Flavor) -> dict[str, Any]:
    version, project = "/v2" if request.path.startswith("/v2/") else "/v2.1", request.project.id
    links = [
        {"rel": "self", "href": f"{request.base}{version}/{project}/flavors/{flavor.id}"},
        {"rel": "bookmark", "href": f"{request.base}/{project}/flavors/{flavor.id}"},
    ]
    return {"id": flavor.id, "name": flavor.id, "links": [] if state.deviates("native-flavor-links-missing") else links}


def _full(request: Request, state: State, flavor: Flavor) -> dict[str, Any]:
    return {
        **_brief(request, state, flavor),
        "ram": flavor.ram,
        "disk": 0,
        "swap": "",
        "rxtx_factor": 1.0,
        "vcpus": str(flavor.vcpus) if state.deviates("native-flavor-vcpus-string") else flavor.vcpus,
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "os-flavor-access:is_public": state.is_public(flavor),
    }


def _whole(request: Request, state: State, name: str) -> int:
    text = request.arg(name)
    if not text:
        return 0
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        if state.deviates("type-unchecked"):
            return 0
        raise NativeError(400, f"{name} is not a number")
    return int(text)


def _word(request: Request, state: State, name: str, known: tuple[str, ...]) -> str:
    """Return the value of a query parameter, the first of those known when it is not given."""
    word = request.arg(name) or known[0]
    if word in known:
        return word
    if not state.deviates("enum-unchecked"):
        raise NativeError(400, f"{name} {word[:40]!r} is not supported")
    return known[0]


def _listed(request: Request, state: State, shown: Callable[[Request, State, Flavor], dict[str, Any]]) -> Response:
    deviates, flavors = state.deviates, list(state.flavors.values())
    disk, ram = _whole(request, state, "minDisk"), _whole(request, state, "minRam")
    if not deviates("flavors-min-disk-ignored"):
        flavors = [flavor for flavor in flavors if disk <= 0]
    if not deviates("flavors-min-ram-ignored"):
        flavors = [flavor for flavor in flavors if flavor.ram >= ram]
    key, direction = _word(request, state, "sort_key", tuple(_SORT)), _word(request, state, "sort_dir", ("asc", "desc"))
    flavors.sort(key=lambda flavor: flavor.id)
    if not deviates("flavors-unsorted"):
        flavors.sort(key=_SORT[key], reverse=direction == "desc")
    marker = request.arg("marker")
    if marker:
        at = next((index for index, flavor in enumerate(flavors) if flavor.id == marker), None)
        if at is None:
            raise NativeError(400, f"marker {marker[:40]!r} not found")
        flavors = flavors[at + 1 :]
    limit = _whole(request, state, "limit")
    if limit < 0 and not deviates("bound-under-unchecked"):
        raise NativeError(400, "limit is negative")
    page = flavors[: min(limit, _MOST) if limit > 0 else _MOST]
    body: dict[str, Any] = {"flavors": [shown(request, state, flavor) for flavor in page]}
    if len(page) < len(flavors):
        query = urlencode([*((k, v) for k, v in request.query if k != "marker"), ("marker", page[-1].id)])
        body["flavors_links"] = [{"rel": "next", "href": f"{request.base}{request.path}?{query}"}]
    return Response(200, body)


@route("GET", _ALL, family="nova")
def list_flavors(request: Request, state: State) -> Response:
    """List flavors (6.6.1)."""
    return _listed(request, state, _brief)


@route("GET", _ALL + "/detail", family="nova")
def list_details(request: Request, state: State) -> Response:
    """List flavors with details (6.6.2)."""
    return _listed(request, state, _full)


@route("GET", _ONE, family="nova")
def show(request: Request, state: State) -> Response:
    """Show a flavor (6.6.3)."""
    return Response(200, {"flavor": _full(request, state, _find(request, state))})


@route("GET", _ONE + "/os-extra_specs", family="nova", permission="nova.extra-specs")
def show_extra(request: Request, state: State) -> Response:
    """Show the extended specifications of a flavor (6.6.4)."""
    extra = _find(request, state).extra
    return Response(200, {"extra_specs": {} if state.deviates("extra-specs-empty") else dict(extra)})
