"""A sample of the hostile answers of ``nox -s faults``."""

from pytest_ecs._http.limits import BODY
from tests.faults.hostile import attack


def test_no_answer_breaks_who_reads_it() -> None:
    """Neither client nor judge nor report; each is over in time, and none costs more than a few times the longest body."""
    told = attack(150, seed=2)
    assert (told.answers, told.broken, told.hung) == (150, [], [])
    assert told.findings > 100
    assert told.failures > 10
    assert told.most < 8 * BODY
