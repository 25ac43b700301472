"""Rules of API versions (6.1)."""

from __future__ import annotations

import re

import pytest

from pytest_ecs import Bench

_LIST, _SHOW = "nova.versions.list/rule", "nova.versions.show/rule"
#: When each version was updated, by its id (table 6-2); what a version without microversions shows.
_UPDATED = {"v2.0": "2011-01-21T11:33:21Z", "v2.1": "2013-07-23T11:33:21Z"}


def _at(bench: Bench, version: str) -> int:
    listed = bench.read(bench.client.get("/"), "versions")
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
    listed = ecs_bench.read(ecs_bench.client.get("/"), "versions")
    for path, version in (("/v2.1", "v2.1"), ("/v2", "v2.0")):
        shown, entry = ecs_bench.client.get(path), listed[_at(ecs_bench, version)]
        for field in ("id", "status", "version", "min_version", "updated"):
            ecs_bench.check(f"{_SHOW}/same-as-list", shown, "body", "version", field, equals=entry[field])
            if version == "v2.0":
                ecs_bench.check(f"{_SHOW}/v2", shown, "body", "version", field, equals=entry[field])


@pytest.mark.ecs_requirement(
    f"{_LIST}/blank-together", f"{_LIST}/has-v2", f"{_LIST}/has-v2-1", f"{_LIST}/one-current", f"{_LIST}/range-has-default",
    f"{_LIST}/range-in-order", f"{_LIST}/self-link", f"{_LIST}/self-link-works",
)  # fmt: skip
def test_the_list_is_consistent(ecs_bench: Bench) -> None:
    """Both versions are there, one is current, the range holds the default, and each version's link leads to it."""
    listed = ecs_bench.client.get("/")
    for rule, name in (("has-v2", "v2.0"), ("has-v2-1", "v2.1")):
        ecs_bench.check(f"{_LIST}/{rule}", listed, "body", "versions", "*", "id", contains=name)
    ecs_bench.check(f"{_LIST}/one-current", listed, "body", "versions", "*", "status", has_one="CURRENT")
    for index, entry in enumerate(ecs_bench.read(listed, "versions")):
        place = ("body", "versions", index)
        ecs_bench.check(f"{_LIST}/blank-together", listed, *place, "min_version", **_blank_like(entry))
        ecs_bench.check(f"{_LIST}/range-in-order", listed, *place, "version", version_at_least=entry["min_version"])
        (link,) = [link["href"] for link in entry["links"] if link["rel"] == "self"]
        path = "/" + link.rstrip("/").rpartition("/")[2]
        ecs_bench.check(f"{_LIST}/self-link", listed, *place, "id", matches=f"^{re.escape(path[1:])}")
        shown = ecs_bench.client.get(path)
        ecs_bench.check(f"{_LIST}/self-link-works", shown, "body", "version", "id", equals=entry["id"])
    new = _at(ecs_bench, "v2.1")
    ecs_bench.check(f"{_LIST}/range-has-default", listed, "body", "versions", new, "min_version", one_of=["2.0", "2.1"])


def _blank_like(version: dict[str, str]) -> dict[str, str]:
    """What min_version must be: blank where version is, and not blank where it is not."""
    return {"differs": ""} if version["version"] else {"equals": ""}


@pytest.mark.ecs_requirement(
    f"{_SHOW}/asked-version", f"{_SHOW}/blank-together", f"{_SHOW}/media-type-json", f"{_SHOW}/self-link", f"{_SHOW}/v2-updated",
    f"{_SHOW}/v21-updated",
)  # fmt: skip
def test_a_version_is_consistent(ecs_bench: Bench) -> None:
    """Each version by itself is the one asked for, with its time, its own link and JSON as its base."""
    for path, name, rule in (("/v2.1", "v2.1", "v21-updated"), ("/v2", "v2.0", "v2-updated")):
        shown = ecs_bench.client.get(path)
        version = ecs_bench.read(shown, "version")
        ecs_bench.check(f"{_SHOW}/asked-version", shown, "body", "version", "id", equals=name)
        ecs_bench.check(f"{_SHOW}/{rule}", shown, "body", "version", "updated", equals=_UPDATED[name])
        ecs_bench.check(f"{_SHOW}/blank-together", shown, "body", "version", "min_version", **_blank_like(version))
        at = [link["rel"] for link in version["links"]].index("self")
        wanted = f"{re.escape(path)}/?$"
        ecs_bench.check(f"{_SHOW}/self-link", shown, "body", "version", "links", at, "href", matches=wanted)
    shown = ecs_bench.client.get("/v2.1")
    types = ("body", "version", "media-types", "*", "base")
    ecs_bench.check(f"{_SHOW}/media-type-json", shown, *types, includes=["application/json"])
