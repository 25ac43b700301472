"""Rules of API versions (6.1)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_ecs import Check, Client, Exchange, read

_LIST, _SHOW = "nova.versions.list/rule", "nova.versions.show/rule"
#: When each version was updated (table 6-2).
_UPDATED = {"2.0": "2011-01-21T11:33:21Z", "2.1": "2013-07-23T11:33:21Z"}
#: What a version without microversions shows (3, tables 6-2 and 6-6).
_BLANK = ("", None)
_RANGE = ("version", "min_version")


def _named(version: str) -> str:
    """Return a pattern of the number of a version; v2 is v2.0."""
    number = re.escape(version.removesuffix(".0")) + (r"(\.0)?" if version.endswith(".0") else "")
    return rf"(?<![\d.]){number}(?![\d.])"


def _number(entry: dict[str, Any]) -> str | None:
    """Return the number in the id of a version, None where it has none."""
    found = re.search(r"\d+(\.\d+)?", str(entry.get("id")))
    return None if found is None else found[0] if "." in found[0] else f"{found[0]}.0"


def _versions(listed: Exchange) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(listed, "versions")
    return found


def _at(listed: Exchange, version: str) -> int | None:
    """Return where a version stands in the list, None when it does not."""
    numbers = [_number(entry) for entry in _versions(listed)]
    return numbers.index(version) if version in numbers else None


@pytest.mark.ecs_requirement(
    "nova.versions.list/rule/v2-updated",
    "nova.versions.list/rule/v21-updated",
    "nova.versions.list/rule/v2-without-microversions",
    "nova.versions.list/rule/v21-range",
)
def test_both_versions_are_listed(ecs_client: Client, ecs_check: Check) -> None:
    """v2.0 has no microversions, v2.1 a range, and each the time that the table names."""
    listed = ecs_client.get("/")
    for version, updated, ranged, test in (
        ("2.0", "v2-updated", "v2-without-microversions", {"one_of": list(_BLANK)}),
        ("2.1", "v21-updated", "v21-range", {"matches": r"^2\.\d+$"}),
    ):
        at = _at(listed, version)
        if at is None:
            for rule in (updated, ranged):
                ecs_check.not_tested(f"{_LIST}/{rule}", f"the list has no version {version}")
            continue
        place = ("body", "versions", at)
        ecs_check(f"{_LIST}/{updated}", listed, *place, "updated", equals=_UPDATED[version])
        for field in _RANGE:
            ecs_check(f"{_LIST}/{ranged}", listed, *place, field, **test)


@pytest.mark.ecs_requirement(
    "nova.versions.show/rule/same-as-list",
    "nova.versions.show/rule/v2",
)
def test_a_version_shows_what_the_list_says(ecs_client: Client, ecs_check: Check) -> None:
    """Each version by itself has the id, status, range and time of the list, and v2 no microversions."""
    listed = ecs_client.get("/")
    for path, version in (("/v2.1", "2.1"), ("/v2", "2.0")):
        shown, at = ecs_client.get(path), _at(listed, version)
        if version == "2.0":
            for field in _RANGE:
                ecs_check(f"{_SHOW}/v2", shown, "body", "version", field, one_of=list(_BLANK))
        if at is None:
            ecs_check.not_tested("nova.versions.show/rule/same-as-list", f"the list has no version {version}")
            continue
        entry = _versions(listed)[at]
        for field in ("id", "status", *_RANGE, "updated"):
            blank = field in _RANGE and entry.get(field) in _BLANK
            same = {"one_of": list(_BLANK)} if blank else {"equals": entry.get(field)}
            ecs_check("nova.versions.show/rule/same-as-list", shown, "body", "version", field, **same)


@pytest.mark.ecs_requirement(
    "nova.versions.list/rule/blank-together",
    "nova.versions.list/rule/has-v2",
    "nova.versions.list/rule/has-v2-1",
    "nova.versions.list/rule/one-current",
    "nova.versions.list/rule/range-has-default",
    "nova.versions.list/rule/range-in-order",
    "nova.versions.list/rule/self-link",
    "nova.versions.list/rule/self-link-works",
)
def test_the_list_is_consistent(ecs_client: Client, ecs_check: Check) -> None:
    """Both versions are there, one is current, the range holds the default, and each version's link leads to it."""
    listed = ecs_client.get("/")
    versions = _versions(listed)
    for rule, version in (("has-v2", "2.0"), ("has-v2-1", "2.1")):
        at = _at(listed, version)
        name = f"v{version}" if at is None else versions[at]["id"]
        ecs_check(f"{_LIST}/{rule}", listed, "body", "versions", "*", "id", contains=name)
    ecs_check("nova.versions.list/rule/one-current", listed, "body", "versions", "*", "status", has_one="CURRENT")
    for index, entry in enumerate(versions):
        place = ("body", "versions", index)
        ecs_check("nova.versions.list/rule/blank-together", listed, *place, "min_version", **_blank_like(entry))
        if not all(entry.get(field) in _BLANK for field in _RANGE):
            least = entry.get("min_version")
            ecs_check("nova.versions.list/rule/range-in-order", listed, *place, "version", version_at_least=least)
        _check_link(ecs_client, ecs_check, listed, index, entry)
    for rule in ("range-in-order", "self-link", "self-link-works"):
        ecs_check.not_tested(f"{_LIST}/{rule}", "no version of the list has a number in its id, or a range")
    new = _at(listed, "2.1")
    if new is None:
        ecs_check.not_tested("nova.versions.list/rule/range-has-default", "the list has no version 2.1")
    else:
        place = ("body", "versions", new)
        ecs_check("nova.versions.list/rule/range-has-default", listed, *place, "min_version", one_of=["2.0", "2.1"])


def _check_link(client: Client, check: Check, listed: Exchange, index: int, entry: dict[str, Any]) -> None:
    """The self link of a version in the list holds its number, and leads to it."""
    number, at = _number(entry), _self(entry)
    if number is None:
        return
    place, named = ("body", "versions", index, "links", at, "href"), _named(number)
    if check("nova.versions.list/rule/self-link", listed, *place, matches=f"/[vV]?{named}/?$"):
        path = "/" + entry["links"][at]["href"].rstrip("/").rpartition("/")[2]
        check("nova.versions.list/rule/self-link-works", client.get(path), "body", "version", "id", matches=named)


def _self(version: dict[str, Any]) -> int:
    """Return where the self link of a version stands, a place where nothing is when it has none."""
    links = [link.get("rel") for link in version.get("links") or []]
    return links.index("self") if "self" in links else len(links)


def _blank_like(version: dict[str, Any]) -> dict[str, Any]:
    """What min_version must be: blank where version is, and a microversion where it is one."""
    return {"one_of": list(_BLANK)} if version.get("version") in _BLANK else {"matches": r"^\d+\.\d+$"}


@pytest.mark.ecs_requirement(
    "nova.versions.show/rule/asked-version",
    "nova.versions.show/rule/blank-together",
    "nova.versions.show/rule/media-type-json",
    "nova.versions.show/rule/self-link",
    "nova.versions.show/rule/v2-updated",
    "nova.versions.show/rule/v21-updated",
)
def test_a_version_is_consistent(ecs_client: Client, ecs_check: Check) -> None:
    """Each version by itself is the one asked for, with its time, its own link and JSON as its base."""
    for path, number, rule in (("/v2.1", "2.1", "v21-updated"), ("/v2", "2.0", "v2-updated")):
        shown, named = ecs_client.get(path), _named(number)
        version = read(shown, "version")
        if re.search(r"\d", str(version.get("id"))):
            ecs_check("nova.versions.show/rule/asked-version", shown, "body", "version", "id", matches=named)
        else:
            ecs_check.not_tested("nova.versions.show/rule/asked-version", "the id of the version has no number")
        ecs_check(f"{_SHOW}/{rule}", shown, "body", "version", "updated", equals=_UPDATED[number])
        ecs_check(
            "nova.versions.show/rule/blank-together", shown, "body", "version", "min_version", **_blank_like(version)
        )
        link = ("body", "version", "links", _self(version), "href")
        ecs_check("nova.versions.show/rule/self-link", shown, *link, matches=f"/[vV]?{named}/?$")
    shown = ecs_client.get("/v2.1")
    types = ("body", "version", "media-types", "*", "base")
    ecs_check("nova.versions.show/rule/media-type-json", shown, *types, includes=["application/json"])
