"""Rules of the native flavors (6.6)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from pytest_ecs import Check, Client, Exchange, Servers, Supplies, read

_LIST, _DETAIL, _SPECS = "nova.flavors.list/rule", "nova.flavors.list-detail/rule", "nova.flavor-extra-specs.show/rule"
_PATHS = {_LIST: "/v2.1/{project_id}/flavors", _DETAIL: "/v2.1/{project_id}/flavors/detail"}
_ECS = "/v1/{project_id}/cloudservers/flavors"
_IDS = ("body", "flavors", "*", "id")
#: Values of sort_key, and the property that each sorts by (table 6-110).
_KEYS = {"flavorid": "id", "name": "name", "memory_mb": "ram", "vcpus": "vcpus", "root_gb": "disk"}
#: Fields that are not used, and what they have then (tables 6-117, 6-121).
_UNUSED = {
    "disk": [0, "0"],
    "swap": [""],
    "OS-FLV-EXT-DATA:ephemeral": [0],
    "OS-FLV-DISABLED:disabled": [False],
    "rxtx_factor": [1, 1.0],
}


def _query(client: Client, rule: str, **query: str) -> Exchange:
    return client.get(_PATHS[rule], query=query)


def _flavors(client: Client) -> list[dict[str, Any]]:
    """All flavors with their details, in the order of the list."""
    found: list[dict[str, Any]] = read(_query(client, _DETAIL), "flavors")
    return found


def _ids(listed: Exchange) -> list[str]:
    return [flavor["id"] for flavor in read(listed, "flavors")]


def _plain(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _before(one: Any, other: Any) -> bool:
    """Return whether a value comes before another however letters of another case and other characters are ordered."""
    if not isinstance(one, str):
        return bool(one < other)
    mine, theirs = next((pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]), ("", ""))
    if not mine:  # one of them begins with the other
        return any(map(_plain, other[len(one) :]))
    same_case = mine.isdigit() or theirs.isdigit() or mine.isupper() == theirs.isupper()
    return _plain(mine) and _plain(theirs) and same_case and mine < theirs


def _in_order(ids: list[str], of: Callable[[str], Any], downwards: bool = False) -> list[str]:
    """Return flavors as they are when they may be in this order, sorted when not."""
    values = [of(flavor) for flavor in ids]
    pairs = combinations(values[::-1] if downwards else values, 2)
    return sorted(ids, key=of, reverse=downwards) if any(_before(later, first) for first, later in pairs) else ids


@pytest.mark.ecs_requirement(
    "nova.flavors.list/rule/has-flavors",
    "nova.flavors.list/rule/can-be-shown",
    "nova.flavors.list/rule/same-flavors",
    "nova.flavors.list-detail/rule/has-flavors",
    "nova.flavors.list-detail/rule/unused-defaults",
    "nova.flavors.list-detail/rule/ecs-flavors-agree",
    "nova.flavors.show/rule/same-flavor",
    "nova.flavors.show/rule/same-as-list",
    "nova.flavors.show/rule/unused-defaults",
    "nova.flavor-extra-specs.show/rule/ecs-flavors-agree",
)
def test_all_queries_show_the_same_flavors(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """The lists, each flavor by itself, its extra specs, and the ECS view of it."""
    used = ecs_supplies.need("flavor_id")
    listed, detailed = _query(ecs_client, _LIST), _query(ecs_client, _DETAIL)
    for rule, answer in ((_LIST, listed), (_DETAIL, detailed)):
        ecs_check(f"{rule}/has-flavors", answer, *_IDS, contains=used)
    ecs_check("nova.flavors.list/rule/same-flavors", listed, *_IDS, equals=_ids(detailed))
    names = {flavor["id"]: flavor["name"] for flavor in read(listed, "flavors")}
    theirs = {flavor["id"]: flavor for flavor in read(ecs_client.get(_ECS), "flavors")}
    agreed = 0
    for number, flavor in enumerate(read(detailed, "flavors")):
        shown = ecs_client.get(f"{_PATHS[_LIST]}/{flavor['id']}")
        ecs_check("nova.flavors.show/rule/same-flavor", shown, "body", "flavor", "id", equals=flavor["id"])
        if flavor["id"] in names:
            ecs_check(
                "nova.flavors.list/rule/can-be-shown", shown, "body", "flavor", "name", equals=names[flavor["id"]]
            )
        for name in sorted(flavor.keys() - {"links"}):
            ecs_check("nova.flavors.show/rule/same-as-list", shown, "body", "flavor", name, equals=flavor[name])
        for name, values in _UNUSED.items():
            if name in flavor:
                ecs_check(
                    "nova.flavors.list-detail/rule/unused-defaults",
                    detailed,
                    "body",
                    "flavors",
                    number,
                    name,
                    one_of=values,
                )
                ecs_check("nova.flavors.show/rule/unused-defaults", shown, "body", "flavor", name, one_of=values)
        ours = theirs.get(flavor["id"])
        if ours is None:
            continue
        agreed += 1
        for name in ("vcpus", "ram"):
            same = [int(ours[name]), str(ours[name])]
            ecs_check(
                "nova.flavors.list-detail/rule/ecs-flavors-agree",
                detailed,
                "body",
                "flavors",
                number,
                name,
                one_of=same,
            )
        specs = ecs_client.get(f"{_PATHS[_LIST]}/{flavor['id']}/os-extra_specs")
        ecs_check(
            "nova.flavor-extra-specs.show/rule/ecs-flavors-agree",
            specs,
            "body",
            "extra_specs",
            equals=ours["os_extra_specs"],
        )
    if not agreed:
        for rule in (_DETAIL, _SPECS):
            ecs_check.not_tested(f"{rule}/ecs-flavors-agree", "the lists of 5.4.1 and 6.6.2 have no flavor in common")


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(
            rule,
            id=rule,
            marks=pytest.mark.ecs_requirement(
                *(
                    f"{rule}/{claim}"
                    for claim in (
                        "least-disk",
                        "least-disk-zero",
                        "least-memory",
                        *(("least-both",) if rule == _LIST else ()),
                    )
                ),
            ),
        )
        for rule in _PATHS
    ],
)
def test_the_least_that_is_asked_for(ecs_client: Client, ecs_check: Check, rule: str) -> None:
    """minRam and minDisk leave out what is smaller, and nothing else."""
    flavors = _flavors(ecs_client)
    memory = sorted({int(flavor["ram"]) for flavor in flavors})
    middle = memory[len(memory) // 2]
    listed = _query(ecs_client, rule, minRam=str(middle))
    fitting = [flavor["id"] for flavor in flavors if int(flavor["ram"]) >= middle]
    ecs_check(f"{rule}/least-memory", listed, *_IDS, same_items=fitting)
    none = _query(ecs_client, rule, minRam=str(memory[-1] + 1))
    ecs_check(f"{rule}/least-memory", none, *_IDS, equals=[])
    zero = _query(ecs_client, rule, minDisk="0")
    ecs_check(f"{rule}/least-disk-zero", zero, *_IDS, same_items=[flavor["id"] for flavor in flavors])
    disks = {flavor["id"]: int(flavor["disk"]) for flavor in flavors}
    least = max(1, *disks.values())
    large = _query(ecs_client, rule, minDisk=str(least))
    for flavor, size in disks.items():
        if 0 < size < least:
            ecs_check(f"{rule}/least-disk", large, *_IDS, lacks=flavor)
        elif size >= least:
            ecs_check(f"{rule}/least-disk", large, *_IDS, contains=flavor)
    if not any(disks.values()):  # a disk of 0 is not judged, so only that the query is understood is left
        ecs_check.accepted(f"{rule}/least-disk", large)
    if rule == _LIST:
        both = _query(ecs_client, rule, minRam=str(middle), minDisk=str(least))
        allowed = set(fitting) & set(_ids(large))
        ecs_check(f"{rule}/least-both", both, *_IDS, same_items=sorted(allowed & set(_ids(both))))


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(
            rule,
            id=rule,
            marks=pytest.mark.ecs_requirement(
                *(
                    f"{rule}/{claim}"
                    for claim in ("sort-default", "sort-key", "sort-direction", "sort-direction-default")
                ),
            ),
        )
        for rule in _PATHS
    ],
)
def test_flavors_are_sorted(ecs_client: Client, ecs_check: Check, rule: str) -> None:
    """By each key, upwards unless downwards is asked for; without a key by the id."""
    properties = {flavor["id"]: flavor for flavor in _flavors(ecs_client)}
    plain = _query(ecs_client, rule)
    ecs_check(f"{rule}/sort-default", plain, *_IDS, equals=_in_order(_ids(plain), str))
    for key, name in _KEYS.items():

        def of(flavor: str, name: str = name) -> Any:
            value = properties[flavor][name]
            return int(value) if name in {"ram", "vcpus", "disk"} else str(value)

        for claim, query, downwards in (
            ("sort-key", {}, False),
            ("sort-direction-default", {}, False),
            ("sort-direction", {"sort_dir": "asc"}, False),
            ("sort-direction", {"sort_dir": "desc"}, True),
        ):
            listed = _query(ecs_client, rule, sort_key=key, **query)
            ids = _ids(listed)
            # Flavors that are equal in the property may come in any order, so the list is compared with itself, sorted.
            ecs_check(f"{rule}/{claim}", listed, *_IDS, equals=_in_order(ids, of, downwards))
            ecs_check(f"{rule}/{claim}", listed, *_IDS, same_items=list(properties))


@pytest.mark.ecs_requirement("nova.flavors.list-detail/rule/public-filter")
def test_public_flavors_can_be_asked_for(ecs_client: Client, ecs_check: Check) -> None:
    """With is_public true every flavor listed is public."""
    listed = _query(ecs_client, _DETAIL, is_public="true")
    for number, flavor in enumerate(read(listed, "flavors")):
        if "os-flavor-access:is_public" in flavor:
            place = ("body", "flavors", number, "os-flavor-access:is_public")
            ecs_check("nova.flavors.list-detail/rule/public-filter", listed, *place, equals=True)
    ecs_check.accepted("nova.flavors.list-detail/rule/public-filter", listed)


@pytest.mark.parametrize(
    "rule",
    [pytest.param(rule, id=rule, marks=pytest.mark.ecs_requirement(f"{rule}/next-link-works")) for rule in _PATHS],
)
def test_a_page_leads_to_the_next(ecs_client: Client, ecs_check: Check, rule: str) -> None:
    """Where a list of flavors has pages, its link leads to other ones."""
    page = _query(ecs_client, rule, limit="1")  # no section has the parameter: whether it makes pages is the endpoint's
    body = page.response_body
    links = body.get("flavors_links") if isinstance(body, dict) else None
    if not links:
        ecs_check.not_tested(f"{rule}/next-link-works", "the list comes as one page")
        return
    query = parse_qsl(urlsplit(str(links[0]["href"])).query)
    following = ecs_client.get(_PATHS[rule], query=query)
    ecs_check(f"{rule}/next-link-works", following, "body", "flavors", differs=[])
    for flavor in _ids(page):
        ecs_check(f"{rule}/next-link-works", following, *_IDS, lacks=flavor)


@pytest.mark.ecs_requirement("nova.flavors.list/rule/usable")
def test_listed_flavors_make_servers(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Those that the run was given, where they are listed and nothing says that they cannot be bought, pass the check."""
    listed, judged = _ids(_query(ecs_client, _LIST)), False
    for name in ("flavor_id", "other_flavor_id"):
        flavor = ecs_supplies.need(name)
        specs = ecs_client.get(f"{_PATHS[_LIST]}/{flavor}/os-extra_specs").response_body
        if flavor not in listed or "cond:operation:status" in str(specs):
            continue
        body = dict(ecs_servers.template(ecs_supplies.name("check"), 1))
        body["server"] = {**body["server"], "flavorRef": flavor}
        checked = ecs_client.post("/v1/{project_id}/cloudservers", {**body, "dry_run": True})
        ecs_check.accepted("nova.flavors.list/rule/usable", checked)
        judged = True
    if not judged:
        ecs_check.not_tested(
            "nova.flavors.list/rule/usable",
            "the list has none of the flavors that the run was given, or they are sold out",
        )
