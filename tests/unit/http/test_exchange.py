"""Exchanges are plain data and hold no secret."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from pytest_ecs._http.exchange import Case, Exchange, pointer
from pytest_ecs._http.redaction import KNOWN, REDACTED, Secrets, redact

from ..exchanges import exchange


def test_secret_fields_are_redacted_wherever_they_stand() -> None:
    """Passwords, user data and private keys are replaced in any nesting; the rest stays."""
    body = {
        "server": {"name": "a", "adminPass": "Secret-1", "user_data": "aGk=", "metadata": {"admin_pass": "Secret-2"}}
    }
    assert redact(body, Secrets()) == {
        "server": {"name": "a", "adminPass": REDACTED, "user_data": REDACTED, "metadata": {"admin_pass": REDACTED}}
    }


def test_redaction_keeps_types() -> None:
    """Null and empty strings stay what they are, so that a record can be judged against its schema."""
    assert redact({"adminPass": None, "user_data": ""}, Secrets()) == {"adminPass": None, "user_data": ""}


def test_the_login_block_is_kept_and_its_password_is_not() -> None:
    """In a token request the object called password stays; the password in it goes."""
    body = {
        "auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "u", "password": "hunter2!"}}}}
    }
    shown = redact(body, Secrets())
    assert shown["auth"]["identity"]["password"]["user"] == {"name": "u", "password": REDACTED}


def test_known_secrets_are_scrubbed_from_any_text() -> None:
    """A token that the endpoint echoes in a message is replaced there too, also inside keys."""
    secrets = Secrets(["token-abc-123", "token-abc-123-longer"])
    shown = redact({"message": "bad token-abc-123-longer!", "token-abc-123": 1}, secrets)
    assert shown == {"message": f"bad {REDACTED}!", REDACTED: 1}


def test_private_keys_are_scrubbed_even_when_cut() -> None:
    """A PEM block goes, also when its end is missing."""
    text = "x -----BEGIN RSA PRIVATE KEY-----\nMIIE"
    assert redact(text, Secrets()) == f"x {REDACTED}"


def test_of_a_private_key_the_public_half_is_kept() -> None:
    """So that it can be judged which public key it belongs to; of any other text nothing is."""
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    shown = redact({"private_key": private}, Secrets())
    assert shown == {"private_key": f"[redacted: the private key of {public}]"}
    assert redact({"private_key": "no key"}, Secrets()) == {"private_key": REDACTED}


def test_a_password_that_a_server_was_given_is_told_from_another() -> None:
    """Neither is shown."""
    secrets = Secrets()
    redact({"server": {"adminPass": "Given-to-it-1"}}, secrets)
    assert redact({"password": "Given-to-it-1"}, secrets) == {"password": KNOWN}
    assert redact({"password": "c2VjcmV0"}, secrets) == {"password": REDACTED}


def test_an_exchange_survives_the_way_through_json() -> None:
    """What is written to the evidence file comes back equal, its case included."""
    original = exchange("op", 400, {"error": {}}, case=Case("r", "invalid", "x is left out", "main-1", ("Ecs.0005",)))
    again = Exchange.from_json(json.loads(json.dumps(original.to_json())))
    assert again == original


def test_curl_names_secrets_as_variables() -> None:
    """The line to repeat has placeholders for secrets, quotes for the shell and no transport headers."""
    shown = exchange(
        method="POST",
        path="/v1/p/cloudservers",
        query=(("a", "b c"),),
        request={"name": "it's"},
        request_headers={
            "x-auth-token": REDACTED,
            "content-type": "application/json",
            "host": "h",
            "content-length": "3",
        },
    ).curl()
    assert '-H "x-auth-token: $X_AUTH_TOKEN"' in shown
    assert "'https://ecs.example.com/v1/p/cloudservers?a=b%20c'" in shown
    assert "it'\\''s" in shown
    assert "content-length" not in shown


def test_pointer_says_what_is_missing() -> None:
    """A path that leads nowhere is a LookupError that names it."""
    assert pointer({"a": [{"b": 1}]}, ("a", 0, "b")) == 1
    with pytest.raises(LookupError, match="nothing at a/1"):
        pointer({"a": [1]}, ("a", 1))


@pytest.mark.parametrize(
    ("status", "failure", "accepted", "refused"),
    [
        (204, None, True, False),
        (300, None, False, False),
        (304, None, False, False),
        (404, None, False, True),
        (503, None, False, True),
        (0, "no answer in 60 s", False, False),
        (200, "the body was cut off", False, False),
    ],
)
def test_an_answer_is_accepted_refused_or_neither(
    status: int, failure: str | None, accepted: bool, refused: bool
) -> None:
    """A redirection is neither, and an answer that did not come whole is no answer."""
    made = exchange(status=status, failure=failure)
    assert (made.accepted, made.refused) == (accepted, refused)


def test_an_answer_is_one_line_for_people() -> None:
    """Texts are JSON, so that "1" is not 1; what is missing is said to be."""
    assert exchange(status=200, response_body={"a": "1"}).answer == 'HTTP 200, {"a": "1"}'
    assert exchange(status=204, response_body=None).answer == "HTTP 204, no body"
    assert exchange(status=0, failure="reset").answer == "reset"
    assert exchange(response_body=[1]).json_object == {}
