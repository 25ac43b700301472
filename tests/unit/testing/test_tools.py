"""The fixtures' tools, on the embedded mock: what recipes make, and that every server is put back as it was."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import suites.recipes  # noqa: F401 - registers the recipes
from pytest_ecs._cases.recipe import RECIPES, Recipe
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import open_session
from pytest_ecs._testing.properties import Properties
from pytest_ecs._testing.reading import exactly, read
from pytest_ecs._testing.tools import Tools, tools_of
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed
from suites.nova.test_operations import _some
from suites.nova.test_quotas import _steady

from ..exchanges import exchange


@pytest.fixture
def tools() -> Iterator[Tools]:
    """The tools of a session on the conforming mock."""
    session = open_session(Settings(run="unit"))
    yield tools_of(session)
    session.close()


def _count(tools: Tools, server: str, what: str, key: str) -> int:
    return len(tools.client.get(f"/v2.1/{{project_id}}/servers/{server}/{what}").response_body[key])


def test_another_flavor_is_not_guessed(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not show its own could be given the same again, and nobody is to blame for that refusal."""
    (lease,) = tools.servers.shared("SHUTOFF")
    assert tools.servers.other_flavor(lease) != tools.servers.flavor_of(lease)
    monkeypatch.setattr(type(lease), "show", lambda _: exchange("nova.servers.show", 200, {"server": {"id": lease.id}}))
    with pytest.raises(StepFailed, match=r"server\.flavor\.id"):
        tools.servers.other_flavor(lease)
    with pytest.raises(StepFailed, match=r"server\.flavor\.id"):
        RECIPES["nova.servers.resize"].variants["default"](
            tools.driver.ingredients(RECIPES["nova.servers.resize"], [lease])
        )


@pytest.mark.parametrize(
    "servers", [[], [{"addresses": {}}], [{"addresses": {"n": [{"addr": "odd", "version": 4}, {"version": 4}]}}]]
)
def test_an_address_is_told_from_those_that_are_some(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, servers: Any
) -> None:
    """What is no address is passed over; where nobody shows one, that is said once."""
    good = [{"addresses": {"n": [{"addr": "192.0.2.9", "version": 4, "OS-EXT-IPS:type": "fixed"}]}}]
    monkeypatch.setattr(type(tools.supplies), "_client", _Lists([*servers, *good]))
    assert tools.supplies.address() == "192.0.2.30"
    monkeypatch.setattr(type(tools.supplies), "_client", _Lists(servers))
    with pytest.raises(PrerequisiteMissing, match="A free address is needed"):
        tools.supplies.address()


def test_a_list_need_not_say_which_addresses_are_those_of_nics(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is one beside those that the query of a server calls fixed."""
    listed = [{"addresses": {"n": [{"addr": one, "version": 4} for one in ("192.0.2.9", "203.0.113.200")]}}]
    types = {"192.0.2.7": "fixed", "203.0.113.200": "floating"}
    own = [{"addr": one, "version": 4, "OS-EXT-IPS:type": type_} for one, type_ in types.items()]
    monkeypatch.setattr(type(tools.supplies), "_client", _Lists(listed))
    (lease,) = tools.servers.shared()
    shown = exchange("nova.servers.show", 200, {"server": {"id": lease.id, "addresses": {"n": own}}})
    monkeypatch.setattr(type(lease), "show", lambda _: shown)
    assert tools.supplies.address() == "192.0.2.30"


class _Lists:
    """Answers every query with a list of servers."""

    def __init__(self, servers: Any) -> None:
        self._answer = exchange("nova.servers.list-detail", 200, {"servers": servers})

    def get(self, path: str, *, query: Any) -> Any:
        return self._answer


def test_what_was_made_is_of_use_only_as_documented(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """A field of another type is judged where it was answered, and nothing is done with it."""
    path = "/v2.1/{project_id}/os-floating-ips"
    made = tools.supplies.make(path, {}, "floating_ip")
    assert made["instance_id"] is None
    odd = exchange("deprecated.floating-ips.create", 200, {"floating_ip": {**made, "ip": 7}}, method="POST")
    monkeypatch.setattr(type(tools.supplies), "create", lambda *_, **__: odd)
    with pytest.raises(PrerequisiteMissing, match=r"floating_ip\.ip"):
        tools.supplies.make(path, {}, "floating_ip")


def test_a_control_that_is_only_to_be_checked_changes_nothing(tools: Tools) -> None:
    """Also where the recipe's own request says that it is not to be checked only."""
    (lease,) = tools.servers.shared("SHUTOFF")
    before = _count(tools, lease.id, "os-volume_attachments", "volumeAttachments")
    control = tools.cases.control("ecs.disks.attach", check_only=True)
    assert control.request_body["dry_run"] is True
    assert control.parameters["server_id"] == lease.id
    assert _count(tools, lease.id, "os-volume_attachments", "volumeAttachments") == before


def test_requests_to_be_refused_share_what_they_need(tools: Tools) -> None:
    """A request that is to succeed gets its own."""
    recipe = RECIPES["nova.keypairs.delete"]
    build = recipe.variants["default"]
    first, second = (build(tools.driver.ingredients(recipe, [])).parameters for _ in range(2))
    assert first == second
    fresh = build(tools.driver.ingredients(recipe, [], fresh=True)).parameters
    assert fresh != first
    listed = tools.client.get("/v2.1/{project_id}/os-keypairs").response_body["keypairs"]
    assert {first["keypair_name"], fresh["keypair_name"]} <= {entry["keypair"]["name"] for entry in listed}


def test_what_operations_share_is_made_anew_only_when_it_is_gone(tools: Tools) -> None:
    """With what belongs to it: a group has each of its rules once."""
    recipe = RECIPES["deprecated.security-groups.show"]

    def group() -> str:
        return str(recipe.variants["default"](tools.driver.ingredients(recipe, [])).parameters["security_group_id"])

    def forgotten(name: str, accepted: Exchange) -> int:
        before = len(tools.driver.session.connection.journal)
        tools.driver.forget(RECIPES[name], accepted)
        return len(tools.driver.session.connection.journal) - before

    first = group()
    shown, named = (
        tools.client.get(f"/v2.1/{{project_id}}/os-security-groups/{first}"),
        tools.client.get("/v2.1/{project_id}/limits"),
    )
    assert forgotten("nova.keypairs.create", named) == 0  # which says nothing of that
    assert forgotten("deprecated.security-groups.show", shown) == 1
    assert group() == first
    deleted = tools.client.delete(f"/v2.1/{{project_id}}/os-security-groups/{first}")
    assert forgotten("nova.keypairs.create", named) == 0
    assert group() == first
    assert forgotten("deprecated.security-groups.delete", deleted) == 1
    second = group()
    assert second != first
    shown = tools.client.get(f"/v2.1/{{project_id}}/os-security-groups/{second}").response_body
    assert len(shown["security_group"]["rules"]) == 2


def test_a_part_stays_as_long_as_the_whole(tools: Tools) -> None:
    """A rule cannot be deleted as what it was made as, and a group has it once: it is not made anew for others' sake."""
    recipe, other = RECIPES["deprecated.security-groups.show"], RECIPES["deprecated.security-groups.delete"]

    def group(recipe: Recipe) -> str:
        return str(recipe.variants["default"](tools.driver.ingredients(recipe, [])).parameters["security_group_id"])

    first = group(recipe)
    for operation in ("show", "delete", "list", "create"):
        keys = RECIPES[f"nova.keypairs.{operation}"]
        make = tools.driver.ingredients(keys, []).make
        make("/v2.1/{project_id}/os-keypairs", {"keypair": {"name": tools.supplies.name()}})
        assert group(other) == first
    assert group(recipe) == first


def test_a_server_that_was_to_leave_a_group_is_in_none_afterwards(tools: Tools) -> None:
    """It was put into the one that requests to be refused share, and others get the server."""
    tools.cases.refuse("ecs.server-groups.remove-member/http/malformed-json")
    groups = "/v1/{project_id}/cloudservers/os-server-groups"
    (joined,) = (group["members"] for group in read(tools.client.get(groups), "server_groups"))
    tools.driver.give_back_prepared()
    (left,) = (group["members"] for group in read(tools.client.get(groups), "server_groups"))
    assert (len(joined), left) == (1, [])
    assert tools.servers("SHUTOFF").id in joined


def test_a_server_that_is_made_again_has_the_only_group_that_was_made_for_it(tools: Tools) -> None:
    """A project may have ten, and what the server before it was made with is of use to nobody."""
    groups = "/v1/{project_id}/cloudservers/os-server-groups"
    for _ in range(2):
        made = tools.cases.run("ecs.servers.create", "placed")
        (group,) = (one["id"] for one in read(tools.client.get(groups), "server_groups"))
        assert made.request_body["server"]["os:scheduler_hints"]["group"] == group


def test_servers_are_counted_while_one_waits_for_its_new_flavor(tools: Tools) -> None:
    """As others left it there, it counts for the same all the time."""
    (lease,) = tools.servers.batch(1, "SHUTOFF")
    path = f"/v2.1/{{project_id}}/servers/{lease.id}"
    tools.client.post(f"{path}/action", {"resize": {"flavorRef": tools.servers.other_flavor(lease)}})
    tools.wait.until(path, "server", "status", equals="VERIFY_RESIZE")
    there, shown, _ = _steady(tools.client, tools.wait)
    assert (set(there), shown.status) == ({one["id"] for one in _list(tools)}, 200)


def _list(tools: Tools) -> list[Any]:
    found: list[Any] = tools.client.get("/v2.1/{project_id}/servers").response_body["servers"]
    return found


def test_what_cannot_be_made_is_a_missing_prerequisite(tools: Tools) -> None:
    """With what the endpoint said."""
    with pytest.raises(PrerequisiteMissing, match="os-keypairs"):
        tools.supplies.make("/v2.1/{project_id}/os-keypairs", {"keypair": {}}, "keypair", "name")


@pytest.mark.parametrize(
    ("operation", "what", "key"),
    [
        ("nova.nics.delete", "os-interface", "interfaceAttachments"),
        ("nova.disks.detach", "os-volume_attachments", "volumeAttachments"),
        ("ecs.nics.add", "os-interface", "interfaceAttachments"),
        ("ecs.disks.attach", "os-volume_attachments", "volumeAttachments"),
    ],
)
def test_a_server_is_put_back_as_it_was(tools: Tools, operation: str, what: str, key: str) -> None:
    """After the request that succeeds, and after those that are refused."""
    tools.cases.run(operation)
    tools.cases.refuse(f"{operation}/not-found/server_id")
    tools.give_back()
    state = {lease.id for lease in tools.driver.session.pool.batch_of(3, "ACTIVE")}
    assert [_count(tools, server, what, key) for server in sorted(state)] == [1, 1, 1]


def test_a_request_that_succeeds_leaves_the_servers_of_refusals_alone(tools: Tools) -> None:
    """In whatever order they come: a server that waits for its resize to be confirmed is not resized again."""
    operation = "nova.servers.confirm-resize"
    tools.cases.control(operation)
    tools.cases.authenticate(f"{operation}/auth/no-token")
    tools.cases.run(operation)
    tools.cases.authenticate(f"{operation}/auth/garbage-token")
    asked = [
        exchange for exchange in tools.driver.session.connection.journal if exchange.operation == "nova.servers.resize"
    ]
    assert [exchange.status for exchange in asked] == [202, 202, 202]
    tools.give_back()
    listed = tools.client.get("/v2.1/{project_id}/servers/detail")
    assert "VERIFY_RESIZE" not in read(listed, "servers", "*", "status")


def test_a_query_of_a_prepared_server_finds_what_it_asks_for(tools: Tools) -> None:
    """Also after an earlier one, which put the server back."""
    for _ in range(2):
        tools.cases.authenticate("nova.metadata.show/auth/no-token")
        assert tools.cases.alias("nova.metadata.show/alias/v2").status == 200


def test_what_belongs_to_a_user_is_only_denied_to_others(tools: Tools) -> None:
    """With the action another user still has no key pair of that name, so nothing could be concluded from a 404."""

    def asked() -> list[Any]:
        return [
            e for e in tools.driver.session.connection.journal if e.identity == "restricted_user" and e.case is not None
        ]

    tools.cases.authorize("nova.keypairs.show/permission")
    assert [exchange.status for exchange in asked()] == [403]
    tools.cases.authorize("nova.keypairs.list/permission")
    assert [exchange.status for exchange in asked()] == [403, 403, 200]


def test_a_restricted_user_who_may_do_everything_shows_nothing(tools: Tools) -> None:
    """Where the run cannot set what the user may do: the credentials are wrong, not the endpoint."""
    target = tools.driver.session.target
    assert target.control is not None
    row = tools.cases.contract.permission_of(tools.cases.contract.operations["ecs.quotas.show"])
    target.control(
        "PUT", "/_mock/policy", {"allow": [row.action, "ecs:cloudServerFlavors:get", "ecs:cloudServers:list"]}
    )
    tools.driver.session.target = replace(target, control=None)
    with pytest.raises(PrerequisiteMissing, match="denied nothing"):
        tools.cases.authorize("ecs.quotas.show/permission")
    assert all(exchange.case is None for exchange in _sent_by_the_restricted_user(tools))


def test_a_restricted_user_who_is_denied_something_is_asked(tools: Tools) -> None:
    """One denied list is enough to know that the endpoint denies, and the user lacks, something."""
    tools.driver.session.target = replace(tools.driver.session.target, control=None)
    tools.cases.authorize("ecs.quotas.show/permission")
    (exchange,) = [sent for sent in _sent_by_the_restricted_user(tools) if sent.case is not None]
    assert (exchange.status, exchange.case.expects) == (403, "forbidden")


def _sent_by_the_restricted_user(tools: Tools) -> list[Any]:
    return [sent for sent in tools.driver.session.connection.journal if sent.identity == "restricted_user"]


def test_a_login_is_for_the_project_as_the_run_names_it(tools: Tools) -> None:
    """By its id where the name is not known, and then there is no request that names it."""
    recipe, project = RECIPES["iam.tokens.create"], tools.client.project_id
    _know_project(tools, name=None, project=project)
    request = recipe.variants["default"](tools.driver.ingredients(recipe, []))
    assert request.body["auth"]["scope"] == {"project": {"id": project}}
    with pytest.raises(PrerequisiteMissing, match="name of the project"):
        recipe.variants["project-name"](tools.driver.ingredients(recipe, []))
    _know_project(tools, name="demo", project=project)
    request = recipe.variants["project-name"](tools.driver.ingredients(recipe, []))
    assert request.body["auth"]["scope"]["project"]["name"] == "demo"


def _know_project(tools: Tools, *, name: str | None, project: str) -> None:
    session = tools.driver.session
    known = replace(session.target.identities["primary"], project_name=name, project_id=project)
    session.target = replace(session.target, identities={**session.target.identities, "primary": known})


def test_the_port_is_given_out_while_it_is_free(tools: Tools) -> None:
    """A server that was created with it, or got it later, keeps it until the server or the NIC is not found any more, or is deleted (A-1)."""
    servers, resources, port = (
        "/v2.1/{project_id}/servers",
        tools.driver.session.target.resources,
        tools.supplies.port(),
    )
    wanted = {
        "name": "held",
        "imageRef": resources.image_id,
        "flavorRef": resources.flavor_id,
        "networks": [{"port": port}],
    }
    (server,) = tools.driver.session.pool.settle(tools.client.post(servers, {"server": wanted}))
    with pytest.raises(PrerequisiteMissing, match="no longer free"):
        tools.supplies.port()
    tools.client.delete(f"{servers}/{server}")
    assert tools.wait.gone(f"{servers}/{server}")
    (lease,) = tools.servers.shared("ACTIVE")
    nics = f"{servers}/{lease.id}/os-interface"
    tools.client.post(nics, {"interfaceAttachment": {"port_id": tools.supplies.port()}})
    with pytest.raises(PrerequisiteMissing, match=lease.id):
        tools.supplies.port()
    journal, deleted = tools.driver.session.connection.journal, {"server": {"status": "DELETED"}}
    shown = exchange("nova.servers.show", 200, deleted, id=journal.next_id(), path=f"/v2.1/p/servers/{lease.id}")
    journal.add(shown)
    assert tools.supplies.port() == port
    journal.amend(replace(shown, response_body={"server": {"status": "ACTIVE"}}))
    tools.client.delete(f"{nics}/{port}")
    assert tools.wait.gone(f"{nics}/{port}")
    assert tools.supplies.port() == port


def test_one_step_goes_through_every_item_of_a_list(tools: Tools) -> None:
    """Reading and waiting know it; what never comes is a missing prerequisite, and what no list is a failed step."""
    (lease,) = tools.servers.shared("ACTIVE")
    path, group = f"/v2.1/{{project_id}}/servers/{lease.id}", tools.supplies.need("security_group_id")
    volumes = read(tools.client.get(f"{path}/os-volume_attachments"), "volumeAttachments", "*", "volumeId")
    assert [len(volume) for volume in volumes] == [36]
    with pytest.raises(StepFailed, match=r"server\.\*\.id"):
        read(lease.show(), "server", "*", "id")
    listed = (f"{path}/os-security-groups", "security_groups", "*", "id")
    with pytest.raises(PrerequisiteMissing, match=group):
        tools.wait.until(*listed, contains=group)
    tools.client.post(f"{path}/action", {"addSecurityGroup": {"name": group}})
    tools.wait.until(*listed, contains=group)


def test_a_test_goes_on_with_as_many_things_as_it_needs(tools: Tools) -> None:
    """Too few and too many are a missing prerequisite that says what is missing."""
    assert exactly(2, iter("ab"), "both letters") == ["a", "b"]
    for letters in ("", "a", "abc"):
        with pytest.raises(PrerequisiteMissing, match=rf"both letters to go on\. Seen: {len(letters)} where .* 2\."):
            exactly(2, letters, "both letters")


def test_a_second_zone_is_one_that_a_flavor_names(tools: Tools) -> None:
    """Whichever the first is."""
    first = tools.supplies.need("availability_zone")
    second = tools.supplies.other_zone(first)
    assert second != first == tools.supplies.other_zone(second)


def test_a_refusal_is_sent_beside_the_like_that_is_accepted(tools: Tools) -> None:
    """Its control is the own request of the operation's recipe; a request that no recipe makes has to name one."""
    (lease,) = tools.servers.shared("ACTIVE")
    path = f"/v2.1/{{project_id}}/servers/{lease.id}"
    sent = tools.expect(
        "nova.servers.update/rule/name-changed", "PUT", path, json={"server": {"name": ""}}, expects="invalid"
    )
    assert sent.case is not None
    control = tools.driver.session.get(str(sent.case.control))
    assert control is not None
    assert (control.operation, control.accepted) == ("nova.servers.update", True)
    named = tools.expect("nova.servers.update/rule/name-changed", "PUT", path, expects="empty", control="another")
    assert named.case is not None
    assert named.case.control == "another"
    with pytest.raises(LookupError, match="has to be named"):
        tools.expect("nova.servers.update/rule/name-changed", "GET", "/nowhere/else", expects="not-found")


def test_a_token_of_ones_own_is_sent_as_it_is(tools: Tools) -> None:
    """One that is no token is refused, and no other one is fetched for it."""
    assert tools.clients.with_token("no token").get("/v1/{project_id}/cloudservers/limits").status == 401


def test_what_a_project_may_have_is_asked_before_it_is_used(tools: Tools) -> None:
    """So that a refusal for lack of room can be told from another one."""
    made = tools.cases.run("nova.server-groups.create")
    assert made.case is not None
    limits = tools.driver.session.get(str(made.case.limits))
    assert limits is not None
    assert (limits.operation, limits.accepted) == ("nova.limits.show", True)


def test_disks_that_never_become_available_are_not_waited_for_again() -> None:
    """Two of them are enough; each takes two minutes."""
    session = open_session(Settings(run="unit", deviation=("volume-noop",)))
    tools = tools_of(session)
    for _ in range(2):
        with pytest.raises(StepFailed, match="is not available 120 s after"):
            tools.supplies.disk()
    began = session.target.clock.now()
    with pytest.raises(PrerequisiteMissing, match="do not become available"):
        tools.supplies.disk()
    assert session.target.clock.now() == began
    session.close()


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        (("metadata",), True),
        (("metadata", "number"), True),
        (("metadata", "text"), False),
        ((), False),  # fields with names of their own are not looked into
    ],
)
def test_nothing_of_another_type_is_read(path: tuple[str, ...], seen: bool) -> None:
    """That it is of another type is judged by itself; what is done with it would be blamed as well."""
    answer = exchange("nova.metadata.list", 200, {"metadata": {"text": "a", "number": 7}})
    if seen:
        with pytest.raises(
            PrerequisiteMissing, match=r"another type, see nova\.metadata\.list/response/metadata\{\}/type"
        ):
            read(answer, *path)
    else:
        read(answer, *path)


def test_an_answer_without_a_body_is_read_where_nothing_of_it_is_wanted() -> None:
    """A creation that is only to be checked (dry_run) needs none; text in its place is no JSON."""
    answer = exchange("ecs.servers.create", 202)
    assert read(answer) is None
    with pytest.raises(StepFailed, match="job_id"):
        read(answer, "job_id")
    with pytest.raises(PrerequisiteMissing, match="another type"):
        read(exchange("ecs.servers.create", 202, response_text="done"))


def test_what_an_answer_does_not_name_explains_a_full_project() -> None:
    """A group whose id nobody was told cannot be deleted, and then there is no room for another one."""
    session = open_session(Settings(run="unit", deviation=("group-answers-no-id",)))
    tools, rule = tools_of(session), "deprecated.security-groups.create/rule/listed"
    body = {"security_group": {"name": "unnamed", "description": ""}}
    answers = [tools.client.post("/v2.1/{project_id}/os-security-groups", body) for _ in range(12)]
    assert answers[0].accepted
    assert answers[-1].refused
    assert not tools.check.accepted(rule, answers[-1])
    assert session.pending[-1].outcome == "not_tested"
    assert answers[0].id in session.pending[-1].reason
    sent = tools.cases.attempt("deprecated.security-groups.create")
    _, findings = session.collect()
    status = [one for one in findings if one.requirement == f"{sent.operation}/status" and one.exchanges[0] == sent.id]
    assert {one.outcome for one in status} == {"not_tested"}
    session.close()


def test_a_server_leaves_its_group_by_the_plain_request(tools: Tools) -> None:
    """What a property added to the one that is taken back is refused by some."""
    recipe, (lease,) = RECIPES["nova.servers.remove-security-group"], tools.servers.batch(1)
    request = recipe.variants["default"](tools.driver.ingredients(recipe, [lease]))
    plain = dict(request.body)
    tools.driver.restore(recipe, [lease], replace(request, body={**plain, "unlisted": "x"}))
    sent = [one for one in tools.driver.session.connection.journal if one.operation == recipe.operation]
    assert [one.request_body for one in sent] == [plain]
    assert not lease.spoilt


def test_an_endpoint_that_answers_otherwise_when_asked_again_is_no_fault_of_the_harness(tools: Tools) -> None:
    """What hypothesis calls flaky rests on answers alone, so that nothing is tested, and nothing is an error."""
    from hypothesis.errors import FlakyStrategyDefinition

    def differs() -> None:
        raise FlakyStrategyDefinition("it drew otherwise")

    with pytest.raises(PrerequisiteMissing, match="answers the same requests alike"):
        Properties(tools.driver.session, tools)._conclude(differs)


def test_what_was_accepted_wrongly_is_over_before_the_next_request(tools: Tools) -> None:
    """Otherwise that would be blamed for what still happens."""
    lease, name = tools.servers("SHUTOFF"), "nova.servers.start"
    wrong = next(
        one.id for one in tools.contract.requirements.values() if one.operation == name and one.kind == "request"
    )
    control = tools.cases.control(name)
    assert not tools.cases.refuse_one(
        name, "default", wrong, lambda sent: (sent, "", ()), control, [lease], lambda _: None
    )
    shown = read(lease.show(), "server")
    assert (shown["status"], shown["OS-EXT-STS:task_state"]) == ("ACTIVE", None)


@pytest.mark.parametrize("operation", ["ecs.disks.detach", "ecs.nics.delete"])
def test_what_a_refused_example_was_built_from_serves_the_next(tools: Tools, operation: str) -> None:
    """A disk or a NIC stays attached from one to the next, and is taken back after the last."""
    tools.cases.control(operation)
    journal, pool = tools.driver.session.connection.journal, tools.driver.session.pool
    before = len(journal)
    Properties(tools.driver.session, tools).invalid(operation)
    sent = journal.since(before)
    added = [one for one in sent if one.operation in {"nova.disks.attach", "nova.nics.add", "ecs.nics.add"}]
    refused = [one for one in sent if one.operation == operation and one.case is not None and one.refused]
    assert (len(added), len(refused) > 5) == (1, True)
    lease = pool.lease("SHUTOFF" if operation == "ecs.disks.detach" else "ACTIVE")
    things = [
        _count(tools, lease.id, *what)
        for what in (("os-volume_attachments", "volumeAttachments"), ("os-interface", "interfaceAttachments"))
    ]
    assert things == [1, 1]


def test_the_first_and_the_last_of_each_action_are_looked_at() -> None:
    """Also where an entry does not name its action: who judges the list says so, and the others are looked at all the same."""
    entries = [{"action": action, "request_id": n} for n, action in enumerate(["create", "stop", "stop", "stop"])]
    nameless = {"request_id": 4}
    assert [one["request_id"] for one in _some([*entries, nameless])] == [0, 1, 3, 4]
