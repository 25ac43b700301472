"""Which check covers which requirement, and why some have none: the honest register."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Requirement
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["Coverage", "SuiteTest", "checks", "collected", "passive", "reason"]

#: Kinds that the judge looks at in every exchange of a run.
_EVERYWHERE = frozenset({"status", "header", "response", "error", "state", "code", "job"})


@dataclass(frozen=True, slots=True)
class Coverage:
    """What covers a requirement, or why nothing does."""

    check: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class SuiteTest:
    """A test of the suites."""

    #: File and function.
    name: str
    #: Its docstring.
    says: str


class _Collector:
    """Reads the markers of the collected suites."""

    def __init__(self) -> None:
        self.checks: dict[str, SuiteTest] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        from pytest_ecs._locations import suites

        home = suites()
        for item in items:
            name = f"{item.path.relative_to(home)}::{getattr(item, 'originalname', item.name)}"
            for marker in item.iter_markers("ecs_requirement"):
                for requirement in marker.args:
                    says = (getattr(getattr(item, "function", None), "__doc__", None) or "").strip()
                    self.checks.setdefault(str(requirement), SuiteTest(name, " ".join(says.split())))


def checks(contract: Contract) -> Mapping[str, Coverage]:
    """Return the coverage of every requirement, from the suites as they are collected now.

    Raises `ConfigurationError` when a module of the suites cannot be imported.
    """
    from pytest_ecs import _locations

    found = collected([_locations.suites()])
    return {
        requirement.id: Coverage(check, None)
        if (check := found[requirement.id].name if requirement.id in found else passive(contract, requirement))
        else Coverage(None, reason(contract, requirement))
        for requirement in contract.requirements.values()
    }


def collected(places: Iterable[Path]) -> Mapping[str, SuiteTest]:
    """Return the test of each requirement that a marker in these files or folders of the suites names.

    Raises `ConfigurationError` when one of them cannot be imported.
    """
    collector = _Collector()
    with contextlib.redirect_stdout(io.StringIO()) as said:
        ended = pytest.main(
            ["--collect-only", "-qq", "-p", "no:cacheprovider", "-c", "/dev/null", *map(str, places)],
            plugins=[collector],
        )
    if ended != pytest.ExitCode.OK:
        errors = [line for line in said.getvalue().splitlines() if line.startswith(("E ", "ERROR "))]
        raise ConfigurationError(
            "The suites cannot be collected, so nobody knows which check covers what",
            seen="; ".join(line.removeprefix("E ").strip() for line in errors[-3:]) or f"exit status {int(ended)}",
            hint="run pytest --collect-only on the suites to see where",
        )
    return collector.checks


def passive(contract: Contract, requirement: Requirement) -> str | None:
    """Return the judge's name for requirements that it looks at in every exchange; none where no recipe makes exchanges."""
    from pytest_ecs._cases.recipe import RECIPES
    from pytest_ecs._checks.jobs import RULES

    if requirement.operation is not None and requirement.operation not in RECIPES:
        return None
    if requirement.kind in _EVERYWHERE or (
        requirement.operation == contract.roles["job"] and requirement.case in RULES
    ):
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
    return "it was not seen in this run" if passive(contract, requirement) else "no check exercised it in this run"
