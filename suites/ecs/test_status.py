"""Rules of modifying specifications (5.2.4)."""

from __future__ import annotations

import pytest

from pytest_ecs import Bench

_RESIZE = "ecs.servers.resize/rule"


def _path(server: str) -> str:
    return f"/v1/{{project_id}}/cloudservers/{server}/resize"


@pytest.mark.ecs_requirement(f"{_RESIZE}/success-resizes", f"{_RESIZE}/dry-run-default")
def test_the_flavor_changes(ecs_bench: Bench) -> None:
    """After the job of a request without dry_run the server has the new flavor."""
    lease = ecs_bench.session.pool.lease("SHUTOFF")
    wanted = ecs_bench.other_flavor(lease)
    ecs_bench.settle(ecs_bench.client.post(_path(lease.id), {"resize": {"flavorRef": wanted}}), [lease])
    shown = lease.show()
    ecs_bench.check(f"{_RESIZE}/success-resizes", shown, "body", "server", "flavor", "id", equals=wanted)
    ecs_bench.check(f"{_RESIZE}/dry-run-default", shown, "body", "server", "flavor", "id", equals=wanted)
    lease.release()


@pytest.mark.ecs_requirement(f"{_RESIZE}/only-when-stopped")
def test_a_running_server_is_not_resized(ecs_bench: Bench) -> None:
    """The request for an active server is refused, or its job fails."""
    lease = ecs_bench.session.pool.lease("ACTIVE")
    control = ecs_bench.control("ecs.servers.resize")
    body = {"resize": {"flavorRef": ecs_bench.other_flavor(lease)}}
    refused = ecs_bench.expect(
        f"{_RESIZE}/only-when-stopped", "POST", _path(lease.id), json=body,
        expects="wrong-state", change="the server is active", control=control.id,
    )  # fmt: skip
    ecs_bench.wait_out(refused)
    lease.release()


@pytest.mark.ecs_requirement(f"{_RESIZE}/dry-run-accepted", f"{_RESIZE}/dry-run-changes-nothing")
def test_a_checked_request_changes_nothing(ecs_bench: Bench) -> None:
    """dry_run answers 202 and the flavor stays."""
    lease = ecs_bench.session.pool.lease("SHUTOFF")
    before = ecs_bench.flavor_of(lease)
    checked = ecs_bench.client.post(
        _path(lease.id), {"dry_run": True, "resize": {"flavorRef": ecs_bench.other_flavor(lease)}}
    )
    ecs_bench.settle(checked, [lease])
    ecs_bench.check(f"{_RESIZE}/dry-run-accepted", checked, "status", equals=202)
    ecs_bench.check(f"{_RESIZE}/dry-run-changes-nothing", lease.show(), "body", "server", "flavor", "id", equals=before)
    lease.release()


@pytest.mark.ecs_requirement(f"{_RESIZE}/dry-run-checks")
def test_a_checked_request_still_reports_errors(ecs_bench: Bench) -> None:
    """dry_run without a flavor is refused."""
    (lease,) = ecs_bench.shared("SHUTOFF")
    control = ecs_bench.control("ecs.servers.resize", check_only=True)
    ecs_bench.expect(
        f"{_RESIZE}/dry-run-checks", "POST", _path(lease.id), json={"dry_run": True, "resize": {}},
        expects="invalid", change="flavorRef is left out", control=control.id,
    )  # fmt: skip


@pytest.mark.ecs_requirement(f"{_RESIZE}/same-flavor")
def test_the_same_flavor_is_refused(ecs_bench: Bench) -> None:
    """A resize to the flavor that the server has is refused, or its job fails."""
    (lease,) = ecs_bench.shared("SHUTOFF")
    control = ecs_bench.control("ecs.servers.resize")
    body = {"resize": {"flavorRef": ecs_bench.flavor_of(lease)}}
    refused = ecs_bench.expect(
        f"{_RESIZE}/same-flavor", "POST", _path(lease.id), json=body,
        expects="same-flavor", change="the flavor is the one it has", control=control.id,
    )  # fmt: skip
    ecs_bench.wait_out(refused)
