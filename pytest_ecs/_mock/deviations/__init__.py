"""Named misbehaviours, each implemented where the behaviour lives; the suite is shown to notice each."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_ecs._mock.deviations.answers import ANSWERS
from pytest_ecs._mock.deviations.catalog import CATALOG
from pytest_ecs._mock.deviations.identity import IDENTITY
from pytest_ecs._mock.deviations.jobs import JOBS
from pytest_ecs._mock.deviations.metadata import METADATA
from pytest_ecs._mock.deviations.network import NETWORK
from pytest_ecs._mock.deviations.refused import REFUSED
from pytest_ecs._mock.deviations.requests import REQUESTS
from pytest_ecs._mock.deviations.servers import SERVERS
from pytest_ecs._mock.deviations.shown import SHOWN
from pytest_ecs._mock.deviations.storage import STORAGE

__all__ = ["DEVIATIONS"]

#: Name -> what is wrong, in the order of the document.
DEVIATIONS: Mapping[str, str] = {
    **REQUESTS,
    **REFUSED,
    **ANSWERS,
    **SHOWN,
    **JOBS,
    **SERVERS,
    **STORAGE,
    **NETWORK,
    **CATALOG,
    **METADATA,
    **IDENTITY,
}
