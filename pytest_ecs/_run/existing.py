"""What exists on a target, looked up by reading alone: for a document whose examples are ids that are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_ecs._contract.openapi import Known
from pytest_ecs._contract.versions import version_key
from pytest_ecs._http.client import Client
from pytest_ecs._http.target import Resources
from pytest_ecs._types import JSON

__all__ = ["existing"]


@dataclass(frozen=True, slots=True)
class _Place:
    """A query, where in its answer a value stands, and what the value is good for."""

    path: str
    steps: tuple[str | int, ...]
    #: Parameter of paths, None where it is none.
    parameter: str | None
    #: Kind of ``x-reference``, None where it is none.
    reference: str | None = None


#: In order, since later ones ask about what earlier ones found.
_PLACES = (
    _Place("/v2.1/{project_id}/servers", ("servers", 0, "id"), "server_id", "server"),
    _Place("/v1/{project_id}/cloudservers/flavors", ("flavors", 0, "id"), "flavor_id", "flavor"),
    _Place("/v2.1/{project_id}/flavors", ("flavors", 0, "id"), "flavor_id", "flavor"),
    _Place("/v2.1/{project_id}/images", ("images", 0, "id"), "image_id", "image"),
    _Place("/v2.1/{project_id}/os-keypairs", ("keypairs", 0, "keypair", "name"), "keypair_name", "key_pair"),
    _Place("/v2.1/{project_id}/os-server-groups", ("server_groups", 0, "id"), "server_group_id", "server_group"),
    _Place("/v2.1/{project_id}/os-networks", ("networks", 0, "id"), None, "network"),
    _Place("/v2.1/{project_id}/os-security-groups", ("security_groups", 0, "id"), "security_group_id"),
    _Place("/v2.1/{project_id}/os-security-groups", ("security_groups", 0, "name"), None, "security_group"),
    _Place("/v2.1/{project_id}/os-security-groups", ("security_groups", 0, "rules", 0, "id"), "security_group_rule_id"),
    _Place("/v2.1/{project_id}/os-snapshots", ("snapshots", 0, "id"), "snapshot_id", "volume_snapshot"),
    _Place("/v2.1/{project_id}/os-floating-ips", ("floating_ips", 0, "id"), "floating_ip_id", "floating_ip"),
    _Place(
        "/v2.1/{project_id}/servers/{server_id}/os-volume_attachments",
        ("volumeAttachments", 0, "volumeId"),
        "volume_id",
        "volume",
    ),
    _Place(
        "/v2.1/{project_id}/servers/{server_id}/os-interface",
        ("interfaceAttachments", 0, "port_id"),
        "port_id",
        "port",
    ),
    _Place(
        "/v2.1/{project_id}/servers/{server_id}/os-instance-actions",
        ("instanceActions", 0, "request_id"),
        "request_id",
    ),
)


def existing(client: Client, named: Resources) -> Known:
    """Return what exists in the project of *client*; what the user *named* comes before what is found.

    Nothing is created, and an answer that does not come or says nothing leaves its value open.
    Raises `Unreachable` and what a login raises.
    """
    project = client.project_id
    parameters = {"project_id": project, "quota_project_id": project, "api_version": "v2.1"}
    references = dict(_chosen(named))
    answers: dict[str, JSON] = {}
    for place in _PLACES:
        path = place.path.replace("{server_id}", parameters.get("server_id", "{server_id}"))
        if "{server_id}" in path:
            continue
        if path not in answers:
            answers[path] = client.get(path).response_body
        value = _at(answers[path], place.steps)
        if not isinstance(value, str):
            continue
        if place.parameter:
            parameters.setdefault(place.parameter, value)
        if place.reference:
            references.setdefault(place.reference, value)
    target = client.connection.target
    return Known(target.endpoint, target.iam, parameters, references, _highest(client.get("/").response_body))


def _chosen(named: Resources) -> Iterator[tuple[str, str]]:
    """Yield kind and value of what the user named."""
    for field, kind in _NAMED.items():
        value = getattr(named, field)
        if value:
            yield kind, value


_NAMED: Mapping[str, str] = {
    "image_id": "image",
    "flavor_id": "flavor",
    "vpc_id": "vpc",
    "subnet_id": "subnet",
    "network_id": "network",
    "security_group_id": "security_group",
    "key_name": "key_pair",
    "availability_zone": "availability_zone",
    "dedicated_host_id": "dedicated_host",
    "port_id": "port",
}


def _at(body: JSON, steps: tuple[str | int, ...]) -> JSON:
    found = body
    for step in steps:
        if isinstance(step, str):
            found = found.get(step) if isinstance(found, Mapping) else None
        else:
            found = found[step] if isinstance(found, list) and len(found) > step else None
    return found


def _highest(body: JSON) -> str | None:
    """Return the last microversion that the list of versions (6.1.1) names."""
    rows = _at(body, ("versions",))
    named = [_at(row, ("version",)) for row in rows] if isinstance(rows, list) else []
    texts = [text for text in named if isinstance(text, str) and text.startswith("2.") and text[2:].isdecimal()]
    return max(texts, key=version_key, default=None)
