"""``pytest-ecs mock``: the embedded mock over HTTP."""

from __future__ import annotations

import argparse

from pytest_ecs._run.options import closest
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["mock"]


def mock(options: argparse.Namespace) -> int:
    """Serve the embedded mock until it is interrupted; prints one JSON line when it is ready."""
    from pytest_ecs._mock import DEVIATIONS
    from pytest_ecs._mock.server import run as serve

    for name in options.deviation:
        if name not in DEVIATIONS:
            raise ConfigurationError(
                f"The mock has no deviation {name!r}{closest(name, list(DEVIATIONS))}",
                hint="pytest-ecs list deviations",
            )
    if not options.speed > 0:
        raise ConfigurationError(f"--speed must be greater than 0, not {options.speed:g}", hint="1 is real time")
    try:
        return serve(port=options.port, speed=options.speed, deviations=options.deviation)
    except OSError as error:
        raise ConfigurationError(
            f"Port {options.port} on 127.0.0.1 cannot be used",
            seen=str(error),
            hint="leave --port out to take a free one",
        ) from None
