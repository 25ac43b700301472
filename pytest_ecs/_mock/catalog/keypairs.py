"""Key pairs of a user (6.11.1 to 6.11.4); private halves are made, handed out once, and not kept."""

from __future__ import annotations

import base64
import hashlib
import itertools
import math
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pytest_ecs._mock.http.errors import NativeError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import Field, Reader
from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.records import KeyPair

__all__: list[str] = []

_ALL = "/v2.1/{project_id}/os-keypairs"
_ONE = _ALL + "/{keypair_name}"
_BITS, _EXPONENT, _MOST = 2048, 65537, 1024
_CREATE = Field(
    "object",
    fields={
        "keypair": Field(
            "object",
            need=True,
            fields={  # Table 6-188
                # As in Nova, a name has no characters that an URL would have to quote, but for the blank.
                "name": Field("string", need=True, low=1, high=255, pattern=r"[A-Za-z0-9 _\-]*"),
                "public_key": Field("string"),
                "type": Field("string", enum=("ssh", "x509")),
                "user_id": Field("string"),
            },
        )
    },
)


def _colons(digest: str) -> str:
    return ":".join(re.findall("..", digest))


def _ssh(public_key: str) -> str:
    """Return the fingerprint of an SSH key; raises `ValueError` for what is none."""
    encoded = public_key.encode()
    key = serialization.load_ssh_public_key(b" ".join(encoded.split()[:2]))
    plain = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    # The blob is what ssh-keygen hashes too; MD5 is how fingerprints were written, and protects nothing here.
    return _colons(hashlib.md5(base64.b64decode(plain.split()[1]), usedforsecurity=False).hexdigest())


def _certificate(public_key: str) -> str:
    """Return the fingerprint of a certificate; raises `ValueError` for what is none."""
    return _colons(x509.load_pem_x509_certificate(public_key.encode()).fingerprint(hashes.SHA1()).hex())  # noqa: S303


def _keys() -> Iterator[rsa.RSAPrivateKey]:
    """Yield keys, each of them once.

    To find primes takes long, so that all have the same two and differ in their exponent: they need be different and
    valid, and protect nothing.
    """
    primes = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=_BITS).private_numbers()
    p, q = primes.p, primes.q
    for exponent in itertools.count(_EXPONENT, 2):
        if math.gcd(exponent, (p - 1) * (q - 1)) == 1:
            d = pow(exponent, -1, (p - 1) * (q - 1))
            remainders = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
            numbers = rsa.RSAPrivateNumbers(p, q, d, *remainders, rsa.RSAPublicNumbers(exponent, p * q))
            yield numbers.private_key(unsafe_skip_rsa_key_validation=True)


_KEYS, _ONE_AT_A_TIME = _keys(), threading.Lock()


def _made(key_type: str, user: str, now: float) -> tuple[str, str]:
    """Return the public and the private half of a new key pair."""
    with _ONE_AT_A_TIME:
        private = next(_KEYS)
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
    if key_type == "ssh":
        public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        return f"{public.decode()} Generated-by-Nova\n", secret
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, user)])
    begun = datetime.fromtimestamp(now, UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begun)
        .not_valid_after(begun + timedelta(days=3650))
        .sign(private, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), secret


def _typed(request: Request, pair: KeyPair) -> dict[str, str]:
    return {"type": pair.type} if request.microversion >= (2, 2) else {}


def _shown(request: Request, pair: KeyPair) -> dict[str, Any]:
    brief = {"name": pair.name, "public_key": pair.public_key, "fingerprint": pair.fingerprint}
    return {**brief, **_typed(request, pair)}


def _find(request: Request) -> KeyPair:
    """Return the key pair of the URL: one of the user, for nobody else sees it (6.11.3)."""
    wanted = request.parameters["keypair_name"]
    found = request.user.keys.get(wanted)
    if found is None:
        raise NativeError(404, f"Keypair {wanted[:64]} not found for user {request.user.id}")
    return found


@route("GET", _ALL, family="nova", permission="nova.keypairs")
def list_keypairs(request: Request, state: State) -> Response:
    """List the user's key pairs (6.11.1)."""
    pairs = sorted(request.user.keys.values(), key=lambda pair: pair.name)
    if state.deviates("keypairs-of-all-users"):
        pairs = [pair for user in state.users.values() for pair in user.keys.values()]
    shown = [_shown(request, pair) for pair in pairs]
    wrapped = shown if state.deviates("keypairs-unwrapped") else [{"keypair": one} for one in shown]
    return Response(200, {"keypairs": wrapped})


@route("GET", _ONE, family="nova", permission="nova.keypair")
def show_keypair(request: Request, state: State) -> Response:
    """Show a key pair (6.11.2)."""
    pair = _find(request)
    more = {
        "id": pair.number,
        "user_id": request.user.id,
        "created_at": stamp(pair.created, "us"),
        "updated_at": None,
        "deleted": "false" if state.deviates("keypair-deleted-string") else False,
        "deleted_at": None,
    }
    return Response(200, {"keypair": {**_shown(request, pair), **more}})


@route("POST", _ALL, family="nova", permission="nova.create-keypair")
def create_keypair(request: Request, state: State) -> Response:
    """Make a key pair, or import the public half of one (6.11.3)."""
    deviates, user, now = state.deviates, request.user, state.clock.now()
    wanted = Reader(refuse_native, deviates).read(request.json, _CREATE).get("keypair", {})
    name, public, secret = wanted.get("name", "key"), wanted.get("public_key"), None
    # Below the microversions that they came with, both fields say nothing.
    key_type = wanted.get("type", "ssh") if request.microversion >= (2, 2) else "ssh"
    foreign = request.microversion >= (2, 10) and wanted.get("user_id", user.id) != user.id
    if foreign and not deviates("keypair-user-unchecked"):
        raise NativeError(403, "Key pairs can only be made for oneself.")
    if name in user.keys and not deviates("keypair-duplicates"):
        raise NativeError(409, f"Key pair '{name}' already exists.")
    if public is None:
        public, secret = _made("x509" if key_type == "x509" else "ssh", user.id, now)
    if len(public.encode("utf-8", "replace")) > _MOST and secret is None and not deviates("keypair-length-unchecked"):
        raise refuse_native("Ecs.0005", f"The public key has more than {_MOST} bytes.")
    try:
        fingerprint = _certificate(public) if key_type == "x509" else _ssh(public)
    except Exception as error:  # noqa: BLE001 - whatever a library makes of a key of a type that it does not know
        if not deviates("keypair-content-unchecked"):
            raise refuse_native("Ecs.0005", f"The public key cannot be read: {type(error).__name__}") from None
        fingerprint = _colons("0" * 32)
    pair = KeyPair(state.number(), name, public, fingerprint, now, key_type)
    if not deviates("keypair-not-kept"):
        user.keys[name] = pair
    body = {**_shown(request, pair), "user_id": user.id}
    if secret is not None and not deviates("keypair-private-missing"):
        body["private_key"] = _made("ssh", user.id, now)[1] if deviates("keypair-private-of-another") else secret
    return Response(201 if request.microversion >= (2, 2) else 200, {"keypair": body})


@route("DELETE", _ONE, family="nova", permission="nova.delete-keypair")
def delete_keypair(request: Request, state: State) -> Response:
    """Delete a key pair (6.11.4); servers that were made with it keep its name."""
    pair = _find(request)
    if not state.deviates("keypair-delete-noop"):
        del request.user.keys[pair.name]
    return Response(204 if request.microversion >= (2, 2) else 202)
