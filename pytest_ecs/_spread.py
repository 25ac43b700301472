"""Which xdist worker runs what: the tests of one operation share its requests, those of one file its servers."""

from __future__ import annotations

import re
from typing import Any

import pytest

__all__ = ["Spread", "together"]

#: What one worker has all of. What a project has few of: server groups (5.7.1), and the one port that a run knows. And
#: whatever makes servers of its own, so that those who delete servers, and those who need many, find some to take.
_SCARCE = re.compile(
    r"/test_groups\.py::|/test_lifecycle\.py::|/test_quotas\.py::|/test_disks\.py::|/test_state_mapping\.py::|"
    r"(?:ecs/test_(?:batch|flavors|jobs)|nova/test_(?:keypairs|metadata|networks|nics|status)|deprecated/test_images)\.py::|"
    r"\[(?:(?:ecs|nova)\.server-groups|(?:ecs|nova)\.servers\.(?:create(?!-)|delete)|ecs\.tags\.query|nova\.nics\.add)"
)
#: The operation that a test over all operations is about.
_OPERATION = re.compile(r"\[((?:iam|ecs|nova|deprecated)\.[a-z0-9-]+\.[a-z0-9-]+)")
#: A file with the rules of one resource.
_FILE = re.compile(r"suites/((?:iam|ecs|nova|deprecated)/test_\w+\.py)::")


def together(nodeid: str) -> str:
    """Return the name of what *nodeid* belongs to; tests with the same one run in one worker."""
    if _SCARCE.search(nodeid):
        return "scarce"
    found = _FILE.search(nodeid) or _OPERATION.search(nodeid)
    return found[1] if found else nodeid


class Spread:
    """Hands the tests to the xdist workers."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keep together what belongs together, unless ``--dist`` asks for something else than sharing the load."""
        from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

        class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
            def _split_scope(self, nodeid: str) -> str:
                return together(nodeid)

        return Scheduling(config, log) if config.getoption("dist") in {"load", "loadgroup"} else None
