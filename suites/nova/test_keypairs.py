"""Rules of key pairs, and of the passwords of servers (6.11)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from pytest_ecs import (
    Cases,
    Check,
    Client,
    Clients,
    Contract,
    Exchange,
    Expect,
    Jobs,
    Servers,
    Supplies,
    Target,
    Wait,
    exactly,
    read,
)
from pytest_ecs.exceptions import PrerequisiteMissing

pytestmark = pytest.mark.ecs_group("servers")

_CREATE = "nova.keypairs.create/rule"
_NO_PASSWORD = "nova.server-passwords.delete/rule"  # noqa: S105 - a part of requirement ids
_PATH = "/v2.1/{project_id}/os-keypairs"
#: From these microversions on a request may have the kind of key, and the user (6.11.3).
_TYPED, _OWNED = "2.2", "2.10"
_NAMES = ("body", "keypairs", "*", "keypair", "name")
#: Seconds that two clocks of an endpoint may differ.
_SLACK = 300.0
#: A public key has at most this many bytes (table 6-188).
_LONGEST = 1024
#: So many key pairs are made to reach a limit, and no more.
_FEW = 20
#: Seconds after which a Windows server that started has its password (6.11.5).
_INJECTED = 600.0


def _create(client: Client, name: str, microversion: str | None = None, **fields: Any) -> Exchange:
    return client.post(_PATH, {"keypair": {"name": name, **fields}}, microversion=microversion)


def _show(client: Client, name: str, microversion: str | None = None) -> Exchange:
    return client.get(f"{_PATH}/{name}", microversion=microversion)


def _drop(client: Client, *names: str) -> None:
    for name in names:
        client.delete(f"{_PATH}/{name}")


def _like(public: Any) -> str:
    """Return a pattern of public keys with the kind and the base64 part of this one."""
    key = re.match(r"\s*[a-z][\w.@-]*\s+[A-Za-z0-9+/=]+", str(public))
    return r"^\s*" + r"\s+".join(map(re.escape, (key[0] if key else str(public)).split())) + r"(?![A-Za-z0-9+/=])"


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    return ":" in text


def _at(listed: Exchange, name: str) -> tuple[str | int, ...]:
    """Return where a key pair stands in a list."""
    names = [entry["keypair"]["name"] for entry in read(listed, "keypairs")]
    return ("body", "keypairs", names.index(name) if name in names else 0, "keypair")


@pytest.mark.ecs_requirement(
    "nova.keypairs.create/rule/name-alone",
    "nova.keypairs.create/rule/imports",
    "nova.keypairs.create/rule/asked-name",
    "nova.keypairs.create/rule/listed",
    "nova.keypairs.create/rule/private-key-created",
    "nova.keypairs.create/rule/private-key-imported",
    "nova.keypairs.create/rule/private-key-once",
    "nova.keypairs.create/rule/imported-key",
    "nova.keypairs.create/rule/new-keys",
    "nova.keypairs.create/rule/longest-key",
    "nova.keypairs.create/rule/malformed-key",
    "nova.keypairs.create/rule/name-taken",
    "nova.keypairs.create/rule/name-free-again",
    "nova.keypairs.list/rule/has-keypairs",
    "nova.keypairs.list/rule/once",
    "nova.keypairs.list/rule/no-private-key",
    "nova.keypairs.list/rule/as-created",
    "nova.keypairs.show/rule/asked-name",
    "nova.keypairs.show/rule/same-as-list",
    "nova.keypairs.show/rule/not-deleted",
    "nova.keypairs.show/rule/created-at",
    "nova.keypairs.show/rule/no-private-key",
    "nova.keypairs.delete/rule/deletes",
    "nova.keypairs.delete/rule/others-stay",
    "nova.keypairs.delete/rule/twice",
    "nova.keypairs.delete/rule/no-longer-usable",
    "nova.keypairs.delete/rule/no-body",
)
def test_key_pairs_come_and_go(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """Created or imported, shown without the private key, and gone when they are deleted."""
    name, imported, another = (ecs_supplies.name("key") for _ in range(3))
    began = ecs_cases.endpoint_time()
    created = _create(ecs_client, name)
    ecs_check.accepted("nova.keypairs.create/rule/name-alone", created)
    ecs_check("nova.keypairs.create/rule/private-key-created", created, "body", "keypair", "private_key", present=True)
    pair = read(created, "keypair")
    second = _create(ecs_client, another)
    another_key = f"^(?!{_like(pair['public_key'])})"
    ecs_check("nova.keypairs.create/rule/new-keys", second, "body", "keypair", "public_key", matches=another_key)
    public = str(read(second, "keypair", "public_key"))
    _drop(ecs_client, another)
    taken = _create(ecs_client, imported, public_key=public)
    ecs_check.accepted("nova.keypairs.create/rule/imports", taken)
    ecs_check("nova.keypairs.create/rule/private-key-imported", taken, "body", "keypair", "private_key", absent=True)
    ecs_check("nova.keypairs.create/rule/imported-key", taken, "body", "keypair", "public_key", matches=_like(public))
    around = [began - _SLACK, ecs_cases.endpoint_time() + _SLACK]
    listed = ecs_client.get(_PATH)
    for wanted, answer in ((name, created), (imported, taken)):
        ecs_check("nova.keypairs.create/rule/asked-name", answer, "body", "keypair", "name", equals=wanted)
        for rule in ("nova.keypairs.create/rule/listed", "nova.keypairs.list/rule/has-keypairs"):
            ecs_check(rule, listed, *_NAMES, contains=wanted)
        ecs_check("nova.keypairs.list/rule/once", listed, *_NAMES, has_one=wanted)
        place, shown = _at(listed, wanted), _show(ecs_client, wanted)
        made = read(answer, "keypair")
        ecs_check("nova.keypairs.create/rule/listed", shown, "body", "keypair", "name", equals=wanted)
        ecs_check("nova.keypairs.show/rule/asked-name", shown, "body", "keypair", "name", equals=wanted)
        entries = [entry["keypair"] for entry in read(listed, "keypairs")]
        entry = next((entry for entry in entries if entry["name"] == wanted), made)
        for rule, answered, at, like in (
            ("nova.keypairs.list/rule/as-created", listed, place, made),
            ("nova.keypairs.show/rule/same-as-list", shown, ("body", "keypair"), entry),
        ):
            ecs_check(rule, answered, *at, "fingerprint", equals=like["fingerprint"])
            ecs_check(rule, answered, *at, "public_key", matches=_like(like["public_key"]))
        for rule, answered, at in (
            ("nova.keypairs.create/rule/private-key-once", listed, place),
            ("nova.keypairs.create/rule/private-key-once", shown, ("body", "keypair")),
            ("nova.keypairs.list/rule/no-private-key", listed, place),
            ("nova.keypairs.show/rule/no-private-key", shown, ("body", "keypair")),
        ):
            ecs_check(rule, answered, *at, "private_key", absent=True)
        ecs_check("nova.keypairs.show/rule/not-deleted", shown, "body", "keypair", "deleted", equals=False)
        ecs_check("nova.keypairs.show/rule/not-deleted", shown, "body", "keypair", "deleted_at", equals=None)
        seen = read(shown, "keypair").get("created_at") if shown.accepted else None
        if isinstance(seen, str) and not _is_time(seen):
            ecs_check.not_tested("nova.keypairs.show/rule/created-at", "created_at has no form that can be read")
        else:
            ecs_check("nova.keypairs.show/rule/created-at", shown, "body", "keypair", "created_at", time_between=around)

    again = ecs_expect(
        "nova.keypairs.create/rule/name-taken",
        "POST",
        _PATH,
        json={"keypair": {"name": name, "public_key": public}},
        expects="refused",
        change="the user has a key pair of the name",
        control=created.id,
    )
    if again.refused:
        kept = _show(ecs_client, name)
        same = _like(pair["public_key"])
        ecs_check("nova.keypairs.create/rule/name-taken", kept, "body", "keypair", "public_key", matches=same)
    ecs_expect(
        "nova.keypairs.create/rule/malformed-key",
        "POST",
        _PATH,
        json={"keypair": {"name": ecs_supplies.name("key"), "public_key": "no public key"}},
        expects="invalid",
        change="the public key is none",
        control=taken.id,
    )
    long = " ".join(public.split()[:2]) + " "
    padded = long + "c" * (_LONGEST - len(long))
    other = ecs_supplies.name("key")
    ecs_check.accepted("nova.keypairs.create/rule/longest-key", _create(ecs_client, other, public_key=padded))

    deleted = ecs_client.delete(f"{_PATH}/{name}")
    ecs_check("nova.keypairs.delete/rule/no-body", deleted, "body", equals=None)
    listed = ecs_client.get(_PATH)
    ecs_check("nova.keypairs.delete/rule/deletes", listed, *_NAMES, lacks=name)
    ecs_check("nova.keypairs.delete/rule/others-stay", listed, *_NAMES, contains=imported)
    shown = _show(ecs_client, name)
    if shown.accepted:
        ecs_check("nova.keypairs.delete/rule/deletes", shown, "body", "keypair", "deleted", equals=True)
    else:
        ecs_check("nova.keypairs.delete/rule/deletes", shown, "status", equals=404)
    ecs_expect(
        "nova.keypairs.delete/rule/twice",
        "DELETE",
        f"{_PATH}/{name}",
        expects="not-found",
        change="the key pair was deleted",
    )
    body: dict[str, Any] = dict(ecs_servers.template(ecs_supplies.name("key"), 1))
    body["server"] = {**body["server"], "key_name": name}
    refused = ecs_expect(
        "nova.keypairs.delete/rule/no-longer-usable",
        "POST",
        "/v1/{project_id}/cloudservers",
        json=body,
        expects="refused",
        change="the key pair was deleted",
    )
    ecs_jobs.wait_out(refused)
    ecs_check.accepted("nova.keypairs.create/rule/name-free-again", _create(ecs_client, name))
    _drop(ecs_client, name, imported, other)


@pytest.mark.ecs_requirement(
    "nova.keypairs.create/rule/type-ssh",
    "nova.keypairs.create/rule/type-x509",
    "nova.keypairs.create/rule/type-default",
    "nova.keypairs.create/rule/early-fields",
    "nova.keypairs.create/rule/own-user",
    "nova.keypairs.create/rule/user-id-own",
    "nova.keypairs.list/rule/type-default",
    "nova.keypairs.show/rule/type-default",
    "nova.keypairs.show/rule/own-user",
)
def test_kinds_and_users_have_their_microversions(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """ssh is the kind that nobody named; the user is the one who asks."""
    (lease,) = ecs_servers.shared("ACTIVE")
    user = read(lease.show(), "server", "user_id")
    kind, own = ("body", "keypair", "type"), ("body", "keypair", "user_id")
    plain, ssh, x509, early, mine = (ecs_supplies.name("key") for _ in range(5))
    made = _create(ecs_client, plain, _TYPED)
    ecs_check.accepted("nova.keypairs.create/rule/type-default", made)
    if "type" in read(made, "keypair"):
        ecs_check("nova.keypairs.create/rule/type-default", made, *kind, equals="ssh")
    ecs_check("nova.keypairs.create/rule/own-user", made, *own, equals=user)
    listed, shown = ecs_client.get(_PATH, microversion=_TYPED), _show(ecs_client, plain, _TYPED)
    ecs_check("nova.keypairs.list/rule/type-default", listed, *_at(listed, plain), "type", equals="ssh")
    ecs_check.accepted("nova.keypairs.show/rule/type-default", shown)
    if "type" in read(shown, "keypair"):
        ecs_check("nova.keypairs.show/rule/type-default", shown, *kind, equals="ssh")
    ecs_check("nova.keypairs.show/rule/own-user", shown, *own, equals=user)
    for rule, name, wanted in (("type-ssh", ssh, "ssh"), ("type-x509", x509, "x509")):
        typed = _create(ecs_client, name, _TYPED, type=wanted)
        if ecs_check.accepted(f"{_CREATE}/{rule}", typed):
            answered = read(typed, "keypair")
            if "type" in answered:
                ecs_check(f"{_CREATE}/{rule}", typed, *kind, equals=wanted)
    before = _create(ecs_client, early, None, type="ssh", user_id=ecs_supplies.unknown_id())
    if ecs_check.accepted("nova.keypairs.create/rule/early-fields", before):
        ecs_check("nova.keypairs.create/rule/early-fields", before, *own, equals=user)
    named = _create(ecs_client, mine, _OWNED, user_id=user)
    ecs_check.accepted("nova.keypairs.create/rule/user-id-own", named)
    ecs_check("nova.keypairs.create/rule/user-id-own", named, *own, equals=user)
    _drop(ecs_client, plain, ssh, x509, early, mine)


@pytest.mark.ecs_requirement(
    "nova.server-passwords.show/rule/linux",
    "nova.server-passwords.show/rule/again",
    "nova.server-passwords.delete/rule/server-untouched",
    "nova.server-passwords.delete/rule/linux",
    "nova.server-passwords.delete/rule/no-body",
)
def test_a_linux_server_has_no_password_to_show(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Nor one to delete; both queries say the same."""
    lease = ecs_servers("ACTIVE")
    path = f"/v2.1/{{project_id}}/servers/{lease.id}/os-server-password"
    first, second = ecs_client.get(path), ecs_client.get(path)
    if first.accepted:
        ecs_check("nova.server-passwords.show/rule/linux", first, "body", "password", length=0)
        ecs_check("nova.server-passwords.show/rule/again", second, "body", "password", length=0)
    else:
        ecs_check("nova.server-passwords.show/rule/linux", first, "status", at_least=400)
        ecs_check("nova.server-passwords.show/rule/again", second, "status", equals=first.status)
    deleted = ecs_client.delete(path)
    if deleted.accepted:
        ecs_check("nova.server-passwords.delete/rule/no-body", deleted, "body", equals=None)
    else:
        ecs_check.not_tested(
            "nova.server-passwords.delete/rule/no-body", "the endpoint refuses to delete the password of a Linux server"
        )
    shown = lease.show()
    for rule in ("server-untouched", "linux"):
        ecs_check(f"{_NO_PASSWORD}/{rule}", shown, "body", "server", "status", equals="ACTIVE")


@pytest.mark.ecs_requirement(
    "nova.keypairs.list/rule/own-user-only",
    "nova.keypairs.show/rule/own-user-only",
    "nova.keypairs.delete/rule/other-user",
)
def test_key_pairs_are_their_users_own(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_contract: Contract,
    ecs_target: Target,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_supplies: Supplies,
) -> None:
    """Another user of the account, who may query and delete key pairs, neither finds nor deletes those of this one."""
    other, hook = ecs_clients("restricted_user"), ecs_target.control
    rules = {
        "list": "nova.keypairs.list/rule/own-user-only",
        "show": "nova.keypairs.show/rule/own-user-only",
        "delete": "nova.keypairs.delete/rule/other-user",
    }
    name = ecs_supplies.name("key")
    read(_create(ecs_client, name))
    mine = _show(ecs_client, name)
    read(mine, "keypair")
    if hook is not None:
        rows = [ecs_contract.permission_of(ecs_contract.operations[f"nova.keypairs.{verb}"]) for verb in rules]
        hook("PUT", "/_mock/policy", {"allow": [action for row in rows for action in (row.action, *row.dependencies)]})
    try:
        listed = other.get(_PATH)
        if listed.refused:
            for rule in rules.values():
                ecs_check.not_tested(rule, "the other user may not query key pairs")
            return
        ecs_check(rules["list"], listed, *_NAMES, lacks=name)
        ecs_expect(
            rules["show"],
            "GET",
            f"{_PATH}/{name}",
            expects="foreign-server",
            change="another user has it",
            client=other,
            control=mine.id,
        )
        ecs_expect(
            rules["delete"],
            "DELETE",
            f"{_PATH}/{name}",
            expects="foreign-server",
            change="another user has it",
            client=other,
            control=mine.id,
        )
        ecs_check(rules["delete"], ecs_client.get(_PATH), *_NAMES, contains=name)
    finally:
        if hook is not None:
            hook("PUT", "/_mock/policy", {"allow": []})
        _drop(ecs_client, name)


@pytest.mark.ecs_requirement("nova.keypairs.create/rule/keys-belong-together", "nova.keypairs.create/rule/quantity")
def test_what_cannot_be_told_of_key_pairs(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies
) -> None:
    """Private keys are not looked at; a limit is reached where few key pairs do it."""
    ecs_check.not_tested(
        "nova.keypairs.create/rule/keys-belong-together",
        "private keys are taken out of every answer before it is judged",
    )
    limits = ecs_client.get("/v2.1/{project_id}/limits")
    most = int(read(limits, "limits", "absolute", "maxTotalKeypairs"))
    room = most - len(read(ecs_client.get(_PATH), "keypairs"))
    if most < 0 or room > _FEW:
        ecs_check.not_tested("nova.keypairs.create/rule/quantity", f"maxTotalKeypairs is {most}")
        return
    names = [ecs_supplies.name("key") for _ in range(max(room, 0) + 1)]
    for name in names[:-1]:
        read(_create(ecs_client, name))
    ecs_expect(
        "nova.keypairs.create/rule/quantity",
        "POST",
        _PATH,
        json={"keypair": {"name": names[-1]}},
        expects="over-limit",
        change="the user has as many key pairs as there may be",
    )
    _drop(ecs_client, *names)


_SERVERS, _VOLUMES = "/v2.1/{project_id}/servers", "/v2.1/{project_id}/os-volumes"


@pytest.mark.ecs_requirement(
    "nova.server-passwords.show/rule/windows",
    "nova.server-passwords.show/rule/ciphertext",
    "nova.server-passwords.delete/rule/deletes",
    "nova.server-passwords.delete/rule/not-recovered",
    "nova.servers.create/rule/windows-admin-pass",
    "nova.servers.lock/rule/refuses-password",
    "nova.servers.rebuild/rule/another-os",
    "nova.disks.detach/rule/windows-scsi-running",
)
def test_a_windows_server_is_different(
    ecs_client: Client,
    ecs_target: Target,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """It has a password of its own until that is deleted, keeps SCSI disks while it runs, and may become a Linux server."""
    image, linux = ecs_supplies.need("windows_image_id"), ecs_supplies.need("image_id")
    ecs_check.not_tested(
        "nova.server-passwords.show/rule/ciphertext", "passwords are taken out of every answer before it is judged"
    )
    key = str(ecs_supplies.make(_PATH, {"keypair": {"name": ecs_supplies.name("key")}}, "keypair", "name"))
    wanted = {
        "name": ecs_supplies.name("windows"),
        "imageRef": image,
        "flavorRef": ecs_supplies.need("flavor_id"),
        "networks": [{"uuid": ecs_supplies.need("network_id")}],
    }
    created = ecs_client.post(_SERVERS, {"server": {**wanted, "key_name": key}})
    refused = ecs_expect(
        "nova.servers.create/rule/windows-admin-pass",
        "POST",
        _SERVERS,
        json={"server": {**wanted, "name": ecs_supplies.name("no")}},
        expects="refused",
        change="there is neither a password nor a key pair",
        control=created.id,
    )
    ecs_jobs.wait_out(refused)
    read(created)
    (server,) = exactly(1, ecs_servers.settle(created), "the server that was created")
    _windows_password(ecs_client, ecs_target, ecs_check, ecs_expect, ecs_servers, server)
    _windows_disk(ecs_client, ecs_check, ecs_servers, ecs_supplies, ecs_wait, server)
    rebuilt = ecs_client.post(f"{_SERVERS}/{server}/action", {"rebuild": {"imageRef": linux}})
    ecs_check.accepted("nova.servers.rebuild/rule/another-os", rebuilt)
    ecs_servers.wait_stable(server)
    ecs_check(
        "nova.servers.rebuild/rule/another-os", ecs_servers.show(server), "body", "server", "image", "id", equals=linux
    )
    ecs_client.delete(f"{_SERVERS}/{server}")
    ecs_wait.gone(f"{_SERVERS}/{server}")
    _drop(ecs_client, key)


def _windows_password(
    client: Client, target: Target, check: Check, expect: Expect, servers: Servers, server: str
) -> None:
    """Judge the password of a Windows server until it is deleted, and after that."""
    path, action = f"{_SERVERS}/{server}/os-server-password", f"{_SERVERS}/{server}/action"
    clock = target.clock
    began = clock.now()
    shown = client.get(path)
    while clock.now() - began < _INJECTED and not (shown.accepted and read(shown, "password")):
        clock.sleep(10.0)
        shown = client.get(path)
    check("nova.server-passwords.show/rule/windows", shown, "body", "password", matches=".")
    client.post(action, {"lock": None})
    expect("nova.servers.lock/rule/refuses-password", "DELETE", path, expects="locked", change="the server is locked")
    client.post(action, {"unlock": None})
    if servers.locked(server):
        for rule in ("deletes", "not-recovered"):
            check.not_tested(f"{_NO_PASSWORD}/{rule}", "the server stays locked after it was unlocked")
        return
    client.delete(path)
    _no_password(client, check, "nova.server-passwords.delete/rule/deletes", path)
    client.post(action, {"reboot": {"type": "SOFT"}})
    servers.wait_stable(server)
    clock.sleep(_INJECTED)
    _no_password(client, check, "nova.server-passwords.delete/rule/not-recovered", path)


def _no_password(client: Client, check: Check, rule: str, path: str) -> None:
    """Judge that no password is shown: an empty one, or none is found."""
    shown = client.get(path)
    if shown.refused:
        check(rule, shown, "status", equals=404)
    else:
        check(rule, shown, "body", "password", length=0)


def _windows_disk(client: Client, check: Check, servers: Servers, supplies: Supplies, wait: Wait, server: str) -> None:
    """Judge that a SCSI disk stays while the server runs."""
    rule, path = "nova.disks.detach/rule/windows-scsi-running", f"{_SERVERS}/{server}/os-volume_attachments"
    zone = read(servers.show(server), "server", "OS-EXT-AZ:availability_zone")
    wanted = {
        "size": 10,
        "display_name": supplies.name("scsi"),
        "availability_zone": zone,
        "metadata": {"hw:passthrough": "true"},
    }
    try:
        disk = str(supplies.make(_VOLUMES, {"volume": wanted}, "volume", "id"))
    except PrerequisiteMissing as missing:
        check.not_tested(rule, str(missing))
        return
    wait.until(f"{_VOLUMES}/{disk}", "volume", "status", equals="available")
    read(client.post(path, {"volumeAttachment": {"volumeId": disk}}))
    wait.until(f"{_VOLUMES}/{disk}", "volume", "status", equals="in-use")
    detached = client.delete(f"{path}/{disk}")
    if detached.accepted:
        wait.gone(f"{path}/{disk}", 30)  # accepted and without effect is as good as refused
    listed = client.get(path)
    check(rule, listed, "body", "volumeAttachments", "*", "volumeId", contains=disk)
