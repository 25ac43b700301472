"""What exists on a target, looked up by reading alone: for a document whose examples are ids that are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_ecs._contract import Contract
from pytest_ecs._contract.openapi import Known
from pytest_ecs._contract.versions import version_key
from pytest_ecs._http.client import Client
from pytest_ecs._http.target import Resources
from pytest_ecs._types import JSON

__all__ = ["existing"]


def existing(client: Client, named: Resources, contract: Contract) -> Known:
    """Return what exists in the project of *client*; what the user *named* comes before what is found.

    Where to look stands in the *contract*. Nothing is created, and an answer that does not come or says nothing leaves its value open.
    Raises `Unreachable` and what a login raises.
    """
    project = client.project_id
    parameters = {"project_id": project, "quota_project_id": project, "api_version": "v2.1"}
    references = dict(_chosen(named))
    answers: dict[str, JSON] = {}
    for place in contract.existing:
        path = contract.operations[place.operation].path
        if (server := parameters.get("server_id")) is not None:
            path = path.replace("{server_id}", server)
        if "{server_id}" in path:
            continue
        if path not in answers:
            answers[path] = client.get(path).response_body
        value = _at(answers[path], place.at)
        if not isinstance(value, str):
            continue
        if place.parameter:
            parameters.setdefault(place.parameter, value)
        if place.reference:
            references.setdefault(place.reference, value)
    target = client.connection.target
    return Known(target.endpoint, target.iam, parameters, references, _highest(client.get("/").response_body))


def _chosen(named: Resources) -> Iterator[tuple[str, str]]:
    """Yield the type of reference and the value of what the user named."""
    for field, reference in _NAMED.items():
        value = getattr(named, field)
        if value:
            yield reference, value


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
