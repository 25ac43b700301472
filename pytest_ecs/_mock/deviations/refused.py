"""Deviations of what requests may hold: each refuses what one place of a request may have, by the routes that it fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from pytest_ecs._mock.deviations.shown import fits, holders
from pytest_ecs._mock.http.routing import Request, Route

__all__ = ["REFUSED", "ROWS", "refuses"]


class _Row(NamedTuple):
    what: str
    #: Method and end of the path of the routes; with a space the body key that selects the action.
    route: str
    #: Where in the body: keys, "*" for each item; with "|" between several. After "?" a query. Nothing for every request.
    at: str = ""
    #: Whether a value is refused.
    wrong: Callable[[Any], bool] = lambda _: True


def _is(*values: Any) -> Callable[[Any], bool]:
    return lambda value: any(value == one and type(value) is type(one) for one in values)


_CREATE, _NATIVE = "POST /cloudservers", "POST /v2.1/{project_id}/servers"
_BANDWIDTH = "server.publicip.eip.bandwidth"
_SERVERS, _FLAVORS, _GROUPS = (
    "GET /v2.1/{project_id}/servers",
    "GET /v2.1/{project_id}/flavors",
    "GET /cloudservers/os-server-groups",
)
_MAPPED = "server.block_device_mapping_v2.*.source_type"

#: Name -> what is refused where.
ROWS: Mapping[str, _Row] = {
    "sata-refused": _Row(
        "SATA disks are refused as a wrong form",
        _CREATE,
        "server.root_volume.volumetype|server.data_volumes.*.volumetype",
        _is("SATA"),
    ),
    "eip-shared-refused": _Row("shared bandwidths are refused", _CREATE, f"{_BANDWIDTH}.sharetype", _is("WHOLE")),
    "eip-smallest-refused": _Row("a bandwidth of 1 Mbit/s is refused", _CREATE, f"{_BANDWIDTH}.size", _is(1)),
    "many-disks-refused": _Row(
        "59 data disks are refused as a wrong form", _CREATE, "server.data_volumes", lambda disks: len(disks) == 59
    ),
    "multiattach-refused": _Row("shared disks are refused", _CREATE, "server.data_volumes.*.multiattach", _is(True)),
    "passthrough-form-refused": _Row(
        "hw:passthrough that is no boolean is refused",
        _CREATE,
        "server.root_volume.hw:passthrough",
        lambda value: not isinstance(value, bool),
    ),
    "root-size-zero-refused": _Row("a system disk of size 0 is refused", _CREATE, "server.root_volume.size", _is(0)),
    "unencrypted-refused": _Row(
        "__system__encrypted 0 is refused", _CREATE, "server.data_volumes.*.metadata.__system__encrypted", _is("0")
    ),
    "byol-refused": _Row("licenses of one's own are refused", _CREATE, "server.metadata.BYOL", _is("True")),
    "attach-passthrough-refused": _Row(
        "SCSI disks are refused", "POST /attachvolume", "volumeAttachment.hw:passthrough", _is("true")
    ),
    "volume-source-refused": _Row("servers with disks that are there are refused", _NATIVE, _MAPPED, _is("volume")),
    "snapshot-source-refused": _Row("servers with disks of snapshots are refused", _NATIVE, _MAPPED, _is("snapshot")),
    "disks-query-refused": _Row("disks cannot be shown", "GET /os-volumes/{volume_id}"),
    "jobs-query-refused": _Row("jobs cannot be shown", "GET /jobs/{job_id}"),
    "tag-queries-refused": _Row("resources cannot be found by tags", "POST /resource_instances/action"),
    "ecs-attachments-refused": _Row("disks cannot be attached", "POST /attachvolume"),
    "images-query-refused": _Row("images cannot be listed", "GET {project_id}/images"),
    "servers-limit-refused": _Row("lists of servers have no limit", _SERVERS, "?limit"),
    "servers-marker-refused": _Row("lists of servers have no marker", _SERVERS, "?marker"),
    "servers-since-refused": _Row("lists of servers have no changes-since", _SERVERS, "?changes-since"),
    "servers-sort-refused": _Row("lists of servers have no sort_key", _SERVERS, "?sort_key"),
    "servers-name-refused": _Row("lists of servers have no name", _SERVERS, "?name"),
    "servers-reservation-refused": _Row("lists of servers have no reservation_id", _SERVERS, "?reservation_id"),
    "native-flavors-memory-refused": _Row("lists of flavors have no minRam", _FLAVORS, "?minRam"),
    "groups-limit-refused": _Row("lists of ECS groups have no limit", _GROUPS, "?limit"),
    "groups-marker-refused": _Row("lists of ECS groups have no marker", _GROUPS, "?marker"),
    "flavors-zone-refused": _Row("flavors cannot be listed by AZ", "GET /cloudservers/flavors", "?availability_zone"),
    "images-name-refused": _Row("images cannot be listed by name", "GET {project_id}/images", "?name"),
    "detach-flag-refused": _Row("delete_flag is refused", "DELETE /detachvolume/{volume_id}", "?delete_flag"),
    "limits-project-refused": _Row("limits are not shown by project", "GET /limits", "?project_id"),
}
#: Name -> what is wrong.
REFUSED: Mapping[str, str] = {name: row.what for name, row in ROWS.items()}


def refuses(route: Route, request: Request, deviates: Callable[[str], bool]) -> bool:
    """Whether a deviation that is on refuses a request."""
    return any(deviates(name) and _holds(request, row) for name, row in _rows(route))


def _holds(request: Request, row: _Row) -> bool:
    if not row.at:
        return True
    if row.at.startswith("?"):
        return any(map(row.wrong, request.args(row.at[1:])))
    for at in row.at.split("|"):
        *steps, last = at.split(".")
        for holder in holders(request.json, steps):
            if isinstance(holder, dict) and last in holder and row.wrong(holder[last]):
                return True
    return False


@cache
def _rows(route: Route) -> Sequence[tuple[str, _Row]]:
    return [(name, row) for name, row in ROWS.items() if fits(route, row.route)]
