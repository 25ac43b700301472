"""Rules of deleting ECSs (5.1.2), and of what becomes of their EIPs and data disks."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Jobs, Servers, Supplies, Wait, exactly, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing
from pytest_ecs.typing import JSON

from .creating import EIPS, SERVERS, VOLUMES, create, delete, refuse, the_server

pytestmark = pytest.mark.ecs_group("servers")


@pytest.mark.ecs_requirement("ecs.servers.delete/rule/success-deletes")
def test_a_server_is_deleted(ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait) -> None:
    """The one of the recipe's own request."""
    deleted = ecs_cases.attempt("ecs.servers.delete")
    for one in deleted.request_body["servers"]:
        if deleted.accepted and "job_id" not in deleted.json_object:  # nothing says when it is over
            ecs_wait.gone(url_of("nova.servers.show", server_id=one["id"]))
        gone = ecs_servers.show(one["id"])
        ecs_check.after(deleted).refused("ecs.servers.delete/rule/success-deletes", gone, "not-found")


@pytest.mark.ecs_requirement("ecs.servers.delete/rule/listed-only", "ecs.servers.delete/rule/several")
def test_only_the_listed_servers_are_deleted(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, ecs_wait: Wait
) -> None:
    """The two servers in the request are gone when the job is over, and every other one of the run is still there."""
    kept, both = ecs_servers(), [ecs_servers.to_delete() for _ in range(2)]
    listing: dict[str, Any] = {"query": {"limit": "1000"}}
    before = read(ecs_client.get(url_of("nova.servers.list"), **listing), "servers")
    idle = {server["id"] for server in before} & {*ecs_servers.idle()}
    deleted = ecs_client.post(f"{SERVERS}/delete", {"servers": [{"id": lease.id} for lease in both]})
    ecs_jobs.settle(deleted)
    check = ecs_check.after(deleted)
    for lease in both:
        if "job_id" not in deleted.json_object:  # nothing says when it is over
            ecs_wait.gone(url_of("nova.servers.show", server_id=lease.id))
        check.refused("ecs.servers.delete/rule/several", lease.show(), "not-found")
    check.stays_there("ecs.servers.delete/rule/listed-only", kept.show)
    after = ecs_client.get(url_of("nova.servers.list"), **listing)
    # Whoever took one of them meanwhile may have deleted it.
    others = sorted(idle & {*ecs_servers.idle()})
    check("ecs.servers.delete/rule/listed-only", after, "body", "servers", "*", "id", includes=others)


@pytest.mark.ecs_requirement("ecs.servers.delete/rule/unknown-among-known")
def test_an_unknown_server_among_known_ones_is_refused(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """A list with an id that does not exist is refused, or its job fails."""
    control, lease = ecs_cases.control("ecs.servers.delete"), ecs_servers.to_delete()
    refused = ecs_expect(
        "ecs.servers.delete/rule/unknown-among-known",
        "POST",
        f"{SERVERS}/delete",
        json={"servers": [{"id": lease.id}, {"id": ecs_supplies.unknown_id()}]},
        expects="refused",
        change="one of two ids does not exist",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)


@pytest.mark.ecs_requirement(
    "ecs.servers.create/rule/eip-assigned",
    "ecs.servers.create/rule/eip-chargemode-omitted",
    "ecs.servers.delete/rule/publicip-default-released",
)
def test_an_eip_is_assigned_and_released(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, ecs_wait: Wait
) -> None:
    """The publicip of the section's own example, without chargemode, gives a floating address that goes with the server."""
    started = ecs_cases.attempt("ecs.servers.create", "eip")
    ecs_check.accepted("ecs.servers.create/rule/eip-chargemode-omitted", started)
    check = ecs_check.after(started)
    if not started.accepted:
        reason = f"no server was created with a new EIP: {started.answer}"
        check.not_tested("ecs.servers.create/rule/eip-assigned", reason)
        check.not_tested("ecs.servers.delete/rule/publicip-default-released", reason)
        return
    server = the_server(ecs_client, ecs_servers, ecs_jobs, ecs_wait, started)
    shown = ecs_servers.show(server)
    (network,) = exactly(1, read(shown, "server", "addresses"), "the server's only network")
    place = ("body", "server", "addresses", network, "*", "OS-EXT-IPS:type")
    check("ecs.servers.create/rule/eip-assigned", shown, *place, includes=["fixed", "floating"])
    addresses = read(ecs_servers.show(server), "server", "addresses", network)
    address = next((one["addr"] for one in addresses if one["OS-EXT-IPS:type"] == "floating"), None)
    rule = "ecs.servers.delete/rule/publicip-default-released"
    if address is None:
        check.not_tested(rule, "the server shows no EIP")
        return
    deleted = _deleted_with_eip(ecs_client, ecs_check, ecs_servers, ecs_jobs, ecs_wait, rule, server)
    if deleted is not None:
        listed = ecs_client.get(EIPS)
        check.after(deleted)(rule, listed, "body", "floating_ips", "*", "ip", lacks=address)


@pytest.mark.parametrize(
    ("publicip", "requirements"),
    [
        pytest.param(
            None,
            ("ecs.servers.create/rule/eip-existing", "ecs.servers.create/rule/eip-kept-by-default"),
            id="default",
            marks=pytest.mark.ecs_requirement(
                "ecs.servers.create/rule/eip-existing", "ecs.servers.create/rule/eip-kept-by-default"
            ),
        ),
        pytest.param(
            {"delete_on_termination": False},
            ("ecs.servers.create/rule/eip-false-accepted", "ecs.servers.delete/rule/publicip-default-kept"),
            id="false",
            marks=pytest.mark.ecs_requirement(
                "ecs.servers.create/rule/eip-false-accepted", "ecs.servers.delete/rule/publicip-default-kept"
            ),
        ),
    ],
)
def test_an_eip_that_is_there_is_bound_and_stays(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    publicip: dict[str, JSON] | None,
    requirements: tuple[str, str],
) -> None:
    """It shows at the server that is created with it, and without a word at its deletion it is there afterwards, unbound.

    Where nothing else is said of it, the request is the recipe's.
    """
    bound, kept = requirements
    if publicip is None:
        created = ecs_cases.attempt("ecs.servers.create", "bound")
        eip = {"id": created.request_body["server"]["publicip"]["id"]}
    else:
        eip = ecs_supplies.make(EIPS, {}, "floating_ip")
        created = create(ecs_client, ecs_check, ecs_servers, ecs_supplies, publicip={"id": eip["id"], **publicip})
    ecs_check.accepted(bound, created)
    check, path = ecs_check.after(created), f"{EIPS}/{eip['id']}"
    if not created.accepted:
        check.not_tested(kept, f"no server was created with the EIP: {created.answer}")
        ecs_client.delete(path)
        return
    address = str(read(ecs_client.get(path), "floating_ip", "ip"))
    server = the_server(ecs_client, ecs_servers, ecs_jobs, ecs_wait, created)
    shown = ecs_servers.show(server)
    (network,) = exactly(1, read(shown, "server", "addresses"), "the server's only network")
    check(bound, shown, "body", "server", "addresses", network, "*", "addr", contains=address)
    deleted = delete(ecs_client, ecs_check, ecs_servers, ecs_jobs, ecs_wait, server)
    _kept(ecs_client, check.after(deleted), kept, path)
    ecs_client.delete(path)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/eip-down")
def test_an_eip_of_another_server_is_refused(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """Where it is bound it serves no second server."""
    eip = ecs_supplies.make(EIPS, {}, "floating_ip")
    server = _with_eip(ecs_client, ecs_check, ecs_servers, ecs_supplies, ecs_jobs, ecs_wait, eip, created=False)
    refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "ecs.servers.create/rule/eip-down",
        "the EIP is bound to another server",
        publicip={"id": eip["id"]},
    )
    delete(ecs_client, ecs_check, ecs_servers, ecs_jobs, ecs_wait, server)
    ecs_client.delete(f"{EIPS}/{eip['id']}")


@pytest.mark.parametrize(
    ("eips", "there"),
    [
        pytest.param(
            "ecs.servers.delete/rule/publicip-released",
            False,
            id="released",
            marks=pytest.mark.ecs_requirement("ecs.servers.delete/rule/publicip-released"),
        ),
        pytest.param(
            "ecs.servers.delete/rule/publicip-kept",
            True,
            id="kept",
            marks=pytest.mark.ecs_requirement("ecs.servers.delete/rule/publicip-kept"),
        ),
    ],
)
def test_an_eip_goes_or_stays_as_the_deletion_says(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    eips: str,
    there: bool,
) -> None:
    """With delete_publicip true it is gone, with false it is there and at no server, whatever was said before."""
    try:
        eip = ecs_supplies.make(EIPS, {}, "floating_ip")
    except PrerequisiteMissing as missing:
        ecs_check.not_tested(eips, f"the endpoint gives no EIP (11.5): {missing}")
        return
    server = _with_eip(ecs_client, ecs_check, ecs_servers, ecs_supplies, ecs_jobs, ecs_wait, eip, created=there)
    flag = {"delete_publicip": not there}
    deleted = _deleted_with_eip(ecs_client, ecs_check, ecs_servers, ecs_jobs, ecs_wait, eips, server, **flag)
    if deleted is None:
        return
    path, address = f"{EIPS}/{eip['id']}", str(eip["ip"])
    if there:
        _kept(ecs_client, ecs_check.after(deleted), eips, path)
    else:
        listed = ecs_client.get(EIPS)
        ecs_check.after(deleted)(eips, listed, "body", "floating_ips", "*", "ip", lacks=address)
    ecs_client.delete(path)


@pytest.mark.parametrize(
    ("requirement", "fields"),
    [
        pytest.param(requirement, fields, id=name, marks=pytest.mark.ecs_requirement(requirement))
        for name, requirement, fields in (
            ("deleted", "ecs.servers.delete/rule/volumes-deleted", {"delete_volume": True}),
            ("kept", "ecs.servers.delete/rule/volumes-kept", {"delete_volume": False}),
            ("default", "ecs.servers.delete/rule/volumes-kept-by-default", {}),
        )
    ],
)
def test_data_disks_go_or_stay_as_the_deletion_says(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    requirement: str,
    fields: dict[str, JSON],
) -> None:
    """With delete_volume true they are gone, else they are there and at no server."""
    zone, name = ecs_supplies.need("availability_zone"), ecs_supplies.name("data")
    # A disk of its own, since one with snapshots could not be deleted.
    volume = {"volume": {"size": 10, "display_name": name, "availability_zone": zone}}
    disk = str(ecs_supplies.make(VOLUMES, volume, "volume", "id"))
    ecs_wait.until(f"{VOLUMES}/{disk}", "volume", "status", equals="available")
    server = ecs_servers.to_delete().id
    attachment = {"volumeAttachment": {"volumeId": disk, "device": "/dev/vdb"}}
    ecs_supplies.make(f"{SERVERS}/{server}/attachvolume", attachment)
    path = f"{VOLUMES}/{disk}"
    ecs_wait.until(path, "volume", "status", equals="in-use")
    deleted = delete(ecs_client, ecs_check, ecs_servers, ecs_jobs, ecs_wait, server, **fields)
    check = ecs_check.after(deleted)
    if requirement == "ecs.servers.delete/rule/volumes-deleted":
        if deleted.accepted:
            ecs_wait.gone(path)
            control, change = ecs_client.get(VOLUMES), "the server was deleted with its disks"
            read(control, "volumes")
            ecs_expect(requirement, "GET", path, expects="not-found", change=change, control=control.id)
        else:
            check.not_tested(requirement, f"the server was not deleted: {deleted.answer}")
    else:
        if check.accepted(requirement, ecs_client.get(path)):
            check(requirement, ecs_client.get(path), "body", "volume", "status", equals="available")
        ecs_client.delete(path)


def _with_eip(
    client: Client,
    check: Check,
    servers: Servers,
    supplies: Supplies,
    jobs: Jobs,
    wait: Wait,
    eip: dict[str, Any],
    *,
    created: bool,
) -> str:
    """Return a server that is to be deleted and has the EIP; it is *created* with it, to go with the server, or gets it."""
    if created:
        sent = create(client, check, servers, supplies, publicip={"id": eip["id"], "delete_on_termination": True})
        return the_server(client, servers, jobs, wait, sent)
    server = servers.to_delete().id
    supplies.make(
        url_of("deprecated.servers.add-floating-ip", server_id=server), {"addFloatingIp": {"address": eip["ip"]}}
    )
    wait.until(f"{EIPS}/{eip['id']}", "floating_ip", "instance_id", equals=server)
    return server


def _deleted_with_eip(
    client: Client,
    check: Check,
    servers: Servers,
    jobs: Jobs,
    wait: Wait,
    requirement: str,
    server: str,
    **fields: JSON,
) -> Exchange | None:
    """Delete a server where EIPs can be listed afterwards; otherwise *requirement* is not tested."""
    if not client.get(EIPS).accepted:
        check.not_tested(requirement, "the endpoint does not list EIPs (11.5.4)")
        return None
    return delete(client, check, servers, jobs, wait, server, **fields)


def _kept(client: Client, check: Check, requirement: str, path: str) -> None:
    """Judge that an EIP is there, and bound to no server."""
    if check.stays_there(requirement, lambda: client.get(path)):
        check(requirement, client.get(path), "body", "floating_ip", "instance_id", equals=None)
