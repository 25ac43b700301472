"""Signatures: what is signed, what is changed afterwards, and keys that cannot sign."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from pytest_ecs._report.sign import NAME, PASSPHRASE, sign, verify_signature
from pytest_ecs._report.verify import verify
from pytest_ecs.exceptions import ConfigurationError

from .reports import contract, written


def _keys(folder: Path, private: Any, passphrase: bytes | None = None) -> tuple[Path, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    secret, public = folder / "key.pem", folder / "key.pub"
    locked = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    secret.write_bytes(private.private_bytes(serialization.Encoding.PEM, form, locked))
    shape = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(private.public_key().public_bytes(serialization.Encoding.PEM, shape))
    return secret, public


def _ed25519() -> Any:
    return ed25519.Ed25519PrivateKey.generate()


@pytest.mark.parametrize("make", [_ed25519, lambda: ec.generate_private_key(ec.SECP256R1())])
def test_a_signed_report_verifies_with_its_key_and_no_other(tmp_path: Path, make: Any) -> None:
    """The envelope is one of in-toto, with the digests of report and evidence and the result."""
    written(tmp_path)
    secret, public = _keys(tmp_path / "mine", make())
    file = sign(tmp_path, secret)
    assert verify(tmp_path, contract(), public) == []
    assert verify(tmp_path, contract()) == []
    envelope = json.loads(file.read_text(encoding="ascii"))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert [one["name"] for one in statement["subject"]] == ["evidence.jsonl.gz", "report.json"]
    assert statement["predicate"]["result"] == "FAILED"
    assert "ecs.quotas.show/status" in statement["predicate"]["failedTests"]
    _, other = _keys(tmp_path / "theirs", make())
    assert "the signature is not that of the key" in verify(tmp_path, contract(), other)[0]


def test_whatever_is_changed_in_an_envelope_is_found(tmp_path: Path) -> None:
    """Any byte of it, with the key; and a report that was signed and is not any more."""
    written(tmp_path)
    secret, public = _keys(tmp_path / "mine", _ed25519())
    file = sign(tmp_path, secret)
    data = file.read_bytes()
    for place in range(0, len(data), 13):
        file.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert verify_signature(tmp_path, public), place
    assert set(verify_signature(tmp_path, public)) <= set(verify(tmp_path, contract(), public))
    file.unlink()
    assert "is missing: the report is not signed" in verify(tmp_path, contract(), public)[0]


def test_a_report_that_was_made_anew_is_not_the_signed_one(tmp_path: Path) -> None:
    """Someone who computes everything again, digests and all, has no key."""
    written(tmp_path)
    secret, public = _keys(tmp_path / "mine", _ed25519())
    sign(tmp_path, secret)
    envelope = (tmp_path / NAME).read_bytes()
    written(tmp_path, tool="pytest-ecs 1")
    (tmp_path / NAME).write_bytes(envelope)
    assert f"{tmp_path / NAME}: subject is not that of the report beside it" in verify(tmp_path, contract(), public)
    assert verify(tmp_path, contract())


def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes from the environment, never from the command line."""
    written(tmp_path)
    secret, public = _keys(tmp_path / "mine", _ed25519(), b"open sesame")
    with pytest.raises(ConfigurationError, match=PASSPHRASE):
        sign(tmp_path, secret)
    monkeypatch.setenv(PASSPHRASE, "open sesame")
    sign(tmp_path, secret)
    assert verify(tmp_path, contract(), public) == []


def test_a_key_that_cannot_sign_is_a_sentence(tmp_path: Path) -> None:
    """A file that is none, and a kind of key that is not taken."""
    written(tmp_path)
    secret, public = _keys(tmp_path / "mine", rsa.generate_private_key(65537, 2048))
    for key in (secret, public, tmp_path / "nothing"):
        with pytest.raises(ConfigurationError, match="cannot sign"):
            sign(tmp_path, key)
    with pytest.raises(ConfigurationError, match="is no public key"):
        verify(tmp_path, contract(), secret)


def test_the_page_says_with_which_key_the_report_is_signed(tmp_path: Path) -> None:
    """And how to check it; signing again with another key says the other one."""
    written(tmp_path)
    page = tmp_path / "report.html"
    assert "Not signed." in page.read_text(encoding="utf-8")
    for name in ("mine", "theirs"):
        secret, _ = _keys(tmp_path / name, _ed25519())
        envelope = json.loads(sign(tmp_path, secret).read_text(encoding="ascii"))
        (signature,) = envelope["signatures"]
        text = page.read_text(encoding="utf-8")
        assert f"ed25519 key <code>{signature['keyid']}</code>" in text
        assert "Not signed." not in text
        assert text.count("<strong>Signed</strong>") == 1
        assert text.rstrip().endswith("</html>")
