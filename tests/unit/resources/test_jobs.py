"""Waiting for jobs, on a clock that costs nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from pytest_ecs._http.durations import Durations
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.job import server_ids
from pytest_ecs._resources.jobs import wait_for_job
from pytest_ecs.exceptions import JobFailed, JobTimeout, PrerequisiteMissing, StepFailed

from ..exchanges import exchange


class _Clock:
    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def _job(status: str, **more: Any) -> dict[str, Any]:
    return {"status": status, "job_id": "j1", "job_type": "createServer", "entities": {}, **more}


def _fetch(clock: _Clock, script: Callable[[float], Any]) -> Callable[[], Exchange]:
    return lambda: exchange("ecs.jobs.show", 200, script(clock.time - 1000.0))


def test_success_is_returned_and_polling_slows_down() -> None:
    """The pauses grow while nothing changes, so a long job costs few requests."""
    clock = _Clock()
    done = wait_for_job(
        _fetch(clock, lambda t: _job("SUCCESS" if t > 100 else "RUNNING")), clock, job_id="j1", timeout=600
    )
    assert done.response_body["status"] == "SUCCESS"
    assert clock.slept[:4] == [1.0, 1.5, 2.25, 3.0]
    assert 4 < max(clock.slept) <= 5
    assert len(clock.slept) < 35
    wait_for_job(_fetch(clock, lambda t: _job("SUCCESS" if t > 1000 else "RUNNING")), clock, job_id="j1", timeout=6000)
    assert max(clock.slept) == 10.0


def test_a_job_is_not_asked_for_before_one_of_its_type_was_ever_over() -> None:
    """But for the first look, and where each look is wanted; one of another type, or that lasts longer, is asked for as ever."""
    clock, durations = _Clock(), Durations()

    def slept(took: float, job_type: str = "createServer", **more: Any) -> list[float]:
        began, number = clock.time, len(clock.slept)

        def fetch() -> Exchange:
            status = "SUCCESS" if clock.time - began >= took else "RUNNING"
            return exchange("ecs.jobs.show", 200, _job(status, job_type=job_type))

        wait_for_job(fetch, clock, job_id="j", timeout=600, durations=durations, **more)
        return clock.slept[number:]

    first, second, longer = slept(60), slept(60), slept(90)
    assert second[0] == pytest.approx(0.9 * sum(first))
    assert len(second) == 2 < 15 < len(first)
    assert sum(second) == pytest.approx(sum(first))
    assert (longer[0], len(longer) > 8) == (second[0], True)
    assert len(slept(60, each=lambda: None, longest=1.0)) == 60
    assert len(slept(60, "deleteServer")) == len(first)


def test_polling_is_quick_again_when_a_sub_job_ends() -> None:
    """A change of state makes the pause short again."""
    clock = _Clock()

    def script(t: float) -> dict[str, Any]:
        subs = [{"status": "SUCCESS" if t > 20 else "RUNNING"}, {"status": "SUCCESS" if t > 60 else "RUNNING"}]
        return _job("SUCCESS" if t > 60 else "RUNNING", entities={"sub_jobs": subs, "sub_jobs_total": 2})

    wait_for_job(_fetch(clock, script), clock, job_id="j1", timeout=600)
    assert clock.slept.count(1.0) == 2


def test_a_failed_job_says_everything_that_is_known() -> None:
    """The text has the job, its type, its code and reason, and each sub-job."""
    clock = _Clock()
    sub = {
        "status": "FAIL",
        "job_id": "s1",
        "job_type": "createSingleServer",
        "error_code": "Ecs.0031",
        "fail_reason": "no image",
    }
    body = _job("FAIL", error_code="Common.0021", fail_reason="sub job failed", entities={"sub_jobs": [sub]})
    with pytest.raises(JobFailed) as caught:
        wait_for_job(_fetch(clock, lambda t: body), clock, job_id="j1", timeout=600)
    text = str(caught.value)
    for part in (
        "j1",
        "createServer",
        "ended in FAIL",
        "Common.0021",
        "s1",
        "createSingleServer",
        "Ecs.0031",
        "no image",
    ):
        assert part in text


def test_a_job_that_never_ends_times_out_on_the_targets_clock() -> None:
    """The last state and the elapsed time are in the text; no pause goes beyond the limit."""
    clock = _Clock()
    with pytest.raises(JobTimeout, match=r"was not over after 30 s.*'RUNNING'.*30\.\d s") as caught:
        wait_for_job(_fetch(clock, lambda t: _job("RUNNING")), clock, job_id="j1", timeout=30)
    assert caught.value.job_id == "j1"
    assert clock.time - 1000.0 < 31


@pytest.mark.parametrize(
    "answer", [exchange(status=500), exchange(status=200, body=None), exchange(status=200, body={"x": 1})]
)
def test_an_answer_that_is_no_job_is_named(answer: Exchange) -> None:
    """An error or garbage in place of a job is reported as what it is, after a minute; it ends no run."""
    clock = _Clock()
    with pytest.raises(StepFailed, match="not answered with a job"):
        wait_for_job(lambda: answer, clock, job_id="j1", timeout=600)
    assert 60 <= clock.time - 1000.0 < 80


@pytest.mark.parametrize("first", [{"status": 404}, {"status": 503, "failure": "HTTP 503"}])
def test_a_job_that_is_not_shown_at_once_is_waited_for(first: dict[str, Any]) -> None:
    """Nothing is instantly visible, and a gateway speaks for nobody."""
    clock = _Clock()

    def fetch() -> Exchange:
        return exchange(**first) if clock.time < 1005.0 else exchange(status=200, body=_job("SUCCESS"))

    assert wait_for_job(fetch, clock, job_id="j1", timeout=600).status == 200


def test_a_job_that_shows_another_id_is_no_reason_to_stop() -> None:
    """What it says of itself is judged elsewhere."""
    done = wait_for_job(
        lambda: exchange(status=200, body=_job("SUCCESS", job_id="j2")), _Clock(), job_id="j1", timeout=9
    )
    assert done.response_body["job_id"] == "j2"


def test_an_unknown_status_is_not_waited_for_until_the_time_is_up() -> None:
    """Table 5-63 knows four; after a minute nothing is expected of another one."""
    clock = _Clock()
    with pytest.raises(StepFailed, match="not answered with a job"):
        wait_for_job(lambda: exchange(status=200, body=_job("DONE")), clock, job_id="j1", timeout=1800)
    assert clock.time - 1000.0 < 80


def test_a_type_of_job_that_never_ends_is_not_waited_for_for_ever() -> None:
    """Whoever knows that says so, and the job is looked at once."""
    clock = _Clock()
    with pytest.raises(PrerequisiteMissing, match="type createServer are not waited for any more"):
        wait_for_job(
            _fetch(clock, lambda t: _job("RUNNING")), clock, job_id="j1", timeout=1800, hopeless={"createServer"}
        )
    assert clock.slept == []


def test_server_ids_come_from_the_job_and_its_sub_jobs() -> None:
    """Each id is listed once, wherever it stands; missing and empty ones are left out."""
    body = _job(
        "SUCCESS",
        entities={
            "server_id": "a",
            "sub_jobs": [
                {"entities": {"server_id": "a"}},
                {"entities": {"server_id": "b"}},
                {"entities": {"server_id": ""}},
                {"entities": {}},
            ],
        },
    )
    assert server_ids(body) == ["a", "b"]
