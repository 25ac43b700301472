"""Which tests run in one xdist worker: what shares something scarce, the rules of one resource, the cases of one operation.

A module says it with the marker ``ecs_group`` and a recipe with ``group=``; xdist keeps tests of one group together.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs import _locations
from pytest_ecs._cases.recipe import RECIPES
from pytest_ecs._contract import Contract
from pytest_ecs._types import Group

__all__ = ["MARKER", "Grouping", "Spread", "scope"]

MARKER = "ecs_group"


def scope(nodeid: str) -> str:
    """Return the group that xdist has put behind the name of a test, the name itself where there is none."""
    end = nodeid.rfind("]")
    return nodeid.rpartition("@")[2] if nodeid.rfind("@") > end else nodeid


class Spread:
    """Hands the tests to the xdist workers, unless ``--dist`` asks for something else than sharing the load."""

    def __init__(self, config: pytest.Config) -> None:
        if config.getoption("dist", "no") == "load":
            config.option.dist = "loadgroup"  # the workers tell the groups then

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keep groups together."""
        if config.getoption("dist") != "loadgroup":
            return None
        from pytest_ecs._run.xdist_scheduling import Scheduling

        return Scheduling(config, log, scope)


class Grouping:
    """Puts the tests of an xdist worker into groups."""

    def __init__(self, contract: Contract, *, embedded: bool) -> None:
        self._contract = contract
        self._embedded = embedded
        self._home = _locations.suites()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Mark each test with its group before xdist looks for it."""
        for item in items:
            name = self.group(item)
            if name is not None and item.get_closest_marker("xdist_group") is None:
                item.add_marker(pytest.mark.xdist_group(name))

    def group(self, item: pytest.Item) -> str | None:
        """Return the name of the group of *item*, None for a test that may run anywhere.

        On the embedded mock each worker has a cloud of its own, so that one worker with all that makes servers makes
        fewer; elsewhere the workers share their servers.
        """
        operations = list(self._about(item))
        marker = item.get_closest_marker(MARKER)
        asked: list[Group] = list(marker.args) if marker is not None else []
        asked += [recipe.group for name in operations if (recipe := RECIPES.get(name)) and recipe.group]
        if "scarce" in asked or (self._embedded and "servers" in asked):
            return "scarce"
        file = item.path.relative_to(self._home) if item.path.is_relative_to(self._home) else Path()
        if len(file.parts) > 1:  # the rules of one resource
            return file.as_posix()
        return operations[0] if operations else None

    def _about(self, item: pytest.Item) -> Iterator[str]:
        """Yield the operations that a parameter of *item* names, by its id or that of a requirement."""
        callspec = getattr(item, "callspec", None)
        for value in callspec.params.values() if callspec is not None else ():
            if isinstance(value, str):
                requirement = self._contract.requirements.get(value)
                name = requirement.operation if requirement is not None else value
                if name is not None and name in self._contract.operations:
                    yield name
