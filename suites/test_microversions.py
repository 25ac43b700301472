"""Microversions (3, 6.1): the default, the range, both headers, what a version outside it gets, and v2 without them."""

from __future__ import annotations

import re

import pytest

from pytest_ecs import Bench

from .recipes import boundaries, requirements

_RULE = "nova.servers.show/rule"
_NEWER, _OLDER = "OpenStack-API-Version", "X-OpenStack-Nova-API-Version"


@pytest.mark.parametrize("microversion", boundaries())
def test_fields_come_and_go_with_their_microversion(ecs_bench: Bench, microversion: str) -> None:
    """At each documented boundary and just below it, the judge looks at what the answers have; v2.1 lists likewise."""
    (lease,) = ecs_bench.shared("ACTIVE")
    for path in (f"/servers/{lease.id}", "/servers/detail", "/servers"):
        ecs_bench.client.get(f"/v2.1/{{project_id}}{path}", microversion=microversion)


@pytest.mark.parametrize("requirement", requirements("alias", "microversion"))
def test_an_operation_is_where_it_is_said_to_be(ecs_bench: Bench, requirement: str) -> None:
    """Its other URLs, those under /v2 (6.16) included, accept its request; outside its microversions it is refused."""
    send = ecs_bench.alias if "/alias/" in requirement else ecs_bench.refuse
    send(requirement)


def _path(bench: Bench, root: str = "/v2.1") -> str:
    (lease,) = bench.shared("ACTIVE")
    return f"{root}/{{project_id}}/servers/{lease.id}"


@pytest.mark.ecs_requirement(f"{_RULE}/microversion-default")
def test_the_default_is_the_least(ecs_bench: Bench) -> None:
    """Without a header a field of a later microversion is absent."""
    shown = ecs_bench.client.get(_path(ecs_bench))
    ecs_bench.check(f"{_RULE}/microversion-default", shown, "body", "server", "locked", absent=True)


@pytest.mark.ecs_requirement(f"{_RULE}/microversion-newer-header")
def test_the_newer_header_is_honoured(ecs_bench: Bench) -> None:
    """OpenStack-API-Version alone, from 2.27 on, brings the fields of its microversion."""
    shown = ecs_bench.client.get(_path(ecs_bench), headers={_NEWER: "compute 2.27"})
    ecs_bench.check(f"{_RULE}/microversion-newer-header", shown, "body", "server", "locked", present=True)


def _refuse(bench: Bench, rule: str, version: str) -> None:
    path = _path(bench)
    control = bench.client.get(path, microversion="2.26")
    bench.expect(
        f"{_RULE}/{rule}",
        "GET",
        path,
        headers={_OLDER: version},
        expects="unsupported-version",
        change=f"the microversion is {version}",
        control=control.id,
    )


@pytest.mark.ecs_requirement(f"{_RULE}/microversion-malformed")
def test_what_is_no_version_is_refused(ecs_bench: Bench) -> None:
    """A word is not read as a microversion."""
    _refuse(ecs_bench, "microversion-malformed", "two")


@pytest.mark.parametrize(("field", "step"), [("min_version", -1), ("version", 1)])
@pytest.mark.ecs_requirement(f"{_RULE}/microversion-out-of-range")
def test_a_version_outside_the_range_is_refused(ecs_bench: Bench, field: str, step: int) -> None:
    """The one just below the least that v2.1 names, and the one just above the greatest."""
    for entry in ecs_bench.read(ecs_bench.client.get("/"), "versions"):
        bound = re.fullmatch(r"([0-9]+)\.([0-9]+)", str(entry.get(field)))
        if bound is not None and re.fullmatch(r"\D*2\.1", str(entry.get("id"))):
            major, minor = int(bound[1]), int(bound[2]) + step
            _refuse(ecs_bench, "microversion-out-of-range", f"{major}.{minor}" if minor >= 0 else f"{major - 1}.9999")
            return
    ecs_bench.not_tested(f"{_RULE}/microversion-out-of-range", f"no {field} of v2.1 can be read")


@pytest.mark.ecs_requirement(f"{_RULE}/v2-alias")
def test_v2_has_no_microversions(ecs_bench: Bench) -> None:
    """Under /v2 the header changes nothing."""
    shown = ecs_bench.client.get(_path(ecs_bench, "/v2"), headers={_OLDER: "2.26"})
    ecs_bench.check(f"{_RULE}/v2-alias", shown, "body", "server", "locked", absent=True)
    ecs_bench.check(f"{_RULE}/v2-alias", shown, "body", "server", "id", present=True)


@pytest.mark.ecs_requirement(f"{_RULE}/microversion-older-header", f"{_RULE}/microversion-headers-agree")
def test_the_older_header_is_honoured(ecs_bench: Bench) -> None:
    """X-OpenStack-Nova-API-Version alone brings the fields of its microversion, the same ones as the newer header."""
    path = _path(ecs_bench)
    shown = ecs_bench.client.get(path, headers={_OLDER: "2.27"})
    ecs_bench.check(f"{_RULE}/microversion-older-header", shown, "body", "server", "locked", present=True)
    newer = ecs_bench.read(ecs_bench.client.get(path, headers={_NEWER: "compute 2.27"}), "server")
    for field in sorted(newer):
        ecs_bench.check(f"{_RULE}/microversion-headers-agree", shown, "body", "server", field, present=True)
