"""Named misbehaviours, each implemented where the behaviour lives; the suite is shown to notice each."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping

from pytest_ecs._mock.deviations.answers import ANSWERS
from pytest_ecs._mock.deviations.catalog import CATALOG
from pytest_ecs._mock.deviations.identity import IDENTITY
from pytest_ecs._mock.deviations.jobs import JOBS
from pytest_ecs._mock.deviations.metadata import METADATA
from pytest_ecs._mock.deviations.network import NETWORK
from pytest_ecs._mock.deviations.requests import REQUESTS
from pytest_ecs._mock.deviations.servers import SERVERS
from pytest_ecs._mock.deviations.storage import STORAGE

__all__ = ["DEVIATIONS", "switchboard"]

#: Name -> what is wrong, in the order of the document.
DEVIATIONS: Mapping[str, str] = {
    **REQUESTS,
    **ANSWERS,
    **JOBS,
    **SERVERS,
    **STORAGE,
    **NETWORK,
    **CATALOG,
    **METADATA,
    **IDENTITY,
}


def switchboard(names: Iterable[str]) -> Callable[[str], bool]:
    """Return what says whether a deviation is on; raises `ValueError` with the closest names."""
    chosen = frozenset(names)
    for name in sorted(chosen - DEVIATIONS.keys()):
        close = difflib.get_close_matches(name, DEVIATIONS, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(f"the mock has no deviation {name!r}{hint}")

    def deviates(name: str) -> bool:
        if name not in DEVIATIONS:
            raise KeyError(name)  # a misspelt name in the mock itself would never deviate
        return name in chosen

    return deviates
