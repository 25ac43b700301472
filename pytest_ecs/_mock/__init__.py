"""The embedded endpoint: an independent second reading of the document, and nothing of the contract.

Start with `app.MockCloud`. There is a layer for each field, and in it a module for each resource; what they may import of
each other stands in `tests/test_layers.py`. States and durations are tables in `state.machine`, deliberate misbehaviour is
named in `deviations`.
"""

from __future__ import annotations

from pytest_ecs._mock.app import MockCloud
from pytest_ecs._mock.deviations import DEVIATIONS
from pytest_ecs._mock.state.clock import ScaledClock, VirtualClock
from pytest_ecs._mock.variants import VARIANTS

__all__ = ["DEVIATIONS", "VARIANTS", "MockCloud", "ScaledClock", "VirtualClock"]
