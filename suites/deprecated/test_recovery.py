"""Rules of automatic recovery (11.1)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Jobs, Lease, Servers, Supplies, Wait, read, url_of

from ..ecs.creating import stopped_of
from ..provoking import provoked

_PLACE = ("body", "support_auto_recovery")


def _path(lease: Lease) -> str:
    return url_of("deprecated.recovery.show", server_id=lease.id)


def _configure(client: Client, lease: Lease, value: str) -> Exchange:
    return client.put(_path(lease), {"support_auto_recovery": value})


def _later(client: Client, wait: Wait, lease: Lease, value: str) -> Exchange:
    """Wait a while until the query of a server shows *value*, and return it."""
    shown = client.get(_path(lease))
    for _ in range(60):
        if read(shown, "support_auto_recovery") == value:
            break
        wait.sleep(1.0)
        shown = client.get(_path(lease))
    return shown


@pytest.mark.ecs_requirement(
    "deprecated.recovery.show/rule/as-configured",
    "deprecated.recovery.show/rule/this-server-only",
    "deprecated.recovery.update/rule/sets-up",
    "deprecated.recovery.update/rule/removes",
    "deprecated.recovery.update/rule/this-server-only",
    "deprecated.recovery.update/rule/again",
    "deprecated.recovery.update/rule/no-body",
)
def test_recovery_is_set_up_and_removed(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """The query shows what was configured last, for this server alone; the flavor tells whether it can be."""
    ecs_cases.control("deprecated.recovery.update")
    lease, other = ecs_servers.batch(2)
    before, theirs = (read(ecs_client.get(_path(one)), "support_auto_recovery") for one in (lease, other))
    flavor = ecs_client.get(url_of("nova.flavor-extra-specs.show", flavor_id=str(ecs_servers.flavor_of(lease))))
    supported = "autorecovery" in str(read(flavor, "extra_specs").get("cond:compute", ""))
    if supported:
        done = _configure(ecs_client, lease, "true")
        ecs_check("deprecated.recovery.update/rule/no-body", done, "body", equals=None)
        shown = _later(ecs_client, ecs_wait, lease, "true")
        ecs_check("deprecated.recovery.update/rule/sets-up", shown, *_PLACE, equals="true")
        ecs_check("deprecated.recovery.show/rule/as-configured", shown, *_PLACE, equals="true")
    else:
        ecs_check.not_tested(
            "deprecated.recovery.update/rule/sets-up", "the flavor of the run does not support recovery"
        )
    done = _configure(ecs_client, lease, "false")
    ecs_check("deprecated.recovery.update/rule/no-body", done, "body", equals=None)
    shown = _later(ecs_client, ecs_wait, lease, "false")
    ecs_check("deprecated.recovery.update/rule/removes", shown, *_PLACE, equals="false")
    ecs_check("deprecated.recovery.show/rule/as-configured", shown, *_PLACE, equals="false")
    again = _configure(ecs_client, lease, "false")
    if again.refused:
        ecs_check.refused("deprecated.recovery.update/rule/again", again, "wrong-state")
    else:
        ecs_check("deprecated.recovery.update/rule/again", ecs_client.get(_path(lease)), *_PLACE, equals="false")
    if supported:
        _configure(ecs_client, lease, "true" if theirs == "false" else "false")
        _later(ecs_client, ecs_wait, lease, "true" if theirs == "false" else "false")
    for rule in ("deprecated.recovery.update/rule/this-server-only", "deprecated.recovery.show/rule/this-server-only"):
        ecs_check(rule, ecs_client.get(_path(other)), *_PLACE, equals=theirs)
    _configure(ecs_client, lease, str(before))


@pytest.mark.ecs_group("servers")
@pytest.mark.ecs_requirement("deprecated.recovery.update/rule/flavor-without-recovery", "A.2/Ecs.0036")
def test_a_flavor_without_recovery_refuses_it(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """Where a flavor on sale does not have the word in cond:compute (table 5-41)."""
    rule, code = "deprecated.recovery.update/rule/flavor-without-recovery", "A.2/Ecs.0036"
    listed = ecs_client.get(url_of("ecs.flavors.list"))
    lease = stopped_of(ecs_client, ecs_servers, ecs_supplies, _without) if listed.accepted else None
    if lease is None:
        for one in (rule, code):
            ecs_check.not_tested(one, "no flavor on sale is listed without recovery (5.4.1)")
        return
    refused = ecs_expect(
        rule,
        "PUT",
        _path(lease),
        json={"support_auto_recovery": "true"},
        expects="refused",
        change="the flavor does not support recovery",
    )
    provoked(ecs_check, ecs_jobs, refused, code)
    if refused.accepted:
        _configure(ecs_client, lease, "false")


def _without(flavor: dict[str, Any]) -> bool:
    specs = flavor.get("os_extra_specs")  # where they are not shown, nobody can tell
    return isinstance(specs, dict) and "cond:compute" not in specs  # table 5-41 has one word for it
