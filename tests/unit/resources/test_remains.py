"""What outlives what it belongs to: disks of imaged servers, addresses that came with servers, resources of lost answers."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import Session, open_session
from pytest_ecs.exceptions import EcsError

_V2 = "/v2.1/{project_id}"
_ADDRESSES, _DISKS = f"{_V2}/os-floating-ips", f"{_V2}/os-volumes"
_EIP = {"eip": {"iptype": "5_bgp", "bandwidth": {"size": 5, "sharetype": "PER"}}}


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on the conforming mock."""
    opened = open_session(Settings(run="unit"))
    yield opened
    opened.close()


def _lose(
    session: Session, monkeypatch: pytest.MonkeyPatch, end: str, *, times: int = 1, done: bool = True
) -> list[str]:
    """Lose the answers to the first POSTs to a path with that end, whether the work is *done* or not; return what was hit."""
    transport = session.connection.http._transport
    real: Callable[[httpx.Request], httpx.Response] = transport.handle_request
    hit: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith(end) and len(hit) < times:
            hit.append(request.url.path)
            if done:
                real(request).read()
            raise httpx.ReadError("connection reset")
        return real(request)

    monkeypatch.setattr(transport, "handle_request", handle)
    return hit


def _listed(session: Session, path: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = session.client.get(path).response_body[name]
    return found


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "lost"])
def test_the_disk_of_a_server_goes_although_an_image_was_made_of_it(
    session: Session, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    """It stays as long as it has snapshots (6.2.1), and an image consists of those, also when nobody heard of the image."""
    lease = session.pool.lease()
    hit = _lose(session, monkeypatch, "/action", times=int(lost))
    with suppress(EcsError):
        name = session.pool.new_name("image")
        session.client.post(f"{_V2}/servers/{lease.id}/action", {"createImage": {"name": name}})
    assert len(hit) == int(lost)
    session.target.clock.sleep(600)
    assert session.clean()[1] == []
    assert _listed(session, _DISKS, "volumes") == []


def test_addresses_that_came_with_servers_are_deleted_when_their_answer_was_lost(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the creation nor the deletion is answered; deleting servers one by one would leave the addresses."""
    before = _listed(session, _ADDRESSES, "floating_ips")
    body = session.template(session.pool.new_name("own"), 2)
    body["server"]["publicip"] = _EIP
    hit = [_lose(session, monkeypatch, end) for end in ("/cloudservers", "/cloudservers/delete")]
    with suppress(EcsError):
        session.client.post("/v1/{project_id}/cloudservers", body)
    session.target.clock.sleep(600)
    assert len(_listed(session, _ADDRESSES, "floating_ips")) == len(before) + 2
    assert session.clean()[1] == []
    assert all(hit)
    assert _listed(session, _ADDRESSES, "floating_ips") == before
    assert _listed(session, f"{_V2}/servers", "servers") == []


def test_addresses_stay_nowhere_when_servers_are_deleted_one_by_one(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the batch deletion never works, the addresses are deleted by themselves."""
    before = _listed(session, _ADDRESSES, "floating_ips")
    body = session.template(session.pool.new_name("own"), 1)
    body["server"]["publicip"] = _EIP
    session.client.post("/v1/{project_id}/cloudservers", body)
    session.target.clock.sleep(600)
    assert len(_lose(session, monkeypatch, "/cloudservers/delete", times=99, done=False)) == 0
    assert session.clean()[1] == []
    assert _listed(session, _ADDRESSES, "floating_ips") == before


@pytest.mark.parametrize("done", [True, False], ids=["done", "never arrived"])
def test_an_address_of_which_nobody_heard_is_named_only_when_there_is_a_new_one(
    session: Session, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    """It has no name, so it is never deleted; what was there before is not suspected."""
    old = {one["id"] for one in _listed(session, _ADDRESSES, "floating_ips")}
    _lose(session, monkeypatch, "/os-floating-ips", done=done)
    with suppress(EcsError):
        session.client.post(_ADDRESSES, {})
    problems = session.clean()[1]
    new = {one["id"] for one in _listed(session, _ADDRESSES, "floating_ips")} - old
    assert len(problems) == len(new) == int(done)
    assert all(one in problems[0] for one in new)
    for one in new:
        session.client.delete(f"{_ADDRESSES}/{one}")
    assert session.clean() == ([], [])


def test_an_id_is_one_segment_of_whatever_path_it_is_put_into(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither looking at a server nor deleting it reaches what its id spells."""
    session.pool.lease().release()
    odd, transport = "x/os-interface/y?z#", session.connection.http._transport
    session.ledger.add(odd, run="unit", identity="primary", intent=None, name=None)
    real, sent = transport.handle_request, []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.raw_path.decode())
        if "os-interface" in sent[-1]:
            return httpx.Response(500 if request.method == "GET" else 404)
        return real(request)

    monkeypatch.setattr(transport, "handle_request", handle)
    session.clean()
    odd_paths = [path for path in sent if "os-interface" in path]
    assert odd_paths
    assert all("servers/x%2Fos-interface%2Fy%3Fz%23" in path for path in odd_paths)
