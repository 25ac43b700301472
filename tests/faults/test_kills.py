"""A sample of the kills: nothing of a run is left after a sweep, and nothing of others is missing."""

from tests.faults.kills import STOPS, kill, table


def test_nothing_is_left_of_a_run_that_was_stopped() -> None:
    """One trial for some ways to stop a run; `python -m tests.faults.kills` tries as many as one likes."""
    stops = ("SIGKILL controller", "SIGTERM controller", "SIGKILL worker", "disk full")
    assert set(stops) <= set(STOPS)
    outcomes = list(kill(len(stops), seed=3, stops=stops, most=0))
    assert len(outcomes) == len(stops)
    assert all(one.good for one in outcomes), table(outcomes)
