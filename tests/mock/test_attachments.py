from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"


def _attach(c: Client, server: str, volume: str | None, dry: bool | None = None, **more: Any) -> httpx.Response:
    inner = {**({"volumeId": volume} if volume else {}), **more}
    body = {"volumeAttachment": inner, **({} if dry is None else {"dry_run": dry})}
    return c.v1("POST", f"cloudservers/{server}/attachvolume", body)


def _native(c: Client, server: str, volume: str, **more: Any) -> httpx.Response:
    body = {"volumeAttachment": {"volumeId": volume, **more}}
    return c.nova("POST", f"servers/{server}/os-volume_attachments", body)


def _detach(c: Client, server: str, volume: str, query: str = "") -> httpx.Response:
    return c.v1("DELETE", f"cloudservers/{server}/detachvolume/{volume}{query}")


def _blocks(c: Client, server: str) -> list[JsonObject]:
    return list(c.http.get(f"/v2.1/servers/{server}/block_device").json()["volumeAttachments"])


def test_a_disk_is_attached_and_detached_by_jobs(client: Client) -> None:
    """5.6.1, 5.6.2: all views show each step."""
    (server,), volume = client.create(), client.volume(20)
    job = _attach(client, server, volume).json()["job_id"]
    assert client.job(job)["status"] == "INIT"
    client.advance(2)
    assert (client.job(job)["status"], client.disk(volume)["status"]) == ("RUNNING", "attaching")
    assert client.attached(server)["/dev/vdb"] == volume  # 6.8.1: also disks that are being attached
    client.advance(10)
    done = client.job(job)
    assert (done["status"], done["job_type"], done["entities"]) == ("SUCCESS", "attachVolume", {"server_id": server})
    shown = client.disk(volume)
    assert (shown["status"], shown["attachments"]) == (
        "in-use",
        [{"device": "/dev/vdb", "id": volume, "serverId": server, "volumeId": volume}],
    )
    assert volume in {one["id"] for one in client.show(server)["os-extended-volumes:volumes_attached"]}
    job = _detach(client, server, volume).json()["job_id"]
    client.advance(2)
    assert client.disk(volume)["status"] == "detaching"
    client.advance(10)
    assert client.job(job)["status"] == "SUCCESS"
    assert (client.disk(volume)["status"], client.disk(volume)["attachments"]) == ("available", [{}])
    assert list(client.attached(server)) == ["/dev/vda"]


def test_the_native_view_attaches_and_detaches_without_jobs(client: Client) -> None:
    """6.8.3, 6.8.4: the device is vd, and the next one, whatever was asked for."""
    (server,), first, second = client.create(), client.volume(), client.volume()
    answer = _native(client, server, first, device="/dev/sdb")
    expected = {"device": "/dev/vdb", "serverId": server, "id": first, "volumeId": first}
    assert (answer.status_code, answer.json()) == (200, {"volumeAttachment": expected})
    assert _native(client, server, second, device="/dev/vdk").json()["volumeAttachment"]["device"] == "/dev/vdc"
    client.advance(10)
    one = f"servers/{server}/os-volume_attachments/{first}"
    assert client.nova("GET", one).json() == {"volumeAttachment": expected}
    assert client.nova("DELETE", one).status_code == 202
    client.advance(10)
    assert client.nova("GET", one).status_code == 404
    assert client.nova("DELETE", one).status_code == 404
    assert set(client.attached(server)) == {"/dev/vda", "/dev/vdc"}


def test_block_devices_have_a_size_a_bus_and_an_order(client: Client) -> None:
    """Tables 5-55 and 5-58; the vendor's SDK asks at another URL and needs numbers."""
    (server,) = client.create(data_volumes=[{"volumetype": "SSD", "size": 15, "hw:passthrough": True}])
    plain = client.volume(12)
    _native(client, server, plain)
    client.advance(10)
    blocks = _blocks(client, server)
    assert [(one["bootIndex"], one["device"], one["size"], one["bus"]) for one in blocks] == [
        (0, "/dev/vda", "40", "virtio"),
        (1, "/dev/sda", "15", "scsi"),
        (2, "/dev/vdb", "12", "virtio"),
    ]
    assert len({one["pciAddress"] for one in blocks}) == 3
    one = client.http.get(f"/v2.1/servers/{server}/block_device/{plain}").json()["volumeAttachment"]
    assert one == blocks[2]
    alias = client.v1("GET", f"cloudservers/{server}/block_device").json()["volumeAttachments"]
    assert [one["size"] for one in alias] == [40, 15, 12]
    found = client.v1("GET", f"cloudservers/{server}/block_device/{plain}").json()["volumeAttachment"]
    assert found == {**blocks[2], "size": 12}
    assert client.http.get(f"/v2.1/servers/{server}/block_device/{UNKNOWN}").status_code == 404
    assert client.code(client.v1("GET", f"cloudservers/{server}/block_device/{UNKNOWN}")) == (400, "Ecs.0111")
    assert client.http.get(f"/v2.1/servers/{UNKNOWN}/block_device").status_code == 404


def test_a_request_can_only_be_checked(client: Client) -> None:
    """Table 5-50: with dry_run nothing is attached; without a disk only its type and count are looked at."""
    (server,), volume = client.create(), client.volume()
    assert _attach(client, server, volume, dry=True).status_code == 202
    assert _attach(client, server, None, dry=True, volume_type="SSD", count=59).status_code == 202
    assert client.code(_attach(client, server, None, dry=True, volume_type="SSD", count=60)) == (400, "Ecs.0104")
    assert client.code(_attach(client, server, None, dry=True)) == (400, "Ecs.0005")
    assert client.code(_attach(client, server, None, volume_type="SSD")) == (400, "Ecs.0005")
    assert client.code(_attach(client, server, UNKNOWN, dry=True)) == (400, "Ecs.0103")
    client.advance(60)
    assert list(client.attached(server)) == ["/dev/vda"]


def test_the_example_of_5_6_1_is_accepted(client: Client) -> None:
    """A SCSI disk at /dev/sda, with the fields that count only for a check."""
    (server,), volume = client.create(), client.volume(metadata={"hw:passthrough": "true"})
    more = {"device": "/dev/sda", "volume_type": "SSD", "count": 5, "hw:passthrough": "true"}
    assert _attach(client, server, volume, dry=False, **more).status_code == 200
    assert client.attached(server)["/dev/sda"] == volume


Bad = Callable[[Client, str], httpx.Response]
WRONG: dict[str, tuple[Bad, str]] = {
    "no attachment": (lambda c, s: c.v1("POST", f"cloudservers/{s}/attachvolume", {"dry_run": False}), "Ecs.0005"),
    "disk unknown": (lambda c, s: _attach(c, s, UNKNOWN), "Ecs.0103"),
    "disk no UUID": (lambda c, s: _attach(c, s, "x"), "Ecs.0005"),
    "disk a number": (lambda c, s: _attach(c, s, None, volumeId=5), "Ecs.0005"),
    "disk of others": (lambda c, s: _attach(c, s, Client(c.cloud, "other_project").volume()), "Ecs.0103"),
    "device of no form": (lambda c, s: _attach(c, s, c.volume(), device="sdb"), "Ecs.0005"),
    "device taken": (lambda c, s: _attach(c, s, c.volume(), device="/dev/vda"), "Ecs.0005"),
    "device vdy": (lambda c, s: _attach(c, s, c.volume(), device="/dev/vdy"), "Ecs.0005"),
    "type unknown": (lambda c, s: _attach(c, s, None, dry=True, volume_type="TAPE"), "Ecs.0043"),
    "count 0": (lambda c, s: _attach(c, s, None, dry=True, volume_type="SSD", count=0), "Ecs.0005"),
    "other zone": (lambda c, s: _attach(c, s, c.volume(availability_zone="eu-test-1b")), "Ecs.0121"),
    "creating": (lambda c, s: _attach(c, s, c.volume(wait=0)), "Ecs.0103"),
    "its own": (lambda c, s: _attach(c, s, c.attached(s)["/dev/vda"]), "Ecs.0057"),
    "in use": (lambda c, s: _attach(c, s, c.attached(c.create()[0])["/dev/vda"]), "Ecs.0103"),
    "not attached": (lambda c, s: _detach(c, s, c.volume()), "Ecs.0111"),
    "flag 2": (lambda c, s: _detach(c, s, c.volume(), "?delete_flag=2"), "Ecs.0005"),
    "system disk": (lambda c, s: _detach(c, s, c.attached(s)["/dev/vda"]), "Ecs.0100"),
    "system disk by force": (lambda c, s: _detach(c, s, c.attached(s)["/dev/vda"], "?delete_flag=1"), "Ecs.0100"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_breaks_a_rule_is_refused(client: Client, case: str) -> None:
    """5.6.1 and 5.6.2 with the codes of A.2; the server keeps its disk."""
    (server,) = client.create()
    call, code = WRONG[case]
    assert client.code(call(client, server)) == (400, code)
    assert list(client.attached(server)) == ["/dev/vda"]


NATIVE_WRONG: dict[str, tuple[Bad, int]] = {
    "no attachment": (lambda c, s: c.nova("POST", f"servers/{s}/os-volume_attachments", {}), 400),
    "no disk": (lambda c, s: c.nova("POST", f"servers/{s}/os-volume_attachments", {"volumeAttachment": {}}), 400),
    "disk unknown": (lambda c, s: _native(c, s, UNKNOWN), 404),
    "device a number": (lambda c, s: _native(c, s, c.volume(), device=5), 400),
    "device taken": (lambda c, s: _native(c, s, c.volume(), device="/dev/sda"), 400),
    "other zone": (lambda c, s: _native(c, s, c.volume(availability_zone="eu-test-1b")), 400),
    "in use": (lambda c, s: _native(c, s, c.attached(c.create()[0])["/dev/vda"]), 400),
    "system disk": (
        lambda c, s: c.nova("DELETE", f"servers/{s}/os-volume_attachments/{c.attached(s)['/dev/vda']}"),
        409,
    ),
}


@pytest.mark.parametrize("case", NATIVE_WRONG)
def test_the_native_view_refuses_too(client: Client, case: str) -> None:
    """6.8.3, 6.8.4."""
    (server,) = client.create()
    call, status = NATIVE_WRONG[case]
    answer = call(client, server)
    assert (answer.status_code, next(iter(answer.json().values()))["code"]) == (status, status)
    assert list(client.attached(server)) == ["/dev/vda"]


@pytest.mark.parametrize(
    ("state", "fits"),
    [
        (("active", None), True),
        (("stopped", None), True),
        (("resized", None), False),
        (("paused", None), False),
        (("active", "rebooting"), False),
        (("building", "spawning"), False),
        (("suspended", None), False),
    ],
)
def test_disks_change_only_in_certain_states(client: Client, state: tuple[str, str | None], *, fits: bool) -> None:
    """6.8.3: not paused, suspended, waiting for a confirmation or busy."""
    (server,), volume, other = client.create(), client.volume(), client.volume()
    hook = {"vm_state": state[0], "task_state": state[1]}
    client.cloud.control("PUT", f"/_mock/servers/{server}/state", hook)
    answer = _attach(client, server, volume)
    if fits:
        assert (answer.status_code, _native(client, server, other).status_code) == (200, 200)
    else:
        assert client.code(answer) == (400, "Ecs.0100")
        assert _native(client, server, other).status_code == 409


def test_a_locked_server_keeps_its_disks(client: Client) -> None:
    """A.2: Ecs.0605."""
    (server,), volume = client.create(), client.volume()
    client.cloud._state.projects[client.project].servers[server].locked = True
    assert client.code(_attach(client, server, volume)) == (400, "Ecs.0605")
    assert _native(client, server, volume).status_code == 409


def test_the_system_disk_of_a_stopped_server_goes_and_comes_back(client: Client) -> None:
    """6.8.3, 6.8.4: there is one system disk, at /dev/vda; without it the server neither starts nor gets others."""
    server, other, volume = client.stopped(), client.stopped(), client.volume()
    system = client.attached(server)["/dev/vda"]
    assert _detach(client, server, system).status_code == 200
    client.advance(10)
    assert client.attached(server) == {}
    start = {"os-start": {"servers": [{"id": server}]}}
    assert client.code(client.v1("POST", "cloudservers/action", start)) == (400, "Ecs.0105")
    assert client.act(server, "os-start").status_code == 409
    assert client.code(_attach(client, server, volume)) == (400, "Ecs.0105")
    assert client.code(_attach(client, other, system, device="/dev/vdb")) == (400, "Ecs.0017")
    assert _native(client, server, system).status_code == 400  # a bootable disk needs a device
    assert _native(client, server, system, device="/dev/vda").status_code == 200
    client.advance(10)
    assert _blocks(client, server)[0]["bootIndex"] == 0
    assert client.run("cloudservers/action", start)["status"] == "SUCCESS"


def test_a_disk_detached_by_force_leaves_a_trace_until_the_restart(client: Client) -> None:
    """6.8.4, constraints 7, 8 and 12: neither device nor PCI address are given again."""
    (server,) = client.create(data_volumes=[{"volumetype": "SSD", "size": 10}] * 2)
    before = _blocks(client, server)
    path = f"servers/{server}/os-volume_attachments/{before[1]['id']}"
    assert client.nova("DELETE", path, params={"delete_flag": 1}).status_code == 202
    client.advance(10)
    assert _attach(client, server, client.volume()).status_code == 200
    client.advance(10)
    assert list(client.attached(server)) == ["/dev/vda", "/dev/vdc", "/dev/vdd"]
    assert before[1]["pciAddress"] not in {one["pciAddress"] for one in _blocks(client, server)}
    assert client.code(_attach(client, server, None, count=57, dry=True, volume_type="SSD")) == (400, "Ecs.0104")
    client.act(server, "reboot", type="SOFT")
    client.advance(60)
    assert _attach(client, server, None, count=57, dry=True, volume_type="SSD").status_code == 202
    assert _attach(client, server, client.volume()).status_code == 200
    assert "/dev/vdb" in client.attached(server)


def test_a_server_has_59_data_disks_and_no_more(client: Client) -> None:
    """Table 5-3 and Ecs.0104."""
    (server,), volume = client.create(data_volumes=[{"volumetype": "SSD", "size": 10}] * 59), client.volume()
    assert client.code(_attach(client, server, volume)) == (400, "Ecs.0104")
    assert _native(client, server, volume).status_code == 403
    _detach(client, server, client.attached(server)["/dev/vdb"])
    client.advance(10)
    assert _attach(client, server, volume).status_code == 200
    assert client.attached(server)["/dev/vdb"] == volume


def test_a_shared_disk_serves_16_servers(client: Client) -> None:
    """multiattach of 5.1.1: one disk, several servers, each with its own attachment."""
    (first,) = client.create(data_volumes=[{"volumetype": "SSD", "size": 10, "multiattach": True}])
    shared, others = client.attached(first)["/dev/vdb"], client.create(count=16)
    for server in others[:15]:
        assert _attach(client, server, shared).status_code == 200
        client.advance(10)
    assert client.code(_attach(client, others[15], shared)) == (400, "Ecs.0017")
    assert {one["serverId"] for one in client.disk(shared)["attachments"]} == {first, *others[:15]}
    _detach(client, first, shared)
    client.advance(10)
    assert client.disk(shared)["status"] == "in-use"
    assert _attach(client, others[15], shared).status_code == 200


def test_a_failed_job_leaves_the_disk_as_it_was(client: Client) -> None:
    """5.8.1 with Ecs.0205 of A.2."""
    (server,), volume = client.create(), client.volume()
    client.cloud.control("POST", "/_mock/fail", {"job_type": "attachVolume", "code": "Ecs.0205"})
    job = client.run(f"cloudservers/{server}/attachvolume", {"volumeAttachment": {"volumeId": volume}})
    assert (job["status"], job["error_code"]) == ("FAIL", "Ecs.0205")
    assert client.disk(volume)["status"] == "available"
    assert list(client.attached(server)) == ["/dev/vda"]


def test_a_deleted_server_lets_go_of_its_disks(client: Client) -> None:
    """5.1.2: data disks stay, also one that was being attached; the job says that it went wrong."""
    (server,), volume = client.create(), client.volume()
    client.nova("DELETE", f"servers/{server}")
    client.advance(9)
    assert client.code(_attach(client, server, volume)) == (400, "Ecs.0100")
    (server,) = client.create()
    job = _attach(client, server, volume).json()["job_id"]
    client.cloud._state.forget(client.cloud._state.projects[client.project].servers[server])
    client.advance(10)
    assert client.job(job)["status"] == "FAIL"
    assert client.disk(volume)["status"] == "available"


def test_windows_keeps_scsi_disks_while_it_runs(client: Client) -> None:
    """Table 6-152."""
    windows = next(one.id for one in client.cloud._state.images.values() if one.os_type == "Windows")
    (server,) = client.create(
        imageRef=windows,
        adminPass="Abcd-1234",
        data_volumes=[{"volumetype": "SSD", "size": 10, "hw:passthrough": True}],
    )
    assert client.code(_detach(client, server, client.attached(server)["/dev/sda"])) == (400, "Ecs.0100")
