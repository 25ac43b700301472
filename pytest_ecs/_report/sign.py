"""Signatures in the ecosystem's own form: an in-toto Statement with a test result, in a DSSE envelope."""

from __future__ import annotations

import hashlib
import json
import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_ecs._report.model import Report
from pytest_ecs._text import bytes_of
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import ConfigurationError

if TYPE_CHECKING:
    from securesystemslib.signer._crypto_signer import CryptoSigner
    from securesystemslib.signer._key import SSlibKey

__all__ = ["NAME", "PASSPHRASE", "sign", "signer_of", "statement", "verify_signature"]

#: One envelope in one line, as in a bundle of attestations.
NAME = "report.intoto.jsonl"
#: Environment variable with the passphrase of an encrypted private key.
PASSPHRASE = "PYTEST_ECS_SIGN_PASSPHRASE"  # noqa: S105 - the name of the variable, not its value
_PAYLOAD = "application/vnd.in-toto+json"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
#: Around what report.html says of the signature; nothing that comes from elsewhere can be such a comment there.
_BEGIN, _END = "<!--signature-->", "<!--/signature-->"
_RESULTS = {"pass": "PASSED", "partial": "WARNED", "fail": "FAILED", "error": "FAILED"}


def statement(report: Report, digests: dict[str, str]) -> dict[str, JSON]:
    """Return the statement about files with those SHA-256 digests by name."""
    results = report["results"]

    def named(*verdicts: str) -> list[str]:
        return [row["requirement"] for row in results if row["verdict"] in verdicts]

    return {
        "_type": _STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(digests.items())],
        "predicateType": _PREDICATE,
        "predicate": {
            "result": _RESULTS[report["verdict"]],
            "configuration": [
                {"name": "contract", "digest": {"sha256": report["contract"]["sha256"]}},
                {"name": report["tool"], "annotations": {"command": report["selection"]["command"]}},
                {
                    "name": report["target"]["name"],
                    "annotations": {
                        "endpoint": report["target"]["endpoint"],
                        "reached": report["target"]["tls"],
                        "simulated": report["target"]["simulated"],
                        "verdict": report["verdict"],
                        "complete": report["complete"],
                    },
                },
            ],
            "passedTests": named("pass"),
            "warnedTests": named("waived", "not_tested"),
            "failedTests": named("fail", "error"),
        },
    }


def signer_of(key: Path) -> CryptoSigner:
    """Return a signer for a private key (Ed25519 or ECDSA, PEM); raises `ConfigurationError`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    _needed()
    from securesystemslib.signer._crypto_signer import CryptoSigner

    passphrase = os.environ.get(PASSPHRASE)
    try:
        private = load_pem_private_key(bytes_of(key), passphrase.encode() if passphrase else None)
        if not isinstance(private, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
            raise ValueError("it is neither Ed25519 nor ECDSA")
        return CryptoSigner(private)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(
            f"{key} cannot sign",
            seen=str(error),
            hint=f"give a private key as PEM; the passphrase of an encrypted one goes into {PASSPHRASE}",
        ) from None


def sign(folder: Path, key: Path) -> Path:
    """Sign report.json and the evidence in *folder* and return the path of the envelope.

    Raises `ConfigurationError` for a key that cannot sign and for a folder without a report, `OSError` when the file
    cannot be written.
    """
    from securesystemslib.dsse import Envelope

    from pytest_ecs._report.verify import read_certificate

    signer = signer_of(key)
    report = read_certificate(folder)
    payload = json.dumps(statement(report, _digests(folder, report)), separators=(",", ":")).encode()
    envelope = Envelope(payload, _PAYLOAD, {})
    envelope.sign(signer)
    file = folder / NAME
    file.write_text(json.dumps(envelope.to_dict(), separators=(",", ":")) + "\n", encoding="ascii")
    _show(folder / "report.html", signer.public_key)
    return file


def _show(page: Path, key: SSlibKey) -> None:
    """Say on the page who signed; it is not signed itself, so that it can only name the key and how to check it."""
    if not page.exists():
        return
    before, begin, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if begin and end:
        said = (
            f"<strong>Signed</strong> with the {escape(key.scheme)} key <code>{escape(key.keyid)}</code>, in <code>{NAME}</code> "
            "beside this file. <code>pytest-ecs report verify FOLDER --key PUBLIC.pem</code> checks that with the public key of "
            "whoever is said to have signed, and computes all of this again from the evidence."
        )
        page.write_text(f"{before}{_BEGIN}{said}{_END}{after}", encoding="utf-8")


def _digests(folder: Path, report: Report) -> dict[str, str]:
    names = ("report.json", report["evidence"]["file"])
    try:
        return {name: hashlib.sha256((folder / Path(name).name).read_bytes()).hexdigest() for name in names}
    except OSError as error:
        raise ConfigurationError(
            f"The report in {folder} is not complete", seen=str(error), hint="keep the evidence beside report.json"
        ) from None


def verify_signature(folder: Path, key: Path | None) -> list[str]:
    """Return what is wrong with the envelope in *folder*; without *key* only what it says is compared.

    Raises `ConfigurationError` for a key that cannot verify.
    """
    file = folder / NAME
    public = _public(key) if key is not None else None
    if not file.exists():
        return [f"{file} is missing: the report is not signed"] if key is not None else []
    try:
        text = file.read_bytes()
        data = json.loads(text)
        payload = _payload(json.loads(text), public)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"{file} is no envelope that holds: {error}"]
    problems = []
    if text != json.dumps(data, separators=(",", ":")).encode() + b"\n":
        problems.append(f"{file} was changed after it was written")
    return problems + _said(folder, file, payload)


def _payload(data: Any, public: SSlibKey | None) -> dict[str, JSON]:
    """The statement in an envelope; raises `ValueError` where the signature is not that of the key."""
    _needed()
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError

    envelope = Envelope.from_dict(data)
    if envelope.payload_type != _PAYLOAD:
        raise ValueError(f"its payload is {envelope.payload_type!r}, not {_PAYLOAD}")
    if public is not None:
        try:
            envelope.verify([public], 1)
        except VerificationError as error:
            raise ValueError(f"the signature is not that of the key ({error})") from None
    found = json.loads(envelope.payload)
    if not isinstance(found, dict):
        raise TypeError("its payload is no statement")
    return found


def _said(folder: Path, file: Path, found: dict[str, JSON]) -> list[str]:
    from pytest_ecs._report.verify import read_certificate

    try:
        report = read_certificate(folder)
    except ConfigurationError as error:
        return [str(error)]
    wanted = statement(report, _digests(folder, report))
    return [
        f"{file}: {name} is not that of the report beside it"
        for name in sorted(wanted.keys() | found.keys())
        if found.get(name) != wanted.get(name)
    ]


def _public(key: Path) -> SSlibKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    _needed()
    from securesystemslib.signer._key import SSlibKey

    try:
        return SSlibKey.from_crypto(load_pem_public_key(bytes_of(key)))
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(
            f"{key} is no public key", seen=str(error), hint="give the public key of --ecs-sign as PEM"
        ) from None


def _needed() -> None:
    try:
        import securesystemslib.signer  # noqa: F401 - only whether it is there
    except ImportError:
        raise ConfigurationError(
            "Signatures need the package securesystemslib", hint="pip install 'pytest-ecs[sign]'"
        ) from None
