"""Starts pytest and ``pytest-ecs sweep`` in processes of their own that have everything imported already, on a fast clock.

Hundreds of runs would spend most of their time importing. Each process is forked from one that did that once; apart from
this it is like one that a shell starts: a session, an environment, a folder, an output and signals of its own.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

__all__ = ["SPEED", "clock", "start"]

#: How many times as fast as real time the clock of the started processes goes.
SPEED = 30.0

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.faults.preloaded"])


def clock() -> dict[str, str]:
    """Return what the environment of processes says that live on the same fast clock, which begins now."""
    return {"FAST_CLOCK": f"{time.time()} {SPEED}", "PYTEST_PLUGINS": "tests.fast_clock"}


def start(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> BaseProcess:
    """Start pytest with *arguments*, or a sweep when the first one is "sweep"; its output goes to ``output`` in *folder*."""
    process = _CONTEXT.Process(target=_child, args=(list(arguments), str(folder), dict(environment)), daemon=True)
    process.start()
    return process


def _child(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    os.setsid()
    # Whoever started the tests may have told them to ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    output = os.open("output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    if arguments[0] == "sweep":
        from pytest_ecs._cli.sweep import sweep

        status = sweep(arguments[1:])
    else:
        import pytest

        status = int(pytest.main(arguments))
    atexit._run_exitfuncs()
    sys.exit(status)
