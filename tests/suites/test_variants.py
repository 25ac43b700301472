"""The suite is shown to be just: what the document allows, it does not blame."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ecs._mock import VARIANTS

#: Variants that stand for the same choice cannot be on together.
_APART = (
    "native-errors-",
    "native-status-20",
    "server-groups-status-20",
    "tags-status-20",
    "quotas-",
    "host-status-",
)


def _together(names: list[str]) -> list[str]:
    """Return *names* with one at most of those that exclude each other."""
    kept: list[str] = []
    for name in names:
        group = next((stem for stem in _APART if name.startswith(stem)), name)
        if not any(one.startswith(group) for one in kept):
            kept.append(name)
    return kept


def _sets() -> list[list[str]]:
    chance = random.Random(22)
    return [_together(chance.sample(sorted(VARIANTS), 14))[:10] for _ in range(20)]


def _blamed(folder: Path, names: list[str]) -> dict[str, str]:
    """Return what a run blames on the embedded mock with these variants, and what did not come to a verdict."""
    command = [sys.executable, "-m", "pytest_ecs", "run", f"--ecs-report={folder}", "--hypothesis-seed=1"]
    command += ["--ecs-properties=off", *(f"--ecs-variant={name}" for name in names)]
    subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    results = json.loads((folder / "report.json").read_text(encoding="utf-8"))["results"]
    return {
        one["requirement"]: one["verdict"]
        for one in results
        if one["verdict"] == "error" or (one["verdict"] == "fail" and one["level"] == "must")
    }


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_a_variant_fails_nothing(tmp_path: Path, name: str) -> None:
    """Alone: no must fails, and nothing errs."""
    assert _blamed(tmp_path, [name]) == {}


@pytest.mark.parametrize("names", _sets(), ids=lambda names: "+".join(names)[:60])
def test_variants_together_fail_nothing(tmp_path: Path, names: list[str]) -> None:
    """Sets by chance."""
    assert _blamed(tmp_path, names) == {}
