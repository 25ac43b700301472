"""The pool and the clean-up, on the embedded mock: nothing that a request made is lost track of."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pytest_ecs._cases.recipe import RECIPES, Request
from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._resources import lookup, pool
from pytest_ecs._resources.lease import Lease
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import Session, open_session
from pytest_ecs._testing.cases import Cases
from pytest_ecs._testing.servers import Servers
from pytest_ecs._testing.tools import tools_of
from pytest_ecs.exceptions import BudgetExceeded, JobTimeout, PrerequisiteMissing

_SERVERS = "/v2.1/{project_id}/servers"


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on the conforming mock."""
    opened = open_session(Settings(run="unit"))
    yield opened
    opened.close()


def _there(session: Session) -> list[str]:
    return [server["name"] for server in session.client.get(_SERVERS, query={"limit": "1000"}).response_body["servers"]]


def _native(session: Session, name: str, *, unknown: bool = False, **fields: Any) -> Exchange:
    """Create a server and return the exchange; *unknown* as somebody else would, so that the ledger does not know it."""
    resources = session.target.resources
    server = {
        "name": name,
        "imageRef": resources.image_id,
        "flavorRef": resources.flavor_id,
        "networks": [{"uuid": resources.network_id}],
        **fields,
    }
    client = session.client
    if unknown:
        client = replace(client, connection=replace(client.connection, guard=None))
    return client.post(_SERVERS, {"server": server})


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("one", {}),
        ("two", {"min_count": 2, "max_count": 2}),
        ("from-0003", {"min_count": "2", "max_count": "2", "return_reservation_id": "False"}),
        ("reserved", {"max_count": 3, "min_count": 3, "return_reservation_id": True}),
    ],
)
def test_everything_that_a_native_request_made_is_deleted(session: Session, name: str, fields: dict[str, Any]) -> None:
    """Also the servers of a batch that its answer does not name, and also when nobody waited for them."""
    _native(session, name, **fields)
    assert _there(session)
    deleted, problems = session.clean()
    assert (len(deleted), problems) == (int(fields.get("max_count", 1)), [])
    assert _there(session) == []


_OWN = "ecs-conformance-unit-main-n-1"


def test_a_server_with_a_similar_name_is_left_alone(session: Session) -> None:
    """Only the very name, or its numbered forms, belong to an intent."""
    others = [f"{_OWN}-x", f"{_OWN}2", f"my-{_OWN}-0000"]
    for name in (_OWN, f"{_OWN}-0001", f"{_OWN}-1", f"{_OWN}-12345", *others):
        _native(session, name, unknown=True)
    session.ledger.intend("primary", _OWN, 2, 0.0)  # a request whose answer never came
    session.clean()
    assert sorted(_there(session)) == sorted(others)


def test_servers_that_a_broken_filter_lists_are_left_alone() -> None:
    """A list by reservation that has every server of the project says nothing about those of other names."""
    opened = open_session(Settings(run="unit", deviation=("list-reservation-ignored",)))
    _native(opened, "web", unknown=True)
    batch = _native(opened, f"{_OWN}-batch", min_count=2, return_reservation_id=True)
    made = opened.pool.settle(batch)
    deleted, problems = opened.clean()
    assert (len(made), sorted(deleted), problems, _there(opened)) == (2, sorted(made), [], ["web"])
    opened.close()


def test_a_number_at_the_end_of_a_name_is_read_either_way(session: Session) -> None:
    """It is where counting starts, or part of the name (ruling name-suffix-start): servers named in both ways are found."""
    for name in (f"{_OWN}-0003", f"{_OWN}-0004", f"{_OWN}-0003-0000", f"{_OWN}-0003-0001"):
        _native(session, name, unknown=True)
    session.ledger.intend("primary", f"{_OWN}-0003", 2, 0.0)
    session.clean()
    assert _there(session) == []


def test_a_server_that_may_be_somebody_elses_is_left_alone(session: Session) -> None:
    """A name that others may give too proves nothing when the answer never came; what is there is reported."""
    _native(session, "web", unknown=True)
    session.ledger.intend("primary", "web", 1, 0.0)
    deleted, (problem,) = session.clean()
    assert deleted == []
    assert "somebody else may have made" in problem
    assert _there(session) == ["web"]


def test_more_servers_of_a_name_than_were_asked_for_are_left_alone(session: Session) -> None:
    """An accepted batch names one server; the others are found by name, unless one too many has it."""
    _native(session, "two-0007", unknown=True)
    _native(session, "two", min_count=2, max_count=2)
    deleted, (problem,) = session.clean()
    assert len(deleted) == 1
    assert "somebody else may have made" in problem
    assert "two-0007" in _there(session)


def test_a_refused_request_leaves_nothing_to_look_for(session: Session) -> None:
    """An intent that the endpoint refused is closed at once."""
    _native(session, "bad name")
    assert session.ledger.intents("unit") == []
    assert session.clean() == ([], [])


def test_servers_are_reused_by_state(session: Session) -> None:
    """A lease that was given back serves the next one; only what is missing is created."""
    first = session.pool.lease("SHUTOFF")
    first.release()
    made = session.ledger.created()
    assert session.pool.lease("SHUTOFF").id == first.id
    assert session.pool.lease("ACTIVE").id != first.id
    assert session.ledger.created() == made


def test_a_server_that_is_gone_is_not_handed_out(session: Session) -> None:
    """A test may delete its server; the pool notices and makes another."""
    lease = session.pool.lease()
    session.client.delete(f"{_SERVERS}/{lease.id}")
    session.pool.wait_stable(lease.id)
    lease.release()
    assert session.pool.lease().id != lease.id


def test_a_task_that_the_query_does_not_show_is_seen_in_the_list(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is being stopped shows ACTIVE for a while, and is not handed to anybody then."""
    lease, show = session.pool.lease(), lookup.show

    def without(client: Client, server: str) -> Exchange:
        answer = show(client, server)
        shown = {name: value for name, value in answer.response_body["server"].items() if "task_state" not in name}
        return replace(answer, response_body={"server": shown})

    monkeypatch.setattr(lookup, "show", without)
    session.client.post(f"{_SERVERS}/{lease.id}/action", {"os-stop": {}})
    assert session.pool.wait_stable(lease.id) == "SHUTOFF"


def test_idle_is_what_nobody_has_for_himself(session: Session) -> None:
    """Free servers and shared ones; not those in exclusive hands or made by a test, and not those that are gone."""
    mine, one, two, gone = session.pool.batch_of(4)
    one.release()
    two.release()
    assert session.pool.lease(exclusive=False).id in {one.id, two.id}
    session.ledger.gone(gone.id)
    assert session.pool.settle(_native(session, "made-by-a-test")) != []
    assert sorted(session.pool.idle()) == sorted([one.id, two.id])
    mine.release()
    assert mine.id in session.pool.idle()


def test_a_server_that_is_locked_is_not_handed_out(session: Session) -> None:
    """A lock that could not be taken off refuses what the next user wants; unlocked the server is like any other."""
    lease, other = session.pool.batch_of(2)
    for action in ("lock", "unlock"):
        session.client.post(f"{_SERVERS}/{other.id}/action", {action: None})
    session.client.post(f"{_SERVERS}/{lease.id}/action", {"lock": None})
    for one in (lease, other):
        one.release()
    taken = [session.pool.lease().id for _ in range(3)]
    assert lease.id not in taken
    assert other.id in taken


def test_a_server_that_is_not_what_it_was_is_not_handed_out(session: Session) -> None:
    """A NIC that nobody took away again would be in the next user's way."""
    lease, other = session.pool.batch_of(2)
    network = session.target.resources.need("network_id")
    session.client.post(f"{_SERVERS}/{lease.id}/os-interface", {"interfaceAttachment": {"net_id": network}})
    for one in (lease, other):
        one.release()
    taken = [session.pool.lease().id for _ in range(3)]
    assert lease.id not in taken
    assert other.id in taken


def test_nothing_is_made_that_nothing_could_delete() -> None:
    """Images are made by an action of servers and deleted by an API of chapter 11, which an endpoint need not have."""
    session = open_session(Settings(run="unit", deviation=("deprecated-gone",)))
    lease = session.pool.lease()
    with pytest.raises(PrerequisiteMissing, match="was not sent, since nothing could delete it"):
        session.client.post(f"{_SERVERS}/{lease.id}/action", {"createImage": {"name": "kept"}})
    assert session.ledger.resources("unit") == []
    lease.release()
    assert session.clean()[1] == []
    session.close()


def test_a_server_that_no_query_shows_is_looked_for_in_the_list() -> None:
    """A query that fails inside the service says neither; it is not waited for longer than two minutes."""
    session = open_session(Settings(run="unit", deviation=("crash-on-unknown-id",)))
    lease, began = session.pool.lease(), session.target.clock.now()
    session.client.delete(f"{_SERVERS}/{lease.id}")
    with pytest.raises(JobTimeout, match=r"was not shown for 120 s. Seen: HTTP 500"):
        session.pool.wait_stable(lease.id)
    assert session.target.clock.now() - began < 200
    deleted, problems = session.clean()
    assert problems == []
    assert lease.id in deleted
    session.close()


def test_a_locked_server_is_deleted_at_the_end(session: Session) -> None:
    """The lock is taken off first; a server that stays costs money."""
    lease = session.pool.lease()
    session.client.post(f"{_SERVERS}/{lease.id}/action", {"lock": None})
    deleted, problems = session.clean()
    assert (problems, lease.id in deleted) == ([], True)
    assert _there(session) == []


def test_whoever_deletes_gets_what_was_left_over(session: Session) -> None:
    """What a test made in its own way and does not keep, or spoilt, serves once more; then one that is free, then a new one."""
    made: list[str] = []
    for name in ("kept", "left"):
        _native(session, name)
        made += session.pool.settle(list(session.connection.journal)[-1])
    session.pool.keep(made[:1])
    session.pool.retire()
    held, spoilt, free = session.pool.batch_of(3)
    free.release()
    assert session.pool.to_delete().id == made[1]
    spoilt.spoilt = True
    spoilt.release()
    assert session.pool.to_delete().id == spoilt.id
    doomed = session.pool.to_delete()
    assert doomed.id == free.id
    doomed.release()
    assert free.id not in session.pool.idle()
    assert session.pool.to_delete().id == free.id  # nobody has deleted it yet
    assert session.pool.to_delete().id not in {*made, held.id, spoilt.id, free.id}


def test_a_server_that_is_only_read_serves_before_one_is_made(session: Session) -> None:
    """As soon as the test that reads it is over."""
    session.pool.batch = 1
    tools = tools_of(session)
    (read,) = tools.servers.shared()
    with session.pool.lease() as another:
        assert another.id != read.id
    session.pool.retire()
    assert [lease.id for lease in session.pool.batch_of(2)] == [another.id, read.id]
    assert session.ledger.created() == 2
    assert tools.servers.shared()[0].id not in {another.id, read.id}


def test_a_test_that_deletes_gets_a_server_like_those_of_the_pool(session: Session) -> None:
    """It may attach a disk before; one with a data disk, or of another flavor, is for whoever only deletes it."""
    servers, resources = Servers(session), session.target.resources
    session.pool.create(1)
    body = session.template("special", 1)
    body["server"]["flavorRef"] = resources.need("other_flavor_id")
    (special,) = session.pool.settle(session.client.post("/v1/{project_id}/cloudservers", body))
    session.pool.retire()
    assert servers.to_delete().id != special
    assert session.pool.to_delete().id == special


def test_what_was_left_over_and_is_like_the_others_serves_before_one_is_made(session: Session) -> None:
    """One that is not, is not handed out."""
    session.pool.batch = 1
    held, servers, resources = session.pool.lease(), Servers(session), session.target.resources
    bodies = [session.template(name, 1) for name in ("like", "other")]
    bodies[1]["server"]["flavorRef"] = resources.need("other_flavor_id")
    made = [session.pool.settle(session.client.post("/v1/{project_id}/cloudservers", body))[0] for body in bodies]
    assert [servers.is_plain(server) for server in made] == [True, False]
    session.pool.retire()
    assert session.pool.lease("SHUTOFF").id == made[0]
    assert session.pool.lease().id not in {held.id, *made}
    assert session.ledger.created() == 4


@pytest.mark.parametrize("native", [False, True])
def test_a_server_in_a_group_is_not_handed_out_as_one_of_the_pool(session: Session, *, native: bool) -> None:
    """Whoever puts a server into a group would be refused; whoever deletes one gets it."""
    session.pool.batch = 1
    session.pool.create(1)
    wanted = {"server_group": {"name": "g", "policies": ["anti-affinity"]}}
    group = session.client.post("/v1/{project_id}/cloudservers/os-server-groups", wanted)
    hints = {"os:scheduler_hints": {"group": group.response_body["server_group"]["id"]}}
    body = session.template("grouped", 1)
    if native:
        resources = session.target.resources
        server = {"name": "grouped", "imageRef": resources.image_id, "flavorRef": resources.flavor_id}
        made = session.client.post(
            _SERVERS, {"server": {**server, "networks": [{"uuid": resources.network_id}]}, **hints}
        )
    else:
        made = session.client.post("/v1/{project_id}/cloudservers", {"server": {**body["server"], **hints}})
    (grouped,) = session.pool.settle(made)
    session.pool.retire()
    assert grouped not in {session.pool.lease().id for _ in range(2)}
    assert session.pool.to_delete().id == grouped


def test_a_server_of_a_control_stays(session: Session) -> None:
    """What tests look at many times is made once, however many delete servers, as long as others are there."""
    cases = tools_of(session).cases
    first = cases.control("nova.servers.create")
    session.pool.create(3)
    for _ in range(3):
        session.pool.retire()
        assert session.pool.to_delete().id != first.response_body["server"]["id"]
    assert cases.control("nova.servers.create") is first


@pytest.mark.parametrize("profile", ["smoke", "full"])
def test_a_server_of_a_control_is_deleted_before_one_is_made(profile: str) -> None:
    """The control is sent again when it is asked for afterwards; the running test's own one is left alone."""
    session = open_session(Settings(run="unit", profile=profile))
    session.pool.batch = 1
    cases = tools_of(session).cases
    first = cases.control("nova.servers.create")
    made = str(first.response_body["server"]["id"])
    assert session.pool.to_delete().id != made
    session.pool.retire()
    assert cases.control("nova.servers.create") is first
    session.pool.retire()
    assert session.pool.to_delete().id == made
    assert cases.control("nova.servers.create") is not first
    session.close()


def test_a_resized_server_is_good_enough_to_be_resized_and_deleted(session: Session) -> None:
    """Whoever needs one like those of the pool leaves it to whoever does not."""
    session.pool.batch = 1
    cases, resize = tools_of(session).cases, RECIPES["ecs.servers.resize"]
    (resized,) = cases.driver.own(resize)
    assert cases.driver.send(
        cases.contract.operations[resize.operation], resize, _resize(cases, resized), None
    ).accepted
    session.pool.wait_stable(resized.id)
    resized.release()
    assert session.pool.to_delete("SHUTOFF", plain=True).id != resized.id
    with session.pool.to_delete("SHUTOFF", resizes=True) as again:
        assert again.id == resized.id
    assert session.pool.to_delete(None).id == resized.id


def _resize(cases: Cases, lease: Lease) -> Request:
    return RECIPES["ecs.servers.resize"].variants["default"](
        cases.driver.ingredients(RECIPES["ecs.servers.resize"], [lease])
    )


def test_a_locked_server_is_not_left_to_whoever_deletes(session: Session) -> None:
    """What is wrong with it would be blamed on the deletion."""
    locked = session.pool.lease()
    session.client.post(f"{_SERVERS}/{locked.id}/action", {"lock": None})
    locked.spoilt = True
    locked.release()
    assert session.pool.to_delete().id != locked.id


def test_no_name_is_part_of_another(session: Session) -> None:
    """Lists are filtered by part of a name."""
    names = [session.pool.new_name("n") for _ in range(120)]
    assert not [(one, other) for one in names for other in names if one != other and one in other]


def test_the_budget_stops_the_request_before_it_leaves() -> None:
    """Over --ecs-max-servers nothing is sent."""
    session = open_session(Settings(run="unit"))
    session.ledger._limit = 2  # the embedded mock has no limit of its own
    with pytest.raises(BudgetExceeded, match="--ecs-max-servers=2"):
        session.pool.create(3)
    assert _there(session) == []
    session.close()


def test_a_run_that_may_have_few_servers_makes_no_batch(session: Session) -> None:
    """The limit is for what it needs; one more than that ends it."""
    session.ledger._limit = 2
    assert [len(session.pool.create(1)) for _ in range(2)] == [1, 1]
    with pytest.raises(BudgetExceeded, match="Creating 1 more"):
        session.pool.create(1)


def test_a_state_that_cannot_be_reached_is_given_up_soon() -> None:
    """A pool that cannot stop servers does not create more and more of them."""
    session = open_session(Settings(run="unit", deviation=("stop-noop",)))
    for _ in range(3):
        with pytest.raises(PrerequisiteMissing, match="No server can be brought into the state SHUTOFF"):
            session.pool.lease("SHUTOFF")
    assert session.ledger.created() <= 6
    session.close()


def test_a_spoilt_server_is_given_to_nobody_and_deleted(session: Session) -> None:
    """It is still one of the run's, so the clean-up has it."""
    spoilt = session.pool.lease("ACTIVE")
    spoilt.spoilt = True
    spoilt.release()
    taken = [session.pool.lease("ACTIVE").id for _ in range(4)]
    assert spoilt.id not in taken
    session.clean()
    assert _there(session) == []


def test_one_look_says_whether_a_server_can_be_handed_out_again(session: Session) -> None:
    """Its status, its lock and what it has are in one answer."""
    for lease in session.pool.batch_of(3):
        lease.release()
    before = len(session.connection.journal)
    session.pool.lease("ACTIVE").release()
    assert len(session.connection.journal) == before + 1


@pytest.mark.parametrize("change", [{"resize": "other_flavor_id"}, {"rebuild": "private_image_id"}])
def test_a_server_is_handed_out_as_it_was_first_seen(session: Session, change: dict[str, str]) -> None:
    """One that has another flavor or image by now goes to nobody: its next user would be blamed for that."""
    pool, resources = session.pool, session.target.resources
    lease = pool.lease("ACTIVE")
    ((action, name),) = change.items()
    named = "flavorRef" if action == "resize" else "imageRef"
    path = f"{_SERVERS}/{lease.id}/action"
    assert session.client.post(path, {action: {named: resources.need(name)}}).accepted
    if pool.wait_stable(lease.id) == "VERIFY_RESIZE":
        session.client.post(path, {"confirmResize": None})
        pool.wait_stable(lease.id)
    assert not pool.fit(lease.id, lookup.shown(session.client, lease.id))
    lease.release()
    with pool.lease("ACTIVE") as another:
        assert another.id != lease.id


def test_a_server_that_is_still_being_made_is_waited_for() -> None:
    """A job that says too early that it is over is judged where it is looked at, and harms nobody who uses the server."""
    opened = open_session(Settings(run="unit", deviation=("job-too-early",)))
    with opened.pool.lease("ACTIVE") as lease:
        assert lease.show().response_body["server"]["status"] == "ACTIVE"
    opened.close()


def test_a_server_of_ones_own_is_nobody_elses(session: Session) -> None:
    """It is in no list of the pool's, neither to be used nor to be deleted by others, until its test is over."""
    servers = Servers(session)
    lease = servers.own(_native(session, "own"), "SHUTOFF")
    assert (lease.show().response_body["server"]["status"], lease.id in session.pool.idle()) == ("SHUTOFF", False)
    started = session.client.post("/v1/{project_id}/cloudservers/action", {"os-start": {"servers": [{"id": lease.id}]}})
    assert session.pool.settle(started) == [lease.id]  # the job names it, and did not make it
    assert session.pool.to_delete().id != lease.id
    session.pool.retire()
    assert session.pool.to_delete().id == lease.id
    with pytest.raises(PrerequisiteMissing, match="was not created"):
        servers.own(session.client.get(_SERVERS))


def _at_once(session: Session) -> int:
    return len(lookup.listed(session.client))


def test_few_servers_are_there_at_once(session: Session) -> None:
    """What tests made is deleted when there is too much of it, those like the pool's last, and without waiting for it."""
    pool, surplus = session.pool, session.pool.surplus
    surplus.most = 4
    plain = {lease.id for lease in pool.batch_of(3)}
    for number in range(4):
        body = session.template(f"made{number}", 1)
        if number % 2:
            body["server"]["data_volumes"] = [{"volumetype": "SSD", "size": 10}]
        (made,) = pool.settle(session.client.post("/v1/{project_id}/cloudservers", body))
        if not number % 2:
            plain.add(made)
        began = session.target.clock.now()
        pool.retire()
        assert session.target.clock.now() == began
        session.target.clock.sleep(60.0)
        assert _at_once(session) <= 4
    assert {str(one["id"]) for one in lookup.listed(session.client)} <= plain
    session.clean()
    assert _there(session) == []


def test_who_refuses_to_delete_one_too_many_is_not_asked_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is deleted in the end."""
    surplus, asked = session.pool.surplus, list[object]()

    def refuse(servers: Sequence[str]) -> Exchange:
        asked.append(servers)
        return session.client.get(f"{_SERVERS}/unknown")

    surplus.most = 0
    monkeypatch.setattr(type(surplus.api), "delete", lambda _, servers: refuse(servers))
    made = session.pool.settle(_native(session, "made"))
    for _ in range(3):
        session.pool.retire()
    assert asked == [made]
    monkeypatch.undo()
    session.clean()
    assert _there(session) == []


def test_a_list_of_servers_is_believed_for_a_while(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of them a test has deleted is not asked after each test; what was made meanwhile counts as there."""
    pool, clock = session.pool, session.target.clock
    monkeypatch.setattr("pytest_ecs._resources.surplus._LATELY", 300.0)
    pool.surplus.most = 3
    kept = {lease.id for lease in pool.batch_of(3)}

    def lists() -> int:
        return sum(one.operation == "nova.servers.list" for one in session.connection.journal)

    before = lists()
    for number in range(3):
        pool.settle(_native(session, f"made{number}"))
        pool.retire()
    assert lists() == before + 1
    clock.sleep(300.0)
    pool.settle(_native(session, "another"))
    pool.retire()
    assert lists() == before + 2
    clock.sleep(60.0)
    assert {str(one["id"]) for one in lookup.listed(session.client)} == kept


def test_what_is_kept_is_let_go_to_make_room(session: Session) -> None:
    """Its answer stays for those who only compare; it is made anew for whoever looks at its server, and nothing is that lasts."""
    tools = tools_of(session)
    session.pool.surplus.most = 0
    first = tools.cases.control("nova.servers.create")
    lasting = tools.supplies.once("lasting", lambda: session.pool.settle(_native(session, "lasting")), lasting=True)
    for _ in range(40):
        session.pool.retire()
    session.target.clock.sleep(60.0)
    assert [one["id"] for one in lookup.listed(session.client)] == lasting
    assert tools.cases.control("nova.servers.create", servers=False) is first
    anew = tools.cases.control("nova.servers.create")
    assert anew is not first
    assert lookup.shown(session.client, str(anew.response_body["server"]["id"]))
    assert tools.cases.control("nova.servers.create") is anew


def test_what_is_kept_serves_before_one_is_made(session: Session) -> None:
    """Once no test has asked for it lately; it is then in nobody's hands but the one's that got it."""
    session.pool.batch = 1
    held, tools = session.pool.lease(), tools_of(session)
    made = tools.cases.control("ecs.servers.create")
    (kept,) = {str(one["id"]) for one in lookup.listed(session.client)} - {held.id}
    session.pool.retire()
    other = session.pool.lease()
    assert other.id not in {held.id, kept}
    for _ in range(40):
        session.pool.retire()
    assert session.pool.lease().id == kept
    assert tools.cases.control("ecs.servers.create", servers=False) is made


def test_where_there_are_few_servers_creations_are_made_side_by_side() -> None:
    """Each is sent once, and the second one while the first is waited for."""
    session = open_session(Settings(run="unit", profile="smoke"))
    asked = {"ecs.servers.create/status", "nova.servers.create/status"}
    cases, clock = tools_of(session, asked).cases, session.target.clock
    began = clock.now()
    first, second = cases.attempt("ecs.servers.create"), cases.attempt("nova.servers.create")
    assert clock.now() - began < 60.0
    assert second.accepted
    assert second.started < [one for one in session.connection.journal if "job_id" in one.parameters][-1].started
    assert len(_there(session)) == 2
    assert cases.attempt("ecs.servers.create") is first
    session.close()
    alone = open_session(Settings(run="unit", profile="full"))
    tools_of(alone, asked).cases.attempt("ecs.servers.create")
    assert len(_there(alone)) == 1
    alone.close()


@pytest.mark.parametrize("shares", [True, False])
def test_what_no_test_used_lately_is_given_to_other_processes(
    session: Session, monkeypatch: pytest.MonkeyPatch, *, shares: bool
) -> None:
    """Where there are others; one that has all servers keeps it until somebody needs it."""
    monkeypatch.setattr(Settings, "shares_servers", shares)
    tools = tools_of(session)
    (read,) = tools.servers.shared("SHUTOFF")
    for _ in range(7):
        session.pool.retire()
        assert read.id not in session.pool.idle()
    session.pool.retire()
    assert (read.id in session.pool.idle()) is shares


def test_a_server_of_another_user_is_not_like_those_of_the_run() -> None:
    """What was done to it has that user's name, so that it is handed out to nobody."""
    shown = {"flavor": {"id": "f"}, "image": {"id": "i"}, "addresses": {}, "user_id": "one"}
    assert pool._has(shown) == pool._has({**shown})
    assert pool._has(shown) != pool._has({**shown, "user_id": "another"})
