"""The embedded endpoint: an independent second reading of the document, and nothing of the contract.

Start with `app.MockCloud`. There is one module for each resource: identity, servers (v1), nova, versions,
flavors,
quotas and jobs; the states and durations are tables in `machine`, deliberate misbehaviour is named in
`deviations`.
"""

from __future__ import annotations

from pytest_ecs._mock.app import MockCloud
from pytest_ecs._mock.clock import ScaledClock, VirtualClock
from pytest_ecs._mock.deviations import DEVIATIONS

__all__ = ["DEVIATIONS", "MockCloud", "ScaledClock", "VirtualClock"]
