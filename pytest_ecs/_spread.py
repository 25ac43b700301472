"""Which xdist worker runs what: the tests of one operation share its requests, those of one file its servers."""

from __future__ import annotations

import re
from typing import Any

import pytest

__all__ = ["Spread", "together"]

#: A project may have few server groups (5.7.1), and a run knows one port, so one worker has all that needs them.
_SCARCE = re.compile(
    r"/test_groups\.py::|ecs/test_quotas\.py::|nova/test_(?:lifecycle|nics)\.py::|\[(?:(?:ecs|nova)\.server-groups|nova\.servers\.create(?!-)|nova\.nics\.add)"
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
