"""Requests without valid credentials are refused: no token, a garbage token, another project's, a foreign project."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Bench

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
        requirement, "POST", _SERVERS, json=body, client=ecs_bench.signed(**wrong),
        expects="unauthenticated", change=change, control=control.id,
    )  # fmt: skip
    ecs_bench.settle(refused)


def _checked(bench: Bench) -> dict[str, object]:
    """A create request that is only checked, so that a wrong acceptance makes nothing."""
    return {"dry_run": True, **bench.session.pool.template(bench.new_name("signed"), 1)}
