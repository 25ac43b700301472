"""The suite is shown to bite and to be just, by a sample of the deviations and variants; `prove` tries them all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ecs._mock import VARIANTS

from . import prove
from .expectations import needed
from .forking import Outcome

#: One deviation of each sort.
_DEVIATIONS = (
    "dry-run-creates",
    "envelope-flat",
    "job-total-wrong",
    "list-marker-ignored",
    "media-type-unchecked",
    "permission-unchecked",
    "reference-unchecked",
    "signature-body-unchecked",
    "state-resize-as-shutoff",
    "token-unchecked",
)
#: One variant of each sort.
_VARIANTS = ("extra-fields", "native-errors-gateway", "job-status-202")


def test_a_sample_is_noticed_where_it_breaks_something_and_not_blamed_where_it_breaks_nothing(tmp_path: Path) -> None:
    """What a deviation is known to break fails, and nothing else; nothing fails by a variant or by a set of them."""
    command = [sys.executable, "-m", "tests.suites.prove", "--sample", "--sets", "1", *_DEVIATIONS, *_VARIANTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, f"{len(_DEVIATIONS) + len(_VARIANTS) + 1} runs: " in done.stdout) == (0, True), done.stdout


def test_what_is_known_is_compared_with_what_was_seen() -> None:
    """A failure that nothing names, a name that nothing failed, and a survivor are told apart."""
    name = "job-total-wrong"
    (named,) = needed(name)
    broken = {named: "seen", "ecs.jobs.show/status": "seen"}
    as_known, survived, outside, other = (
        prove.of_deviation(name, Outcome(name, failed=failed))
        for failed in ({named: "seen"}, {}, broken, {"ecs.jobs.show/status": "seen"})
    )
    assert (as_known.verdict, as_known.holds) == ("named", True)
    assert (survived.verdict, survived.missed, survived.holds) == ("survived", [named], False)
    assert (outside.verdict, outside.outside, outside.holds) == ("named", {"ecs.jobs.show/status": "seen"}, False)
    assert (other.verdict, other.holds) == ("other", False)


def test_a_variant_may_fail_what_should_be_and_nothing_that_must() -> None:
    """An error and what a run leaves behind count too."""
    should, must = "A.2/Ecs.0204", "ecs.jobs.show/status"
    assert prove.of_variant("extra-fields", Outcome("extra-fields", failed={should: "seen"})).holds
    for wrong in (
        Outcome("", failed={must: ""}),
        Outcome("", errors={should: ""}),
        Outcome("", leaks=["one"]),
        Outcome("", troubles=["end"]),
    ):
        assert not prove.of_variant("extra-fields", wrong).holds


def test_a_deviation_proves_what_it_is_known_to_break() -> None:
    """Not what failed beside it; each counts once for each requirement."""
    known, beside = needed("batch-first-only")[0], "ecs.jobs.show/status"
    names = ("batch-first-only", "stop-noop", "extra-fields")
    outcomes = [Outcome(name, failed={known: "", needed("stop-noop")[1]: "", beside: ""}) for name in names]
    proofs = [*map(prove.of_deviation, names[:2], outcomes), prove.of_variant(names[2], outcomes[2])]
    assert prove.proven(proofs) == {"ecs.servers.batch-start/rule/success-starts": 1, needed("stop-noop")[1]: 2}


@pytest.mark.parametrize("names", prove.sets(20), ids=lambda names: names[0])
def test_sets_by_chance_hold_ten_that_go_together(names: list[str]) -> None:
    """Two readings of one sentence cannot be on together."""
    assert len(set(names)) == len(names) == 10
    assert prove.together(names) == names
    assert set(names) <= set(VARIANTS)
