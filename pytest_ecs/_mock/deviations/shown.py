"""Deviations of what answers show: each changes one place in the answers of the routes that it fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from pytest_ecs._mock.http.routing import Response, Route

__all__ = ["ROWS", "SHOWN", "alter", "fits", "holders"]

Change = Callable[[Any], Any]


class _Row(NamedTuple):
    what: str
    #: Method and end of the path of the routes; with a space the body key that selects the action.
    route: str
    #: Where in the body: keys, "*" for each item; the last one need not be there after "+".
    at: str
    change: Change


def _other(value: Any) -> Any:
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str) and value:
        return value[:-1] + ("1" if value[-1] != "1" else "2")
    return "other"


def _be(value: Any) -> Change:
    return lambda _: value


def _less(items: Any) -> Any:
    """Return all items but the first, or pairs but the first one."""
    return dict(list(items.items())[1:]) if isinstance(items, dict) else items[1:]


def _twice(items: list[Any]) -> list[Any]:
    return [*items, *items[:1]]


def _reverse(items: list[Any]) -> list[Any]:
    return items[::-1]


def _without(key: str, *values: str) -> Change:
    return lambda items: [one for one in items if one.get(key) not in values]


_NONE, _KEY, _EARLY = _be(None), _be("-----BEGIN RSA PRIVATE KEY-----"), _be("2001-01-01T00:00:00.000000")
_ECS_DISKS = "servers/{server_id}/block_device"
_ACTIONS = "/servers/{server_id}/os-instance-actions"
_DISKS = "/servers/{server_id}/os-volume_attachments"
_NICS = "{project_id}/servers/{server_id}/os-interface"
_GROUPS, _ECS_GROUPS = "{project_id}/os-server-groups", "/cloudservers/os-server-groups"
_SERVER, _RULE = "GET /servers/{server_id}", "security_groups.*.rules.*"
_IPS, _FIRST = "GET /servers/{server_id}/ips", "GET /os-security-groups"

#: Name -> what is changed where.
ROWS: Mapping[str, _Row] = {
    # servers
    "server-tenant-other": _Row("a server shows another project", _SERVER, "server.tenant_id", _other),
    "server-power-wrong": _Row("power_state is 4", _SERVER, "server.OS-EXT-STS:power_state", _be(4)),
    "server-launched-null": _Row("launched_at is null", _SERVER, "server.OS-SRV-USG:launched_at", _NONE),
    "server-terminated": _Row("terminated_at is set", _SERVER, "server.OS-SRV-USG:terminated_at", _EARLY),
    "server-image-blank": _Row("the image of a server is blank", _SERVER, "server.image", _be("")),
    "server-key-hidden": _Row("key_name is null", _SERVER, "server.key_name", _NONE),
    "server-disks-hidden": _Row("no disk shows", _SERVER, "server.os-extended-volumes:volumes_attached", lambda _: []),
    "server-fault-always": _Row(
        "each server has a fault",
        _SERVER,
        "server.+fault",
        _be({"code": 500, "created": "2025-01-01T00:00:00Z", "message": "none"}),
    ),
    "servers-tenant-other": _Row("servers show another project", "GET /servers/detail", "servers.*.tenant_id", _other),
    "servers-image-blank": _Row("images of servers are blank", "GET /servers/detail", "servers.*.image", _be("")),
    "update-answers-other": _Row("an update answers another id", "PUT /servers/{server_id}", "server.id", _other),
    "rebuild-answers-other": _Row("a rebuild answers another id", "POST /action rebuild", "server.id", _other),
    "rebuild-tenant-other": _Row(
        "a rebuild answers another project", "POST /action rebuild", "server.tenant_id", _other
    ),
    # operations of servers
    "actions-without-create": _Row(
        "the creation is not listed", f"GET {_ACTIONS}", "instanceActions", _without("action", "create")
    ),
    "actions-project-other": _Row(
        "operations show another project", f"GET {_ACTIONS}", "instanceActions.*.project_id", _other
    ),
    "actions-server-other": _Row(
        "operations show another server", f"GET {_ACTIONS}", "instanceActions.*.instance_uuid", _other
    ),
    "action-request-other": _Row(
        "an operation shows another request", f"GET {_ACTIONS}/{{request_id}}", "instanceAction.request_id", _other
    ),
    "action-server-other": _Row(
        "an operation shows another server", f"GET {_ACTIONS}/{{request_id}}", "instanceAction.instance_uuid", _other
    ),
    "action-name-other": _Row(
        "an operation shows another user", f"GET {_ACTIONS}/{{request_id}}", "instanceAction.user_id", _other
    ),
    "event-times-swapped": _Row(
        "events end before they begin", f"GET {_ACTIONS}/{{request_id}}", "instanceAction.events.*.finish_time", _EARLY
    ),
    "event-result-null": _Row(
        "events have no result", f"GET {_ACTIONS}/{{request_id}}", "instanceAction.events.*.result", _NONE
    ),
    # jobs
    "job-id-other": _Row("a job shows another id", "GET /jobs/{job_id}", "job_id", _other),
    "job-begin-null": _Row("begin_time is null", "GET /jobs/{job_id}", "begin_time", _NONE),
    "job-end-null": _Row("end_time is null", "GET /jobs/{job_id}", "end_time", _NONE),
    # disks
    "ecs-disk-id-other": _Row("id is not the disk", f"GET {_ECS_DISKS}", "volumeAttachments.*.id", _other),
    "ecs-disks-twice": _Row("a disk is listed twice", f"GET {_ECS_DISKS}", "volumeAttachments", _twice),
    "ecs-disk-size-other": _Row("sizes are wrong", f"GET {_ECS_DISKS}", "volumeAttachments.*.size", _other),
    "ecs-disk-boot-five": _Row("bootIndex is 5", f"GET {_ECS_DISKS}", "volumeAttachments.*.bootIndex", _be(5)),
    "ecs-disk-device-same": _Row(
        "disks have one device", f"GET {_ECS_DISKS}", "volumeAttachments.*.device", _be("/dev/vda")
    ),
    "ecs-disk-server-other": _Row(
        "disks show another server", f"GET {_ECS_DISKS}", "volumeAttachments.*.serverId", _other
    ),
    "ecs-disk-shown-size": _Row(
        "a disk shows another size", f"GET {_ECS_DISKS}/{{volume_id}}", "volumeAttachment.size", _other
    ),
    "ecs-disk-shown-other": _Row(
        "a disk shows another server", f"GET {_ECS_DISKS}/{{volume_id}}", "volumeAttachment.serverId", _other
    ),
    "ecs-disk-shown-id": _Row(
        "a disk shows another id", f"GET {_ECS_DISKS}/{{volume_id}}", "volumeAttachment.id", _other
    ),
    "disk-answers-other": _Row(
        "attaching answers another server", f"POST {_DISKS}", "volumeAttachment.serverId", _other
    ),
    "disks-server-other": _Row(
        "attached disks show another server", f"GET {_DISKS}", "volumeAttachments.*.serverId", _other
    ),
    "disk-device-other": _Row(
        "a disk shows another device", f"GET {_DISKS}/{{volume_id}}", "volumeAttachment.device", _be("/dev/zz")
    ),
    "disk-server-other": _Row(
        "a disk shows another server", f"GET {_DISKS}/{{volume_id}}", "volumeAttachment.serverId", _other
    ),
    "volume-id-other": _Row("a disk shows another id", "GET /os-volumes/{volume_id}", "volume.id", _other),
    "volumes-listed-none": _Row("no disk is listed", "GET /os-volumes", "volumes", lambda _: []),
    "volumes-attached-none": _Row(
        "no attachment shows", "GET /os-volumes/detail", "volumes.*.attachments", lambda _: []
    ),
    "snapshot-disk-other": _Row("a snapshot answers another disk", "POST /os-snapshots", "snapshot.volumeId", _other),
    "snapshot-shown-other": _Row(
        "a snapshot shows another id", "GET /os-snapshots/{snapshot_id}", "snapshot.id", _other
    ),
    # NICs and addresses
    "nics-listed-less": _Row("a NIC is not listed", f"GET {_NICS}", "interfaceAttachments", _less),
    "nics-twice": _Row("a NIC is listed twice", f"GET {_NICS}", "interfaceAttachments", _twice),
    "nic-address-other": _Row(
        "a NIC shows another MAC address", f"GET {_NICS}/{{port_id}}", "interfaceAttachment.mac_addr", _other
    ),
    "nic-id-other": _Row("a NIC shows another id", f"GET {_NICS}/{{port_id}}", "interfaceAttachment.port_id", _other),
    "networks-none": _Row("no network is listed", "GET /os-networks", "networks", lambda _: []),
    "addresses-none": _Row("a server has no addresses", _IPS, "addresses", lambda _: {}),
    "addresses-version-six": _Row("addresses are called IPv6", _IPS, "addresses.*.*.version", _be(6)),
    "network-address-other": _Row(
        "a network shows another address", f"{_IPS}/{{network_name}}", "*.*.addr", _be("203.0.113.9")
    ),
    "network-version-six": _Row(
        "addresses of a network are called IPv6", f"{_IPS}/{{network_name}}", "*.*.version", _be(6)
    ),
    # security groups
    "group-answers-no-id": _Row(
        "the creation of a group answers no id", "POST /os-security-groups", "security_group.id", _NONE
    ),
    "groups-parent-other": _Row("rules show another group", _FIRST, f"{_RULE}.parent_group_id", _other),
    "groups-tenant-other": _Row("groups show another project", _FIRST, "security_groups.*.tenant_id", _other),
    "groups-ports-high": _Row("ports of rules are 70000", _FIRST, f"{_RULE}.to_port", _be(70000)),
    "groups-ports-swapped": _Row("from_port is 65535", _FIRST, f"{_RULE}.from_port", _be(65535)),
    "groups-two-peers": _Row(
        "rules have addresses and a group", _FIRST, f"{_RULE}.ip_range", _be({"cidr": "192.0.2.0/24"})
    ),
    "group-shown-other": _Row(
        "a group shows another id", "GET /os-security-groups/{security_group_id}", "security_group.id", _other
    ),
    "group-description-other": _Row(
        "a group shows another description",
        "GET /os-security-groups/{security_group_id}",
        "security_group.description",
        _be("another"),
    ),
    "group-parent-other": _Row(
        "rules of a group show another",
        "GET /os-security-groups/{security_group_id}",
        "security_group.rules.*.parent_group_id",
        _other,
    ),
    "group-tenant-other": _Row(
        "a group shows another project",
        "GET /os-security-groups/{security_group_id}",
        "security_group.tenant_id",
        _other,
    ),
    "group-answers-other-name": _Row(
        "a new group has another name", "POST /os-security-groups", "security_group.name", _be("another")
    ),
    "group-answers-other-project": _Row(
        "a new group shows another project", "POST /os-security-groups", "security_group.tenant_id", _other
    ),
    "group-update-answers-other": _Row(
        "an update answers another id", "PUT /os-security-groups/{security_group_id}", "security_group.id", _other
    ),
    "group-update-name-old": _Row(
        "an update answers another name",
        "PUT /os-security-groups/{security_group_id}",
        "security_group.name",
        _be("another"),
    ),
    "rule-ports-other": _Row(
        "a new rule shows another port", "POST /os-security-group-rules", "security_group_rule.to_port", _other
    ),
    # floating IP addresses and images
    "floating-pool-other": _Row("a new address has another pool", "POST /os-floating-ips", "floating_ip.pool", _other),
    "floating-bound-at-once": _Row(
        "a new address is bound", "POST /os-floating-ips", "floating_ip.fixed_ip", _be("192.0.2.1")
    ),
    "floating-none": _Row("no address is listed", "GET /os-floating-ips", "floating_ips", lambda _: []),
    "floating-shown-other": _Row(
        "an address shows another id", "GET /os-floating-ips/{floating_ip_id}", "floating_ip.id", _other
    ),
    "floating-server-null": _Row(
        "a bound address shows no server", "GET /os-floating-ips/{floating_ip_id}", "floating_ip.instance_id", _NONE
    ),
    "images-none": _Row("no image is listed", "GET {project_id}/images", "images", lambda _: []),
    "image-name-other": _Row("an image shows another name", "GET /images/{image_id}", "image.name", _be("another")),
    "image-shown-other": _Row("an image shows another id", "GET /images/{image_id}", "image.id", _other),
    # flavors
    "flavors-backwards": _Row("flavors come backwards", "GET {project_id}/flavors", "flavors", _reverse),
    "flavors-detail-backwards": _Row("flavors come backwards", "GET /flavors/detail", "flavors", _reverse),
    "flavor-vcpus-other": _Row("a flavor shows other vcpus", "GET /flavors/{flavor_id}", "flavor.vcpus", _other),
    "flavor-shown-other": _Row("a flavor shows another id", "GET /flavors/{flavor_id}", "flavor.id", _other),
    # metadata and tags
    "metadata-listed-less": _Row("a pair is not listed", "GET /servers/{server_id}/metadata", "metadata", _less),
    "metadata-answers-more": _Row(
        "an update answers another pair", "POST /servers/{server_id}/metadata", "metadata.+other", _be("pair")
    ),
    "metadata-numbers": _Row("values of metadata are numbers", "GET /metadata", "metadata.*", _be(7)),
    "metadata-shown-other": _Row("a pair has another value", "GET /metadata/{key}", "meta.*", _be("another")),
    "metadata-shown-more": _Row("a pair is not alone", "GET /metadata/{key}", "meta.+other", _be("pair")),
    "metadata-answers-other": _Row("setting answers another value", "PUT /metadata/{key}", "meta.*", _be("another")),
    "tags-answer-less": _Row("setting tags answers one less", "PUT /servers/{server_id}/tags", "tags", _less),
    "ecs-tags-listed-less": _Row("a tag is not listed", "GET /v1/{project_id}/servers/{server_id}/tags", "tags", _less),
    "ecs-tags-twice": _Row("a tag is listed twice", "GET /v1/{project_id}/servers/{server_id}/tags", "tags", _twice),
    "ecs-project-tags-twice": _Row("a key is listed twice", "GET /v1/{project_id}/servers/tags", "tags", _twice),
    # server groups
    "new-group-name-other": _Row(
        "a new group has another name", f"POST {_GROUPS}", "server_group.name", _be("another")
    ),
    "new-group-has-member": _Row(
        "a new group has a member",
        f"POST {_GROUPS}",
        "server_group.members",
        lambda _: ["6f70656e-6170-4931-8e31-00000000abcd"],
    ),
    "group-id-other": _Row("a group shows another id", f"GET {_GROUPS}/{{server_group_id}}", "server_group.id", _other),
    "group-name-other": _Row(
        "a group shows another name", f"GET {_GROUPS}/{{server_group_id}}", "server_group.name", _be("another")
    ),
    "ecs-new-group-name-other": _Row(
        "a new group has another name", f"POST {_ECS_GROUPS}", "server_group.name", _be("another")
    ),
    "ecs-group-id-other": _Row(
        "a group shows another id", f"GET {_ECS_GROUPS}/{{server_group_id}}", "server_group.id", _other
    ),
    "ecs-group-name-other": _Row(
        "a group shows another name", f"GET {_ECS_GROUPS}/{{server_group_id}}", "server_group.name", _be("another")
    ),
    # key pairs
    "keypair-name-other": _Row(
        "a key pair shows another name", "GET /os-keypairs/{keypair_name}", "keypair.name", _be("another")
    ),
    "keypair-fingerprint-other": _Row(
        "a key pair shows another fingerprint", "GET /os-keypairs/{keypair_name}", "keypair.fingerprint", _other
    ),
    "keypair-private-shown": _Row(
        "a key pair shows its private key", "GET /os-keypairs/{keypair_name}", "keypair.+private_key", _KEY
    ),
    "keypairs-private-shown": _Row(
        "key pairs show their private keys", "GET /os-keypairs", "keypairs.*.keypair.+private_key", _KEY
    ),
    "keypair-answers-other-name": _Row(
        "a new key pair has another name", "POST /os-keypairs", "keypair.name", _be("another")
    ),
    "keypair-type-other": _Row("a new key pair is of x509", "POST /os-keypairs", "keypair.type", _be("x509")),
    # versions and projects
    "versions-updated-other": _Row(
        "versions were updated at other times", "GET /", "versions.*.updated", _be("2020-01-01T00:00:00Z")
    ),
    "versions-without-old": _Row("v2.0 is not listed", "GET /", "versions", _without("id", "v2.0")),
    "version-id-other": _Row("a version shows another id", "GET /{api_version}", "version.id", _be("v9.9")),
}
#: Name -> what is wrong.
SHOWN: Mapping[str, str] = {
    **{name: row.what for name, row in ROWS.items()},
}


def fits(route: Route, wanted: str) -> bool:
    """Whether the answers of a route are those that a row speaks of."""
    method, end, *selects = wanted.split(" ")
    if (route.method, [] if route.selects is None else [route.selects]) != (method, selects):
        return False
    return route.path == end if end == "/" or end == "/{api_version}" else route.path.endswith(end)


def holders(value: Any, steps: list[str]) -> Iterator[Any]:
    """Yield what holds the last step, wherever the others lead."""
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step == "*":
        items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        for item in items:
            yield from holders(item, rest)
    elif isinstance(value, dict) and step in value:
        yield from holders(value[step], rest)


def _alter(body: Any, row: _Row) -> None:
    *steps, last = row.at.split(".")
    for holder in holders(body, steps):
        if not isinstance(holder, dict):
            continue
        for key in list(holder) if last == "*" else [last.removeprefix("+")]:
            if key in holder or last.startswith("+"):
                holder[key] = row.change(holder.get(key))


def alter(route: Route, response: Response, deviates: Callable[[str], bool]) -> None:
    """Let the deviations that are on change an answer that is no error."""
    if response.status >= 300 or response.body is None:
        return
    for name, row in _rows(route):
        if deviates(name):
            _alter(response.body, row)


@cache
def _rows(route: Route) -> Sequence[tuple[str, _Row]]:
    return [(name, row) for name, row in ROWS.items() if fits(route, row.route)]
