"""The least permissions that a run needs by 9.2: those of the operations it tests, and of what it makes, finds and deletes for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ecs._run.plan import requirements_of
from pytest_ecs._run.reach import chapters_of

if TYPE_CHECKING:
    from pytest_ecs._contract import Contract
    from pytest_ecs._contract.model import Operation, Permission
    from pytest_ecs._run.options import Settings

__all__ = ["Permitted", "operations", "permitted"]

# Method, path and, on a shared URL, the key of the body that selects the operation.

#: What a run sends for the servers of its tests and to find what it needs, as far as its profile may use it.
_SERVERS = (
    "GET /v1/{project_id}/cloudservers/flavors",
    "GET /v1/{project_id}/jobs/{job_id}",
    "GET /v1/{project_id}/cloudservers/limits",
    "POST /v1/{project_id}/cloudservers/action os-start",
    "POST /v1/{project_id}/cloudservers/action os-stop",
    "POST /v1/{project_id}/cloudservers",
    "POST /v1/{project_id}/cloudservers/delete",
    "GET /v2.1/{project_id}/flavors/detail",
    "POST /v2.1/{project_id}/os-keypairs",
    "DELETE /v2.1/{project_id}/os-keypairs/{keypair_name}",
    "GET /v2.1/{project_id}/os-keypairs",
    "GET /v2.1/{project_id}/servers",
    "GET /v2.1/{project_id}/servers/detail",
    "GET /v2.1/{project_id}/servers/{server_id}",
)
#: What chapter 6 alone has to do for them.
_NATIVE = (
    "POST /v2.1/{project_id}/servers",
    "DELETE /v2.1/{project_id}/servers/{server_id}",
    "POST /v2.1/{project_id}/servers/{server_id}/action os-start",
    "POST /v2.1/{project_id}/servers/{server_id}/action os-stop",
)
#: What it looks up and makes beside servers, for tests of any chapter.
_SUPPLIES = (
    "POST /v2.1/{project_id}/os-volumes",
    "DELETE /v2.1/{project_id}/os-volumes/{volume_id}",
    "GET /v2.1/{project_id}/os-volumes",
    "GET /v2.1/{project_id}/os-volumes/{volume_id}",
    "GET /v2.1/{project_id}/os-floating-ips",
    "POST /v2.1/{project_id}/os-snapshots",
    "GET /v2.1/{project_id}/os-snapshots/{snapshot_id}",
    "DELETE /v2.1/{project_id}/os-snapshots/{snapshot_id}",
    "GET /v2.1/{project_id}/images/detail",
    "GET /v2.1/{project_id}/images/{image_id}",
    "POST /v2.1/{project_id}/os-security-group-rules",
    "POST /v2.1/{project_id}/os-security-groups",
    "DELETE /v2.1/{project_id}/os-security-groups/{security_group_id}",
    "GET /v2.1/{project_id}/os-security-groups",
    "GET /v2.1/{project_id}/os-security-groups/{security_group_id}",
)


@dataclass(frozen=True)
class Permitted:
    """What the user of a run has to be allowed."""

    #: Action or dependency of 9.2 -> ids of the operations that need it, both sorted.
    actions: dict[str, tuple[str, ...]]
    #: Ids of operations for which 9.2 has no row.
    unlisted: tuple[str, ...]


def operations(settings: Settings, contract: Contract) -> set[str]:
    """Return ids of the operations that a run with *settings* sends.

    Those of its requirements, those of the house, and what lists and deletes the resources that these create.
    """
    of = {contract.requirements[one].operation for one in requirements_of(settings, contract)}
    servers = {one for one in _named(_SERVERS, contract) if _reached(settings, contract, one)}
    found = {one for one in of if one} | _named(_SUPPLIES, contract) | servers
    if settings.profile == "native":
        found |= _named(_NATIVE, contract)
    for name in sorted(found):
        created = contract.operations[name].creates
        if created is not None:
            found |= {created.deleted, *([created.listed.operation] if created.listed else [])}
    return found


def _named(requests: Iterable[str], contract: Contract) -> set[str]:
    """Return ids of the operations that *requests* address; raises `LookupError` for one that addresses none."""
    names = set()
    for request in requests:
        method, path, *key = request.split(" ")
        found = contract.match(method, path, dict.fromkeys(key))
        if found is None:
            raise LookupError(request)
        names.add(found[0].id)
    return names


def _reached(settings: Settings, contract: Contract, name: str) -> bool:
    operation, may = contract.operations[name], chapters_of(settings.profile)
    return (5 if operation.chapter == "ecs" else 6) in may or settings.profile in operation.profiles


def permitted(names: Collection[str], contract: Contract) -> Permitted:
    """Return what 9.2 wants for the operations *names*."""
    actions: dict[str, set[str]] = {}
    unlisted = []
    for name in sorted(names):
        rows = list(_rows(contract.operations[name], contract))
        if not rows and not contract.operations[name].anonymous:
            unlisted.append(name)
        for row in rows:
            for action in (row.action, *row.dependencies):
                actions.setdefault(action, set()).add(name)
    return Permitted({action: tuple(sorted(actions[action])) for action in sorted(actions)}, tuple(unlisted))


def _rows(operation: Operation, contract: Contract) -> Iterator[Permission]:
    """Yield every row of an operation: 9.2 may have one for each way to use it."""
    if operation.permission is None:
        return
    bound = contract.permission_of(operation)
    for row in contract.permissions:
        if (row.method, row.path, row.action, row.selects) == (bound.method, bound.path, bound.action, bound.selects):
            yield row
