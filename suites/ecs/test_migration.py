"""Rules of migrating servers to dedicated hosts and back (5.2.3)."""

from __future__ import annotations

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Jobs, Lease, Servers, Supplies, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

_HOST = ("body", "server", "os:scheduler_hints", "dedicated_host_id")


def _migrate(client: Client, jobs: Jobs, lease: Lease, host: str | None) -> Exchange:
    """Move a server to a dedicated host, or with None to the public pool, and wait for the end; return its query."""
    where = None if host is None else {"dedicated_host_id": host}
    lease.spoilt = True  # until it is in the public pool again
    sent = client.post(url_of("ecs.servers.migrate", server_id=lease.id), {"migrate": where})
    read(sent)
    jobs.settle(sent, [lease])
    lease.spoilt = host is not None
    return lease.show()


def _stays(
    cases: Cases, expect: Expect, jobs: Jobs, rule: str, lease: Lease, host: str | None, expects: str, change: str
) -> None:
    """Claim that a migration is refused, at once or by its job; where it is not, nobody gets the server again."""
    control = cases.control("ecs.servers.migrate")
    where = None if host is None else {"dedicated_host_id": host}
    refused = expect(
        rule,
        "POST",
        url_of("ecs.servers.migrate", server_id=lease.id),
        json={"migrate": where},
        expects=expects,
        change=change,
        control=control.id,
    )
    lease.spoilt = lease.spoilt or refused.accepted
    jobs.wait_out(refused)


@pytest.mark.ecs_requirement(
    "ecs.servers.migrate/rule/success-to-host",
    "ecs.servers.migrate/rule/success-to-pool",
    "ecs.servers.migrate/rule/server-kept",
    "ecs.servers.migrate/rule/same-host",
    "ecs.servers.migrate/rule/pool-to-pool",
    "nova.servers.show/rule/hints-on-dedicated-host",
    "nova.servers.list-detail/rule/hints-on-dedicated-host",
    "ecs.servers.create/rule/az-of-dedicated-host",
)
def test_a_stopped_server_moves_to_a_host_and_back(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """It is on the host that was named, then on none, and otherwise what it was; where it is already it does not go."""
    host = ecs_supplies.need("dedicated_host_id")
    ecs_cases.control("ecs.servers.migrate")
    lease = ecs_servers("SHUTOFF")
    before = read(lease.show(), "server")
    shown = _migrate(ecs_client, ecs_jobs, lease, host)
    ecs_check("ecs.servers.migrate/rule/success-to-host", shown, *_HOST, contains=host)
    _hinted(ecs_client, ecs_check, lease, shown, present=True)
    for field in ("id", "flavor", "addresses", "os-extended-volumes:volumes_attached"):
        ecs_check("ecs.servers.migrate/rule/server-kept", shown, "body", "server", field, equals=before[field])
    _stays(
        ecs_cases,
        ecs_expect,
        ecs_jobs,
        "ecs.servers.migrate/rule/same-host",
        lease,
        host,
        "refused",
        "the server is on that host already",
    )
    _elsewhere(
        ecs_client,
        ecs_check,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        host,
        str(read(shown, "server", "OS-EXT-AZ:availability_zone")),
    )
    shown = _migrate(ecs_client, ecs_jobs, lease, None)
    ecs_check("ecs.servers.migrate/rule/success-to-pool", shown, *_HOST, absent=True)
    _hinted(ecs_client, ecs_check, lease, shown, absent=True)
    _stays(
        ecs_cases,
        ecs_expect,
        ecs_jobs,
        "ecs.servers.migrate/rule/pool-to-pool",
        lease,
        None,
        "refused",
        "the server is on no dedicated host",
    )


def _elsewhere(
    client: Client, check: Check, expect: Expect, servers: Servers, supplies: Supplies, jobs: Jobs, host: str, zone: str
) -> None:
    """Expect that no server is created on a host in another zone than the host's, *zone*."""
    rule = "ecs.servers.create/rule/az-of-dedicated-host"
    try:
        other = supplies.other_zone(zone)
    except PrerequisiteMissing as missing:
        check.not_tested(rule, str(missing))
        return
    path, body = url_of("ecs.servers.create"), dict(servers.template(supplies.name("no"), 1))
    hints = {"tenancy": "dedicated", "dedicated_host_id": host}
    there, elsewhere = (
        {"server": {**body["server"], "os:scheduler_hints": hints, "availability_zone": one}} for one in (zone, other)
    )
    control = client.post(path, {**there, "dry_run": True})
    refused = expect(
        rule,
        "POST",
        path,
        json=elsewhere,
        expects="refused",
        change="the dedicated host is in another zone",
        control=control.id,
    )
    jobs.wait_out(refused)


def _hinted(client: Client, check: Check, lease: Lease, shown: Exchange, **test: bool) -> None:
    """Judge whether both views of a server show the hints of its creation, which those on a dedicated host have."""
    check("nova.servers.show/rule/hints-on-dedicated-host", shown, "body", "server", "os:scheduler_hints", **test)
    name = read(shown, "server", "name")
    listed = client.get(url_of("nova.servers.list-detail"), query={"name": name, "limit": "1000"})
    ids = read(listed, "servers", "*", "id")
    if lease.id in ids:
        at = ("body", "servers", ids.index(lease.id), "os:scheduler_hints")
        check("nova.servers.list-detail/rule/hints-on-dedicated-host", listed, *at, **test)
    else:
        check.not_tested("nova.servers.list-detail/rule/hints-on-dedicated-host", "the list does not have the server")


@pytest.mark.ecs_requirement("ecs.servers.migrate/rule/success-between-hosts")
def test_a_server_moves_between_hosts(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """From one dedicated host to another."""
    host, other = ecs_supplies.need("dedicated_host_id"), ecs_supplies.need("other_dedicated_host_id")
    ecs_cases.control("ecs.servers.migrate")
    lease = ecs_servers("SHUTOFF")
    _migrate(ecs_client, ecs_jobs, lease, host)
    ecs_check(
        "ecs.servers.migrate/rule/success-between-hosts",
        _migrate(ecs_client, ecs_jobs, lease, other),
        *_HOST,
        contains=other,
    )
    _migrate(ecs_client, ecs_jobs, lease, None)


@pytest.mark.ecs_requirement("ecs.servers.migrate/rule/only-when-stopped")
def test_a_running_server_does_not_move(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """The request for an active server is refused, or its job fails."""
    lease = ecs_servers("ACTIVE")
    host = ecs_supplies.need("dedicated_host_id")
    _stays(
        ecs_cases,
        ecs_expect,
        ecs_jobs,
        "ecs.servers.migrate/rule/only-when-stopped",
        lease,
        host,
        "wrong-state",
        "the server is active",
    )
