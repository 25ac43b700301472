from __future__ import annotations

import base64
import hashlib
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.mock.harness import Client, JsonObject

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
OURS = "conformance-key"


def _create(client: Client, at: str = "", **wanted: Any) -> httpx.Response:
    return client.nova("POST", "os-keypairs", {"keypair": {"name": "new", **wanted}}, at=at)


def _names(client: Client) -> list[str]:
    return [one["keypair"]["name"] for one in client.nova("GET", "os-keypairs").json()["keypairs"]]


def test_every_key_pair_is_another_and_sound(client: Client) -> None:
    """6.11.3: its factors are what takes long to find, and some keys share one; OpenSSL checks each key on loading."""
    found = [_create(client, name=f"new-{number}").json()["keypair"] for number in range(8)]
    keys = [serialization.load_pem_private_key(pair["private_key"].encode(), None) for pair in found]
    assert len({pair["public_key"] for pair in found}) == 8
    for key in keys:
        assert isinstance(key, rsa.RSAPrivateKey)
        assert key.key_size == 2048
        signed = key.sign(b"text", padding.PKCS1v15(), hashes.SHA256())
        key.public_key().verify(signed, b"text", padding.PKCS1v15(), hashes.SHA256())


def test_a_key_pair_is_made_shown_and_deleted(client: Client) -> None:
    """6.11: the private half comes once, fits the public one, and is not shown again."""
    made = _create(client).json()["keypair"]
    assert made.keys() == {"name", "public_key", "private_key", "fingerprint", "user_id"}
    assert made["private_key"].startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    private = serialization.load_pem_private_key(made["private_key"].encode(), None)
    blob = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    assert made["public_key"].split()[:2] == blob.decode().split()
    digest = hashlib.md5(base64.b64decode(blob.split()[1])).hexdigest()
    assert made["fingerprint"] == ":".join(digest[at : at + 2] for at in range(0, 32, 2))
    shown = client.nova("GET", "os-keypairs/new").json()["keypair"]
    assert shown == {
        "name": "new",
        "public_key": made["public_key"],
        "fingerprint": made["fingerprint"],
        "id": shown["id"],
        "user_id": made["user_id"],
        "created_at": "2026-01-01T00:00:00.000000",
        "updated_at": None,
        "deleted": False,
        "deleted_at": None,
    }
    assert isinstance(shown["id"], int)
    listed = client.nova("GET", "os-keypairs").json()["keypairs"]
    assert listed[1] == {"keypair": {name: shown[name] for name in ("name", "public_key", "fingerprint")}}
    assert _names(client) == [OURS, "new"]
    assert client.create(key_name="new")
    assert client.nova("DELETE", "os-keypairs/new").status_code == 202
    assert _names(client) == [OURS]
    for method in ("GET", "DELETE"):
        assert client.nova(method, "os-keypairs/new").status_code == 404
    assert client.code(client.v1("POST", "cloudservers", client.request(key_name="new"))) == (400, "Ecs.0314")


def test_a_public_key_is_imported(client: Client) -> None:
    """6.11.3: without a private key; its name is taken then."""
    answer = _create(client, public_key=f"{PUBLIC} me\n", type="ssh", user_id="fake")
    assert (answer.status_code, answer.json()["keypair"]["public_key"]) == (200, f"{PUBLIC} me\n")
    assert "private_key" not in answer.json()["keypair"]
    answer = _create(client, public_key=PUBLIC)
    assert (answer.status_code, answer.json()["conflictingRequest"]["code"]) == (409, 409)


def test_microversions_show_and_answer_more(client: Client) -> None:
    """type from 2.2 on, user_id from 2.10 on, and only one's own."""
    assert _create(client, at="2.2", public_key=PUBLIC).status_code == 201
    for answer in (client.nova("GET", "os-keypairs/new", at="2.2"), _create(client, at="2.2", name="more")):
        assert answer.json()["keypair"]["type"] == "ssh"
    assert client.nova("GET", "os-keypairs", at="2.2").json()["keypairs"][0]["keypair"]["type"] == "ssh"
    assert "type" not in client.nova("GET", "os-keypairs/new", at="2.1").json()["keypair"]
    assert client.nova("DELETE", "os-keypairs/new", at="2.2").status_code == 204
    me = client.nova("GET", f"os-keypairs/{OURS}").json()["keypair"]["user_id"]
    assert _create(client, at="2.10", public_key=PUBLIC, user_id=me).status_code == 201
    assert _create(client, at="2.10", public_key=PUBLIC, name="other", user_id="fake").status_code == 403
    assert _create(client, at="2.9", public_key=PUBLIC, name="other", user_id="fake").status_code == 201


def test_a_certificate_is_a_key_pair_too(client: Client) -> None:
    """Table 6-188: x509, made or imported."""
    made = _create(client, at="2.2", type="x509").json()["keypair"]
    certificate = x509.load_pem_x509_certificate(made["public_key"].encode())
    assert certificate.subject == certificate.issuer
    assert (made["type"], made["fingerprint"].count(":")) == ("x509", 19)
    again = _create(client, at="2.2", type="x509", name="again", public_key=made["public_key"])
    # 1024 bytes are the most for what is imported, and a certificate of this size has more.
    assert again.status_code == 400


WRONG: list[JsonObject] = [
    {"name": None},
    {"name": ""},
    {"name": "n" * 256},
    {"name": 1},
    {"name": "a/b"},
    {"public_key": 1},
    {"public_key": "x"},
    {"public_key": ""},
    {"public_key": "ssh-rsa AAAA"},
    {"public_key": "ssh-rsa x y"},
    {"public_key": f"{PUBLIC} {'x' * 944}"},
    {"type": "rsa"},
    {"type": 1},
    {"user_id": 1},
    {"type": "x509", "public_key": PUBLIC},
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_new_key_pair_is_checked(client: Client, number: int) -> None:
    """Table 6-188: 1024 bytes at most."""
    wanted = {key: value for key, value in {"name": "new", **WRONG[number]}.items() if value is not None}
    answer = client.nova("POST", "os-keypairs", {"keypair": wanted}, at="2.10")
    assert answer.status_code == 400
    assert _names(client) == [OURS]
    assert _create(client, public_key=f"{PUBLIC} {'x' * (1023 - len(PUBLIC))}").status_code == 200


def test_a_key_pair_is_its_users_alone(client: Client) -> None:
    """6.11.3: no other user sees or uses it, also of the same account and project."""
    _create(client, public_key=PUBLIC)
    other = Client(client.cloud, "restricted_user")
    actions = [
        "ecs:serverKeypairs:list",
        "ecs:serverKeypairs:get",
        "ecs:serverKeypairs:create",
        "ecs:cloudServers:create",
    ]
    client.cloud.control("PUT", "/_mock/policy", {"allow": actions})
    assert _names(other) == [OURS]
    assert other.nova("GET", "os-keypairs/new").status_code == 404
    assert other.code(other.v1("POST", "cloudservers", other.request(key_name="new"))) == (400, "Ecs.0314")
    assert _create(other, public_key=PUBLIC).status_code == 200


# Passwords


def _password(client: Client, server: str) -> str:
    answer = client.nova("GET", f"servers/{server}/os-server-password")
    assert answer.status_code == 200
    return str(answer.json()["password"])


def test_a_windows_server_has_a_password_to_decrypt(client: Client) -> None:
    """6.11.5, 6.11.6: minutes after its start; once deleted it is gone, for the record only."""
    secret = _create(client).json()["keypair"]["private_key"]
    image = list(client.cloud._state.images)[1]
    (server,) = client.create(imageRef=image, key_name="new")
    assert _password(client, server) == ""
    client.advance(300)
    private = serialization.load_pem_private_key(secret.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    encrypted = _password(client, server)
    assert len(private.decrypt(base64.b64decode(encrypted), padding.PKCS1v15())) >= 8
    assert _password(client, server) == encrypted
    assert client.nova("DELETE", f"servers/{server}/os-server-password").status_code == 204
    assert _password(client, server) == ""


def test_a_linux_server_has_no_password(client: Client) -> None:
    """6.11.5, 6.11.6; neither has one whose key nobody can encrypt with."""
    _create(client, public_key=PUBLIC)
    (linux,) = client.create(key_name=OURS)
    (windows,) = client.create(imageRef=list(client.cloud._state.images)[1], key_name="new")
    client.advance(1000)
    for server in (linux, windows):
        assert _password(client, server) == ""
        assert client.nova("DELETE", f"servers/{server}/os-server-password").status_code == 204
    for method in ("GET", "DELETE"):
        assert client.nova(method, "servers/none/os-server-password").status_code == 404
