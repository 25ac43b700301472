"""What the code of the mock can be changed into is noticed; `mutants` tries many by chance."""

from __future__ import annotations

import subprocess
import sys

import pytest

from . import mutants
from .forking import Outcome

#: A change of `catalog.flavors`, and what it is killed by.
_CHANGES = (
    ("else flavor.ram,", "else str(flavor.ram),", "must"),
    ('"vcpus": str(flavor.vcpus)', '"vcpus": flavor.vcpus', "must"),
    ('_SHOWN = {"normal"', "_SHOWN = {normal", "error"),  # cannot be imported
    ("flavors = list(state.flavors.values())", "flavors = [*state.flavors.values()]", "survived"),  # means the same
)
_RUN = f"""
import sys
from tests.suites.forking import collected
from tests.suites.mutants import Mutant, fate, task
from tests.suites.reaching import modules

MODULE = "pytest_ecs._mock.catalog.flavors"
SOURCE = modules()[MODULE].read_text(encoding="utf-8")

def work(tests):
    for before, after, _ in {_CHANGES!r}:
        assert SOURCE.count(before) == 1, before
        mutant = Mutant(MODULE, 1, "", "", SOURCE.replace(before, after))
        for outcome in tests.run([task(mutant, range(len(tests.names)))]):
            print("fate:", fate(outcome), outcome.tests == len(tests.names), flush=True)

sys.exit(collected(work, ["--ecs-operation=ecs.flavors.list", "--ecs-properties=off"]))
"""


def test_a_change_is_noticed_and_what_means_the_same_is_not() -> None:
    """Each in a process of its own, with the changed code and no other; the first must that fails is enough."""
    done = subprocess.run([sys.executable, "-c", _RUN], capture_output=True, text=True, check=False)
    fates = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("fate: ")]
    assert fates == [[fate, str(fate == "survived")] for _, _, fate in _CHANGES], done.stdout + done.stderr


@pytest.mark.parametrize(
    ("outcome", "fate"),
    [
        (Outcome("", failed={"ecs.jobs.show/status": "", "A.2/Ecs.0204": ""}, troubles=["end"]), "must"),
        (Outcome("", failed={"A.2/Ecs.0204": ""}, errors={"ecs.jobs.show/status": ""}), "should"),
        (Outcome("", errors={"ecs.jobs.show/status": ""}), "error"),
        (Outcome("", leaks=["a server"]), "error"),
        (Outcome("", troubles=["end"]), "error"),
        (Outcome("", passed=["ecs.jobs.show/status"]), "survived"),
    ],
)
def test_the_strongest_of_what_kills_a_mutant_is_its_fate(outcome: Outcome, fate: str) -> None:
    """A must before a should, and either before an error."""
    assert mutants.fate(outcome) == fate


def test_mutants_of_a_seed_are_always_the_same_and_each_says_what_it_changes() -> None:
    """The change is Python, and is named by the function and the lines, so that other edits do not lose it."""
    mutating = pytest.importorskip("tests.suites.mutating", reason="mutmut is not installed")
    name = "pytest_ecs._mock.catalog.flavors"
    drawn, again = (
        [site.mutant(which) for site, which in mutating.draw(mutating.sites([name]), seed=1)] for _ in range(2)
    )
    keys = [mutant.key for mutant in drawn if mutant is not None]
    assert keys == [mutant.key for mutant in again if mutant is not None]
    ram = 'catalog.flavors:_shown: "ram": str(flavor.ram) if state.deviates("flavor-ram-string") else flavor.ram, -> '
    assert any(key.startswith(ram) for key in keys)
    assert not any("flavor-ram-string" not in key.partition(" -> ")[2] for key in keys if key.startswith(ram))
    assert all(key.partition(" -> ")[0] != key.partition(" -> ")[2] for key in keys)
