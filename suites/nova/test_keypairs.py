"""Rules of key pairs, and of the passwords of servers (6.11)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Bench, Exchange

_LIST, _SHOW, _CREATE, _DELETE = (f"nova.keypairs.{verb}/rule" for verb in ("list", "show", "create", "delete"))
_PASSWORD, _NO_PASSWORD = "nova.server-passwords.show/rule", "nova.server-passwords.delete/rule"
_PATH = "/v2.1/{project_id}/os-keypairs"
#: From these microversions on a request may have the kind of key, and the user (6.11.3).
_TYPED, _OWNED = "2.2", "2.10"
_NAMES = ("body", "keypairs", "*", "keypair", "name")
#: Seconds that two clocks of an endpoint may differ.
_SLACK = 300.0
#: A public key has at most this many bytes (table 6-188).
_LONGEST = 1024


def _create(bench: Bench, name: str, microversion: str | None = None, **fields: Any) -> Exchange:
    return bench.client.post(_PATH, {"keypair": {"name": name, **fields}}, microversion=microversion)


def _show(bench: Bench, name: str, microversion: str | None = None) -> Exchange:
    return bench.client.get(f"{_PATH}/{name}", microversion=microversion)


def _drop(bench: Bench, *names: str) -> None:
    for name in names:
        bench.client.delete(f"{_PATH}/{name}")


def _at(bench: Bench, listed: Exchange, name: str) -> tuple[str | int, ...]:
    """Return where a key pair stands in a list."""
    names = [entry["keypair"]["name"] for entry in bench.read(listed, "keypairs")]
    return ("body", "keypairs", names.index(name) if name in names else 0, "keypair")


@pytest.mark.ecs_requirement(
    *(f"{_CREATE}/{rule}" for rule in ("name-alone", "imports", "asked-name", "listed", "private-key-created", "private-key-imported")),
    *(f"{_CREATE}/{rule}" for rule in ("private-key-once", "imported-key", "new-keys", "longest-key", "malformed-key", "name-taken")),
    f"{_CREATE}/name-free-again",
    *(f"{_LIST}/{rule}" for rule in ("has-keypairs", "once", "no-private-key", "as-created")),
    *(f"{_SHOW}/{rule}" for rule in ("asked-name", "same-as-list", "not-deleted", "created-at", "no-private-key")),
    *(f"{_DELETE}/{rule}" for rule in ("deletes", "others-stay", "twice", "no-longer-usable", "no-body")),
)  # fmt: skip
def test_key_pairs_come_and_go(ecs_bench: Bench) -> None:
    """Created or imported, shown without the private key, and gone when they are deleted."""
    name, imported, another = (ecs_bench.new_name("key") for _ in range(3))
    began = ecs_bench.now()
    created = _create(ecs_bench, name)
    ecs_bench.check(f"{_CREATE}/name-alone", created, "status", at_most=299)
    ecs_bench.check(f"{_CREATE}/private-key-created", created, "body", "keypair", "private_key", present=True)
    pair = ecs_bench.read(created, "keypair")
    second = _create(ecs_bench, another)
    ecs_bench.check(f"{_CREATE}/new-keys", second, "body", "keypair", "public_key", differs=pair["public_key"])
    public = str(ecs_bench.read(second, "keypair", "public_key"))
    _drop(ecs_bench, another)
    taken = _create(ecs_bench, imported, public_key=public)
    ecs_bench.check(f"{_CREATE}/imports", taken, "status", at_most=299)
    ecs_bench.check(f"{_CREATE}/private-key-imported", taken, "body", "keypair", "private_key", absent=True)
    same = [public, public.rstrip("\n")]
    ecs_bench.check(f"{_CREATE}/imported-key", taken, "body", "keypair", "public_key", one_of=same)
    around = [began - _SLACK, ecs_bench.now() + _SLACK]
    listed = ecs_bench.client.get(_PATH)
    for wanted, answer in ((name, created), (imported, taken)):
        ecs_bench.check(f"{_CREATE}/asked-name", answer, "body", "keypair", "name", equals=wanted)
        for rule in (f"{_CREATE}/listed", f"{_LIST}/has-keypairs"):
            ecs_bench.check(rule, listed, *_NAMES, contains=wanted)
        ecs_bench.check(f"{_LIST}/once", listed, *_NAMES, has_one=wanted)
        place, shown = _at(ecs_bench, listed, wanted), _show(ecs_bench, wanted)
        made = ecs_bench.read(answer, "keypair")
        ecs_bench.check(f"{_CREATE}/listed", shown, "body", "keypair", "name", equals=wanted)
        ecs_bench.check(f"{_SHOW}/asked-name", shown, "body", "keypair", "name", equals=wanted)
        for field in ("fingerprint", "public_key"):
            ecs_bench.check(f"{_LIST}/as-created", listed, *place, field, equals=made[field])
            ecs_bench.check(f"{_SHOW}/same-as-list", shown, "body", "keypair", field, equals=made[field])
        for rule, answered, at in (
            (f"{_CREATE}/private-key-once", listed, place), (f"{_CREATE}/private-key-once", shown, ("body", "keypair")),
            (f"{_LIST}/no-private-key", listed, place), (f"{_SHOW}/no-private-key", shown, ("body", "keypair")),
        ):  # fmt: skip
            ecs_bench.check(rule, answered, *at, "private_key", absent=True)
        ecs_bench.check(f"{_SHOW}/not-deleted", shown, "body", "keypair", "deleted", equals=False)
        ecs_bench.check(f"{_SHOW}/not-deleted", shown, "body", "keypair", "deleted_at", equals=None)
        ecs_bench.check(f"{_SHOW}/created-at", shown, "body", "keypair", "created_at", time_between=around)

    again = ecs_bench.expect(
        f"{_CREATE}/name-taken", "POST", _PATH, json={"keypair": {"name": name, "public_key": public}},
        expects="refused", change="the user has a key pair of the name", control=created.id,
    )  # fmt: skip
    if again.status >= 400:
        kept = _show(ecs_bench, name)
        ecs_bench.check(f"{_CREATE}/name-taken", kept, "body", "keypair", "public_key", equals=pair["public_key"])
    ecs_bench.expect(
        f"{_CREATE}/malformed-key", "POST", _PATH, json={"keypair": {"name": ecs_bench.new_name("key"), "public_key": "no public key"}},
        expects="invalid", change="the public key is none", control=taken.id,
    )  # fmt: skip
    long = " ".join(public.split()[:2]) + " "
    padded = long + "c" * (_LONGEST - len(long))
    other = ecs_bench.new_name("key")
    ecs_bench.check(f"{_CREATE}/longest-key", _create(ecs_bench, other, public_key=padded), "status", at_most=299)

    deleted = ecs_bench.client.delete(f"{_PATH}/{name}")
    ecs_bench.check(f"{_DELETE}/no-body", deleted, "body", equals=None)
    listed = ecs_bench.client.get(_PATH)
    ecs_bench.check(f"{_DELETE}/deletes", listed, *_NAMES, lacks=name)
    ecs_bench.check(f"{_DELETE}/others-stay", listed, *_NAMES, contains=imported)
    shown = _show(ecs_bench, name)
    if shown.status < 400:
        ecs_bench.check(f"{_DELETE}/deletes", shown, "body", "keypair", "deleted", equals=True)
    else:
        ecs_bench.check(f"{_DELETE}/deletes", shown, "status", equals=404)
    ecs_bench.expect(
        f"{_DELETE}/twice", "DELETE", f"{_PATH}/{name}", expects="not-found", change="the key pair was deleted"
    )
    body: dict[str, Any] = dict(ecs_bench.session.pool.template(ecs_bench.new_name("key"), 1))
    body["server"] = {**body["server"], "key_name": name}
    refused = ecs_bench.expect(
        f"{_DELETE}/no-longer-usable", "POST", "/v1/{project_id}/cloudservers", json=body,
        expects="refused", change="the key pair was deleted",
    )  # fmt: skip
    ecs_bench.wait_out(refused)
    ecs_bench.check(f"{_CREATE}/name-free-again", _create(ecs_bench, name), "status", at_most=299)
    _drop(ecs_bench, name, imported, other)


@pytest.mark.ecs_requirement(
    *(f"{_CREATE}/{rule}" for rule in ("type-ssh", "type-x509", "type-default", "early-fields", "own-user", "user-id-own")),
    f"{_LIST}/type-default", f"{_SHOW}/type-default", f"{_SHOW}/own-user",
)  # fmt: skip
def test_kinds_and_users_have_their_microversions(ecs_bench: Bench) -> None:
    """ssh is the kind that nobody named; the user is the one who asks."""
    (lease,) = ecs_bench.shared("ACTIVE")
    user = ecs_bench.read(lease.show(), "server", "user_id")
    kind, own = ("body", "keypair", "type"), ("body", "keypair", "user_id")
    plain, ssh, x509, early, mine = (ecs_bench.new_name("key") for _ in range(5))
    made = _create(ecs_bench, plain, _TYPED)
    ecs_bench.check(f"{_CREATE}/type-default", made, "status", at_most=299)
    if "type" in ecs_bench.read(made, "keypair"):
        ecs_bench.check(f"{_CREATE}/type-default", made, *kind, equals="ssh")
    ecs_bench.check(f"{_CREATE}/own-user", made, *own, equals=user)
    listed, shown = ecs_bench.client.get(_PATH, microversion=_TYPED), _show(ecs_bench, plain, _TYPED)
    ecs_bench.check(f"{_LIST}/type-default", listed, *_at(ecs_bench, listed, plain), "type", equals="ssh")
    ecs_bench.check(f"{_SHOW}/type-default", shown, "status", at_most=299)
    if "type" in ecs_bench.read(shown, "keypair"):
        ecs_bench.check(f"{_SHOW}/type-default", shown, *kind, equals="ssh")
    ecs_bench.check(f"{_SHOW}/own-user", shown, *own, equals=user)
    for rule, name, wanted in (("type-ssh", ssh, "ssh"), ("type-x509", x509, "x509")):
        typed = _create(ecs_bench, name, _TYPED, type=wanted)
        if ecs_bench.check(f"{_CREATE}/{rule}", typed, "status", at_most=299):
            answered = ecs_bench.read(typed, "keypair")
            if "type" in answered:
                ecs_bench.check(f"{_CREATE}/{rule}", typed, *kind, equals=wanted)
    before = _create(ecs_bench, early, None, type="ssh", user_id=ecs_bench.unknown_id())
    if ecs_bench.check(f"{_CREATE}/early-fields", before, "status", at_most=299):
        ecs_bench.check(f"{_CREATE}/early-fields", before, *own, equals=user)
    named = _create(ecs_bench, mine, _OWNED, user_id=user)
    ecs_bench.check(f"{_CREATE}/user-id-own", named, "status", at_most=299)
    ecs_bench.check(f"{_CREATE}/user-id-own", named, *own, equals=user)
    _drop(ecs_bench, plain, ssh, x509, early, mine)


@pytest.mark.ecs_requirement(
    f"{_PASSWORD}/linux", f"{_PASSWORD}/again", *(f"{_NO_PASSWORD}/{rule}" for rule in ("server-untouched", "linux", "no-body")),
)  # fmt: skip
def test_a_linux_server_has_no_password_to_show(ecs_bench: Bench) -> None:
    """Nor one to delete; both queries say the same."""
    lease = ecs_bench.session.pool.lease("ACTIVE")
    path = f"/v2.1/{{project_id}}/servers/{lease.id}/os-server-password"
    first, second = ecs_bench.client.get(path), ecs_bench.client.get(path)
    if first.status < 400:
        ecs_bench.check(f"{_PASSWORD}/linux", first, "body", "password", length=0)
        ecs_bench.check(f"{_PASSWORD}/again", second, "body", "password", length=0)
    else:
        ecs_bench.check(f"{_PASSWORD}/linux", first, "status", at_least=400)
        ecs_bench.check(f"{_PASSWORD}/again", second, "status", equals=first.status)
    deleted = ecs_bench.client.delete(path)
    if deleted.status < 400:
        ecs_bench.check(f"{_NO_PASSWORD}/no-body", deleted, "body", equals=None)
    else:
        ecs_bench.not_tested(f"{_NO_PASSWORD}/no-body", "the endpoint refuses to delete the password of a Linux server")
    shown = lease.show()
    for rule in ("server-untouched", "linux"):
        ecs_bench.check(f"{_NO_PASSWORD}/{rule}", shown, "body", "server", "status", equals="ACTIVE")
    lease.release()
