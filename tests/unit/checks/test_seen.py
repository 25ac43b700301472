"""Judging with a memory says all that is new, and the same as without one."""

from dataclasses import replace
from typing import Any

import pytest

from pytest_ecs import load_contract
from pytest_ecs._checks import Seen, judge
from pytest_ecs._checks.corpus import RecordedCorpus
from pytest_ecs._checks.judge import Drift, drift
from pytest_ecs._http.exchange import Exchange

from ..exchanges import exchange

_SHOW, _QUOTAS = "nova.servers.show", "ecs.quotas.show"
_SERVER: dict[str, Any] = {
    "id": "s",
    "name": "n",
    "status": "ACTIVE",
    "OS-EXT-STS:vm_state": "active",
    "OS-EXT-STS:task_state": None,
    "links": [{"rel": "self", "href": "http://x/s"}, {"rel": "bookmark", "href": "http://x/s"}],
}


def _bodies() -> list[tuple[str, int, Any]]:
    """Answers that hold, break, hold again, and show what is undocumented, each more than once."""
    wrong = [
        {**_SERVER, **change} for change in ({"name": 1}, {"status": "SHUTOFF"}, {"links": [{"rel": 1}]}, {"more": 1})
    ]
    seen: list[tuple[str, int, Any]] = [
        (_SHOW, 200, {"server": one}) for one in (_SERVER, _SERVER, *wrong, _SERVER, *wrong)
    ]
    seen += [(_QUOTAS, 200, {"absolute": {"maxTotalCores": value}}) for value in (1, 1, True, 1.0, "1", None, 1)]
    more: list[Any] = [{}, {"absolute": {"unheard": 1}}, {"absolute": {"unheard": 1}}, [], None]
    seen += [(_QUOTAS, 200, body) for body in more]
    seen += [(_QUOTAS, 404, {"error": {"code": "Ecs.0614", "message": "x"}})] * 2 + [
        (_QUOTAS, 299, {"absolute": {}})
    ] * 2
    return seen


@pytest.mark.parametrize("recorded", [False, True])
def test_only_successes_that_are_no_news_are_left_out(recorded: bool) -> None:
    """Every failure is said of every exchange, and everything undocumented that is new."""
    contract, seen = load_contract(), Seen(recorded=recorded)
    bodies: dict[str, Any] = {}
    exchanges: list[Exchange] = []
    body: Any
    for number, (name, status, body) in enumerate(_bodies(), 1):
        one = exchange(
            name, status, bodies.setdefault(repr(body), body), id=f"main-{number:05}", parameters={"server_id": "s"}
        )
        exchanges += [one, replace(one, id=f"other-{number:05}", microversion="2.26")]
    corpus = RecordedCorpus(exchanges)
    known: set[str] = set()
    whole, told = set[Drift](), set[Drift]()
    for one in exchanges:
        every = judge(one, contract, corpus)
        whole.update(drift(one, contract))
        new = [f for f in every if f.outcome != "pass" or f.requirement not in known]
        known |= {f.requirement for f in every if f.outcome == "pass"}
        assert judge(one, contract, corpus, seen) == new, one
        told.update(drift(one, contract, seen))
    assert told == whole
    assert len(whole) == 2
    assert seen.places
    assert bool(seen.answers) is recorded
