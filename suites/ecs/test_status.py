"""Rules of modifying specifications (5.2.4); see test_systems.py and test_migration.py for 5.2.1 to 5.2.3."""

from __future__ import annotations

import pytest

from pytest_ecs import Cases, Check, Client, Expect, Jobs, Servers, url_of
from pytest_ecs.typing import JSON


def _path(server: str) -> str:
    return url_of("ecs.servers.resize", server_id=server)


@pytest.mark.parametrize(
    ("requirement", "fields"),
    [
        pytest.param(requirement, fields, id=requirement, marks=pytest.mark.ecs_requirement(requirement))
        for requirement, fields in (
            ("ecs.servers.resize/rule/success-resizes", {}),
            ("ecs.servers.resize/rule/dry-run-default", {}),
            ("ecs.servers.resize/rule/dry-run-false", {"dry_run": False}),
        )
    ],
)
def test_the_flavor_changes(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_jobs: Jobs,
    requirement: str,
    fields: dict[str, JSON],
) -> None:
    """After the job of a request without dry_run, or with false, the server has the new flavor."""
    lease = ecs_servers.to_resize()
    wanted = ecs_servers.other_flavor(lease)
    sent = ecs_client.post(_path(lease.id), {"resize": {"flavorRef": wanted}, **fields})
    ecs_jobs.settle(sent, [lease])
    if fields:
        ecs_check.accepted(requirement, sent)
    ecs_check.after(sent)(requirement, lease.show(), "body", "server", "flavor", "id", equals=wanted)


@pytest.mark.ecs_requirement("ecs.servers.resize/rule/only-when-stopped")
def test_a_running_server_is_not_resized(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """The request for an active server is refused, or its job fails."""
    lease = ecs_servers("ACTIVE")
    control = ecs_cases.control("ecs.servers.resize")
    body = {"resize": {"flavorRef": ecs_servers.other_flavor(lease)}}
    refused = ecs_expect(
        "ecs.servers.resize/rule/only-when-stopped",
        "POST",
        _path(lease.id),
        json=body,
        expects="wrong-state",
        change="the server is active",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)


@pytest.mark.ecs_requirement(
    "ecs.servers.resize/rule/dry-run-accepted", "ecs.servers.resize/rule/dry-run-changes-nothing"
)
def test_a_checked_request_changes_nothing(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """dry_run answers 202 and the flavor stays."""
    lease = ecs_servers("SHUTOFF")
    before = ecs_servers.flavor_of(lease)
    checked = ecs_client.post(
        _path(lease.id), {"dry_run": True, "resize": {"flavorRef": ecs_servers.other_flavor(lease)}}
    )
    ecs_jobs.settle(checked, [lease])
    ecs_check.answered("ecs.servers.resize/rule/dry-run-accepted", checked, "checked")
    check, flavor = ecs_check.after(checked), ("body", "server", "flavor", "id")
    check.stays("ecs.servers.resize/rule/dry-run-changes-nothing", lease.show, *flavor, equals=before)


@pytest.mark.ecs_requirement("ecs.servers.resize/rule/dry-run-checks")
def test_a_checked_request_still_reports_errors(ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers) -> None:
    """dry_run without a flavor is refused."""
    (lease,) = ecs_servers.shared("SHUTOFF")
    control = ecs_cases.control("ecs.servers.resize", check_only=True)
    ecs_expect(
        "ecs.servers.resize/rule/dry-run-checks",
        "POST",
        _path(lease.id),
        json={"dry_run": True, "resize": {}},
        expects="invalid",
        change="flavorRef is left out",
        control=control.id,
    )


@pytest.mark.ecs_requirement("ecs.servers.resize/rule/same-flavor")
def test_the_same_flavor_is_refused(ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_jobs: Jobs) -> None:
    """A resize to the flavor that the server has is refused, or its job fails."""
    (lease,) = ecs_servers.shared("SHUTOFF")
    control = ecs_cases.control("ecs.servers.resize")
    body = {"resize": {"flavorRef": ecs_servers.flavor_of(lease)}}
    refused = ecs_expect(
        "ecs.servers.resize/rule/same-flavor",
        "POST",
        _path(lease.id),
        json=body,
        expects="same-flavor",
        change="the flavor is the one it has",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)
