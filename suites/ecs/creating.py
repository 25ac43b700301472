"""Creating and deleting servers in tests (5.1): what is sent, and what is found of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_ecs import (
    Cases,
    Check,
    Client,
    Exchange,
    Expect,
    Jobs,
    Lease,
    Servers,
    Supplies,
    Wait,
    exactly,
    read,
    url_of,
)
from pytest_ecs.exceptions import JobError, PrerequisiteMissing, StepFailed
from pytest_ecs.typing import JSON

from .. import surplus

SERVERS = url_of("ecs.servers.create")
EIPS = url_of("deprecated.floating-ips.list")
VOLUMES = url_of("deprecated.disks.list")
#: Where the names of listed servers stand.
NAMES = ("body", "servers", "*", "name")
_DETAIL = url_of("nova.servers.list-detail")
_FLAVORS = url_of("ecs.flavors.list")


def named(client: Client, name: str) -> Exchange:
    """Query the servers of a name, and perhaps others (6.2.5), whose names can be read."""
    listed = client.get(_DETAIL, query={"name": name, "limit": "1000"})
    read(listed, "servers", "*", "name")
    return listed


def groups_of(client: Client, server: str) -> Exchange:
    """Query the security groups of a server; it shows them by name or by id (table 6-43), this query by both."""
    return client.get(url_of("nova.server-security-groups.list", server_id=server))


def disks_of(client: Client, server: str) -> Exchange:
    """Query the disks of a server (5.6.3)."""
    return client.get(url_of("ecs.disks.list", server_id=server))


def addresses_of(client: Client, network: str, *, but: str) -> list[str]:
    """Return the addresses that other servers than *but* have in a network."""
    listed = read(client.get(_DETAIL, query={"limit": "1000"}), "servers")
    others = [one["addresses"].get(network, []) for one in listed if one["id"] != but]
    return [entry["addr"] for entries in others for entry in entries]


def made_by(client: Client, jobs: Jobs, created: Exchange) -> list[str]:
    """Return the ids of the servers of an accepted creation whose job is over.

    They are those that its job names; where it names none, which is judged elsewhere, those of its name.
    """
    queries = jobs.queries(str(read(created, "job_id")))
    entities = queries[-1].json_object.get("entities") if queries else None
    things: list[Any] = [entities]
    if isinstance(entities, dict):
        things += [one.get("entities") for one in entities.get("sub_jobs") or () if isinstance(one, dict)]
    ids = [str(one["server_id"]) for one in things if isinstance(one, dict) and one.get("server_id")]
    name = created.request_body["server"]["name"]
    if ids:
        return list(dict.fromkeys(ids))
    return [one["id"] for one in read(named(client, name), "servers") if str(one["name"]).startswith(name)]


def the_server(client: Client, servers: Servers, jobs: Jobs, wait: Wait, created: Exchange) -> str:
    """Return the id of the only server of an accepted creation whose job is over, once it is shown.

    What is said of it is not tested when it is never shown, which is judged where it was created: raises
    `PrerequisiteMissing` then.
    """
    (server,) = exactly(1, made_by(client, jobs, created), "the server that was created")
    for _ in wait.polls():
        shown = servers.show(server)
        if shown.accepted:
            return server
    raise PrerequisiteMissing("A server that a job created is needed, and is not shown", seen=shown.answer)


def refuse(
    cases: Cases,
    expect: Expect,
    servers: Servers,
    supplies: Supplies,
    jobs: Jobs,
    requirement: str,
    change: str,
    *,
    codes: tuple[str, ...] = (),
    count: int = 1,
    **fields: JSON,
) -> Exchange:
    """Send a create request that differs from an accepted one by *fields*, and return it; its job may refuse it too."""
    body = servers.template(supplies.name("no"), count)
    body["server"].update(fields)
    control = cases.control("ecs.servers.create", servers=False)
    refused = expect(
        requirement, "POST", SERVERS, json=body, expects="refused", change=change, control=control.id, codes=codes
    )
    jobs.wait_out(refused)
    return refused


def codes_of(expect: Expect, field: str) -> tuple[str, ...]:
    """Return the codes that the contract ties to a field of the server."""
    return expect.codes_of("ecs.servers.create", f"server.{field}")


def checked(
    client: Client, servers: Servers, supplies: Supplies, jobs: Jobs, *, count: int = 1, **fields: JSON
) -> Exchange:
    """Send a create request with *fields* that is only to be checked (dry_run), which costs nothing."""
    body = servers.template(supplies.name("dry"), count)
    body["server"].update(fields)
    sent = client.post(SERVERS, {"dry_run": True, **body})
    jobs.wait_out(sent)
    return sent


def create(client: Client, check: Check, servers: Servers, supplies: Supplies, **fields: JSON) -> Exchange:
    """Send a create request with *fields*, wait for its job, and judge that the server exists then."""
    return _create(client, check, servers, supplies, {}, fields)


def _create(
    client: Client,
    check: Check,
    servers: Servers,
    supplies: Supplies,
    beside: Mapping[str, JSON],
    fields: Mapping[str, JSON],
) -> Exchange:
    """Do what `create` does, with what stands *beside* the server too."""
    body = servers.template(supplies.name("own"), 1)
    body["server"].update(fields)
    sent = client.post(SERVERS, {**beside, **body})
    for server in servers.settle(sent):
        check.accepted("ecs.servers.create/rule/success-creates", servers.show(server))
    return sent


#: Details that go together, and that make no server another one than the plainest is: what stands beside the server, and in it.
_DETAILS: dict[str, tuple[dict[str, JSON], dict[str, JSON]]] = {
    "root-size-zero": ({}, {"root_volume": {"volumetype": "SSD", "size": 0}}),
    "security-groups-blank": ({}, {"security_groups": []}),
    "dry-run-false": ({"dry_run": False}, {}),
}


def created_with(client: Client, check: Check, servers: Servers, supplies: Supplies, detail: str) -> Exchange:
    """Return a creation with a detail: the one with all details, or where that made no server, one with this one alone."""
    made = supplies.once("a server with each detail", lambda: _created_with_all(client, check, servers, supplies))
    return made or _create(client, check, servers, supplies, *_DETAILS[detail])


def _created_with_all(client: Client, check: Check, servers: Servers, supplies: Supplies) -> Exchange | None:
    beside = {name: value for details, _ in _DETAILS.values() for name, value in details.items()}
    fields = {name: value for _, details in _DETAILS.values() for name, value in details.items()}

    def count(sent: Exchange) -> int:
        servers.settle(sent)
        return surplus.count_named(client, sent.request_body["server"]["name"])

    try:
        sent = surplus.as_many(1, lambda: _create(client, check, servers, supplies, beside, fields), count)
        (server,) = exactly(1, servers.settle(sent), "one server")
        return sent if servers.show(server).accepted else None
    except (JobError, PrerequisiteMissing, StepFailed):
        return None


def delete(
    client: Client, check: Check, servers: Servers, jobs: Jobs, wait: Wait, *ids: str, **fields: JSON
) -> Exchange:
    """Delete servers, wait for the job, and judge that they are gone; return the answer to the request.

    What else a deletion does is not tested where a server is still there: raises `PrerequisiteMissing` then.
    """
    deleted = client.post(f"{SERVERS}/delete", {"servers": [{"id": server} for server in ids], **fields})
    jobs.settle(deleted)
    for server in ids:
        if deleted.accepted and "job_id" not in deleted.json_object:  # nothing says when it is over
            wait.gone(url_of("nova.servers.show", server_id=server))
    for server in ids:
        gone = servers.show(server)
        went = check.after(deleted).refused("ecs.servers.delete/rule/success-deletes", gone, "not-found")
        if deleted.accepted and not went:
            raise PrerequisiteMissing("A server that was deleted has to be gone", seen=gone.answer)
    return deleted


def stopped_on(
    client: Client, check: Check, servers: Servers, supplies: Supplies, virtualization: str, requirement: str
) -> Lease | None:
    """Return a stopped server of a virtualization (table 5-41): CloudCompute is KVM, FusionCompute Xen.

    Where no flavor of it is on sale, the *requirement* does not apply, and there is none.
    """

    def fits(flavor: dict[str, Any]) -> bool:
        return (flavor.get("os_extra_specs") or {}).get("ecs:virtualization_env_types") == virtualization

    lease = stopped_of(client, servers, supplies, fits)
    if lease is None:
        listed = client.get(_FLAVORS)
        check.not_applicable(requirement, f"no flavor that is on sale is of {virtualization} (5.4.1)", listed)
    return lease


def stopped_of(
    client: Client, servers: Servers, supplies: Supplies, fits: Callable[[dict[str, Any]], bool]
) -> Lease | None:
    """Return a stopped server whose flavor *fits*, None where no flavor that is on sale does.

    It is one of the run where the run's flavor fits, else one of the smallest flavor that does, which others use too.
    """
    fit = [one for one in read(client.get(_FLAVORS), "flavors") if on_sale(one) and fits(one)]
    if any(one["id"] == supplies.need("flavor_id") for one in fit):
        return servers("SHUTOFF")
    if not fit:
        return None
    smallest = min(fit, key=lambda one: (int(one["vcpus"]), int(one["ram"])))
    body = servers.template(supplies.name("kind"), 1)
    body["server"]["flavorRef"] = smallest["id"]
    lease = supplies.once(f"a server of {smallest['id']}", lambda: servers.own(client.post(SERVERS, body)))
    servers.bring(lease, "SHUTOFF")
    return lease


def on_sale(flavor: dict[str, Any]) -> bool:
    """Whether a flavor can be bought, in the region at large (table 5-41)."""
    status = (flavor.get("os_extra_specs") or {}).get("cond:operation:status", "normal")
    return status not in {"abandon", "sellout", "obt_sellout"}


def stays_away(check: Check, requirement: str, look: Callable[[], Exchange], name: str) -> bool:
    """Judge that no server of a name comes."""
    return check.stays(requirement, look, *NAMES, lacks=name)
