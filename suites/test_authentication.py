"""Requests without valid credentials are refused: no token, a garbage token, another project's, a foreign project."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_ecs import Bench
from pytest_ecs.exceptions import TargetError

from .recipes import requirements


@pytest.mark.parametrize("requirement", requirements("auth"))
def test_wrong_credentials_are_refused(ecs_bench: Bench, requirement: str) -> None:
    """The recipe's own request, accepted with the right credentials, is refused with these."""
    ecs_bench.authenticate(requirement)


_LIMITS = "/v1/{project_id}/cloudservers/limits"
_SERVERS = "/v1/{project_id}/cloudservers"


@pytest.mark.ecs_requirement("4.2/signature-accepted")
def test_a_signed_request_is_accepted(ecs_bench: Bench) -> None:
    """A GET and a POST with a body, signed with AK/SK and without a token, are answered like those with one."""
    shown = ecs_bench.signed().get(_LIMITS)
    ecs_bench.check("4.2/signature-accepted", shown, "status", equals=200)
    checked = ecs_bench.signed().post(_SERVERS, _checked(ecs_bench))
    ecs_bench.settle(checked)
    ecs_bench.check("4.2/signature-accepted", checked, "status", at_most=299)


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
def test_a_wrong_signature_is_refused(ecs_bench: Bench, requirement: str, wrong: dict[str, Any], change: str) -> None:
    """A request that is accepted when it is signed rightly is refused with each way of signing it wrongly."""
    body = _checked(ecs_bench)
    control = ecs_bench.signed().post(_SERVERS, body)
    ecs_bench.settle(control)
    refused = ecs_bench.expect(
        requirement,
        "POST",
        _SERVERS,
        json=body,
        client=ecs_bench.signed(**wrong),
        expects="unauthenticated",
        change=change,
        control=control.id,
    )
    ecs_bench.settle(refused)


#: More bytes than a signed request may have (4.2: 12 MB).
_TOO_MANY = 12 * 1024 * 1024 + 1
_CUT_OFF = "the connection ended before there was an answer, which says nothing of the body"


def _large(bench: Bench) -> tuple[str, str, str]:
    """Return the path of a server, a request that gives it the name that it has, and the same one beyond 12 MB."""
    (lease,) = bench.shared("ACTIVE")
    body = json.dumps({"server": {"name": bench.read(lease.show(), "server", "name")}})
    return f"/v2.1/{{project_id}}/servers/{lease.id}", body, body + " " * _TOO_MANY


@pytest.mark.ecs_requirement("4.2/signature-large-body")
def test_a_signed_body_is_not_too_large(ecs_bench: Bench) -> None:
    """A signed request is accepted, and refused when nothing but its size grows beyond 12 MB."""
    requirement, client = "4.2/signature-large-body", ecs_bench.signed()
    path, body, large = _large(ecs_bench)
    control = client.put(path, content=body)
    try:
        ecs_bench.expect(
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
        ecs_bench.not_tested(requirement, _CUT_OFF)


@pytest.mark.ecs_requirement("4.2/token-large-body")
def test_a_large_body_with_a_token_is_answered(ecs_bench: Bench) -> None:
    """With a token the size of a body may be too much, and makes nothing fail inside the service."""
    path, _, large = _large(ecs_bench)
    try:
        answered = ecs_bench.client.put(path, content=large)
    except TargetError:
        ecs_bench.not_tested("4.2/token-large-body", _CUT_OFF)
    else:
        ecs_bench.check("4.2/token-large-body", answered, "status", at_most=499)


def _checked(bench: Bench) -> dict[str, object]:
    """A create request that is only checked, so that a wrong acceptance makes nothing."""
    return {"dry_run": True, **bench.session.pool.template(bench.new_name("signed"), 1)}
