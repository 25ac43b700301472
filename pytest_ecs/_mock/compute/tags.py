"""Tags of servers with key and value (5.9); the native view of the same tags is in `native_tags`.

The vendor's SDK calls these operations under cloudservers, so they answer there too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_ecs._mock.compute.finding import find_servers, refusing
from pytest_ecs._mock.http.errors import EcsError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import Field, Reader
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Server

__all__: list[str] = []

_P = "/v1/{project_id}"
#: 5.9.3: an ECS allows a maximum of 10 tags.
_MOST_TAGS, _MOST = 10, 1000
_KEY_CODES = {"low": "Ecs.0906", "high": "Ecs.0906", "pattern": "Ecs.0907"}
_CREATE = Field(
    "object",
    fields={  # Tables 5-75, 5-76
        "action": Field("string", need=True, enum=("create", "delete")),
        "tags": Field(
            "array",
            need=True,
            low=1,
            item=Field(
                "object",
                fields={
                    "key": Field(
                        "string", need=True, low=1, high=36, pattern=r"[A-Za-z0-9_\-\u4e00-\u9fff]*", codes=_KEY_CODES
                    ),
                    "value": Field(
                        "string",
                        need=True,
                        high=43,
                        pattern=r"[A-Za-z0-9_.\-\u4e00-\u9fff]*",
                        codes=_KEY_CODES,
                    ),
                },
            ),
        ),
    },
)
_DELETE = Field(
    "object",
    fields={  # Tables 5-78, 5-79
        "action": Field("string", need=True, enum=("create", "delete")),
        "tags": Field(
            "array",
            need=True,
            low=1,
            item=Field(
                "object",
                fields={
                    "key": Field("string", need=True, low=1, high=127, codes=_KEY_CODES),
                    "value": Field("string", high=255, codes=_KEY_CODES),
                },
            ),
        ),
    },
)
_WANTED = Field(
    "object",
    fields={  # Table 5-69
        "key": Field("string", need=True, low=1, high=127),
        "values": Field("array", item=Field("string", high=255)),
    },
)
_NUMBER = Field("integer|string", low=0)
_QUERY = Field(
    "object",
    fields={  # Table 5-68
        "action": Field("string", need=True, enum=("filter", "count")),
        "tags": Field("array", low=1, item=_WANTED),
        # Strings by the table, which speaks of their keys and values all the same.
        "not_tags": Field("array", low=1, item=Field("string|object", fields=_WANTED.fields)),
        "limit": Field("integer|string", low=0, high=_MOST),
        "offset": _NUMBER,
        "matches": Field(
            "array",
            low=1,
            item=Field(
                "object",
                fields={  # Table 5-70
                    "key": Field("string", need=True, low=1, enum=("resource_name",)),
                    "value": Field("string", need=True, low=1, high=255),
                },
            ),
        ),
    },
)


def _pairs(server: Server) -> dict[str, str]:
    """Return a server's tags by their keys; one without a value has an empty one."""
    parts = (tag.partition("=") for tag in server.tags)
    return {key: value for key, _, value in parts}


def _server(request: Request, state: State) -> Server:
    return find_servers(request, state, [request.parameters["server_id"]])[0]


# Add and delete (5.9.3, 5.9.4)


@route("POST", _P + "/servers/{server_id}/tags/action", family="ecs", permission="ecs.set-tags")
@route("POST", _P + "/cloudservers/{server_id}/tags/action", family="ecs", permission="ecs.set-tags")
def change(request: Request, state: State) -> Response:
    """Add tags to a server (5.9.3) or delete them (5.9.4)."""
    adds = request.json.get("action") != "delete"
    read = Reader(refusing(state), state.deviates).read(request.json, _CREATE if adds else _DELETE)
    server = _server(request, state)
    wanted = [(one["key"], one.get("value", "")) for one in read.get("tags", []) if "key" in one]
    if adds:
        _add(state, server, wanted)
    elif not state.deviates("tags-delete-noop"):
        _delete(state, server, wanted)
    return Response(204)


def _written(key: str, value: str) -> str:
    return f"{key}={value}" if value else key


def _keyed(tag: str, key: str) -> bool:
    return tag.partition("=")[0] == key


def _add(state: State, server: Server, wanted: Sequence[tuple[str, str]]) -> None:
    refuse, deviates = refusing(state), state.deviates
    if len({key for key, _ in wanted}) < len(wanted) and not deviates("tags-duplicates-unchecked"):
        raise refuse("Ecs.0908", "The tag key cannot be duplicate.")
    tags = list(server.tags)
    for key, value in wanted:
        old = [tag for tag in tags if _keyed(tag, key)]
        if deviates("tags-not-idempotent") and _written(key, value) in old:
            raise refuse("Ecs.0908", "The tag key cannot be duplicate.")
        if old and deviates("tags-not-overwritten"):
            continue
        tags = [tag for tag in tags if tag not in old]
        tags.append(_written(key, value))
    if len({tag.partition("=")[0] for tag in tags}) > _MOST_TAGS and not deviates("tags-limit-unchecked"):
        raise refuse("Ecs.0905", "The number of tags exceeds the maximum allowed limit.")
    server.tags = tags
    if deviates("tags-overwritten-everywhere"):
        for one in state.projects[server.project].servers.values():
            for key, value in wanted:
                one.tags = [_written(key, value) if _keyed(tag, key) else tag for tag in one.tags]


def _delete(state: State, server: Server, wanted: Sequence[tuple[str, str]]) -> None:
    pairs, deviates = _pairs(server), state.deviates
    if len({key for key, _ in wanted}) < len(wanted) and not deviates("tags-duplicates-unchecked"):
        raise refusing(state)("Ecs.0908", "The tag key cannot be duplicate.")
    for key, value in wanted:
        if key not in pairs and deviates("tags-delete-unknown-refused"):
            raise EcsError("Ecs.0005", "The tag does not exist.")
        # A tag with another value is another tag, which is not there.
        if not value or pairs.get(key) == value or deviates("tags-delete-value-ignored"):
            server.tags = [tag for tag in server.tags if not _keyed(tag, key)]


# Query (5.9.2, 5.9.5, 5.9.6)


@route("GET", _P + "/servers/{server_id}/tags", family="ecs")
@route("GET", _P + "/cloudservers/{server_id}/tags", family="ecs")
def show(request: Request, state: State) -> Response:
    """Show the tags of a server (5.9.6)."""
    return Response(200, {"tags": _shown(_server(request, state))})


def _shown(server: Server) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in _pairs(server).items()]


@route("GET", _P + "/servers/tags", family="ecs")
@route("GET", _P + "/cloudservers/tags", family="ecs")
def list_tags(request: Request, state: State) -> Response:
    """List all tags of the project, each key once with all its values (5.9.5)."""
    found: dict[str, list[str]] = {}
    for server in request.project.servers.values():
        for key, value in _pairs(server).items():
            values = found.setdefault(key, [])
            if value not in values or state.deviates("project-tags-repeated"):
                values.append(value)
    return Response(200, {"tags": [{"key": key, "values": values} for key, values in found.items()]})


def _not_wanted(item: Any) -> tuple[str, list[str]]:
    """Return key and values of an item of not_tags, which is a key, key=value, or an object as in tags."""
    if isinstance(item, str):
        key, equals, value = item.partition("=")
        return key, [value] if equals else []
    return item.get("key", ""), item.get("values", [])


def _has(server: Server, key: str, values: Sequence[str]) -> bool:
    pairs = _pairs(server)
    return key in pairs and (not values or pairs[key] in values)


def _check_unique(wanted: Sequence[tuple[str, Sequence[str]]], state: State) -> None:
    refuse, lax = refusing(state), state.deviates("tags-duplicates-unchecked")
    if any(not key for key, _ in wanted) and not state.deviates("bound-under-unchecked"):
        raise refuse("Ecs.0005", "A tag has no key.")
    if len({key for key, _ in wanted}) < len(wanted) and not lax:
        raise refuse("Ecs.0908", "The tag key cannot be duplicate.")
    if any(len(set(values)) < len(values) for _, values in wanted) and not lax:
        raise refuse("Ecs.0005", "The values of a tag key cannot be duplicate.")


@route("POST", _P + "/servers/resource_instances/action", family="ecs", permission="ecs.tags")
@route("POST", _P + "/cloudservers/resource_instances/action", family="ecs", permission="ecs.tags")
def query(request: Request, state: State) -> Response:
    """Filter or count servers by their tags and names (5.9.2)."""
    read, deviates = Reader(refusing(state), state.deviates).read(request.json, _QUERY), state.deviates
    wanted = [(one["key"], one.get("values", [])) for one in read.get("tags", []) if "key" in one]
    without = [_not_wanted(one) for one in read.get("not_tags", [])]
    for tags in (wanted, without):
        _check_unique(tags, state)
    matches = [one for one in read.get("matches", []) if "key" in one]
    if len(matches) > 1 and not deviates("tags-duplicates-unchecked"):
        raise refusing(state)("Ecs.0005", "The key of a match must be unique.")
    names = [one["value"] for one in matches if "value" in one]
    servers = list(request.project.servers.values())
    if not deviates("tags-query-tags-ignored"):
        within = any if deviates("tags-query-any") else all
        servers = [s for s in servers if not wanted or within(_has(s, *one) for one in wanted)]
    if not deviates("tags-query-not-tags-ignored"):
        servers = [s for s in servers if not any(_has(s, *one) for one in without)]
    if not deviates("tags-query-matches-ignored"):
        servers = [s for s in servers if all(s.name == name for name in names)]
    total = len(servers)
    if read.get("action") == "count":
        return Response(200, {"total_count": total})
    offset = 0 if deviates("tags-query-offset-ignored") else max(read.get("offset", 0), 0)
    limit = _MOST if deviates("tags-query-limit-ignored") else max(read.get("limit", _MOST), 0)
    page = servers[offset : offset + limit]
    resources = [
        {"resource_id": s.id, "resource_name": s.name, "resource_detail": None, "tags": _shown(s)} for s in page
    ]
    return Response(200, {"resources": resources, "total_count": len(page) if deviates("tags-count-paged") else total})
