"""``pytest-ecs mock``: the embedded mock over HTTP."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from functools import partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_ecs._cli.access import make_folder, write
from pytest_ecs._cli.keeping import kept
from pytest_ecs._text import closest
from pytest_ecs.exceptions import ConfigurationError

if TYPE_CHECKING:
    from pytest_ecs._mock.weather import Application

__all__ = ["add_options", "mock"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``pytest-ecs mock`` can be told."""
    add = parser.add_argument
    add("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    add("--speed", type=float, default=1.0, help="how many seconds pass in the mock for each real one")
    add("--deviation", action="append", default=[], metavar="NAME", help="switch on a deviation")
    add("--variant", action="append", default=[], metavar="NAME", help="do something otherwise that may be so")
    add(
        "--write",
        type=Path,
        metavar="DIR",
        help="write clouds.yaml, openrc and ecs.ini there: who may log in, and all ids",
    )
    add("--state", type=Path, metavar="FILE", help="go on from the state in this file, and keep it there")
    add("--latency", metavar="SECONDS", help="let each answer take so much longer; 0.1-0.5 for something between")
    add("--fail-rate", type=float, default=0.0, metavar="PART", help="let that part of the requests fail, 0 to 1")
    add("--throttle", type=float, metavar="NUMBER", help="answer 429 to what is more than so many requests a second")
    add("--log", action="store_true", help="say each request in one line on standard error, without secrets")


def mock(options: argparse.Namespace) -> int:
    """Serve the embedded mock until it is interrupted; prints one JSON line when it is ready."""
    from pytest_ecs._mock import DEVIATIONS, VARIANTS, MockCloud, ScaledClock
    from pytest_ecs._mock.server import run as serve

    switches = (("deviation", options.deviation, DEVIATIONS), ("variant", options.variant, VARIANTS))
    for sort, names, known in switches:
        for name in names:
            if name not in known:
                raise ConfigurationError(
                    f"The mock has no {sort} {name!r}{closest(name, known)}",
                    hint=f"pytest-ecs list {sort}s",
                )
    if not options.speed > 0:
        raise ConfigurationError(f"--speed must be greater than 0, not {options.speed:g}", hint="1 is real time")
    weather = _weather(options)
    folder: Path | None = options.write
    if folder is not None:
        make_folder(folder)
    cloud = MockCloud(deviations=options.deviation, variants=options.variant, clock=ScaledClock(options.speed))

    def ready(about: Mapping[str, Any]) -> None:
        if folder is not None:
            write(folder, about)

    try:
        with kept(cloud, options.state) as each_second:
            return serve(cloud, port=options.port, around=weather, ready=ready, meanwhile=each_second)
    except OSError as error:
        raise ConfigurationError(
            f"Port {options.port} on 127.0.0.1 cannot be used",
            seen=str(error),
            hint="leave --port out to take a free one",
        ) from None


def _weather(options: argparse.Namespace) -> Callable[[Application], Application]:
    """Return what puts between clients and the mock what was asked for, the log outermost."""
    from pytest_ecs._mock import weather

    layers: list[Callable[[Application], Application]] = []
    if not 0 <= options.fail_rate <= 1:
        raise ConfigurationError(f"--fail-rate must be from 0 to 1, not {options.fail_rate:g}", hint="0.1 is a tenth")
    if options.fail_rate:
        layers.append(partial(weather.failing, rate=options.fail_rate))
    if options.throttle is not None:
        if not 0 < options.throttle < float("inf"):
            raise ConfigurationError(
                f"--throttle must be greater than 0, not {options.throttle:g}", hint="10 allows ten requests a second"
            )
        layers.append(partial(weather.throttled, most=options.throttle))
    if options.latency is not None:
        low, high = _latency(options.latency)
        layers.append(partial(weather.delayed, low=low, high=high))
    if options.log:
        layers.append(partial(weather.logged, write=_say))
    return lambda app: reduce(lambda inner, layer: layer(inner), layers, app)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _latency(text: str) -> tuple[float, float]:
    found = re.fullmatch(r"(\d{1,4}(?:\.\d+)?)(?:-(\d{1,4}(?:\.\d+)?))?", text)
    low, high = (float(found[1]), float(found[2] or found[1])) if found else (1.0, 0.0)
    if low > high:
        raise ConfigurationError(
            f"--latency must be seconds or two such numbers, the lower one first, not {text!r}",
            hint="0.2 for always the same, 0.1-0.5 for something between",
        )
    return low, high
