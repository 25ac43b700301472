"""A plugin for `benchmarks/pool.py`: the run lives as fast as the mock over HTTP that it is against."""

from __future__ import annotations

import os
import time

from pytest_ecs._http import signature, target

_ORIGIN, _SPEED = (float(one) for one in os.environ["ECS_BENCHMARK_CLOCK"].split())


class _FastClock:
    def now(self) -> float:
        """Return seconds since the epoch on the fast clock."""
        return _ORIGIN + (time.time() - _ORIGIN) * _SPEED

    def sleep(self, seconds: float) -> None:
        """Wait *seconds* of the fast clock."""
        time.sleep(seconds / _SPEED)


target.SystemClock.now = _FastClock.now  # type: ignore[method-assign, assignment]
target.SystemClock.sleep = _FastClock.sleep  # type: ignore[method-assign, assignment]
_sdk_date = signature.sdk_date


def _of_the_day(seconds: float) -> str:
    return _sdk_date(time.time())


# Signatures have the date of the day, whatever the fast clock says.
signature.sdk_date = _of_the_day
