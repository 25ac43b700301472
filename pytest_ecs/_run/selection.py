"""Which tests run: those of requirements that were asked for and that the endpoint is not declared to lack."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_ecs._report.certificate import inside
from pytest_ecs._report.offered import declared
from pytest_ecs._run.options import FILTERS, PROFILES, closest
from pytest_ecs._run.shards import groups_of, home_of
from pytest_ecs.exceptions import ContractError

if TYPE_CHECKING:
    from pytest_ecs._contract import Contract
    from pytest_ecs._contract.model import Operation, Requirement
    from pytest_ecs._report.model import Declaration
    from pytest_ecs._run.options import Settings

__all__ = ["Selector", "check_selection", "declaration_of", "filters_of", "selected"]


def declaration_of(settings: Settings, missing: Collection[int] = ()) -> list[Declaration]:
    """Return what the endpoint is declared not to offer, and the chapters that were found *missing* at the start."""
    given: list[Declaration] = [{"operation": n, "reason": f"--ecs-not-offered={n}"} for n in settings.not_offered]
    return given + [
        {"operation": f"{_NAMES[number]}.*", "reason": f"nothing of chapter {number} was found at the start"}
        for number in sorted(missing)
    ]


#: How the operations of a chapter begin.
_NAMES = {5: "ecs", 6: "nova"}


class Selector:
    """Leaves out the tests of requirements that were not asked for."""

    def __init__(self, settings: Settings, contract: Contract) -> None:
        declaration = declaration_of(settings)
        chapters = {operation.id: operation.chapter for operation in contract.operations.values()}
        #: Requirement -> whether it belongs to an operation that the profile has.
        self._inside = {
            requirement.id: chapters[requirement.operation] in PROFILES[settings.profile]
            for requirement in contract.requirements.values()
            if requirement.operation is not None
        }
        self._requirements = contract.requirements
        self._contract = contract
        self._shard = settings.shard
        #: Of all shards: a test may cover some that another shard answers for.
        self.chosen = {
            requirement.id
            for requirement in contract.requirements.values()
            if selected(settings, requirement, contract.operations.get(requirement.operation or ""))
            and declared(requirement.operation, declaration) is None
        }

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect tests whose requirements are all outside the selection; tests of others stay.

        Those that delete servers come last: they get the servers that other tests left over.
        """
        from pytest_ecs._cases.recipe import RECIPES
        from pytest_ecs._run.worker import covered_by

        deleting = {recipe.operation for recipe in RECIPES.values() if recipe.deletes}
        last = {name for name, requirement in self._requirements.items() if requirement.operation in deleting}
        items.sort(key=lambda item: not last.isdisjoint(covered_by(item)))
        kept: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        for item in items:
            covered = covered_by(item)
            (kept if not covered or (self._wanted(covered) and self._is_here(item, covered)) else dropped).append(item)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
            items[:] = kept

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Make a file with a marker that names nothing an error: its test would be left out in silence."""
        report = yield
        mistakes = dict.fromkeys(
            text for item in report.result or () if isinstance(item, pytest.Item) for text in self._unknown(item)
        )
        if report.passed and mistakes:
            report.outcome, report.longrepr, report.result = "failed", "\n".join(mistakes), []
        return report

    def _unknown(self, item: pytest.Item) -> Iterator[str]:
        from pytest_ecs._run.worker import covered_by

        file, line, _ = item.location
        for name in covered_by(item):
            if name not in self._requirements:
                try:
                    self._contract.requirement(name)
                except ContractError as unknown:
                    yield f"{file}, line {(line or 0) + 1}: {unknown}"

    def _wanted(self, covered: list[str]) -> bool:
        """Whether a test was asked for; general requirements bring in no operation that the profile leaves out."""
        bound = [self._inside[name] for name in covered if name in self._inside]
        return bool(self.chosen.intersection(covered)) and (not bound or any(bound))

    def _is_here(self, item: pytest.Item, covered: list[str]) -> bool:
        """Whether the shard of the run is the one that a test belongs to."""
        from pytest_ecs._run.scheduling import MARKER

        marks = [str(name) for marker in item.iter_markers(MARKER) for name in marker.args]
        return self._shard is None or self._shard.number == home_of(covered, marks, self._contract, self._shard.of)


def check_selection(settings: Settings, contract: Contract) -> None:
    """Raise `pytest.UsageError` for a selection that names nothing in the contract, with the closest names."""
    sections = {r.section.split(",")[0] for r in contract.requirements.values()}
    prefixes = {".".join(parts[:n]) for s in sections for parts in [s.split(".")] for n in range(1, len(parts) + 1)}
    for name, given, known in (
        ("operation", settings.operation, contract.operations),
        ("requirement", settings.requirement, contract.requirements),
        ("section", settings.section, prefixes),
    ):
        for text in given:
            if text not in known:
                raise pytest.UsageError(
                    f"--ecs-{name}: the contract has no {name} {text!r}{closest(text, sorted(known))}"
                )
    if settings.shard is not None and not groups_of(settings.shard, contract):
        raise pytest.UsageError(f"--ecs-shard: nothing is left for {settings.shard}, since sections stay in one piece")


def filters_of(settings: Settings, contract: Contract) -> dict[str, list[str]]:
    """Return what narrows the profile: the values of the options, and the section groups of the shard."""
    filters = {name: list(getattr(settings, name)) for name in FILTERS if getattr(settings, name)}
    return filters if settings.shard is None else {**filters, "group": groups_of(settings.shard, contract)}


def selected(settings: Settings, requirement: Requirement, operation: Operation | None) -> bool:
    """Whether *requirement* is inside the profile and every filter; *operation* is the one that it belongs to.

    A section has what it says itself, and all that is required of the operations that it documents.
    """
    filters = {name: getattr(settings, name) for name in FILTERS}
    return inside(PROFILES[settings.profile], filters, requirement, operation)
