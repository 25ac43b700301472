"""This repository only: pytester for the plugin's tests, and hypothesis profiles. Not part of the wheel."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

settings.register_profile("quick", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--proof``."""
    parser.addoption(
        "--proof", action="store_true", help="try every deviation and variant of the mock, not only a sample"
    )


#: One deviation of each sort, none that the properties notice; the others take long and run with --proof, properties included.
_SAMPLE = {
    "dry-run-creates",
    "envelope-flat",
    "field-below-microversion",
    "job-fails",
    "job-total-wrong",
    "list-marker-ignored",
    "media-type-unchecked",
    "permission-unchecked",
    "reference-unchecked",
    "signature-body-unchecked",
    "state-resize-as-shutoff",
    "token-unchecked",
}
#: Variants that are tried without --proof: one of each sort.
_SAMPLE_OF_VARIANTS = {"extra-fields", "native-errors-gateway", "job-status-202"}
_SAMPLED = {
    "test_a_deviation_fails_what_it_breaks_and_nothing_else": _SAMPLE,
    "test_a_variant_fails_nothing": _SAMPLE_OF_VARIANTS,
    "test_variants_together_fail_nothing": set[str](),
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the deviations and variants that are not in the sample, unless ``--proof`` asks for all."""
    if config.getoption("--proof"):
        return
    dropped = [
        item
        for item in items
        if (kept := _SAMPLED.get(getattr(item, "originalname", ""))) is not None
        and item.callspec.params.get("name") not in kept  # type: ignore[attr-defined]
    ]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]
