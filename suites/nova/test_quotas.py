"""Rules of the limits and quotas of the native APIs (6.10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_ecs import Check, Client, Clients, Exchange, Servers, Supplies, Wait, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed

pytestmark = pytest.mark.ecs_group("servers")

_PATH = url_of("nova.limits.show")
_ABSOLUTE = ("body", "limits", "absolute")
#: Quotas, and the limits that they are (tables 6-172 and 6-175).
_SAME = {
    "instances": "maxTotalInstances",
    "cores": "maxTotalCores",
    "ram": "maxTotalRAMSize",
    "metadata_items": "maxServerMeta",
    "injected_files": "maxPersonality",
    "injected_file_content_bytes": "maxPersonalitySize",
    "server_groups": "maxServerGroups",
    "server_group_members": "maxServerGroupMembers",
}
#: The same through the ECS API (5.7.1).
_ECS_PATH = url_of("ecs.quotas.show")
#: What a server counts for, and the rules about that of 6.10.1 and 5.7.1.
_COUNTED = {
    "totalInstancesUsed": ("nova.limits.show/rule/server-counted", "ecs.quotas.show/rule/server-counted"),
    "totalCoresUsed": ("nova.limits.show/rule/cores-counted", "ecs.quotas.show/rule/cores-counted"),
    "totalRAMUsed": ("nova.limits.show/rule/memory-counted", "ecs.quotas.show/rule/memory-counted"),
}
#: What is used, and the limit of it (tables 5-61 and 6-172).
_USED = {
    "totalInstancesUsed": "maxTotalInstances",
    "totalCoresUsed": "maxTotalCores",
    "totalRAMUsed": "maxTotalRAMSize",
    "totalServerGroupsUsed": "maxServerGroups",
    "totalSecurityGroupsUsed": "maxSecurityGroups",
    "totalFloatingIpsUsed": "maxTotalFloatingIps",
}
#: Statuses of servers whose flavor changes just now (A-1).
_CHANGING = frozenset({"RESIZE", "REVERT_RESIZE"})


def _absolute(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = read(client.get(_PATH), "limits", "absolute")
    return found


def _shown(check: Check, rule: str, limits: Exchange, name: str) -> list[Any]:
    """Return a limit in both forms; where it is no number, which is judged by itself, *rule* is not tested."""
    try:
        value = read(limits, *_ABSOLUTE[1:], name)
    except (PrerequisiteMissing, StepFailed) as missing:
        check.not_tested(rule, str(missing))
        return []
    if not str(value).removeprefix("-").isdecimal():
        check.not_tested(rule, f"{name} is no number: {value!r}")
        return []
    return _forms(value)


def _forms(value: Any, more: int = 0) -> list[Any]:
    """Return a limit and *more* as a number and as text, since the native API may show either."""
    number = int(value) + more if str(value).removeprefix("-").isdecimal() else value
    return [number, str(number)]


def _check_used(check: Check, rule: str, shown: Exchange, *place: str) -> None:
    """What is used does not exceed its limit, unless that is -1."""
    limits = read(shown, *place)
    for used, most in _USED.items():
        limit = _forms(limits.get(most))[0]
        if isinstance(limit, int) and limit >= 0:
            check(rule, shown, "body", *place, used, at_most=limit)
    check.not_tested(rule, "there is no limit")


def _quota(client: Client, project: str, **query: str) -> Exchange:
    return client.get(url_of("nova.quotas.show", quota_project_id=project), query=query)


@pytest.mark.ecs_requirement("nova.limits.show/rule/own-project-query", "nova.limits.show/rule/used-within")
def test_the_limits_are_the_projects(ecs_client: Client, ecs_check: Check) -> None:
    """With and without its id in the query, and what is used is within them."""
    asked = lambda: ecs_client.get(_PATH, query={"project_id": ecs_client.project_id})  # noqa: E731 - of this test
    before, own = _undisturbed(ecs_client, asked)
    if own is None:
        ecs_check.not_tested("nova.limits.show/rule/own-project-query", _DISTURBED)
    else:
        for name, value in before.items():
            ecs_check("nova.limits.show/rule/own-project-query", own, *_ABSOLUTE, name, equals=value)
    _check_used(ecs_check, "nova.limits.show/rule/used-within", ecs_client.get(_PATH), *_ABSOLUTE[1:])


@pytest.mark.ecs_requirement("nova.limits.show/rule/same-as-ecs")
def test_both_apis_have_the_same_limits(ecs_client: Client, ecs_check: Check) -> None:
    """Where chapter 5 is there."""
    before, theirs = _undisturbed(ecs_client, lambda: ecs_client.get(_ECS_PATH))
    if theirs is None or not theirs.accepted:
        reason = _DISTURBED if theirs is None else f"the endpoint does not show those of 5.7.1: {theirs.answer}"
        ecs_check.not_tested("nova.limits.show/rule/same-as-ecs", reason)
        return
    shown = ecs_client.get(_PATH)
    for name in before.keys() & read(theirs, "absolute").keys():
        wanted = _shown(ecs_check, "nova.limits.show/rule/same-as-ecs", shown, name)
        if wanted:
            ecs_check("nova.limits.show/rule/same-as-ecs", theirs, "body", "absolute", name, one_of=wanted)


_DISTURBED = "others created or deleted something all the time"


def _undisturbed(client: Client, ask: Callable[[], Exchange]) -> tuple[dict[str, Any], Exchange | None]:
    """Return the limits and another answer at a time when they did not change; None for that when there was none."""
    for _ in range(5):  # others may create and delete meanwhile
        before, answer = _absolute(client), ask()
        if _absolute(client) == before:
            return before, answer
    return before, None


@pytest.mark.ecs_requirement("nova.limits.show/response/limits.absolute.maxSecurityGroupRules/until")
def test_a_limit_goes_with_a_microversion(ecs_client: Client) -> None:
    """The judge looks for the limit of rules at the first microversion that does not have it (table 6-172)."""
    ecs_client.get(_PATH, microversion="2.35")


@pytest.mark.ecs_requirement("nova.limits.show/rule/other-project-query")
def test_the_limits_of_others_are_their_own(
    ecs_client: Client, ecs_clients: Clients, ecs_check: Check, ecs_servers: Servers
) -> None:
    """Another project in the query is refused, or is of no effect."""
    ecs_servers.shared("ACTIVE")  # so that this project uses something
    other, rule = ecs_clients("other_project"), "nova.limits.show/rule/other-project-query"
    before, asked = _undisturbed(ecs_client, lambda: ecs_client.get(_PATH, query={"project_id": other.project_id}))
    if asked is None:
        ecs_check.not_tested(rule, _DISTURBED)
        return
    if not asked.accepted:
        ecs_check.refused(rule, asked, "foreign-id")
        return
    if _absolute(other) == before:
        ecs_check.not_tested(rule, "the limits of the other project are the same")
    else:
        ecs_check(rule, asked, *_ABSOLUTE, equals=before)


@pytest.mark.ecs_group("scarce")
@pytest.mark.ecs_requirement(
    "nova.limits.show/rule/server-counted",
    "nova.limits.show/rule/cores-counted",
    "nova.limits.show/rule/memory-counted",
    "ecs.quotas.show/rule/server-counted",
    "ecs.quotas.show/rule/cores-counted",
    "ecs.quotas.show/rule/memory-counted",
    "nova.quotas.show/rule/not-used-up",
    "ecs.quotas.show/rule/used-within",
)
def test_servers_count(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies, ecs_wait: Wait) -> None:
    """In each API that is there a new one raises what is used by itself, its vCPUs and memory; deleted it lowers it; quotas stay."""
    flavor = read(ecs_client.get(url_of("nova.flavors.show", flavor_id=ecs_supplies.need("flavor_id"))), "flavor")
    sizes = {"totalInstancesUsed": 1, "totalCoresUsed": int(flavor["vcpus"]), "totalRAMUsed": int(flavor["ram"])}
    quotas = read(_quota(ecs_client, ecs_client.project_id), "quota_set")
    for _ in range(3):
        there, first, ours = _steady(ecs_client, ecs_wait)
        server = {
            "name": ecs_supplies.name("counted"),
            "imageRef": ecs_supplies.need("image_id"),
            "flavorRef": flavor["id"],
            "networks": [{"uuid": ecs_supplies.need("network_id")}],
        }
        made = str(ecs_supplies.make(url_of("nova.servers.list"), {"server": server}, "server", "id"))
        between, shown, both = _steady(ecs_client, ecs_wait)
        ecs_client.delete(url_of("nova.servers.delete", server_id=made))
        ecs_wait.gone(url_of("nova.servers.show", server_id=made))
        left, after, last = _steady(ecs_client, ecs_wait)
        if between == {**there, made: flavor["id"]} and left == there:
            break
    else:
        raise PrerequisiteMissing("Servers can only be counted while nobody else creates, resizes or deletes some")
    before = read(first, "limits", "absolute")
    for name, (native, _) in _COUNTED.items():
        for answer, more in ((shown, sizes[name]), (after, 0)):
            ecs_check(native, answer, *_ABSOLUTE, name, one_of=_forms(before.get(name), more))
    theirs = (ours.json_object.get("absolute") or {}) if ours is not None else {}
    _check_counted(ecs_check, {**before, **theirs}, sizes, both, last)
    again = _quota(ecs_client, ecs_client.project_id)
    ecs_check("nova.quotas.show/rule/not-used-up", again, "body", "quota_set", equals=quotas)


def _check_counted(
    check: Check, before: dict[str, Any], sizes: dict[str, int], both: Exchange | None, last: Exchange | None
) -> None:
    """Judge what 5.7.1 shows with a server more and after it was deleted, where chapter 5 is there."""
    if both is None or last is None or not (both.accepted and last.accepted):
        seen = "chapter 5 is not asked" if both is None else both.answer
        for rule in (*(ecs for _, ecs in _COUNTED.values()), "ecs.quotas.show/rule/used-within"):
            check.not_tested(rule, f"the endpoint does not show the limits of 5.7.1: {seen}")
        return
    for name, (_, rule) in _COUNTED.items():
        for answer, more in ((both, sizes[name]), (last, 0)):
            check(rule, answer, "body", "absolute", name, equals=_forms(before.get(name), more)[0])
    _check_used(check, "ecs.quotas.show/rule/used-within", both, "absolute")


def _servers(client: Client) -> dict[str, str]:
    """Flavors of the project's servers; one that is being resized has none that could be counted on: "".

    One that waits for the confirmation of its new flavor counts as it counts, as long as nobody confirms or reverts it.
    """
    listed = client.get(url_of("nova.servers.list-detail"), query={"limit": "1000"})
    return {s["id"]: "" if s["status"] in _CHANGING else s["flavor"]["id"] + _waits(s) for s in read(listed, "servers")}


def _waits(server: dict[str, Any]) -> str:
    return ", to be confirmed" if server["status"] == "VERIFY_RESIZE" else ""


def _of_chapter_5(client: Client) -> Exchange | None:
    """Ask for the limits of 5.7.1; None where the profile or the endpoint does not have chapter 5."""
    try:
        return client.get(_ECS_PATH)
    except PrerequisiteMissing:
        return None


def _steady(client: Client, wait: Wait) -> tuple[dict[str, str], Exchange, Exchange | None]:
    """Return the flavors of the project's servers and, by both APIs, the limits at a time when they did not change.

    Raises `PrerequisiteMissing` when they change all the time.
    """
    for _ in range(10):
        there, shown, both = _servers(client), client.get(_PATH), _of_chapter_5(client)
        if "" not in there.values() and _servers(client) == there:
            return there, shown, both
        wait.sleep(1.0)
    raise PrerequisiteMissing("Servers can only be counted while nobody else creates, resizes or deletes some")


def _counted(
    client: Client,
    check: Check,
    supplies: Supplies,
    wait: Wait,
    rule: str,
    name: str,
    collection: str,
    thing: str,
    fields: dict[str, Any],
) -> None:
    """Check that a new *thing* of the *collection* that an operation lists counts while it is there; a try counts when nothing else came or went."""
    path, judged = url_of(collection), None
    for _ in range(3):
        try:
            there, before = _ids(client, path, thing), _absolute(client)
            made = str(supplies.make(path, {thing: fields} if fields else {}, thing, "id"))
            shown, during = client.get(_PATH), _ids(client, path, thing)
            client.delete(f"{path}/{made}")
            wait.gone(f"{path}/{made}")
            after, left = client.get(_PATH), _ids(client, path, thing)
        except PrerequisiteMissing as missing:
            check.not_tested(rule, str(missing))
            return
        if during - {made} != there or left - {made} != there:
            continue
        used = before.get(name)
        judged = shown, after, used
        counts = [read(answer, "limits", "absolute").get(name) for answer in (shown, after)]
        if counts[0] in _forms(used, 1) and counts[1] in _forms(used):
            break
    if judged is None:
        check.not_tested(rule, "others created or deleted things of the sort all the time")
        return
    shown, after, used = judged
    check(rule, shown, *_ABSOLUTE, name, one_of=_forms(used, 1))
    check(rule, after, *_ABSOLUTE, name, one_of=_forms(used))


def _ids(client: Client, path: str, thing: str) -> set[str]:
    return {one["id"] for one in read(client.get(path), f"{thing}s")}


_GROUP = {"policies": ["anti-affinity"]}
_SECURITY = {"description": "conformance"}


@pytest.mark.parametrize(
    ("rule", "name", "collection", "thing", "fields"),
    [
        pytest.param(rule, *what, id=what[2], marks=pytest.mark.ecs_requirement(rule))
        for rule, what in (
            (
                "nova.limits.show/rule/server-group-counted",
                ("totalServerGroupsUsed", "nova.server-groups.list", "server_group", _GROUP),
            ),
            (
                "nova.limits.show/rule/security-group-counted",
                ("totalSecurityGroupsUsed", "deprecated.security-groups.list", "security_group", _SECURITY),
            ),
            (
                "nova.limits.show/rule/floating-ip-counted",
                ("totalFloatingIpsUsed", "deprecated.floating-ips.list", "floating_ip", {}),
            ),
        )
    ],
)
def test_groups_and_addresses_count(
    ecs_client: Client,
    ecs_check: Check,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    rule: str,
    name: str,
    collection: str,
    thing: str,
    fields: dict[str, Any],
) -> None:
    """A server group, a security group and a floating IP address count while they are there."""
    named = {"name": ecs_supplies.name("group"), **fields} if fields else {}
    _counted(ecs_client, ecs_check, ecs_supplies, ecs_wait, rule, name, collection, thing, named)


@pytest.mark.ecs_requirement(
    "nova.quotas.show/rule/own-id", "nova.quotas.show/rule/own-user", "nova.quotas.show/rule/same-as-limits"
)
def test_quotas_of_the_project(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """They are its limits, and can be asked for by the user of the token."""
    project = ecs_client.project_id
    own, limits = _quota(ecs_client, project), ecs_client.get(_PATH)
    check = ecs_check.after(own)
    check("nova.quotas.show/rule/own-id", own, "body", "quota_set", "id", equals=project)
    for name, limit in _SAME.items():
        wanted = _shown(check, "nova.quotas.show/rule/same-as-limits", limits, limit)
        if wanted:
            check("nova.quotas.show/rule/same-as-limits", own, "body", "quota_set", name, one_of=wanted)
    ecs_check.accepted("nova.quotas.show/rule/own-user", _of_own_user(ecs_client, ecs_servers))


def _of_own_user(client: Client, servers: Servers) -> Exchange:
    (lease,) = servers.shared("ACTIVE")
    return _quota(client, client.project_id, user_id=read(lease.show(), "server", "user_id"))


@pytest.mark.ecs_requirement(
    "nova.quotas.show/rule/unknown-project-default",
    "nova.quotas.show/rule/unknown-user-default",
    "nova.quotas.show-defaults/rule/own-id",
    "nova.quotas.show-defaults/rule/default-of-unknown",
)
def test_quotas_of_what_does_not_exist(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """They are the defaults; the user of the token is asked for first."""
    _of_own_user(ecs_client, ecs_servers)
    project, nobody = ecs_client.project_id, ecs_supplies.unknown_id().replace("-", "")
    shown = ecs_client.get(url_of("nova.quotas.show-defaults", quota_project_id=project))
    ecs_check.after(shown)("nova.quotas.show-defaults/rule/own-id", shown, "body", "quota_set", "id", equals=project)
    unknown, of_user = _quota(ecs_client, nobody), _quota(ecs_client, project, user_id=nobody)
    ecs_check.accepted("nova.quotas.show/rule/unknown-project-default", unknown)
    ecs_check.accepted("nova.quotas.show/rule/unknown-user-default", of_user)
    for rule, answer in (
        ("nova.quotas.show/rule/unknown-project-default", unknown),
        ("nova.quotas.show-defaults/rule/default-of-unknown", unknown),
        ("nova.quotas.show/rule/unknown-user-default", of_user),
    ):
        check = ecs_check.after(shown, answer)
        if not (shown.accepted and answer.accepted):
            check.accepted(rule, answer)
            continue
        for name, value in read(shown, "quota_set").items():
            if name != "id":
                check(rule, answer, "body", "quota_set", name, equals=value)
