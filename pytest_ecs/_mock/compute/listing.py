"""The native lists of servers (6.2.4, 6.2.5): filters, order and pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from pytest_ecs._mock.compute.views import details, host_of, links, shown_status
from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Server

__all__: list[str] = []

#: Words that the status filter knows (Tables 6-31 and 6-36).
_STATUSES = frozenset(
    {
        "ACTIVE",
        "BUILD",
        "ERROR",
        "HARD_REBOOT",
        "MIGRATING",
        "REBOOT",
        "REBUILD",
        "RESIZE",
        "REVERT_RESIZE",
        "SHUTOFF",
        "VERIFY_RESIZE",
    }
)
_DEFAULT, _MOST = 25, 1000
Key = Callable[[Server], Any]
_NUMBER: Key = attrgetter("number")
#: sort_key -> what is compared (Table 6-31).
_SORT: Mapping[str, Key] = {
    "created_at": attrgetter("created"),
    "updated_at": attrgetter("updated"),
    "display_name": attrgetter("name"),
    "uuid": attrgetter("id"),
    "vm_state": attrgetter("vm_state"),
    "availability_zone": attrgetter("zone"),
    "instance_type_id": attrgetter("flavor.id"),
    "key_name": lambda s: s.key_name or "",
    "project_id": attrgetter("project"),
    "user_id": attrgetter("user"),
    "host": host_of,
}
#: Those of Table 6-36. What is the same for all servers here sorts by nothing.
_SORT_DETAIL: Mapping[str, Key] = {
    **_SORT,
    "auto_disk_config": lambda s: "",
    "display_description": lambda s: s.description,
    "host_name": lambda s: s.name.lower(),
    "image_ref": lambda s: s.image.id,
    "kernel_id": lambda s: "",
    "launch_index": lambda s: s.launch_index,
    "launched_at": lambda s: s.launched or 0.0,
    "locked_by": lambda s: s.locked,
    "node": host_of,
    "power_state": lambda s: s.power,
    "ramdisk_id": lambda s: "",
    "reservation_id": lambda s: s.reservation,
    "root_device_name": lambda s: "",
    "task_state": lambda s: s.task_state or "",
    "terminated_at": lambda s: "",
}


@route("GET", "/v2.1/{project_id}/servers", family="nova", permission="nova.list")
def list_servers(request: Request, state: State) -> Response:
    """List servers (6.2.4)."""
    page, more = _page(request, state, _SORT)
    shown: list[dict[str, Any]] = [{"id": s.id, "name": s.name, "links": links(request, s)} for s in page]
    return _listed(request, state, page, shown, more=more)


@route("GET", "/v2.1/{project_id}/servers/detail", family="nova", permission="nova.detail")
def list_details(request: Request, state: State) -> Response:
    """List servers with details (6.2.5)."""
    page, more = _page(request, state, _SORT_DETAIL)
    return _listed(request, state, page, [details(request, state, s) for s in page], more=more)


def _listed(request: Request, state: State, page: list[Server], shown: list[dict[str, Any]], *, more: bool) -> Response:
    if state.deviates("server-id-missing"):
        shown = [{key: value for key, value in one.items() if key != "id"} for one in shown]
    body: dict[str, Any] = {"servers": shown}
    if more and page and not state.deviates("list-next-missing"):
        query = urlencode([*((k, v) for k, v in request.query if k != "marker"), ("marker", page[-1].id)])
        body["servers_links"] = [{"rel": "next", "href": f"{request.base}{request.path}?{query}"}]
    return Response(200, body)


def _page(request: Request, state: State, keys: Mapping[str, Key]) -> tuple[list[Server], bool]:
    """Return the servers of the page that is asked for, and whether another one follows."""
    deviates = state.deviates
    servers = list(request.project.servers.values())
    image = request.arg("image")
    if image and not deviates("list-image-ignored"):
        # With an image no other criterion counts, and there are no pages (Table 6-31).
        return [s for s in servers if s.image.id == image.rpartition("/")[2]], False
    for keep in _filters(request, state):
        servers = [s for s in servers if keep(s)]
    key = request.arg("sort_key") or "created_at"
    if key not in keys or (deviates("list-sort-keys-few") and key not in {"created_at", "display_name"}):
        if not deviates("enum-unchecked"):
            raise NativeError(400, f"sort_key {key[:40]!r} is not supported")
        key = "created_at"
    downward = request.arg("sort_dir") != "asc"
    servers.sort(key=_NUMBER, reverse=downward)  # those that are equal stand as they were made
    servers.sort(key=keys[key], reverse=downward)
    if deviates("list-unsorted"):
        servers.sort(key=_NUMBER)
    marker, size = request.arg("marker"), _limit(request, state)
    if marker and not deviates("list-marker-ignored"):
        ids = [s.id for s in servers]
        if marker in ids:
            servers = servers[ids.index(marker) + 1 :]
        elif marker not in request.project.servers:
            raise NativeError(400, f"marker {marker[:40]!r} not found")
        # Otherwise the server is there and no longer fits the filter: start over rather than lose servers.
    return servers[:size], 0 < size < len(servers)


def _limit(request: Request, state: State) -> int:
    deviates, text = state.deviates, request.arg("limit")
    if text is None or not text:
        return _MOST if deviates("list-default-ignored") else _DEFAULT
    if deviates("list-limit-ignored"):
        return _MOST
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        if deviates("type-unchecked"):
            return _DEFAULT
        raise NativeError(400, "limit is not a number")
    limit = int(text)
    if limit < 0 and not deviates("bound-under-unchecked"):
        raise NativeError(400, "limit is negative")
    if limit == 0 and not state.varies("limit-zero-page"):
        return 0
    if limit > _MOST and state.varies("limit-over-refused"):
        raise NativeError(400, f"limit is more than {_MOST}")
    if limit <= 0:
        return _DEFAULT
    return limit if deviates("bound-over-unchecked") else min(limit, _MOST)


def _filters(request: Request, state: State) -> list[Callable[[Server], bool]]:
    """Return what a server must fulfil to be listed. A filter without a value is none."""
    found: list[Callable[[Server], bool]] = []

    def on(parameter: str, deviation: str, make: Callable[[str], Callable[[Server], bool]]) -> None:
        value = request.arg(parameter)
        if value and not state.deviates(deviation):
            found.append(make(value))

    on("name", "list-name-ignored", lambda value: lambda s: value in s.name)
    exact = state.deviates("list-parts-unmatched")
    on("flavor", "list-flavor-ignored", lambda value: lambda s: value in ([s.flavor.id] if exact else s.flavor.id))
    on("reservation_id", "list-reservation-ignored", lambda value: lambda s: s.reservation == value)
    on(
        "ip",
        "list-ip-ignored",
        lambda value: lambda s: any(value in ([one] if exact else one) for one in _addresses(s)),
    )
    on("status", "list-status-ignored", lambda value: _status(value.upper(), request, state))
    on("changes-since", "list-since-ignored", lambda value: _since(value, state))
    found.extend(partial(_tagged, tag=tag, wanted=True) for tag in _split(request.args("tags")))
    found.extend(partial(_tagged, tag=tag, wanted=False) for tag in _split(request.args("not-tags")))
    return found


def _split(values: list[str]) -> list[str]:
    return [tag for value in values for tag in value.split(",") if tag]


def _tagged(server: Server, *, tag: str, wanted: bool) -> bool:
    return (tag in server.tags) == wanted


def _addresses(server: Server) -> list[str]:
    return [*(nic.address for nic in server.nics), *(nic.eip.address for nic in server.nics if nic.eip)]


def _status(word: str, request: Request, state: State) -> Callable[[Server], bool]:
    """Return the status filter: a word outside the table fits no server, and is an error from 2.38 on."""
    if word not in _STATUSES or (word == "ERROR" and state.deviates("status-filter-few")):
        lax = state.deviates("status-filter-lenient") or state.deviates("enum-unchecked")
        if (request.microversion >= (2, 38) or state.deviates("status-filter-strict")) and not lax:
            raise NativeError(400, f"status {word[:40]!r} is not supported")
        return lambda s: False
    return lambda s: shown_status(state, s) == word


def _since(text: str, state: State) -> Callable[[Server], bool]:
    try:
        # A plus sign that was not quoted arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        if state.deviates("pattern-unchecked"):
            return lambda s: True
        raise NativeError(400, "changes-since is not a time") from None
    # Answers show whole seconds, so that a server shown with this time must be found by it.
    return lambda s: int(s.updated) >= int(seconds)
