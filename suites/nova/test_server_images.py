"""Rules of the images that are made of servers through the native API, and of what comes from them (6.3.7)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import (
    Afterwards,
    Cases,
    Check,
    Client,
    Exchange,
    Expect,
    Jobs,
    Lease,
    Servers,
    Supplies,
    Target,
    Wait,
    read,
    url_of,
)
from pytest_ecs.exceptions import PrerequisiteMissing
from pytest_ecs.typing import JSON

from ..provoking import provoked
from .imaging import image_of
from .with_disks import with_disks

pytestmark = pytest.mark.ecs_group("servers")

_SERVERS = url_of("nova.servers.list")
_STATUS = ("body", "server", "status")


@pytest.mark.ecs_requirement(
    "nova.servers.create-image/rule/location-is-image",
    "nova.servers.create-image/rule/server-stays",
    "nova.servers.create-image/rule/image-named",
)
def test_an_image_is_made_of_a_server(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """It is named by the answer, has the name asked for, and the server is as before."""
    lease, name = ecs_servers("ACTIVE"), ecs_supplies.name("image")
    with image_of(ecs_client, ecs_servers, ecs_wait, lease, name) as made:
        check = ecs_check.after(made.answer)
        check("nova.servers.create-image/rule/server-stays", lease.show(), *_STATUS, equals="ACTIVE")
        location = ("headers", "Location")
        ends = r"/[0-9A-Fa-f-]{32,36}/?$"
        check("nova.servers.create-image/rule/location-is-image", made.answer, *location, matches=ends)
        named = "nova.servers.create-image/rule/image-named"
        listed = ecs_client.get(url_of("deprecated.images.list"))
        if made.shown is not None:
            check(named, made.shown, "body", "image", "name", equals=name)
        elif listed.accepted:  # images can be queried, and it is none
            check(named, listed, "body", "images", "*", "name", contains=name)
        else:
            ecs_check.not_tested(named, made.missing)


@pytest.mark.ecs_requirement("A.2/Ecs.0032")
def test_an_image_that_is_being_made_has_its_code(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """A server is to be created (5.1.1) from the image of another one that has just been asked for (6.3.7)."""
    lease, sent = ecs_servers("ACTIVE"), []

    def create(image: str) -> None:
        body: dict[str, Any] = ecs_servers.template(ecs_supplies.name("early"), 1)
        body["server"]["imageRef"] = image
        sent.append(ecs_client.post(url_of("ecs.servers.create"), body))

    with image_of(ecs_client, ecs_servers, ecs_wait, lease, ecs_supplies.name("image"), at_once=create) as made:
        if sent:
            provoked(ecs_check, ecs_jobs, sent[0], "A.2/Ecs.0032")
        else:
            ecs_check.not_tested("A.2/Ecs.0032", f"no image was named by the answer: {made.answer.answer}")


@pytest.mark.ecs_requirement("nova.servers.create-image/rule/image-metadata")
def test_an_image_has_the_metadata_that_were_asked_for(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Each pair is shown by the image."""
    lease, name, pairs = ecs_servers("ACTIVE"), ecs_supplies.name("image"), {"purpose": "conformance"}
    with image_of(ecs_client, ecs_servers, ecs_wait, lease, name, metadata=pairs) as made:
        if made.shown is None:
            ecs_check.not_tested("nova.servers.create-image/rule/image-metadata", made.missing)
            return
        at = ("body", "image", "metadata", "purpose")
        ecs_check("nova.servers.create-image/rule/image-metadata", made.shown, *at, equals="conformance")


@pytest.mark.parametrize(
    ("rule", "length", "metadata"),
    [
        pytest.param(rule, length, metadata, id=rule, marks=pytest.mark.ecs_requirement(rule))
        for rule, length, metadata in (
            ("nova.servers.create-image/rule/name-longest", 242, {}),
            ("nova.servers.create-image/rule/metadata-bounds", 0, {"longest": "v" * 254, "shortest": "v"}),
        )
    ],
)
def test_texts_of_an_image_may_be_as_long_as_the_table_says(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    rule: str,
    length: int,
    metadata: dict[str, str],
) -> None:
    """A name of 242 bytes, and values of 1 and of 254 (table 6-76)."""
    more: dict[str, JSON] = {"metadata": metadata} if metadata else {}
    lease, name = ecs_servers("ACTIVE"), ecs_supplies.name("image").ljust(length, "x")
    with image_of(ecs_client, ecs_servers, ecs_wait, lease, name, **more) as made:
        ecs_check.accepted(rule, made.answer)


@pytest.mark.parametrize(
    ("rule", "version"),
    [
        pytest.param(rule, version, id=version, marks=pytest.mark.ecs_requirement(rule))
        for rule, version in (
            ("nova.servers.create-image/rule/no-location-at-2-44", "2.44"),
            ("nova.servers.create-image/rule/no-location", "2.45"),
        )
    ],
)
def test_the_header_goes_with_a_microversion(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    rule: str,
    version: str,
) -> None:
    """From then on there is no Location."""
    lease, name = ecs_servers("ACTIVE"), ecs_supplies.name("image")
    with image_of(ecs_client, ecs_servers, ecs_wait, lease, name, version) as made:
        if ecs_check.accepted(rule, made.answer):
            ecs_check(rule, made.answer, "headers", "Location", absent=True)


def _server(supplies: Supplies, image: str, zone: str, **fields: Any) -> dict[str, Any]:
    server = {
        "name": supplies.name("copy"),
        "imageRef": image,
        "flavorRef": supplies.need("flavor_id"),
        "networks": [{"uuid": supplies.need("network_id")}],
        "availability_zone": zone,
    }
    return {"server": {**server, **fields}}


def _delete(client: Client, wait: Wait, *made: str) -> None:
    """Delete servers, which come from an image that is deleted, too."""
    for server in made:
        client.delete(f"{_SERVERS}/{server}")
    for server in made:
        wait.gone(f"{_SERVERS}/{server}")


def _fails(
    client: Client,
    check: Check,
    afterwards: Afterwards,
    servers: Servers,
    wait: Wait,
    rule: str,
    body: dict[str, Any],
) -> None:
    """Judge that a creation is refused, or makes a server that ends in ERROR, which is deleted in the end."""
    sent = client.post(_SERVERS, body)
    if not sent.accepted:
        check.refused(rule, sent)
        return
    made = servers.settle_kept(sent)
    afterwards.callback(_delete, client, wait, *made)
    for server in made:
        check.later(afterwards)(rule, servers.show(server), *_STATUS, equals="ERROR")


@pytest.mark.ecs_requirement(
    "nova.servers.create-image/rule/creates-servers",
    "nova.servers.create-image/rule/no-data-disks",
)
def test_an_image_of_a_server_makes_servers(
    ecs_client: Client,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """And no data disks."""
    creates = "nova.servers.create-image/rule/creates-servers"
    no_disks = "nova.servers.create-image/rule/no-data-disks"
    lease = ecs_servers("ACTIVE")
    zone = read(lease.show(), "server", "OS-EXT-AZ:availability_zone")
    with ecs_later:
        image = image_of(ecs_client, ecs_servers, ecs_wait, lease, ecs_supplies.name("image"))
        made = ecs_later.enter_context(image)
        if made.not_tested(ecs_check, creates, no_disks) or made.id is None:
            return
        sent = ecs_client.post(_SERVERS, _server(ecs_supplies, made.id, zone))
        copies = ecs_servers.settle(sent)
        ecs_check.accepted(creates, sent)
        for server in copies:
            ecs_check(creates, ecs_servers.show(server), *_STATUS, equals="ACTIVE")
        _delete(ecs_client, ecs_wait, *copies)
        base = ecs_supplies.need("image_id")
        disk = {"source_type": "image", "destination_type": "volume", "boot_index": "-1", "volume_size": 100}
        blank = with_disks(ecs_client, ecs_servers, ecs_supplies, ecs_wait).made["deleted"].answer
        wrong = _with_disk(ecs_supplies, base, zone, {**disk, "uuid": made.id})
        check = ecs_check.after(blank)
        _fails(ecs_client, check, ecs_later, ecs_servers, ecs_wait, no_disks, wrong)


def _with_disk(supplies: Supplies, image: str, zone: str, disk: dict[str, Any]) -> dict[str, Any]:
    """Return a creation with a system disk from *image* and a data disk."""
    system = {"source_type": "image", "destination_type": "volume", "boot_index": "0", "volume_size": 100}
    disks = [{**one, "delete_on_termination": True} for one in ({**system, "uuid": image}, disk)]
    return _server(supplies, image, zone, block_device_mapping_v2=disks)


@pytest.mark.ecs_requirement("nova.servers.create-image/rule/same-az")
def test_an_image_of_a_server_makes_none_in_another_zone(
    ecs_client: Client,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """Where there is one from the image of the run."""
    rule, lease = "nova.servers.create-image/rule/same-az", ecs_servers("ACTIVE")
    other = ecs_supplies.other_zone(read(lease.show(), "server", "OS-EXT-AZ:availability_zone"))
    control = ecs_client.post(_SERVERS, _server(ecs_supplies, ecs_supplies.need("image_id"), other))
    there = ecs_servers.settle(control)
    failed = [server for server in there if read(ecs_servers.show(server), "server", "status") == "ERROR"]
    _delete(ecs_client, ecs_wait, *there)
    if failed:
        raise PrerequisiteMissing(f"There is no room for a server in {other}")
    with ecs_later:
        image = image_of(ecs_client, ecs_servers, ecs_wait, lease, ecs_supplies.name("image"))
        made = ecs_later.enter_context(image)
        if made.not_tested(ecs_check, rule) or made.id is None:
            return
        elsewhere, check = _server(ecs_supplies, made.id, other), ecs_check.after(control)
        _fails(ecs_client, check, ecs_later, ecs_servers, ecs_wait, rule, elsewhere)


@pytest.mark.ecs_requirement("nova.servers.rebuild/rule/another-image", "ecs.servers.change-os/rule/success-changes")
def test_a_server_gets_another_image_and_its_own_again(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    ecs_jobs: Jobs,
) -> None:
    """By rebuilding it (6.3.6), and where chapter 5 is there by changing its system (5.2.2)."""
    another, changes = "nova.servers.rebuild/rule/another-image", "ecs.servers.change-os/rule/success-changes"
    lease, at = ecs_servers("ACTIVE"), ("body", "server", "image", "id")
    with image_of(ecs_client, ecs_servers, ecs_wait, lease, ecs_supplies.name("image")) as made:
        if made.not_tested(ecs_check, another, changes):
            return
        action = f"{_SERVERS}/{lease.id}/action"
        rebuilt = ecs_client.post(action, {"rebuild": {"imageRef": made.id}})
        lease.spoilt = rebuilt.accepted
        ecs_servers.wait_stable(lease.id)
        ecs_check.accepted(another, rebuilt)
        check = ecs_check.after(rebuilt)
        check(another, lease.show(), *at, equals=made.id)
        image = ecs_supplies.need("image_id")
        try:
            ecs_servers.bring(lease, "SHUTOFF")
            sent = _change_system(ecs_client, ecs_supplies, lease.id, read(lease.show(), "server", "user_id"))
            ecs_jobs.settle(sent, [lease])
            check.after(sent)(changes, lease.show(), *at, equals=image)
        finally:
            # Where the server does not get back to the image of the run, nobody else gets it.
            lease.spoilt = not _has_image(ecs_client, ecs_servers, lease, image)


def _has_image(client: Client, servers: Servers, lease: Lease, image: str) -> bool:
    """Rebuild a server from an image unless it has it; return whether it has it then."""
    for _ in range(2):
        if read(lease.show(), "server", "image", "id") == image:
            return True
        client.post(f"{_SERVERS}/{lease.id}/action", {"rebuild": {"imageRef": image}})
        servers.wait_stable(lease.id)
    return False


def _change_system(client: Client, supplies: Supplies, server: str, user: str) -> Exchange:
    wanted = {"imageid": supplies.need("image_id"), "keyname": supplies.need("key_name"), "userid": user}
    return client.post(url_of("ecs.servers.change-os", server_id=server), {"os-change": wanted})


@pytest.mark.parametrize(
    ("rule", "operation", "action", "resource"),
    [
        pytest.param(rule, operation, action, resource, id=action, marks=pytest.mark.ecs_requirement(rule))
        for rule, operation, action, resource in (
            ("nova.servers.rebuild/rule/error-state", "nova.servers.rebuild", "rebuild", "image_id"),
            ("nova.servers.create-image/rule/error-state", "nova.servers.create-image", "createImage", None),
        )
    ],
)
def test_a_server_in_error_is_refused(
    ecs_target: Target,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    rule: str,
    operation: str,
    action: str,
    resource: str | None,
) -> None:
    """Where a target can be put into it: such a server is not rebuilt, and no image is made of it."""
    hook = ecs_target.control
    if hook is None:
        ecs_check.not_tested(rule, "no request brings a server into the state")
        return
    control, lease = ecs_cases.control(operation), ecs_servers("ACTIVE")
    body = {"imageRef": ecs_supplies.need(resource)} if resource else {"name": ecs_supplies.name("no")}
    hook("PUT", f"/_mock/servers/{lease.id}/state", {"vm_state": "error"})
    answer = ecs_expect(
        rule,
        "POST",
        f"{_SERVERS}/{lease.id}/action",
        json={action: body},
        expects="wrong-state",
        change="the server is in error",
        control=control.id,
    )
    hook("PUT", f"/_mock/servers/{lease.id}/state", {"vm_state": None})
    lease.spoilt = answer.accepted
