"""Which tests run: those of requirements that were asked for and that the endpoint is not declared to lack."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_ecs import _locations
from pytest_ecs._report.offered import declared
from pytest_ecs._run.ordering import order
from pytest_ecs._run.profiles import chapters, selected
from pytest_ecs._run.shards import home_of
from pytest_ecs.exceptions import ContractError

if TYPE_CHECKING:
    from pytest_ecs._contract import Contract
    from pytest_ecs._report.model import Declaration
    from pytest_ecs._run.options import Settings

__all__ = ["Selector", "declaration_of"]


def declaration_of(settings: Settings, contract: Contract, missing: Collection[int] = ()) -> list[Declaration]:
    """Return what the endpoint is declared not to offer, and the chapters that were found *missing* at the start.

    With chapter 5 its root is missing, and so are the discarded operations below it.
    """
    given: list[Declaration] = [{"operation": n, "reason": f"--ecs-not-offered={n}"} for n in settings.not_offered]
    below = [one.id for one in contract.operations.values() if one.chapter == "deprecated" and "/v1/" in one.path]
    return given + [
        {"operation": name, "reason": f"nothing of chapter {number} was found at the start"}
        for number in sorted(missing)
        for name in (f"{_NAMES[number]}.*", *(below if number == 5 else ()))
    ]


#: How the operations of a chapter begin.
_NAMES = {5: "ecs", 6: "nova"}


#: The fixture of tests that try many requests, so that they are about what holds for all operations.
_PROPERTIES = "ecs_properties"
#: Kinds whose tests send what has to be refused.
_REFUSALS = ("http", "not-found")


class Selector:
    """Leaves out the tests of requirements that were not asked for."""

    def __init__(self, settings: Settings, contract: Contract) -> None:
        declaration = declaration_of(settings, contract)
        inside = chapters(settings.profile)
        #: Requirement -> whether it belongs to an operation that the profile has.
        self._inside = {
            requirement.id: contract.operations[requirement.operation].chapter in inside
            for requirement in contract.requirements.values()
            if requirement.operation is not None
        }
        #: Whether single requirements were asked for: what is about none is not needed then.
        self._listed = bool(settings.requirement or settings.listed or settings.failed)
        self._requirements = contract.requirements
        self._contract = contract
        self._profile = settings.profile
        self._shard = settings.shard
        #: Whether waiting takes real time.
        self._spread = not settings.embedded
        #: Of all shards: a test may cover some that another shard answers for.
        self.chosen = {
            requirement.id
            for requirement in selected(settings, contract)
            if not any(declared(name, declaration) for name in (requirement.operation, requirement.id))
        }

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect tests whose requirements are all outside the selection; tests of others stay. Bring them in order."""
        from pytest_ecs._run.worker import covered_by

        kept: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        home = _locations.suites()
        about = {item: covered_by(item) for item in items}
        drivers = self._drivers({name for covered in about.values() for name in covered})
        for item in items:
            covered = self._asked_of(item, about[item])
            wanted = self._wanted(covered) if covered else not (self._listed and item.path.is_relative_to(home))
            wanted = wanted or not drivers.isdisjoint(covered)
            (kept if wanted and (not covered or self._is_here(item, covered)) else dropped).append(item)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
        order(kept, about, self._contract, self._profile, spread=self._spread)
        items[:] = kept

    def _drivers(self, covered: Collection[str]) -> set[str]:
        """Return what has to be tested for the sake of what was asked for and no test is about: what exchanges show.

        Answers are shown by the success of their operation, and errors by the requests that it has to refuse.
        """
        alone = [self._requirements[name] for name in self.chosen.difference(covered)]
        kinds = {(one.operation, kind) for one in alone for kind in (_REFUSALS if one.kind == "error" else ("status",))}
        return {one.id for one in self._requirements.values() if one.operation and (one.operation, one.kind) in kinds}

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

        for name in covered_by(item):
            if name not in self._requirements:
                file, line, _ = item.location
                try:
                    self._contract.requirement(name)
                except ContractError as unknown:
                    yield f"{file}, line {(line or 0) + 1}: {unknown}"

    def _asked_of(self, item: pytest.Item, covered: list[str]) -> list[str]:
        """Return the requirements that bring a test in: a list that names only the success of an operation asks for no property."""
        if self._listed and _PROPERTIES in getattr(item, "fixturenames", ()):
            return [name for name in covered if name not in self._inside]
        return covered

    def _wanted(self, covered: list[str]) -> bool:
        """Whether a test was asked for; general requirements bring in no operation that the profile leaves out."""
        bound = [self._inside[name] for name in covered if name in self._inside]
        return bool(self.chosen.intersection(covered)) and (not bound or any(bound))

    def _is_here(self, item: pytest.Item, covered: list[str]) -> bool:
        """Whether the shard of the run is the one that a test belongs to."""
        if self._shard is None:
            return True
        from pytest_ecs._run.scheduling import GROUP_MARKER

        marks = [str(name) for marker in item.iter_markers(GROUP_MARKER) for name in marker.args]
        return self._shard.number == home_of(covered, marks, self._contract, self._shard.of)
