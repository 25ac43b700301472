"""The least permissions that a run needs by 9.2: those of the operations it tests, and of what it makes, finds and deletes for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ecs._run.plan import chosen
from pytest_ecs._run.reach import chapters_of

if TYPE_CHECKING:
    from pytest_ecs._contract import Contract
    from pytest_ecs._contract.model import Operation, Permission
    from pytest_ecs._run.options import Settings

__all__ = ["Permitted", "operations", "permitted"]

#: What a run sends for the servers of its tests and to find what it needs, as far as its profile may use it.
_SERVERS = (
    "ecs.flavors.list",
    "ecs.jobs.show",
    "ecs.quotas.show",
    "ecs.servers.batch-start",
    "ecs.servers.batch-stop",
    "ecs.servers.create",
    "ecs.servers.delete",
    "nova.flavors.list-detail",
    "nova.keypairs.create",
    "nova.keypairs.delete",
    "nova.keypairs.list",
    "nova.servers.list",
    "nova.servers.list-detail",
    "nova.servers.show",
)
#: What chapter 6 alone has to do for them.
_NATIVE = ("nova.servers.create", "nova.servers.delete", "nova.servers.start", "nova.servers.stop")
#: What it looks up and makes beside servers, for tests of any chapter.
_SUPPLIES = (
    "deprecated.disks.create",
    "deprecated.disks.delete",
    "deprecated.disks.list",
    "deprecated.disks.show",
    "deprecated.floating-ips.list",
    "deprecated.images.list-detail",
    "deprecated.images.show",
    "deprecated.security-group-rules.create",
    "deprecated.security-groups.create",
    "deprecated.security-groups.delete",
    "deprecated.security-groups.list",
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

    Those of its requirements, those of the house, and what lists and deletes the things that these create.
    """
    of = {contract.requirements[one].operation for one in chosen(settings, contract)}
    found = {one for one in of if one} | set(_SUPPLIES) | {one for one in _SERVERS if _reached(settings, contract, one)}
    if settings.profile == "native":
        found |= set(_NATIVE)
    for name in sorted(found):
        created = contract.operations[name].creates
        if created is not None:
            found |= {created.deleted, *([created.listed.operation] if created.listed else [])}
    return found


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
