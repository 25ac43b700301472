"""A pytest plugin: the clock of real clouds goes as many times as fast as FAULTS_CLOCK says, "EPOCH SPEED".

What waits for a cloud then waits less, and still waits: for an endpoint that is fast as well (``pytest-ecs mock --speed``).
"""

import os
import time

from pytest_ecs._http.target import SystemClock

_EPOCH, _SPEED = map(float, os.environ["FAULTS_CLOCK"].split())


def _now(self: SystemClock) -> float:
    return _EPOCH + (time.time() - _EPOCH) * _SPEED


def _sleep(self: SystemClock, seconds: float) -> None:
    time.sleep(seconds / _SPEED)


SystemClock.now, SystemClock.sleep = _now, _sleep  # type: ignore[method-assign]
