"""How each operation is made to succeed, and the requirements that follow from that for every test module."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable

import pytest

from pytest_ecs import Requirement, load_contract, optional_variant, uncovered

# A recipe is registered when its module is imported; there is one for each file of operations in schemas/.
for _module in pkgutil.walk_packages(__path__, f"{__name__}."):
    importlib.import_module(_module.name)


def operations() -> list[object]:
    """Return a parameter for each operation with a recipe; it stands for its success, with optional fields too."""
    contract = load_contract()
    return [
        pytest.param(operation, id=operation, marks=pytest.mark.ecs_requirement(*_successes(operation)))
        for operation in contract.operations
        if uncovered(contract.operations[operation], contract.requirements[f"{operation}/status"]) is None
    ]


def _successes(name: str) -> list[str]:
    found = [f"{name}/status"]
    return [*found, f"{name}/optional"] if optional_variant(load_contract().operations[name]) == "default" else found


def optional_fields() -> list[object]:
    """Return a parameter for each operation whose plainest request sets no optional field, with a variant that does.

    Without one, None: the flag that asks only for a check is such a field.
    """
    found = [(one.id, optional_variant(one)) for one in load_contract().operations.values() if one.optional]
    return [
        pytest.param(name, variant, id=name, marks=pytest.mark.ecs_requirement(f"{name}/optional"))
        for name, variant in found
        if variant != "default"
    ]


def each_operation(chosen: Callable[[str], bool], *bound: str) -> list[object]:
    """Return a parameter for each operation with a recipe whose id is *chosen*, which the requirements *bound* bind."""
    return [
        pytest.param(operation.id, id=operation.id, marks=pytest.mark.ecs_requirement(*bound))
        for operation in load_contract().operations.values()
        if uncovered(operation, load_contract().requirements[f"{operation.id}/status"]) is None and chosen(operation.id)
    ]


def requirements(*kinds: str, but: Callable[[Requirement], bool] = lambda _: False) -> list[object]:
    """Return a parameter for each requirement of *kinds* for which a request can be derived from a recipe."""
    contract = load_contract()
    found: Iterable[Requirement] = (r for r in contract.requirements.values() if r.kind in kinds and r.operation)
    return [
        pytest.param(requirement.id, id=requirement.id, marks=pytest.mark.ecs_requirement(requirement.id))
        for requirement in found
        if not but(requirement) and _derivable(requirement)
    ]


def boundaries() -> list[object]:
    """Return every microversion at which a field of a server comes or goes, the one below it, the least and the most."""
    contract = load_contract()
    found = {"2.1"}
    marks: dict[str, list[str]] = {}
    for requirement in contract.requirements.values():
        shown = requirement.operation in _SERVER_BODIES and requirement.kind == "response"
        if shown and requirement.keyword in {"since", "until"}:
            at = str(contract.field(requirement).schema[f"x-{requirement.keyword}"])
            below = f"2.{int(at.partition('.')[2]) - 1}"
            found |= {at, below}
            marks.setdefault(below if requirement.keyword == "since" else at, []).append(requirement.id)
    ordered = sorted(found, key=lambda version: int(version.partition(".")[2]))
    return [
        pytest.param(version, id=version, marks=pytest.mark.ecs_requirement(*marks.get(version, ())))
        for version in ordered
    ]


#: Operations whose answers show servers by microversion.
_SERVER_BODIES = {"nova.servers.show", "nova.servers.list-detail"}


def _derivable(requirement: Requirement) -> bool:
    operation = load_contract().operations[requirement.operation or ""]
    return uncovered(operation, requirement) is None
