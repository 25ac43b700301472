"""Several requests at a time, where the target's clock is a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["at_once"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def at_once(function: Callable[[_Item], _Result], items: Iterable[_Item], threads: int) -> list[_Result]:
    """Return what *function* says of each of *items*, in their order; at most *threads* of them are asked at a time.

    The first exception is raised, and what was not begun by then is not begun any more.
    """
    if threads <= 1:
        return [function(item) for item in items]
    pool = ThreadPoolExecutor(threads)
    try:
        return list(pool.map(function, items))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
