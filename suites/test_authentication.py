"""Requests without valid credentials are refused: no token, a garbage token, another project's, a foreign project."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Clients, Expect, Jobs, Servers, Supplies, load_contract, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing, TargetError

from .recipes import each_operation, requirements


@pytest.mark.parametrize("requirement", requirements("auth"))
def test_wrong_credentials_are_refused(ecs_cases: Cases, requirement: str) -> None:
    """The recipe's own request, accepted with the right credentials, is refused with these."""
    ecs_cases.authenticate(requirement)


#: A query of each chapter that needs nothing.
_QUERIES = {
    "ecs": url_of("ecs.quotas.show"),
    "nova": url_of("nova.flavors.list"),
    "deprecated": url_of("nova.flavors.list"),
}
_SERVERS = url_of("ecs.servers.create")


@pytest.mark.ecs_requirement("4.2/signature-accepted")
def test_a_signed_request_is_accepted(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """A GET and a POST with a body, signed with AK/SK and without a token, are answered like those with one."""
    check = ecs_check.after(ecs_client.get(_QUERIES["ecs"]))
    check.accepted("4.2/signature-accepted", ecs_clients.signed().get(_QUERIES["ecs"]))
    # It is only checked, so that nothing is made.
    body = {"dry_run": True, **ecs_servers.template(ecs_supplies.name("signed"), 1)}
    checked = ecs_clients.signed().post(_SERVERS, body)
    ecs_jobs.settle(checked)
    ecs_check.accepted("4.2/signature-accepted", checked)


@pytest.mark.ecs_requirement("4.2/signature-accepted")
def test_a_signed_native_request_is_accepted(
    ecs_client: Client, ecs_clients: Clients, ecs_check: Check, ecs_servers: Servers
) -> None:
    """A GET, and a PUT that gives a server the name that it has."""
    check = ecs_check.after(ecs_client.get(_QUERIES["nova"]))
    check.accepted("4.2/signature-accepted", ecs_clients.signed().get(_QUERIES["nova"]))
    path, body, _ = _large(ecs_servers)
    check = ecs_check.after(ecs_client.put(path, content=body))
    check.accepted("4.2/signature-accepted", ecs_clients.signed().put(path, content=body))


#: What is wrong with a signature (4.2): how the client signs, and the change in words.
_WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "4.2/signature-altered-body": ({"alter_body": True}, "the body is another one than the signed one"),
    "4.2/signature-altered-header": ({"alter_header": True}, "a signed header has another value than the signed one"),
    "4.2/signature-unsigned-header": ({"signed_headers": ("content-type",)}, "neither host nor x-sdk-date is signed"),
    "4.2/signature-wrong-key": ({"sk": "k" * 40}, "the secret key is not that of the access key"),
    "4.2/signature-unknown-key": ({"ak": "UNKNOWNACCESSKEY0000"}, "the access key does not exist"),
    "4.2/signature-skewed-date": ({"date_offset": -86400.0}, "x-sdk-date is a day old"),
}


def _is_signed(operation: str) -> bool:
    """Whether an operation of the service needs credentials."""
    contract = load_contract()
    return contract.operations[operation].chapter in _QUERIES and f"{operation}/auth/no-token" in contract.requirements


@pytest.mark.parametrize(
    "operation",
    each_operation(
        _is_signed,
        "4.2/signature-altered-body",
        "4.2/signature-altered-header",
        "4.2/signature-unsigned-header",
        "4.2/signature-wrong-key",
        "4.2/signature-unknown-key",
        "4.2/signature-skewed-date",
    ),
)
def test_a_wrong_signature_is_refused(
    ecs_clients: Clients, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, operation: str
) -> None:
    """Where one that is right is accepted, each operation refuses its request when it is signed wrongly, in every way."""
    asked = load_contract().operations[operation]
    query = _QUERIES[asked.chapter]
    right = ecs_supplies.once(f"signed {query}", lambda: ecs_clients.signed().get(query))
    if not right.accepted:
        raise PrerequisiteMissing("A signed request is needed that is accepted", seen=right.answer)
    for requirement, (wrong, change) in _WRONG.items():
        if asked.body is not None or "alter_body" not in wrong:
            client = ecs_clients.signed(**wrong)
            ecs_cases.refuse_changed(operation, requirement, "unauthenticated", change, client=client)
        else:
            ecs_check.not_tested(requirement, f"{operation} has no body")


#: More bytes than a signed request may have (4.2: 12 MB).
_TOO_MANY = 12 * 1024 * 1024 + 1
_CUT_OFF = "the connection ended before there was an answer, which says nothing of the body"


def _large(servers: Servers) -> tuple[str, bytes, bytes]:
    """Return the path of a server, a request that gives it the name that it has, and the same one beyond 12 MB."""
    (lease,) = servers.shared("ACTIVE")
    body = json.dumps({"server": {"name": read(lease.show(), "server", "name")}}).encode()
    return url_of("nova.servers.show", server_id=lease.id), body, body.ljust(len(body) + _TOO_MANY)


@pytest.mark.ecs_requirement("4.2/signature-large-body")
def test_a_signed_body_is_not_too_large(
    ecs_clients: Clients, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """A signed request is accepted, and refused when nothing but its size grows beyond 12 MB."""
    requirement, client = "4.2/signature-large-body", ecs_clients.signed()
    path, body, large = _large(ecs_servers)
    control = client.put(path, content=body)
    try:
        ecs_expect(
            requirement,
            "PUT",
            path,
            content=large,
            client=client,
            expects="too-large",
            change="blanks make the body larger than 12 MB",
            control=control.id,
        )
    except TargetError:
        ecs_check.not_tested(requirement, _CUT_OFF)


@pytest.mark.ecs_requirement("4.2/token-large-body")
def test_a_large_body_with_a_token_is_answered(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """With a token the size of a body may be too much, and makes nothing fail inside the service."""
    path, _, large = _large(ecs_servers)
    try:
        answered = ecs_client.put(path, content=large)
    except TargetError:
        ecs_check.not_tested("4.2/token-large-body", _CUT_OFF)
    else:
        ecs_check.served("4.2/token-large-body", answered)
