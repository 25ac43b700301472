"""``pytest-ecs report``: what to do with certificates."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["report"]


def report(options: argparse.Namespace) -> int:
    """Show, compare, verify, sign, merge or recover certificates, or make a badge or an overview of a fleet.

    Returns 0, or 1 when something regressed or does not verify.
    """
    from pytest_ecs import _report

    key, output = (Path(name) if name else None for name in (options.key, options.output))
    return _report.command(options.action, [Path(name) for name in options.files], key, output)
