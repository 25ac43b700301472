"""Which xdist worker runs what: the tests of one operation share its requests, those of one file its servers."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

__all__ = ["Spread", "together"]

#: A project may have few server groups (5.7.1), and a run knows one port, so one worker has all that needs them.
_SCARCE = re.compile(
    r"/test_groups\.py::|ecs/test_quotas\.py::|nova/test_(?:lifecycle|nics)\.py::|"
    r"\[(?:(?:ecs|nova)\.server-groups|nova\.servers\.create(?!-)|nova\.nics\.add)"
)
#: What makes servers of its own, deletes some or needs many. On the embedded mock each worker has a cloud of its own, so
#: that one worker with all of it makes fewer; elsewhere the workers share their servers.
_MAKERS = re.compile(
    r"/test_(?:lifecycle|quotas|disks|state_mapping)\.py::|"
    r"(?:ecs/test_(?:batch|flavors|jobs)|nova/test_(?:keypairs|metadata|networks|status)|deprecated/test_images)\.py::|"
    r"\[(?:(?:ecs|nova)\.servers\.(?:create(?!-)|delete)|ecs\.tags\.query)"
)
#: The operation that a test over all operations is about.
_OPERATION = re.compile(r"\[((?:iam|ecs|nova|deprecated)\.[a-z0-9-]+\.[a-z0-9-]+)")
#: A file with the rules of one resource.
_FILE = re.compile(r"suites/((?:iam|ecs|nova|deprecated)/test_\w+\.py)::")


def together(nodeid: str, *, embedded: bool) -> str:
    """Return the name of what *nodeid* belongs to; tests with the same one run in one worker."""
    if _SCARCE.search(nodeid) or (embedded and _MAKERS.search(nodeid)):
        return "scarce"
    found = _FILE.search(nodeid) or _OPERATION.search(nodeid)
    return found[1] if found else nodeid


class Spread:
    """Hands the tests to the xdist workers."""

    def __init__(self, *, embedded: bool) -> None:
        self._embedded = embedded

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keep together what belongs together, unless ``--dist`` asks for something else than sharing the load."""
        if config.getoption("dist") not in {"load", "loadgroup"}:
            return None
        from pytest_ecs._run.xdist_scheduling import Scheduling

        return Scheduling(config, log, partial(together, embedded=self._embedded))
