"""Which check covers which requirement, and why some have none: the honest register."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Requirement
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["Coverage", "checks", "reason"]

#: Kinds that the judge looks at in every exchange of a run.
_EVERYWHERE = frozenset({"status", "header", "response", "error", "state", "code", "job"})


@dataclass(frozen=True, slots=True)
class Coverage:
    """What covers a requirement, or why nothing does."""

    check: str | None
    reason: str | None


class _Collector:
    """Reads the markers of the collected suites."""

    def __init__(self) -> None:
        self.checks: dict[str, str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        from pytest_ecs._locations import suites

        home = suites()
        for item in items:
            name = f"{item.path.relative_to(home)}::{getattr(item, 'originalname', item.name)}"
            for marker in item.iter_markers("ecs_requirement"):
                for requirement in marker.args:
                    self.checks.setdefault(str(requirement), name)


def checks(contract: Contract) -> Mapping[str, Coverage]:
    """Return the coverage of every requirement, from the suites as they are collected now.

    Raises `ConfigurationError` when a module of the suites cannot be imported.
    """
    from pytest_ecs._locations import suites

    collector = _Collector()
    with contextlib.redirect_stdout(io.StringIO()) as said:
        ended = pytest.main(
            ["--collect-only", "-qq", "-p", "no:cacheprovider", "-c", "/dev/null", str(suites())], plugins=[collector]
        )
    if ended != pytest.ExitCode.OK:
        errors = [line for line in said.getvalue().splitlines() if line.startswith(("E ", "ERROR "))]
        raise ConfigurationError(
            "The suites cannot be collected, so nobody knows which check covers what",
            seen="; ".join(line.removeprefix("E ").strip() for line in errors[-3:]) or f"exit status {int(ended)}",
            hint="run pytest --collect-only on the suites to see where",
        )
    return {
        requirement.id: Coverage(check, None)
        if (check := collector.checks.get(requirement.id) or passive(requirement))
        else Coverage(None, reason(contract, requirement))
        for requirement in contract.requirements.values()
    }


def passive(requirement: Requirement) -> str | None:
    """Return the judge's name for requirements that it looks at in every exchange; none where no recipe makes exchanges."""
    from pytest_ecs._cases.recipe import RECIPES
    from pytest_ecs._checks.jobs import RULES

    if requirement.operation is not None and requirement.operation not in RECIPES:
        return None
    if requirement.kind in _EVERYWHERE or (requirement.operation == "ecs.jobs.show" and requirement.case in RULES):
        return "every exchange"
    return None


def reason(contract: Contract, requirement: Requirement) -> str:
    """Return why no check made a finding on *requirement*."""
    from pytest_ecs._cases.derivation import uncovered
    from pytest_ecs._cases.library import load_recipes

    if requirement.untestable is not None:
        return requirement.untestable
    load_recipes()
    if requirement.operation is None:
        return "it was not seen in this run" if requirement.kind in _EVERYWHERE else "no check exercised it in this run"
    why = uncovered(contract.operations[requirement.operation], requirement)
    if why:
        return why
    return "it was not seen in this run" if passive(requirement) else "no check exercised it in this run"
