"""Rules of rebuilding through the native API (6.3.6)."""

from __future__ import annotations

import pytest

from pytest_ecs import Afterwards, Check, Client, Exchange, Lease, Servers, Supplies, Target, read, url_of
from pytest_ecs.typing import ServerState

from ..recipes.values import PASSWORD

pytestmark = pytest.mark.ecs_group("servers")


def _rebuild(
    client: Client, servers: Servers, lease: Lease, at: str = "2.1", **fields: object
) -> tuple[Exchange, Exchange | None]:
    """Rebuild a server and wait for the end; return the answer, and the first query that showed it being rebuilt."""
    seen: list[Exchange] = []

    def look() -> None:
        shown = lease.show()
        task = read(shown, "server", "OS-EXT-STS:task_state")
        if isinstance(task, str) and task.lower().startswith("rebuild"):
            seen.append(shown)

    path = url_of("nova.servers.rebuild", server_id=lease.id)
    answer = client.post(path, {"rebuild": fields}, microversion=at)
    servers.wait_stable(lease.id, each=look)
    return answer, seen[0] if seen else None


@pytest.mark.ecs_requirement(
    "nova.servers.rebuild/rule/same-server",
    "nova.servers.rebuild/rule/own-project",
    "nova.servers.rebuild/rule/ends",
    "nova.servers.rebuild/rule/rebuild-status",
    "nova.servers.rebuild/rule/name-kept",
    "nova.servers.rebuild/rule/same-addresses",
    "nova.servers.rebuild/rule/this-server-only",
)
@pytest.mark.parametrize("state", ["ACTIVE", "SHUTOFF"])
def test_a_rebuilt_server_is_the_same(
    ecs_client: Client,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    state: ServerState,
) -> None:
    """With what was not asked to change, and no other server changes."""
    lease, other = ecs_servers.batch(2, state)
    updated, before = read(other.show(), "server", "updated"), read(lease.show(), "server")
    answer, seen = _rebuild(ecs_client, ecs_servers, lease, imageRef=ecs_supplies.need("image_id"))
    check = ecs_check.after(answer)
    project = ecs_client.project_id
    check("nova.servers.rebuild/rule/same-server", answer, "body", "server", "id", equals=lease.id)
    check("nova.servers.rebuild/rule/own-project", answer, "body", "server", "tenant_id", equals=project)
    if seen is not None:
        check("nova.servers.rebuild/rule/rebuild-status", seen, "body", "server", "status", equals="REBUILD")
    else:
        ecs_check.not_tested(
            "nova.servers.rebuild/rule/rebuild-status", "the rebuild was refused, or too quick to be seen"
        )
    shown = lease.show()
    check("nova.servers.rebuild/rule/ends", shown, "body", "server", "status", one_of=["ACTIVE", "SHUTOFF"])
    check("nova.servers.rebuild/rule/name-kept", shown, "body", "server", "name", equals=before["name"])
    for field in ("addresses", "flavor"):
        check("nova.servers.rebuild/rule/same-addresses", shown, "body", "server", field, equals=before[field])
    at = ("body", "server", "updated")
    with ecs_later:
        check = check.later(ecs_later)
        check.stays("nova.servers.rebuild/rule/this-server-only", other.show, *at, equals=updated)


@pytest.mark.ecs_requirement("nova.servers.rebuild/rule/name-set")
def test_a_rebuilt_server_has_the_name_that_was_asked_for(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """It is shown afterwards."""
    lease, name = ecs_servers("ACTIVE"), ecs_supplies.name("rebuilt")
    named, _ = _rebuild(ecs_client, ecs_servers, lease, imageRef=ecs_supplies.need("image_id"), name=name)
    ecs_check.after(named)("nova.servers.rebuild/rule/name-set", lease.show(), "body", "server", "name", equals=name)


@pytest.mark.parametrize(
    ("rule", "length"),
    [
        pytest.param(rule, length, id=str(length), marks=pytest.mark.ecs_requirement(rule))
        for rule, length in (
            ("nova.servers.rebuild/rule/name-shortest", 1),
            ("nova.servers.rebuild/rule/name-longest", 254),
        )
    ],
)
def test_the_shortest_and_the_longest_name_are_kept(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, rule: str, length: int
) -> None:
    """Of 1 and of 254 characters (table 6-72); the server gets back the name that it had."""
    lease, name = ecs_servers("ACTIVE"), ecs_supplies.name("rebuilt").ljust(length, "x")[-length:]
    before = read(lease.show(), "server", "name")
    named, _ = _rebuild(ecs_client, ecs_servers, lease, imageRef=ecs_supplies.need("image_id"), name=name)
    if ecs_check.accepted(rule, named):
        ecs_check(rule, lease.show(), "body", "server", "name", equals=name)
        path = url_of("nova.servers.update", server_id=lease.id)
        lease.spoilt = ecs_client.put(path, {"server": {"name": before}}).refused


@pytest.mark.ecs_requirement("nova.servers.rebuild/rule/metadata-set")
def test_a_rebuilt_server_has_the_metadata_that_were_asked_for(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """They are shown afterwards, beside others or not; the server gets back what it had."""
    lease, pair = ecs_servers("ACTIVE"), ecs_supplies.name("pair")
    metadata = url_of("nova.metadata.list", server_id=lease.id)
    before = read(ecs_client.get(metadata), "metadata")
    image = ecs_supplies.need("image_id")
    marked, _ = _rebuild(ecs_client, ecs_servers, lease, imageRef=image, metadata={pair: "conformance"})
    check, at = ecs_check.after(marked), ("body", "server", "metadata", pair)
    check("nova.servers.rebuild/rule/metadata-set", lease.show(), *at, equals="conformance")
    lease.spoilt = ecs_client.put(metadata, {"metadata": before}).refused


@pytest.mark.parametrize(
    ("rule", "version", "form"),
    [
        pytest.param(rule, version, form, id=form, marks=pytest.mark.ecs_requirement(rule))
        for rule, version, form in (
            ("nova.servers.rebuild/rule/image-url", "2.1", "url"),
            ("nova.servers.rebuild/rule/admin-pass-ignored", "2.1", "password"),
            ("nova.servers.rebuild/rule/original-image", "2.47", "later"),
        )
    ],
)
def test_other_forms_of_a_rebuild(
    ecs_client: Client,
    ecs_target: Target,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    rule: str,
    version: str,
    form: str,
) -> None:
    """With the URL of the image, with a password that is ignored, and at a later microversion."""
    lease, image = ecs_servers("ACTIVE"), ecs_supplies.need("image_id")
    fields: dict[str, object] = {"imageRef": image}
    if form == "url":
        fields["imageRef"] = f"{ecs_target.endpoint}/images/{image}"
    elif form == "password":
        fields["adminPass"] = PASSWORD
    answer, _ = _rebuild(ecs_client, ecs_servers, lease, version, **fields)
    ecs_check.accepted(rule, answer)
