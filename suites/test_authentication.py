"""Requests without valid credentials are refused: no token, a garbage token, another project's, a foreign project."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Clients, Expect, Jobs, Servers, Supplies, read
from pytest_ecs.exceptions import TargetError

from .recipes import requirements


@pytest.mark.parametrize("requirement", requirements("auth"))
def test_wrong_credentials_are_refused(ecs_cases: Cases, requirement: str) -> None:
    """The recipe's own request, accepted with the right credentials, is refused with these."""
    ecs_cases.authenticate(requirement)


_LIMITS = "/v1/{project_id}/cloudservers/limits"
_SERVERS = "/v1/{project_id}/cloudservers"


@pytest.mark.ecs_requirement("4.2/signature-accepted")
def test_a_signed_request_is_accepted(
    ecs_clients: Clients, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """A GET and a POST with a body, signed with AK/SK and without a token, are answered like those with one."""
    shown = ecs_clients.signed().get(_LIMITS)
    ecs_check("4.2/signature-accepted", shown, "status", equals=200)
    checked = ecs_clients.signed().post(_SERVERS, _checked(ecs_servers, ecs_supplies))
    ecs_jobs.settle(checked)
    ecs_check.accepted("4.2/signature-accepted", checked)


@pytest.mark.parametrize(
    ("requirement", "wrong", "change"),
    [
        pytest.param(f"4.2/{name}", wrong, change, id=name, marks=pytest.mark.ecs_requirement(f"4.2/{name}"))
        for name, wrong, change in (
            ("signature-altered-body", {"alter_body": True}, "the body is another one than the signed one"),
            (
                "signature-altered-header",
                {"alter_header": True},
                "a signed header has another value than the signed one",
            ),
            (
                "signature-unsigned-header",
                {"signed_headers": ("content-type",)},
                "neither host nor x-sdk-date is signed",
            ),
            ("signature-wrong-key", {"sk": "k" * 40}, "the secret key is not that of the access key"),
            ("signature-unknown-key", {"ak": "UNKNOWNACCESSKEY0000"}, "the access key does not exist"),
            ("signature-skewed-date", {"date_offset": -86400.0}, "x-sdk-date is a day old"),
        )
    ],
)
def test_a_wrong_signature_is_refused(
    ecs_clients: Clients,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    requirement: str,
    wrong: dict[str, Any],
    change: str,
) -> None:
    """A request that is accepted when it is signed rightly is refused with each way of signing it wrongly."""
    body = _checked(ecs_servers, ecs_supplies)
    control = ecs_clients.signed().post(_SERVERS, body)
    ecs_jobs.settle(control)
    refused = ecs_expect(
        requirement,
        "POST",
        _SERVERS,
        json=body,
        client=ecs_clients.signed(**wrong),
        expects="unauthenticated",
        change=change,
        control=control.id,
    )
    ecs_jobs.settle(refused)


#: More bytes than a signed request may have (4.2: 12 MB).
_TOO_MANY = 12 * 1024 * 1024 + 1
_CUT_OFF = "the connection ended before there was an answer, which says nothing of the body"


def _large(servers: Servers) -> tuple[str, str, str]:
    """Return the path of a server, a request that gives it the name that it has, and the same one beyond 12 MB."""
    (lease,) = servers.shared("ACTIVE")
    body = json.dumps({"server": {"name": read(lease.show(), "server", "name")}})
    return f"/v2.1/{{project_id}}/servers/{lease.id}", body, body + " " * _TOO_MANY


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
        ecs_check("4.2/token-large-body", answered, "status", at_most=499)


def _checked(servers: Servers, supplies: Supplies) -> dict[str, object]:
    """A create request that is only checked, so that a wrong acceptance makes nothing."""
    return {"dry_run": True, **servers.template(supplies.name("signed"), 1)}
