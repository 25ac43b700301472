"""What is looked at again later: nobody waits meanwhile, and what it looks at stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from pytest_ecs._resources.lease import Lease
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import open_session
from pytest_ecs._testing.later import Afterwards
from pytest_ecs._testing.tools import Tools, tools_of
from pytest_ecs.exceptions import EndpointLost, PrerequisiteMissing

_RULE, _OTHER = "nova.servers.show/rule/power-state", "nova.servers.show/rule/kernel-blank"
_PATH = "/v2.1/{project_id}/servers/some"
_STATUS = ("body", "server", "status")


@pytest.fixture
def tools() -> Iterator[Tools]:
    """The tools of a session on the mock, whose clock counts as a real one."""
    session = open_session(Settings(run="unit"))
    object.__setattr__(session.target, "simulated", False)
    yield tools_of(session)
    session.close()


@pytest.fixture
def afterwards(tools: Tools) -> Afterwards:
    """What a test is handed."""
    return Afterwards(tools.later, tools.servers.for_test())


@pytest.fixture
def answer(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[float], Any]], None]:
    """Let queries of one server be answered by a function of the seconds since then."""

    def begin(shown: Callable[[float], Any]) -> None:
        tools.client.get("/v2.1/{project_id}/servers")  # logs in
        began, http = tools.target.clock.now(), tools.driver.session.connection.http
        inner = http._transport

        def handle(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/servers/some"):
                return httpx.Response(200, json={"server": {"status": shown(tools.target.clock.now() - began)}})
            return inner.handle_request(request)

        monkeypatch.setattr(http, "_transport", httpx.MockTransport(handle))
        tools.client.post("/v2.1/{project_id}/os-keypairs", {"keypair": {}})

    return begin


def _outcomes(tools: Tools, rule: str = _RULE) -> list[str]:
    return [finding.outcome for finding in tools.driver.session.pending if finding.requirement == rule]


def test_what_stays_is_looked_at_again_when_its_time_has_come(
    tools: Tools, afterwards: Afterwards, answer: Callable[..., None]
) -> None:
    """Not before, by nobody who waits, and before anything is taken back."""
    taken_back: list[str] = []
    answer(lambda seconds: "DELETED" if seconds > 3 or taken_back else "ACTIVE")
    check, now = tools.check.later(afterwards), tools.target.clock.now
    began = now()
    with afterwards:
        afterwards.callback(taken_back.append, "it")
        assert check.stays(_RULE, lambda: tools.client.get(_PATH), *_STATUS, equals="ACTIVE")
    tools.later.finish_due()
    assert (_outcomes(tools), taken_back, now() - began < 1) == (["pass"], [], True)
    tools.target.clock.sleep(5.5)
    tools.later.finish_due()
    assert (_outcomes(tools), taken_back) == (["pass", "fail"], ["it"])


def test_a_look_may_lead_to_another(tools: Tools, afterwards: Afterwards) -> None:
    """Each has its own time, and what there is to take back waits for the last."""
    said: list[str] = []
    clock = tools.target.clock

    def first() -> None:
        said.append("first")
        afterwards.look([_OTHER], 600, lambda: said.append("second"))

    with afterwards:
        afterwards.callback(said.append, "taken back")
        afterwards.look([_RULE, _OTHER], 600, first)
        afterwards.look([_RULE], 30, lambda: said.append("soon"))
    seen = []
    for seconds in (31, 600, 0, 601):
        clock.sleep(seconds)
        tools.later.finish_due()
        seen.append(len(said))
    assert (said, seen) == (["soon", "first", "second", "taken back"], [1, 2, 2, 4])


@pytest.mark.parametrize(("late", "outcome"), [(4, "pass"), (20, "fail")])
def test_what_does_not_show_yet_has_its_time(
    tools: Tools, afterwards: Afterwards, answer: Callable[..., None], late: float, outcome: str
) -> None:
    """Ten seconds, whatever others change meanwhile."""
    answer(lambda seconds: "SHUTOFF" if seconds > late else "ACTIVE")
    with afterwards:
        assert not tools.check.later(afterwards)(_RULE, tools.client.get(_PATH), *_STATUS, equals="SHUTOFF")
    session = tools.driver.session
    assert (_outcomes(tools), session.awaited) == ([], {_RULE})
    tools.target.clock.sleep(8)
    tools.client.post("/v2.1/{project_id}/os-keypairs", {"keypair": {}})
    before = tools.target.clock.now()
    tools.later.finish_all()
    assert tools.target.clock.now() - before < 3
    assert (_outcomes(tools), session.awaited) == ([outcome], set())


def test_on_the_mocks_clock_it_is_looked_at_in_the_test(
    tools: Tools, afterwards: Afterwards, answer: Callable[..., None]
) -> None:
    """Where waiting costs nothing."""
    object.__setattr__(tools.target, "simulated", True)
    answer(lambda _: "ACTIVE")
    with afterwards:
        tools.check.later(afterwards).stays(_RULE, lambda: tools.client.get(_PATH), *_STATUS, equals="ACTIVE")
    assert _outcomes(tools) == ["pass", "pass"]


def test_servers_wait_for_it_until_somebody_needs_them(tools: Tools, answer: Callable[..., None]) -> None:
    """Rather than that a new one is made, the look is waited for."""
    servers = tools.servers.for_test()
    afterwards = Afterwards(tools.later, servers)
    leases = servers.batch(3)
    answer(lambda _: "ACTIVE")
    with afterwards:
        tools.check.later(afterwards).stays(_RULE, lambda: tools.client.get(_PATH), *_STATUS, equals="ACTIVE")
    servers.give_back()
    assert not any(lease.released for lease in leases)
    taken = tools.driver.session.pool.lease()
    assert (taken.id in {lease.id for lease in leases}, _outcomes(tools)) == (True, ["pass", "pass"])


def test_a_test_that_stops_early_takes_back_at_once(tools: Tools, afterwards: Afterwards) -> None:
    """What was to be looked at again is not tested."""
    taken_back: list[str] = []

    def stop() -> None:
        with afterwards:
            afterwards.callback(taken_back.append, "it")
            tools.check.later(afterwards).postpone([_RULE, _OTHER], lambda: None)
            raise PrerequisiteMissing("something")

    with pytest.raises(PrerequisiteMissing):
        stop()
    assert (taken_back, _outcomes(tools), _outcomes(tools, _OTHER)) == (["it"], ["not_tested"], ["not_tested"])


def test_an_interrupted_run_looks_at_nothing_again(tools: Tools, afterwards: Afterwards) -> None:
    """But takes back what it did."""
    taken_back: list[str] = []
    with afterwards:
        afterwards.callback(taken_back.append, "it")
        tools.check.later(afterwards).postpone([_RULE], lambda: taken_back.append("looked"))
    before = tools.target.clock.now()
    tools.give_back(wait=False)
    assert (taken_back, _outcomes(tools), tools.target.clock.now()) == (["it"], ["not_tested"], before)


def test_what_keeps_a_look_from_being_done_is_said(tools: Tools, afterwards: Afterwards) -> None:
    """As a test would say it, and what ends a run still ends it; a server that cannot be put back serves nobody else."""

    def lost() -> None:
        raise EndpointLost("nothing answers")

    def missing() -> None:
        raise PrerequisiteMissing("a list")

    lease = Lease("one", None, exclusive=True, status="ACTIVE", pool=tools.driver.session.pool)
    with afterwards:
        afterwards.callback(lost)
        tools.check.later(afterwards).postpone([_OTHER], missing)
        tools.check.later(afterwards).postpone([_RULE], lost)
    afterwards._leases.append(lease)
    with pytest.raises(EndpointLost):
        tools.later.finish_all()
    assert (_outcomes(tools), _outcomes(tools, _OTHER), lease.spoilt) == (["error"], ["not_tested"], True)


def test_after_its_block_nothing_is_left_to_be_looked_at(
    tools: Tools, afterwards: Afterwards, answer: Callable[..., None]
) -> None:
    """Nobody would look: the test is at fault."""
    answer(lambda _: "ACTIVE")
    check = tools.check.later(afterwards)
    with afterwards:
        pass
    with pytest.raises(RuntimeError, match=_RULE):
        check(_RULE, tools.client.get(_PATH), *_STATUS, equals="SHUTOFF")


def _spare(tools: Tools) -> list[str]:
    """Return the servers that any process may delete or use up now."""
    pool, found = tools.driver.session.pool, []
    while (taken := pool.ledger.take_spare("another", status="ACTIVE")) is not None:
        found.append(taken.id)
    for server in found:
        pool.ledger.leave(server)
    return found


@pytest.mark.parametrize("shared", [False, True])
def test_what_a_test_made_stays_until_nothing_is_looked_at_again(
    tools: Tools, afterwards: Afterwards, *, shared: bool
) -> None:
    """No other process may delete it meanwhile, nor this one what its tests share."""
    pool, supplies = tools.driver.session.pool, tools.supplies
    body = tools.servers.template(supplies.name("own"))

    def make() -> list[str]:
        return tools.servers.settle(tools.client.post("/v1/{project_id}/cloudservers", body))

    made = supplies.once("it", make) if shared else make()
    with afterwards:
        afterwards.look([_RULE], 600, lambda: None)
    for _ in range(40):
        pool.retire()
        pool.reclaim("room")
    assert _spare(tools) == []
    tools.target.clock.sleep(601)
    tools.later.finish_due()
    pool.reclaim("room")
    assert _spare(tools) == made


def test_servers_that_are_only_read_stay_too(tools: Tools, afterwards: Afterwards) -> None:
    """Others would change them."""
    (lease,) = tools.servers.shared()
    with afterwards:
        afterwards.look([_RULE], 600, lambda: None)
    for _ in range(40):
        tools.driver.session.pool.retire()
    assert not tools.servers.give_back_idle(8)
    tools.target.clock.sleep(601)
    tools.later.finish_due()
    assert (tools.servers.give_back_idle(8), lease.released) == (True, True)
