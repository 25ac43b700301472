"""A pytest plugin: the clock of real clouds goes as many times as fast as FAST_CLOCK says, "EPOCH SPEED".

What waits for a cloud then waits less, and still waits: for an endpoint that is fast as well (``pytest-ecs mock --speed``).
"""

from __future__ import annotations

import os
import time

from pytest_ecs._http import signature
from pytest_ecs._http.target import SystemClock

_EPOCH, _SPEED = (float(one) for one in os.environ["FAST_CLOCK"].split())


def _now(self: SystemClock) -> float:
    return _EPOCH + (time.time() - _EPOCH) * _SPEED


def _sleep(self: SystemClock, seconds: float) -> None:
    time.sleep(seconds / _SPEED)


SystemClock.now, SystemClock.sleep = _now, _sleep  # type: ignore[method-assign]
_sdk_date = signature.sdk_date


def _of_the_day(seconds: float) -> str:
    return _sdk_date(time.time())


# Signatures have the date of the day, whatever the fast clock says.
signature.sdk_date = _of_the_day
