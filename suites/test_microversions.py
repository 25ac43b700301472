"""Microversions (3, 6.1): the default, the range, both headers, what a version outside it gets, and v2 without them."""

from __future__ import annotations

import pytest

from pytest_ecs import Bench

from .recipes import boundaries

_SHOW = "nova.servers.show"
_VERSIONS = "nova.versions.list/rule"


@pytest.mark.parametrize("microversion", boundaries())
def test_fields_come_and_go_with_their_microversion(ecs_bench: Bench, microversion: str) -> None:
    """At each documented boundary and just below it, the judge looks at what the answers have; v2.1 lists likewise."""
    (lease,) = ecs_bench.shared("ACTIVE")
    for path in (f"/servers/{lease.id}", "/servers/detail", "/servers"):
        ecs_bench.client.get(f"/v2.1/{{project_id}}{path}", microversion=microversion)
