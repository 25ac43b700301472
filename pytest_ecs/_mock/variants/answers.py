"""Variants of what answers show: each changes the answers of the routes that it fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_ecs._mock.http.routing import Response, Route

__all__ = ["ANSWERS", "change"]

Change = Callable[[Route, Response], None]


@dataclass(frozen=True)
class Variant:
    """What is otherwise, what allows it, and how an answer changes."""

    what: str
    allowed: str
    change: Change


def _objects(value: Any) -> list[dict[str, Any]]:
    """Return all JSON objects in a value, the outer ones first."""
    if isinstance(value, list):
        return [one for item in value for one in _objects(item)]
    if isinstance(value, dict):
        return [value, *(one for item in value.values() for one in _objects(item))]
    return []


def _servers(response: Response) -> list[dict[str, Any]]:
    """Return the servers of an answer that are shown with their details."""
    return [one for one in _objects(response.body) if "OS-EXT-STS:vm_state" in one]


def _in_servers(key: str, value: Callable[[Any], Any]) -> Change:
    def change(route: Route, response: Response) -> None:
        for server in _servers(response):
            if key in server:
                server[key] = value(server[key])

    return change


def _in_objects(fits: str, key: str, value: Callable[[Any], Any]) -> Change:
    """Return what changes a field in every object of the answers of the routes whose path has *fits* in it."""

    def change(route: Route, response: Response) -> None:
        for one in _objects(response.body) if fits in route.path else ():
            if key in one:
                one[key] = value(one[key])

    return change


def _reversed(end: str, key: str) -> Change:
    """Return what turns a list around, of the queries whose path ends so."""

    def change(route: Route, response: Response) -> None:
        if route.method != "GET" or not isinstance(response.body, dict) or not route.path.endswith(end):
            return
        if isinstance(response.body.get(key), list):
            response.body[key] = response.body[key][::-1]

    return change


def _dropped(method: str, end: str, wrapper: str, key: str, selects: str | None = None) -> Change:
    def change(route: Route, response: Response) -> None:
        if (route.method, route.selects) == (method, selects) and route.path.endswith(end):
            (response.body or {}).get(wrapper, {}).pop(key, None)

    return change


def _status(status: int, fits: Callable[[Route, Response], bool]) -> Change:
    def change(route: Route, response: Response) -> None:
        if fits(route, response):
            response.status = status
            if status == 204:
                response.body = None

    return change


def _native(route: Route, response: Response, *, body: bool) -> bool:
    """Whether it is a native operation whose status no ruling of its own fixes."""
    versions_or_tags = "project_id" not in route.path or "/tags" in route.path
    return (
        route.family == "nova"
        and route.path.startswith("/v2.1/")
        and not versions_or_tags
        and (response.body is not None) is body
    )


def _extra(route: Route, response: Response) -> None:
    if route.family in {"nova", "ecs"} and isinstance(response.body, dict):
        for one in list(response.body.values()):
            for inner in one if isinstance(one, list) else [one]:
                if isinstance(inner, dict) and {"id", "name"} & inner.keys():
                    inner["vendor:note"] = "more than the document lists"
        if "/ips/" not in route.path:  # there each field is the name of a network (6.4.3)
            response.body["vendor:note"] = {"text": "more than the document lists"}


def _links(route: Route, response: Response) -> None:
    for server in _servers(response):
        for link in server.get("links", ()):
            link["href"] = "https://compute.region.test/v2/servers/" + str(server["id"])


#: What the examples of 6.2.5 and 6.2.6 show of a server, with what the text of its field asks for in some cases.
_EXAMPLE = frozenset(
    [
        "addresses",
        "created",
        "flavor",
        "hostId",
        "id",
        "image",
        "links",
        "metadata",
        "name",
        "progress",
        "status",
        "tenant_id",
        "updated",
        "user_id",
        "fault",
        "os:scheduler_hints",
    ]
)
#: What the list with details shows of an address.
_EXAMPLE_ADDRESS = frozenset({"addr", "version"})


def _as_in_examples(route: Route, response: Response) -> None:
    for server in _servers(response) if route.method == "GET" else ():
        for key in server.keys() - _EXAMPLE:
            del server[key]
        for address in _objects(server["addresses"]) if route.path.endswith("/detail") else ():
            for key in address.keys() - _EXAMPLE_ADDRESS if "addr" in address else ():
                del address[key]


def _group(route: Route, ends: str) -> bool:
    return route.family == "ecs" and route.path.endswith(ends)


def _unlimited(route: Route, response: Response) -> None:
    if route.path.endswith(("/limits", "/cloudservers/limits")):
        absolute = response.body.get("absolute") or response.body.get("limits", {}).get("absolute", {})
        for name in absolute:
            if name.startswith("maxTotal"):
                absolute[name] = -1


def _page_info(route: Route, response: Response) -> None:
    if route.method == "GET" and _group(route, "/os-server-groups"):
        response.body.setdefault("page_info", {})


def _no_links_of_next(route: Route, response: Response) -> None:
    if route.method == "GET" and route.path.endswith(("/servers", "/servers/detail")) and route.family == "nova":
        response.body.setdefault("servers_links", [])


def _rel(route: Route, response: Response) -> None:
    for link in response.body.get("servers_links", ()) if isinstance(response.body, dict) else ():
        link["rel"] = "more"


ANSWERS: Mapping[str, Variant] = {
    "admin-pass-absent": Variant(
        "a native creation answers no password",
        "create-admin-pass",
        _dropped("POST", "/servers", "server", "adminPass"),
    ),
    "admin-pass-absent-rebuild": Variant(
        "a rebuild answers no password",
        "rebuild-admin-pass",
        _dropped("POST", "/action", "server", "adminPass", "rebuild"),
    ),
    "block-device-size-text": Variant(
        "sizes of attached disks are text", "block-device-size-text", _in_objects("/block_device", "size", str)
    ),
    "block-device-boot-false": Variant(
        "bootIndex is false for the system disk and true for others",
        "block-device-boot-index",
        _in_objects("/block_device", "bootIndex", lambda index: index not in (0, "0", False)),
    ),
    "description-null": Variant(
        "a server without a description has null",
        "description-default",
        _in_servers("description", lambda t: t or None),
    ),
    "extra-fields": Variant("objects have fields that no table lists", "10.3", _extra),
    "flavor-factor-integer": Variant(
        "rxtx_factor is an integer", "flavor-number-types", _in_objects("flavors", "rxtx_factor", int)
    ),
    "flavor-generation-other": Variant(
        "ecs:generation is another word",
        "flavor-generation",
        _in_objects("flavors", "ecs:generation", lambda _: "G-7x"),
    ),
    "flavors-reversed": Variant(
        "flavors come in another order", "5.4.1", _reversed("/cloudservers/flavors", "flavors")
    ),
    "host-status-null": Variant(
        "host_status is null", "host-status-empty-or-null", _in_servers("host_status", lambda _: None)
    ),
    "host-status-empty": Variant(
        "host_status is empty", "host-status-empty-or-null", _in_servers("host_status", lambda _: "")
    ),
    "host-names-other": Variant(
        "hosts have other names", "host-name-texts", _in_servers("OS-EXT-SRV-ATTR:host", lambda host: f"h-{len(host)}")
    ),
    "job-end-empty": Variant(
        "end_time is an empty text while a job runs",
        "job-unfinished",
        _in_objects("/jobs/", "end_time", lambda t: t or ""),
    ),
    "job-status-202": Variant(
        "requests that give a job are answered with 202",
        "job-success-statuses",
        _status(
            202,
            lambda route, response: (
                isinstance(response.body, dict) and "job_id" in response.body and route.method != "GET"
            ),
        ),
    ),
    "key-name-empty": Variant(
        "a server without a key pair has an empty text",
        "key-name-null",
        _in_servers("key_name", lambda name: name or ""),
    ),
    "keypairs-reversed": Variant("key pairs come in another order", "6.11.1", _reversed("/os-keypairs", "keypairs")),
    "limits-unlimited": Variant("totals have no limit, which is -1", "quota-unlimited", _unlimited),
    "links-elsewhere": Variant("links of servers lead elsewhere", "link-version", _links),
    "native-status-200": Variant(
        "native requests with a body are answered with 200",
        "native-success-statuses",
        _status(200, lambda route, response: _native(route, response, body=True)),
    ),
    "native-status-201": Variant(
        "native creations are answered with 201",
        "native-success-statuses",
        _status(201, lambda route, response: _native(route, response, body=True) and route.method == "POST"),
    ),
    "native-status-202": Variant(
        "native changes are answered with 202",
        "native-success-statuses",
        _status(202, lambda route, response: _native(route, response, body=True) and route.method != "GET"),
    ),
    "native-status-204": Variant(
        "native requests without a body in the answer are answered with 204",
        "native-success-statuses",
        _status(204, lambda route, response: _native(route, response, body=False)),
    ),
    "native-status-202-empty": Variant(
        "native requests without a body in the answer are answered with 202",
        "native-success-statuses",
        _status(202, lambda route, response: _native(route, response, body=False)),
    ),
    "next-link-rel-other": Variant("the link to the next page is called otherwise", "next-link-form", _rel),
    "next-link-empty": Variant("the last page has an empty list of links", "next-link-form", _no_links_of_next),
    "page-info-always": Variant("page_info is there without a next page", "server-groups-page-info", _page_info),
    "security-groups-reversed": Variant(
        "security groups come in another order", "11.7", _reversed("/os-security-groups", "security_groups")
    ),
    "server-groups-reversed": Variant(
        "server groups come in another order",
        "6.12.1",
        _reversed("/v2.1/{project_id}/os-server-groups", "server_groups"),
    ),
    "server-groups-status-201": Variant(
        "the creation of a group is answered with 201",
        "server-groups-success-statuses",
        _status(201, lambda route, response: route.method == "POST" and _group(route, "/os-server-groups")),
    ),
    "server-groups-status-202": Variant(
        "the creation of a group is answered with 202",
        "server-groups-success-statuses",
        _status(202, lambda route, response: route.method == "POST" and _group(route, "/os-server-groups")),
    ),
    "server-groups-status-204": Variant(
        "the deletion of a group is answered with 204",
        "server-groups-success-statuses",
        _status(
            204,
            lambda route, response: (
                route.method == "DELETE" and _group(route, "}") and "os-server-groups" in route.path
            ),
        ),
    ),
    "servers-as-in-examples": Variant(
        "servers show what the examples of 6.2.5 and 6.2.6 show, and no more",
        "examples-of-chapters-3-and-7",
        _as_in_examples,
    ),
    "tags-query-status-201": Variant(
        "the query by tags is answered with 201",
        "tags-success-statuses",
        _status(201, lambda route, response: _group(route, "/resource_instances/action")),
    ),
    "tags-status-200": Variant(
        "adding and deleting tags is answered with 200",
        "tags-success-statuses",
        _status(200, lambda route, response: _group(route, "/tags/action")),
    ),
    "tags-status-202": Variant(
        "adding and deleting tags is answered with 202",
        "tags-success-statuses",
        _status(202, lambda route, response: _group(route, "/tags/action")),
    ),
    "tags-detail-text": Variant(
        "resource_detail is a text",
        "tags-resource-detail",
        _in_objects("resource_instances", "resource_detail", lambda _: ""),
    ),
    "recovery-status-202": Variant(
        "setting automatic recovery is answered with 202",
        "recovery-success-statuses",
        _status(202, lambda route, response: route.method == "PUT" and _group(route, "/autorecovery")),
    ),
    "root-device-other": Variant(
        "disks are called sd",
        "6.2.6",
        _in_servers("OS-EXT-SRV-ATTR:root_device_name", lambda name: name.replace("vd", "sd")),
    ),
    "user-data-empty": Variant(
        "a server without user data has an empty text",
        "user-data-null",
        _in_servers("OS-EXT-SRV-ATTR:user_data", lambda data: data or ""),
    ),
    "vm-state-upper": Variant(
        "vm_state is in upper case", "vm-state-case", _in_servers("OS-EXT-STS:vm_state", str.upper)
    ),
}


def change(route: Route, response: Response, on: Iterable[Variant]) -> None:
    """Let the variants that are *on* change an answer that is no error."""
    if response.status < 300 and "_mock" not in route.path:
        for variant in on:
            variant.change(route, response)
