"""Microversions (3, 6.1): the default, the range, both headers, what a version outside it gets, and v2 without them."""

from __future__ import annotations

import re

import pytest

from pytest_ecs import Cases, Check, Client, Expect, Servers, Supplies, load_contract, read, url_of

from .recipes import boundaries, each_operation, requirements

_RULE = "nova.servers.show/rule"
_NEWER, _OLDER = "OpenStack-API-Version", "X-OpenStack-Nova-API-Version"


@pytest.mark.parametrize("microversion", boundaries())
def test_fields_come_and_go_with_their_microversion(
    ecs_client: Client, ecs_servers: Servers, microversion: str
) -> None:
    """At each documented boundary and just below it, the judge looks at what the answers have; v2.1 lists likewise."""
    (lease,) = ecs_servers.shared("ACTIVE")
    for path in (
        url_of("nova.servers.show", server_id=lease.id),
        url_of("nova.servers.list-detail"),
        url_of("nova.servers.list"),
    ):
        ecs_client.get(path, microversion=microversion)


@pytest.mark.parametrize("requirement", requirements("alias", "microversion"))
def test_an_operation_is_where_it_is_said_to_be(ecs_cases: Cases, requirement: str) -> None:
    """Its other URLs, those under /v2 (6.16) included, accept its request; outside its microversions it is refused."""
    send = ecs_cases.alias if load_contract().requirements[requirement].kind == "alias" else ecs_cases.refuse
    send(requirement)


def _has_microversions(operation: str) -> bool:
    asked = load_contract().operations[operation]
    return asked.chapter == "nova" and asked.path.startswith("/v2.1/{project_id}/")


@pytest.mark.parametrize("operation", each_operation(_has_microversions, "3/microversion-refused"))
def test_every_operation_refuses_a_version_above_the_greatest(
    ecs_client: Client, ecs_cases: Cases, ecs_supplies: Supplies, operation: str
) -> None:
    """The own request of each native operation, which is accepted without it."""
    rule = "3/microversion-refused"
    above = ecs_supplies.once("version above", lambda: _outside(ecs_client, "version", 1))
    if above is None:
        ecs_cases.check.not_tested(rule, "no version of v2.1 can be read")
    else:
        change = f"the microversion is {above}"
        ecs_cases.refuse_changed(operation, rule, "unsupported-version", change, microversion=above)


def _path(servers: Servers, root: str = "/v2.1") -> str:
    (lease,) = servers.shared("ACTIVE")
    return f"{root}/{{project_id}}/servers/{lease.id}"


@pytest.mark.ecs_requirement("nova.servers.show/rule/microversion-default")
def test_the_default_is_the_least(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Without a header a field of a later microversion is absent."""
    shown = ecs_client.get(_path(ecs_servers))
    ecs_check("nova.servers.show/rule/microversion-default", shown, "body", "server", "locked", absent=True)


@pytest.mark.ecs_requirement("nova.servers.show/rule/microversion-newer-header")
def test_the_newer_header_is_honoured(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """OpenStack-API-Version alone, from 2.27 on, brings the fields of its microversion."""
    shown = ecs_client.get(_path(ecs_servers), headers={_NEWER: "compute 2.27"})
    ecs_check("nova.servers.show/rule/microversion-newer-header", shown, "body", "server", "locked", present=True)


def _refuse(client: Client, expect: Expect, servers: Servers, rule: str, version: str) -> None:
    path = _path(servers)
    control = client.get(path, microversion="2.26")
    expect(
        f"{_RULE}/{rule}",
        "GET",
        path,
        headers={_OLDER: version},
        expects="unsupported-version",
        change=f"the microversion is {version}",
        control=control.id,
    )


@pytest.mark.ecs_requirement("nova.servers.show/rule/microversion-malformed")
def test_what_is_no_version_is_refused(ecs_client: Client, ecs_expect: Expect, ecs_servers: Servers) -> None:
    """A word is not read as a microversion."""
    _refuse(ecs_client, ecs_expect, ecs_servers, "microversion-malformed", "two")


@pytest.mark.parametrize(("field", "step"), [("min_version", -1), ("version", 1)])
@pytest.mark.ecs_requirement("nova.servers.show/rule/microversion-out-of-range")
def test_a_version_outside_the_range_is_refused(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, field: str, step: int
) -> None:
    """The one just below the least that v2.1 names, and the one just above the greatest."""
    outside = _outside(ecs_client, field, step)
    if outside is None:
        ecs_check.not_tested("nova.servers.show/rule/microversion-out-of-range", f"no {field} of v2.1 can be read")
    else:
        _refuse(ecs_client, ecs_expect, ecs_servers, "microversion-out-of-range", outside)


def _outside(client: Client, field: str, step: int) -> str | None:
    """Return the version *step* beyond the one that a field of v2.1 names (6.1.1); None where none can be read."""
    for entry in read(client.get("/"), "versions"):
        bound = re.fullmatch(r"([0-9]+)\.([0-9]+)", str(entry.get(field)))
        if bound is not None and re.fullmatch(r"\D*2\.1", str(entry.get("id"))):
            major, minor = int(bound[1]), int(bound[2]) + step
            return f"{major}.{minor}" if minor >= 0 else f"{major - 1}.9999"
    return None


@pytest.mark.ecs_requirement(
    "nova.servers.show/rule/v2-alias",
)
def test_v2_has_no_microversions(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Under /v2 the header changes nothing."""
    shown = ecs_client.get(_path(ecs_servers, "/v2"), headers={_OLDER: "2.26"})
    ecs_check(f"{_RULE}/v2-alias", shown, "body", "server", "locked", absent=True)
    ecs_check(f"{_RULE}/v2-alias", shown, "body", "server", "id", present=True)


@pytest.mark.ecs_requirement(
    "nova.servers.show/rule/microversion-older-header", "nova.servers.show/rule/microversion-headers-agree"
)
def test_the_older_header_is_honoured(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """X-OpenStack-Nova-API-Version alone brings the fields of its microversion, the same ones as the newer header."""
    path = _path(ecs_servers)
    shown = ecs_client.get(path, headers={_OLDER: "2.27"})
    ecs_check("nova.servers.show/rule/microversion-older-header", shown, "body", "server", "locked", present=True)
    newer = read(ecs_client.get(path, headers={_NEWER: "compute 2.27"}), "server")
    for field in sorted(newer):
        ecs_check("nova.servers.show/rule/microversion-headers-agree", shown, "body", "server", field, present=True)
