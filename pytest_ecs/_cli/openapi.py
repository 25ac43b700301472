"""``pytest-ecs openapi``: the contract as an OpenAPI document."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pytest_ecs.exceptions import ConfigurationError

__all__ = ["openapi"]


def openapi(options: argparse.Namespace) -> int:
    """Write the contract as an OpenAPI 3.1 document in JSON."""
    from pytest_ecs._contract import load
    from pytest_ecs._contract.openapi import openapi as _openapi

    text = json.dumps(_openapi(load()), indent=1, ensure_ascii=False)
    if options.output is None:
        print(text)  # noqa: T201
        return 0
    try:
        Path(options.output).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{options.output} cannot be written", seen=str(error), hint="name another file with --output"
        ) from None
    return 0
