"""What users write, checked by mypy and never run."""

from collections.abc import Mapping

import pytest

from pytest_ecs import (
    Check,
    Client,
    Contract,
    Exchange,
    Expect,
    Ingredients,
    Lease,
    Request,
    Servers,
    Supplies,
    Wait,
    load_contract,
    read,
    recipe,
)
from pytest_ecs.exceptions import ConformanceFailure, EcsError, JobFailed
from pytest_ecs.typing import JSON, Clock, JobWaiter


def test_servers(ecs_servers: Servers, ecs_server: Lease, ecs_client: Client, ecs_wait_for_job: JobWaiter) -> None:
    """Fixtures have types that an editor completes."""
    stopped: Lease = ecs_servers("SHUTOFF", exclusive=False, properties={"purpose": "reading"})
    several = ecs_servers.batch(2)
    shown: Exchange = stopped.show()
    body: JSON = shown.response_body
    answer = ecs_client.post("/v1/{project_id}/cloudservers/action", {"os-stop": {"servers": [{"id": ecs_server.id}]}})
    try:
        done: Exchange = ecs_wait_for_job(answer.response_body["job_id"], timeout=60.0)
    except JobFailed as failed:
        raise AssertionError(failed.job_id) from failed
    assert done.status == shown.status == 200
    assert len(several) == 2
    assert body


@recipe("ecs.flavors.list", variant="one-zone")
def flavors(use: Ingredients) -> Request:
    """A recipe of a user's own."""
    return Request(query={"availability_zone": use.need("availability_zone")})


class MyClock:
    """Anything with these two methods is a clock."""

    def now(self) -> float:
        """Return the time."""
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Do nothing."""


clock: Clock = MyClock()
contract: Contract = load_contract()
headers: Mapping[str, str] = {}
failure: ConformanceFailure = ConformanceFailure("text", ["id"])
ids: tuple[str, ...] = failure.requirements
mistake: EcsError = EcsError("what", seen="seen", hint="hint")
marker: pytest.MarkDecorator = pytest.mark.ecs_requirement("ecs.servers.create/status")


def test_claims(ecs_check: Check, ecs_expect: Expect, ecs_server: Lease) -> None:
    """Findings and expectations are made by small callables."""
    held: bool = ecs_check(
        "nova.servers.show/rule/power-state", ecs_server.show(), "body", "server", "status", present=True
    )
    sent: Exchange = ecs_expect("nova.servers.show/status", "GET", "/v2.1/{project_id}/servers/x", expects="not-found")
    ecs_check("nova.servers.show/rule/power-state", ecs_server.show(), "status", equal=1)  # type: ignore[call-arg]
    name: JSON = read(ecs_server.show(), "server", "name")
    assert name
    assert held is not sent.refused


@recipe("nova.tags.check", server="ACTIVE", variant="named")
def tag(use: Ingredients) -> Request:
    """What a recipe may use takes the keywords that it has, and no others."""
    path = f"/v2.1/{{project_id}}/servers/{use.servers[0]}/tags"
    made: JSON = use.make(f"{path}/x", None, method="PUT", among="tags", microversion="2.26")
    use.until(path, "tags", contains="x", microversion="2.26")
    use.until(path, "tags", contain="x")  # type: ignore[call-arg]
    use.make(path, None, verb="PUT")  # type: ignore[call-arg]
    shown: JSON = use.read(path, "tags", 0, micro_version="2.26")  # type: ignore[call-arg]
    return Request({"server_id": use.servers[0], "tag": str(made or shown)}, microversion="2.26")


def test_keywords(ecs_expect: Expect, ecs_wait: Wait, ecs_supplies: Supplies) -> None:
    """The same holds for fixtures."""
    ecs_expect("nova.servers.show/status", "GET", "/", expects="accepted", boddy={})  # type: ignore[call-arg]
    ecs_wait.until("/", "versions", equal=[])  # type: ignore[call-arg]
    ecs_supplies.make("/", {}, "id", headers={})  # type: ignore[call-arg]
