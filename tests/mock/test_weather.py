"""A bad day and the log: what stands between clients and the mock."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.weather import Application, delayed, failing, logged, throttled
from tests.mock.harness import BASE


def _ask(app: Application, method: str = "GET", path: str = "/", **more: Any) -> httpx.Response:
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url=BASE) as client:
        return client.request(method, path, **more)


def test_some_requests_fail_and_some_of_these_were_done(cloud: MockCloud) -> None:
    """503 was not done, 504 was; both are the gateway's form of an error (4.3), and hooks work as ever."""
    app = failing(cloud, 0.5)
    seen = Counter(_ask(app).status_code for _ in range(200))
    done = len([one for one in cloud.control("GET", "/_mock/requests")["requests"] if one["path"] == "/"])
    assert set(seen) == {200, 503, 504}
    assert 70 <= seen[503] + seen[504] <= 130
    assert done == seen[200] + seen[504]
    answers = [_ask(failing(cloud, 1, seed=seed)) for seed in range(8)]
    assert {one.json()["error_code"] for one in answers} == {"APIGW.0503", "APIGW.0504"}
    assert _ask(failing(cloud, 1), path="/_mock/consistency").status_code == 200


def test_more_requests_than_there_may_be_are_told_to_wait(cloud: MockCloud) -> None:
    """429 with Retry-After (10.1), until a second has passed."""
    now = [0.0]
    app = throttled(cloud, 3, now=lambda: now[0])
    assert [_ask(app).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    refused = _ask(app)
    assert (refused.headers["Retry-After"], refused.json()["error_code"]) == ("1", "APIGW.0429")
    assert _ask(app, path="/_mock/consistency").status_code == 200
    now[0] += 1.1
    assert [_ask(app).status_code for _ in range(4)] == [200, 200, 200, 429]
    now[0] += 1000
    assert [_ask(app).status_code for _ in range(4)] == [200, 200, 200, 429]
    slow = throttled(cloud, 0.1, now=lambda: now[0])
    assert [_ask(slow).status_code for _ in range(2)] == [200, 429]
    assert _ask(slow).headers["Retry-After"] == "10"


def test_answers_come_late(cloud: MockCloud) -> None:
    """By something between two numbers, hooks at once."""
    waited: list[float] = []
    app = delayed(cloud, 0.1, 0.5, wait=waited.append)
    for _ in range(50):
        assert _ask(app).status_code == 200
    assert all(0.1 <= one <= 0.5 for one in waited)
    assert max(waited) - min(waited) > 0.2
    _ask(app, path="/_mock/consistency")
    assert len(waited) == 50


def test_the_log_has_a_line_for_each_request_and_no_secrets(cloud: MockCloud) -> None:
    """Method, path and names of parameters; no value, header or body, and nothing that acts on a terminal."""
    lines: list[str] = []
    app = logged(cloud, lines.append)
    secret = "s3cr3t"
    body = {"auth": {"identity": {"methods": [secret]}, "scope": {}}}
    first = _ask(
        app, "POST", f"/v3/auth/tokens?k={secret}&%1b[2J={secret}", json=body, headers={"X-Auth-Token": secret}
    )
    _ask(app, path="/a%0d%0ab%1b[31m")
    _ask(app, path="/_mock/consistency")
    assert len(lines) == 2
    assert " 400 POST /v3/auth/tokens?k&%1B%5B2J " in lines[0]
    assert lines[0].endswith(f"ms {first.headers['X-Request-Id']}")
    assert " 404 GET /a%0D%0Ab%1B%5B31m " in lines[1]
    assert not any(secret in line or "\x1b" in line or "\n" in line for line in lines)


def test_what_failed_is_in_the_log(cloud: MockCloud) -> None:
    """The log is nearest to the clients and says what they see."""
    lines: list[str] = []
    answer = _ask(logged(failing(cloud, 1), lines.append))
    assert f" {answer.status_code} GET / " in lines[0]
    assert lines[0].endswith(" -")
