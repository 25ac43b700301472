"""``pytest-ecs mock``: the embedded mock over HTTP."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_ecs._cli.access import make_folder, write
from pytest_ecs._text import closest
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["mock"]


def mock(options: argparse.Namespace) -> int:
    """Serve the embedded mock until it is interrupted; prints one JSON line when it is ready."""
    from pytest_ecs._mock import DEVIATIONS, VARIANTS
    from pytest_ecs._mock.server import run as serve

    switches = (("deviation", options.deviation, DEVIATIONS), ("variant", options.variant, VARIANTS))
    for kind, names, known in switches:
        for name in names:
            if name not in known:
                raise ConfigurationError(
                    f"The mock has no {kind} {name!r}{closest(name, known)}",
                    hint=f"pytest-ecs list {kind}s",
                )
    if not options.speed > 0:
        raise ConfigurationError(f"--speed must be greater than 0, not {options.speed:g}", hint="1 is real time")
    folder: Path | None = options.write
    if folder is not None:
        make_folder(folder)

    def ready(about: Mapping[str, Any]) -> None:
        if folder is not None:
            write(folder, about)

    try:
        return serve(
            port=options.port, speed=options.speed, deviations=options.deviation, variants=options.variant, ready=ready
        )
    except OSError as error:
        raise ConfigurationError(
            f"Port {options.port} on 127.0.0.1 cannot be used",
            seen=str(error),
            hint="leave --port out to take a free one",
        ) from None
