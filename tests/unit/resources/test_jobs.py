"""Waiting for jobs, on a clock that costs nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.job import server_ids
from pytest_ecs._resources.jobs import wait_for_job
from pytest_ecs.exceptions import JobFailed, JobTimeout, NotAnEcsEndpoint

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
    assert clock.slept[:4] == [1.0, 1.5, 2.25, 3.375]
    assert max(clock.slept) == 10.0
    assert len(clock.slept) < 20


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
    """An error or garbage in place of a job is reported as what it is, at once."""
    with pytest.raises(NotAnEcsEndpoint, match="not answered with a job"):
        wait_for_job(lambda: answer, _Clock(), job_id="j1", timeout=5)


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
