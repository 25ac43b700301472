"""Reads what a run is held against, before its first request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_ecs._report.gates import Gates

if TYPE_CHECKING:
    from pytest_ecs._run.options import Settings

__all__ = ["read_gates"]


def read_gates(settings: Settings) -> Gates:
    """Return the gates; raises `ConfigurationError` for a baseline that is no report or a key that cannot sign."""
    from pytest_ecs._report.verify import read_certificate

    if settings.sign is not None:
        from pytest_ecs._report.sign import signer_of

        signer_of(settings.sign)
    baseline = read_certificate(settings.baseline) if settings.baseline is not None else None
    return Gates(baseline, settings.require, settings.lenient_waivers)
