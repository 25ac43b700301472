"""Rules of the native flavors (6.6)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from pytest_ecs import Afterwards, Cases, Check, Client, Exchange, Supplies, read, url_of

#: The two lists.
_LIST, _DETAIL = "list", "list-detail"
_PATHS = {_LIST: url_of("nova.flavors.list"), _DETAIL: url_of("nova.flavors.list-detail")}
_ECS = url_of("ecs.flavors.list")
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


def _query(client: Client, base: str, **query: str) -> Exchange:
    return client.get(_PATHS[base], query=query)


def _flavors(client: Client) -> list[dict[str, Any]]:
    """All flavors with their details, in the order of the list."""
    found: list[dict[str, Any]] = read(_query(client, _DETAIL), "flavors")
    return found


def _ids(listed: Exchange) -> list[str]:
    return list(read(listed, "flavors", "*", "id"))


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
    "nova.flavors.list/rule/same-flavors",
    "nova.flavors.list-detail/rule/has-flavors",
    "nova.flavors.list-detail/rule/unused-defaults",
)
def test_both_lists_have_the_same_flavors(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_supplies: Supplies
) -> None:
    """Among them the one that servers are made of, and what is not used has its default."""
    used = ecs_supplies.need("flavor_id")
    listed, detailed = _query(ecs_client, _LIST), _query(ecs_client, _DETAIL)
    ecs_check("nova.flavors.list/rule/has-flavors", listed, *_IDS, contains=used)
    ecs_check("nova.flavors.list-detail/rule/has-flavors", detailed, *_IDS, contains=used)
    ecs_check("nova.flavors.list/rule/same-flavors", listed, *_IDS, equals=_ids(detailed))
    check, flavors = ecs_check.later(ecs_later), read(detailed, "flavors")
    with ecs_later:
        for number, name in ((number, name) for number, one in enumerate(flavors) for name in _UNUSED if name in one):
            at = ("body", "flavors", number, name)
            check("nova.flavors.list-detail/rule/unused-defaults", detailed, *at, one_of=_UNUSED[name])


@pytest.mark.ecs_requirement(
    "nova.flavors.list/rule/can-be-shown",
    "nova.flavors.show/rule/same-flavor",
    "nova.flavors.show/rule/same-as-list",
    "nova.flavors.show/rule/unused-defaults",
)
def test_each_flavor_is_shown_as_it_is_listed(ecs_client: Client, ecs_check: Check, ecs_later: Afterwards) -> None:
    """By its id."""
    names = {flavor["id"]: flavor["name"] for flavor in read(_query(ecs_client, _LIST), "flavors")}
    with ecs_later:
        for flavor in _flavors(ecs_client):
            shown = ecs_client.get(f"{_PATHS[_LIST]}/{flavor['id']}")
            ecs_check.accepted("nova.flavors.list/rule/can-be-shown", shown)
            _is_as_listed(ecs_check.after(shown).later(ecs_later), shown, flavor, names)


def _is_as_listed(check: Check, shown: Exchange, flavor: dict[str, Any], names: dict[str, str]) -> None:
    at = ("body", "flavor")
    check("nova.flavors.show/rule/same-flavor", shown, *at, "id", equals=flavor["id"])
    if flavor["id"] in names:
        check("nova.flavors.list/rule/can-be-shown", shown, *at, "name", equals=names[flavor["id"]])
    for name in sorted(flavor.keys() - {"links"}):
        check("nova.flavors.show/rule/same-as-list", shown, *at, name, equals=flavor[name])
        if name in _UNUSED:
            check("nova.flavors.show/rule/unused-defaults", shown, *at, name, one_of=_UNUSED[name])


@pytest.mark.ecs_requirement(
    "nova.flavors.list-detail/rule/ecs-flavors-agree", "nova.flavor-extra-specs.show/rule/ecs-flavors-agree"
)
def test_both_apis_show_the_same_flavors(ecs_client: Client, ecs_check: Check) -> None:
    """Where chapter 5 is there: the same vCPUs, memory and extra specs."""
    sizes, specs = (
        "nova.flavors.list-detail/rule/ecs-flavors-agree",
        "nova.flavor-extra-specs.show/rule/ecs-flavors-agree",
    )
    answer = ecs_client.get(_ECS)
    theirs = {flavor["id"]: flavor for flavor in read(answer, "flavors")} if answer.accepted else {}
    detailed = _query(ecs_client, _DETAIL)
    common = [(number, one) for number, one in enumerate(read(detailed, "flavors")) if one["id"] in theirs]
    if not common:
        for rule in (sizes, specs):
            ecs_check.not_tested(rule, f"the lists of 5.4.1 and 6.6.2 have no flavor in common: {answer.answer}")
    for number, flavor in common:
        ours = theirs[flavor["id"]]
        for name in ("vcpus", "ram"):
            same = [int(ours[name]), str(ours[name])]
            ecs_check(sizes, detailed, "body", "flavors", number, name, one_of=same)
        shown = ecs_client.get(f"{_PATHS[_LIST]}/{flavor['id']}/os-extra_specs")
        ecs_check.after(shown)(specs, shown, "body", "extra_specs", equals=ours["os_extra_specs"])


@pytest.mark.parametrize(
    ("base", "memory"),
    [
        pytest.param(base, rule, id=base, marks=pytest.mark.ecs_requirement(rule))
        for base, rule in (
            (_LIST, "nova.flavors.list/rule/least-memory"),
            (_DETAIL, "nova.flavors.list-detail/rule/least-memory"),
        )
    ],
)
def test_the_least_memory_is_asked_for(ecs_client: Client, ecs_check: Check, base: str, memory: str) -> None:
    """Flavors with less are left out, and no others."""
    flavors = _flavors(ecs_client)
    sizes = sorted({int(flavor["ram"]) for flavor in flavors})
    middle = sizes[len(sizes) // 2]
    fitting = [flavor["id"] for flavor in flavors if int(flavor["ram"]) >= middle]
    ecs_check(memory, _query(ecs_client, base, minRam=str(middle)), *_IDS, same_items=fitting)
    ecs_check(memory, _query(ecs_client, base, minRam=str(sizes[-1] + 1)), *_IDS, equals=[])


@pytest.mark.parametrize(
    ("base", "disk", "zero"),
    [
        pytest.param(base, disk, zero, id=base, marks=pytest.mark.ecs_requirement(disk, zero))
        for base, disk, zero in (
            (_LIST, "nova.flavors.list/rule/least-disk", "nova.flavors.list/rule/least-disk-zero"),
            (_DETAIL, "nova.flavors.list-detail/rule/least-disk", "nova.flavors.list-detail/rule/least-disk-zero"),
        )
    ],
)
def test_the_least_disk_is_asked_for(ecs_client: Client, ecs_check: Check, base: str, disk: str, zero: str) -> None:
    """Flavors with a smaller one are left out, and no others; none is smaller than 0."""
    disks = {flavor["id"]: int(flavor["disk"]) for flavor in _flavors(ecs_client)}
    ecs_check(zero, _query(ecs_client, base, minDisk="0"), *_IDS, same_items=list(disks))
    least = max(1, *disks.values())
    large = _query(ecs_client, base, minDisk=str(least))
    for flavor, size in disks.items():
        if 0 < size < least:
            ecs_check(disk, large, *_IDS, lacks=flavor)
        elif size >= least:
            ecs_check(disk, large, *_IDS, contains=flavor)
    if not any(disks.values()):  # a disk of 0 is not judged, so only that the query is understood is left
        ecs_check.accepted(disk, large)


@pytest.mark.ecs_requirement("nova.flavors.list/rule/least-both")
def test_the_least_of_both_is_asked_for(ecs_client: Client, ecs_check: Check) -> None:
    """What is listed then each of them lists."""
    flavors = _flavors(ecs_client)
    memory = str(max(int(flavor["ram"]) for flavor in flavors))
    disk = str(max(1, *(int(flavor["disk"]) for flavor in flavors)))
    each = [set(_ids(_query(ecs_client, _LIST, **one))) for one in ({"minRam": memory}, {"minDisk": disk})]
    both = _query(ecs_client, _LIST, minRam=memory, minDisk=disk)
    if ecs_check.accepted("nova.flavors.list/rule/least-both", both):
        allowed = sorted(each[0] & each[1] & set(_ids(both)))
        ecs_check("nova.flavors.list/rule/least-both", both, *_IDS, same_items=allowed)


def _each(*rules: str) -> pytest.MarkDecorator:
    """One parameter set for each list, with its rule."""
    sets = [
        pytest.param(base, rule, id=base, marks=pytest.mark.ecs_requirement(rule))
        for base, rule in zip((_LIST, _DETAIL), rules, strict=True)
    ]
    return pytest.mark.parametrize(("base", "rule"), sets)


@_each("nova.flavors.list/rule/sort-default", "nova.flavors.list-detail/rule/sort-default")
def test_flavors_come_by_their_id(ecs_client: Client, ecs_check: Check, base: str, rule: str) -> None:
    """Where no key is given."""
    plain = _query(ecs_client, base)
    ecs_check(rule, plain, *_IDS, equals=_in_order(_ids(plain), str))


@_each("nova.flavors.list/rule/sort-key", "nova.flavors.list-detail/rule/sort-key")
def test_flavors_are_sorted_by_a_key(ecs_client: Client, ecs_check: Check, base: str, rule: str) -> None:
    """Upwards or downwards, and none is lost."""
    properties = {flavor["id"]: flavor for flavor in _flavors(ecs_client)}
    for key, name in _KEYS.items():
        listed = _query(ecs_client, base, sort_key=key)
        if ecs_check.accepted(rule, listed):
            by = _by(properties, name)
            ids = _ids(listed)
            downwards = ids != _in_order(ids, by)  # the direction is judged by itself
            ecs_check(rule, listed, *_IDS, equals=_in_order(ids, by, downwards))
            ecs_check(rule, listed, *_IDS, same_items=list(properties))


@_each("nova.flavors.list/rule/sort-direction", "nova.flavors.list-detail/rule/sort-direction")
def test_flavors_are_sorted_in_a_direction(ecs_client: Client, ecs_check: Check, base: str, rule: str) -> None:
    """By each key."""
    properties = {flavor["id"]: flavor for flavor in _flavors(ecs_client)}
    for key, name in _KEYS.items():
        for direction in ("asc", "desc"):
            listed = _query(ecs_client, base, sort_key=key, sort_dir=direction)
            if ecs_check.accepted(rule, listed):
                wanted = _in_order(_ids(listed), _by(properties, name), direction == "desc")
                ecs_check(rule, listed, *_IDS, equals=wanted)


@_each("nova.flavors.list/rule/sort-direction-default", "nova.flavors.list-detail/rule/sort-direction-default")
def test_flavors_are_sorted_upwards(ecs_client: Client, ecs_check: Check, base: str, rule: str) -> None:
    """Where no direction is given."""
    properties = {flavor["id"]: flavor for flavor in _flavors(ecs_client)}
    for key, name in _KEYS.items():
        listed = _query(ecs_client, base, sort_key=key)
        # Flavors that are equal in the property may come in any order, so the list is compared with itself, sorted.
        check = ecs_check.after(listed)
        if listed.accepted:
            check(rule, listed, *_IDS, equals=_in_order(_ids(listed), _by(properties, name)))
        else:
            check.accepted(rule, listed)


def _by(properties: dict[str, dict[str, Any]], name: str) -> Callable[[str], Any]:
    """Return what a flavor of an id is sorted by."""
    as_typed = int if name in {"ram", "vcpus", "disk"} else str
    return lambda flavor: as_typed(properties[flavor][name])


@pytest.mark.ecs_requirement("nova.flavors.list-detail/rule/public-filter")
def test_public_flavors_can_be_asked_for(ecs_client: Client, ecs_check: Check) -> None:
    """With is_public true every flavor listed is public."""
    listed = _query(ecs_client, _DETAIL, is_public="true")
    for number, flavor in enumerate(read(listed, "flavors")):
        if "os-flavor-access:is_public" in flavor:
            place = ("body", "flavors", number, "os-flavor-access:is_public")
            ecs_check("nova.flavors.list-detail/rule/public-filter", listed, *place, equals=True)
    ecs_check.accepted("nova.flavors.list-detail/rule/public-filter", listed)


@_each("nova.flavors.list/rule/next-link-works", "nova.flavors.list-detail/rule/next-link-works")
def test_a_page_leads_to_the_next(ecs_client: Client, ecs_check: Check, base: str, rule: str) -> None:
    """Where a list of flavors has pages, its link leads to other ones."""
    page = _query(ecs_client, base, limit="1")  # no section has the parameter: whether it makes pages is the endpoint's
    links = page.json_object.get("flavors_links")
    if not isinstance(links, list) or not links:
        ecs_check.not_tested(rule, "the list comes as one page")
        return
    query = parse_qsl(urlsplit(read(page, "flavors_links", 0, "href")).query)
    following = ecs_client.get(_PATHS[base], query=query)
    ecs_check(rule, following, "body", "flavors", differs=[])
    for flavor in _ids(page):
        ecs_check(rule, following, *_IDS, lacks=flavor)


@pytest.mark.ecs_group("scarce")
@pytest.mark.ecs_requirement("nova.flavors.list/rule/usable")
def test_listed_flavors_make_servers(ecs_client: Client, ecs_cases: Cases, ecs_check: Check) -> None:
    """The one that servers are made of, where it is listed and nothing says that it cannot be bought."""
    created = ecs_cases.attempt("nova.servers.create")
    flavor = created.request_body["server"]["flavorRef"]
    specs = ecs_client.get(f"{_PATHS[_LIST]}/{flavor}/os-extra_specs").response_body
    if flavor in _ids(_query(ecs_client, _LIST)) and "cond:operation:status" not in str(specs):
        ecs_check.accepted("nova.flavors.list/rule/usable", created)
    else:
        ecs_check.not_tested("nova.flavors.list/rule/usable", f"the flavor {flavor} is not listed, or is sold out")
