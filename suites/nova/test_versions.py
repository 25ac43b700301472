"""Rules of API versions (6.1)."""

from __future__ import annotations

import pytest

from pytest_ecs import Bench

_LIST, _SHOW = "nova.versions.list/rule", "nova.versions.show/rule"
#: When each version was updated, by its id (table 6-2); what a version without microversions shows.
_UPDATED = {"v2.0": "2011-01-21T11:33:21Z", "v2.1": "2013-07-23T11:33:21Z"}


def _at(bench: Bench, version: str) -> int:
    listed = bench.client.get("/").response_body["versions"]
    return next(index for index, entry in enumerate(listed) if entry["id"] == version)


@pytest.mark.ecs_requirement(
    f"{_LIST}/v2-updated", f"{_LIST}/v21-updated", f"{_LIST}/v2-without-microversions", f"{_LIST}/v21-range"
)
def test_both_versions_are_listed(ecs_bench: Bench) -> None:
    """v2.0 has no microversions, v2.1 a range, and each the time that the table names."""
    listed = ecs_bench.client.get("/")
    old, new = _at(ecs_bench, "v2.0"), _at(ecs_bench, "v2.1")
    ecs_bench.check(f"{_LIST}/v2-updated", listed, "body", "versions", old, "updated", equals=_UPDATED["v2.0"])
    ecs_bench.check(f"{_LIST}/v21-updated", listed, "body", "versions", new, "updated", equals=_UPDATED["v2.1"])
    for field in ("version", "min_version"):
        ecs_bench.check(f"{_LIST}/v2-without-microversions", listed, "body", "versions", old, field, equals="")
        ecs_bench.check(f"{_LIST}/v21-range", listed, "body", "versions", new, field, matches=r"^2\.\d+$")


@pytest.mark.ecs_requirement(f"{_SHOW}/same-as-list", f"{_SHOW}/v2")
def test_a_version_shows_what_the_list_says(ecs_bench: Bench) -> None:
    """Each version by itself has the id, status, range and time of the list."""
    listed = ecs_bench.client.get("/").response_body["versions"]
    for path, version in (("/v2.1", "v2.1"), ("/v2", "v2.0")):
        shown, entry = ecs_bench.client.get(path), listed[_at(ecs_bench, version)]
        for field in ("id", "status", "version", "min_version", "updated"):
            ecs_bench.check(f"{_SHOW}/same-as-list", shown, "body", "version", field, equals=entry[field])
            if version == "v2.0":
                ecs_bench.check(f"{_SHOW}/v2", shown, "body", "version", field, equals=entry[field])
