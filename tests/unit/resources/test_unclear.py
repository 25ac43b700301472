"""Creations that were not clearly answered: looked for, found, counted; never taken for refused."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.target import Resources
from pytest_ecs._resources.guard import declined
from pytest_ecs._resources.settling import bears
from pytest_ecs._run.options import Settings
from pytest_ecs._run.reach import Reach
from pytest_ecs._run.session import Session, open_session
from pytest_ecs.exceptions import BudgetExceeded, EcsError, PrerequisiteMissing

from ..exchanges import exchange

_CREATE = "/v1/{project_id}/cloudservers"

#: Takes what the service answered; returns what arrives, or raises.
Answer = Callable[[httpx.Response], httpx.Response]


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on the conforming mock."""
    opened = open_session(Settings(run="unit"))
    yield opened
    opened.close()


def _disturb(session: Session, monkeypatch: pytest.MonkeyPatch, answer: Answer, *, times: int = 99) -> list[str]:
    """Let creations of servers be done and answered otherwise; return the list of those that it happened to."""
    transport = session.connection.http._transport
    real = transport.handle_request
    hit: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        response = real(request)
        if request.method == "POST" and request.url.path.endswith("/cloudservers") and len(hit) < times:
            hit.append(str(request.url))
            return answer(response)
        return response

    monkeypatch.setattr(transport, "handle_request", handle)
    return hit


def _lost(response: httpx.Response) -> httpx.Response:
    raise httpx.ReadError("connection reset")


def _status(status: int) -> Answer:
    return lambda response: httpx.Response(status, json={"error": {"code": "x", "message": "y"}})


def _there(session: Session) -> list[str]:
    return [one["name"] for one in session.client.get("/v2.1/{project_id}/servers").response_body["servers"]]


@pytest.mark.parametrize("answer", [_lost, _status(500), _status(502), _status(504)], ids=["lost", "500", "502", "504"])
def test_what_was_made_behind_an_unclear_answer_is_used(
    session: Session, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    """It is found by its name before anything is asked for again, so that nothing is made twice."""
    _disturb(session, monkeypatch, answer, times=1)
    lease = session.pool.lease()
    assert lease.show().response_body["server"]["name"].startswith("ecs-conformance-unit-")
    assert len(_there(session)) == session.settings.batch
    assert session.clean()[1] == []
    assert _there(session) == []


@pytest.mark.parametrize("answer", [_lost, _status(500), _status(502)], ids=["lost", "500", "502"])
def test_what_a_test_made_behind_an_unclear_answer_is_deleted(
    session: Session, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    """Also when the test asked for several and nobody looked."""
    _disturb(session, monkeypatch, answer)
    body = session.template(session.pool.new_name("own"), 2)
    with suppress(EcsError):
        session.client.post(_CREATE, body)
    session.target.clock.sleep(60)
    assert len(_there(session)) == 2
    deleted, problems = session.clean()
    assert (len(deleted), problems) == (2, [])
    assert _there(session) == []


def test_creations_that_fail_are_given_up_soon(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three in a row; then nothing is sent any more, and the reason is the last answer."""
    transport = session.connection.http._transport
    real, sent = transport.handle_request, []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/cloudservers"):
            sent.append(request)
            return httpx.Response(403, json={"error": {"code": "Ecs.0010", "message": "sold out"}})
        return real(request)

    monkeypatch.setattr(transport, "handle_request", handle)
    for _ in range(8):
        with pytest.raises(PrerequisiteMissing, match="sold out"):
            session.pool.lease()
    assert len(sent) == 3


def test_what_was_never_asked_for_did_not_fail(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test that needs a server says what is missing, not that creations failed."""
    monkeypatch.setattr(session, "target", replace(session.target, resources=Resources()))
    for _ in range(5):
        with pytest.raises(PrerequisiteMissing, match="cannot be created without --ecs-image"):
            session.pool.lease()


def test_a_slow_cloud_is_not_asked_for_more_and_more(session: Session) -> None:
    """As long as the job of one creation is not over, no other one is sent; when it is, its servers are used."""
    object.__setattr__(session.pool.creations.settling, "job_timeout", 0.5)
    for _ in range(3):
        with pytest.raises(EcsError, match=r"not over after|still changing after"):
            session.pool.lease()
    assert len(session.ledger.names("unit")) == 1
    session.target.clock.sleep(300)
    assert session.pool.lease().id in session.ledger.made_by(None, run="unit")
    assert len(session.ledger.names("unit")) == 1


def test_minutes_hold_for_everything_that_creates(session: Session) -> None:
    """Servers and other resources alike; what deletes is still sent."""
    reach = session.connection.guard
    assert isinstance(reach, Reach)
    object.__setattr__(reach.guard, "deadline", session.target.clock.now() - 1)
    for path, body in (
        (_CREATE, session.template("late", 1)),
        ("/v2.1/{project_id}/os-keypairs", {"keypair": {"name": "k"}}),
    ):
        with pytest.raises(BudgetExceeded, match="--ecs-max-minutes"):
            session.client.post(path, body)
    with pytest.raises(BudgetExceeded, match="No test begins any more"):
        session.in_time("No test begins any more")


@pytest.mark.parametrize(
    ("answer", "clear"),
    [
        ({"status": 301}, True),
        ({"status": 400}, True),
        ({"status": 429, "failure": "HTTP 429"}, True),
        ({"status": 500}, False),
        ({"status": 503, "failure": "HTTP 503"}, False),
        ({"status": 0, "failure": "ReadTimeout"}, False),
    ],
)
def test_only_a_clear_answer_says_that_nothing_was_created(answer: dict[str, Any], clear: bool) -> None:
    """Whoever answers 5xx may have done it, or somebody behind him."""
    seen: Exchange = exchange(**answer)
    assert declined(seen) is clear


@pytest.mark.parametrize(
    ("shown", "asked", "does"),
    [
        ("a-1", "a", True),
        ("a-0001", "a", True),
        ("a", "a", True),
        ("a-12345", "a", True),
        ("a-0004", "a-0003", True),
        ("a-x", "a", False),
        ("ab", "a", False),
        ("b-a-1", "a", False),
        (None, "a", False),
    ],
)
def test_a_name_may_be_numbered_in_any_way(shown: str | None, asked: str, does: bool) -> None:
    """The document says how; services do it as they like."""
    assert bears(shown, asked) is does


def test_a_server_older_than_the_run_is_left_alone(session: Session) -> None:
    """A ledger or a job that names somebody else's server must not cost him that."""
    made = session.pool.lease()
    name = {"server": {"name": "somebody-elses"}}
    session.client.put(f"/v2.1/{{project_id}}/servers/{made.id}", name)
    session.target.clock.sleep(3600)
    session.ledger._set("UPDATE intents SET at = ?", session.target.clock.now())
    session.ledger._set("UPDATE servers SET name = NULL WHERE id = ?", made.id)
    deleted, (problem,) = session.clean()
    assert made.id not in deleted
    assert "is older than the run" in problem
    assert _there(session) == ["somebody-elses"]


def test_the_snapshots_of_images_are_deleted(session: Session) -> None:
    """They stay when their image is gone, and no list shows them; its metadata does (6.3.7)."""
    lease = session.pool.lease()
    made = session.client.post(f"/v2.1/{{project_id}}/servers/{lease.id}/action", {"createImage": {"name": "kept"}})
    session.target.clock.sleep(600)
    (image,) = [resource for resource in session.ledger.resources("unit") if resource.type == "image"]
    assert made.accepted
    assert image.path is not None
    session.client.delete(image.path)
    snapshot = next(resource for resource in session.ledger.resources("unit") if resource.type == "snapshot")
    assert snapshot.path is not None
    assert session.client.get(snapshot.path).accepted
    assert session.clean()[1] == []
    assert session.client.get(snapshot.path).status == 404


def test_the_snapshots_of_an_image_whose_answer_did_not_name_it_are_deleted(session: Session) -> None:
    """Its name tells what is being deleted."""
    lease, name = session.pool.lease(), session.pool.new_name("image")
    made = session.client.post(f"/v2.1/{{project_id}}/servers/{lease.id}/action", {"createImage": {"name": name}})
    session.target.clock.sleep(600)
    image = next(resource for resource in session.ledger.resources("unit") if resource.type == "image")
    assert (made.accepted, image.path is not None) == (True, True)
    session.ledger._set("UPDATE things SET path = NULL WHERE key = ?", image.key)
    session.client.delete(str(image.path))
    snapshot = next(resource for resource in session.ledger.resources("unit") if resource.type == "snapshot")
    assert session.clean()[1] == []
    assert session.client.get(str(snapshot.path)).status == 404


_DISKS = "/v2.1/{project_id}/os-volumes"


def _disks(session: Session) -> set[str]:
    return {one["id"] for one in session.client.get(_DISKS).response_body["volumes"]}


@pytest.mark.parametrize("rebuilt", [False, True], ids=["deleted", "another system"])
def test_the_disks_that_a_server_leaves_are_deleted(session: Session, *, rebuilt: bool) -> None:
    """With 6.2.3 data disks stay, and the system disk does where it has snapshots, or the server gets another system meanwhile."""
    before, lease = _disks(session), session.pool.lease()
    resources, action = session.target.resources, f"/v2.1/{{project_id}}/servers/{lease.id}/action"
    disk = {"source_type": "blank", "destination_type": "volume", "volume_size": 10}
    system = {"source_type": "image", "destination_type": "volume", "volume_size": 100, "boot_index": "0"}
    devices = [{**system, "uuid": resources.image_id, "delete_on_termination": True}, disk]
    wanted = {"name": session.pool.new_name(), "flavorRef": resources.flavor_id, "block_device_mapping_v2": devices}
    body = {"server": {**wanted, "networks": [{"uuid": resources.network_id}]}}
    (server,) = session.pool.settle(session.client.post("/v2.1/{project_id}/servers", body))
    assert session.client.post(action, {"createImage": {"name": session.pool.new_name("image")}}).accepted
    session.target.clock.sleep(600)
    if rebuilt:
        assert session.client.post(action, {"rebuild": {"imageRef": resources.image_id}}).accepted
        session.target.clock.sleep(600)
    for one in (server, lease.id):
        assert session.client.delete(f"/v2.1/{{project_id}}/servers/{one}").accepted
    session.target.clock.sleep(600)
    assert len(_disks(session) - before) >= 2
    assert session.clean()[1] == []
    assert _disks(session) == before


def test_a_disk_that_was_there_before_the_run_is_left_alone(session: Session) -> None:
    """Somebody attached it to a server of the run."""
    lease = session.pool.lease("SHUTOFF")
    zone = lease.show().response_body["server"]["OS-EXT-AZ:availability_zone"]
    made = session.client.post(_DISKS, {"volume": {"size": 10, "availability_zone": zone, "display_name": "precious"}})
    disk = made.response_body["volume"]["id"]
    session.ledger._set("UPDATE things SET gone = 1 WHERE kind = ?", "disk")
    session.ledger._set("UPDATE things SET path = NULL WHERE kind = ?", "disk")
    session.target.clock.sleep(7200)
    session.ledger._set("UPDATE intents SET at = ?", session.target.clock.now())
    path = f"/v2.1/{{project_id}}/servers/{lease.id}"
    attached = session.client.post(f"{path}/os-volume_attachments", {"volumeAttachment": {"volumeId": disk}})
    session.target.clock.sleep(60)
    assert attached.accepted
    assert session.client.delete(path).accepted
    session.target.clock.sleep(60)
    assert session.clean()[1] == []
    assert disk in _disks(session)


def test_what_was_made_twice_is_deleted_twice(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody on the way sent a request twice; its answer names one resource, and the run's name tells of the other."""
    transport = session.connection.http._transport
    real = transport.handle_request

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/os-server-groups"):
            real(request).read()
        return real(request)

    path = "/v2.1/{project_id}/os-server-groups"
    before = len(session.client.get(path).response_body["server_groups"])
    monkeypatch.setattr(transport, "handle_request", handle)
    group = {"name": session.pool.new_name("group"), "policies": ["anti-affinity"]}
    session.client.post(path, {"server_group": group})
    assert len(session.client.get(path).response_body["server_groups"]) == before + 2
    assert session.clean()[1] == []
    assert len(session.client.get(path).response_body["server_groups"]) == before


def test_a_ledger_that_breaks_at_the_end_of_a_test_breaks_nothing_else(session: Session) -> None:
    """Which server somebody may have next is no reason to stop pytest."""
    session.pool.made = ["s1"]
    session.ledger._db.execute("DROP TABLE servers")
    session.pool.retire()
    assert session.pool.made == []


def test_a_run_that_asked_for_something_is_not_forgotten(session: Session) -> None:
    """A session that cannot go on is over only when no process of its run asked for anything."""
    key = session.ledger.intend("primary", "web", 1, 0.0)
    session.forget()
    assert [run.finished for run in session.ledger.runs()] == [None]
    session.ledger.refused(key)
    session.forget()
    assert [run.finished is None for run in session.ledger.runs()] == [False]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/v1/{project_id}/cloudservers/os-server-groups",
            {"server_group": {"name": "1", "policies": ["anti-affinity"]}},
        ),
        ("/v2.1/{project_id}/os-server-groups", {"server_group": {"name": "1", "policies": ["anti-affinity"]}}),
        ("/v2.1/{project_id}/os-security-groups", {"security_group": {"name": "", "description": ""}}),
        ("/v2.1/{project_id}/os-security-groups", {"security_group": {}}),
    ],
    ids=["ECS group", "server group", "security group with an empty name", "security group without a name"],
)
def test_what_came_twice_with_a_name_that_is_not_the_runs_own_is_named(
    session: Session, path: str, body: dict[str, Any]
) -> None:
    """It may be somebody else's, so that nobody deletes it; what was there before, or has another name, is not the run's."""
    (field,) = body
    unwatched = replace(session.client, connection=replace(session.client.connection, guard=None))

    def make(client: Client, **name: str) -> str:
        return str(client.post(path, {field: {**body[field], **name}}).response_body[field]["id"])

    foreign = [make(unwatched, name=name) for name in ("1", "x")]
    made, twin = make(session.client), make(unwatched)
    problems = session.clean()[1]
    left = [str(one["id"]) for one in session.client.get(path).response_body[f"{field}s"]]
    assert (len(problems), twin in problems[0], "look at it" in problems[0]) == (1, True, True), problems
    assert (made in left, {twin, *foreign} <= set(left)) == (False, True)
