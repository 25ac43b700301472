"""Rules of querying flavors (5.4.1)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from pytest_ecs import Cases, Check, Client, Supplies, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

pytestmark = pytest.mark.ecs_group("servers")

_PATH = url_of("ecs.flavors.list")
_IDS = ("body", "flavors", "*", "id")


@pytest.mark.ecs_requirement("ecs.flavors.list/rule/az-filter")
def test_the_zone_filter_leaves_flavors_that_are_on_sale_there(
    ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies
) -> None:
    """With a zone only flavors that are normal, obt or promotion there are listed; one has to be left out somewhere."""
    everything = read(ecs_client.get(_PATH), "flavors")
    zone, left_out = ecs_supplies.need("availability_zone"), False
    zones = [zone]
    with suppress(PrerequisiteMissing):
        zones.append(ecs_supplies.other_zone(zone))
    for one in zones:
        listed = ecs_client.get(_PATH, query={"availability_zone": one})
        if not listed.accepted:
            ecs_check("ecs.flavors.list/rule/az-filter", listed, "body", "flavors", present=True)
        shown = {flavor["id"]: flavor for flavor in read(listed, "flavors")}
        # Those without a filter are looked at as well, since it is they that have to be left out.
        known = {**{flavor["id"]: flavor for flavor in everything}, **shown}
        unsold = [flavor for flavor in known if _state(known[flavor].get("os_extra_specs") or {}, one) not in _ON_SALE]
        if shown:
            left_out = left_out or bool(unsold)
            for flavor in unsold:
                ecs_check("ecs.flavors.list/rule/az-filter", listed, *_IDS, lacks=flavor)
    if not left_out:
        ecs_check.not_tested(
            "ecs.flavors.list/rule/az-filter", "every flavor is on sale in the availability zones that are known"
        )


@pytest.mark.ecs_requirement("ecs.flavors.list/rule/az-subset")
def test_the_zone_filter_only_leaves_out(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """What is listed with a zone is listed without one."""
    rule, listed = (
        "ecs.flavors.list/rule/az-subset",
        ecs_client.get(_PATH, query={"availability_zone": ecs_supplies.need("availability_zone")}),
    )
    ids = read(listed, "flavors", "*", "id")
    if ids:
        ecs_check(rule, ecs_client.get(_PATH), *_IDS, includes=ids)
    else:
        ecs_check.not_tested(rule, "no flavor is listed with the availability zone")


@pytest.mark.ecs_requirement("ecs.flavors.list/rule/az-blank")
def test_an_empty_zone_is_none(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """It leaves nothing out."""
    control = ecs_client.get(_PATH, query={"availability_zone": ecs_supplies.need("availability_zone")})
    ids = read(ecs_client.get(_PATH), "flavors", "*", "id")
    blank = ecs_client.get(_PATH, query={"availability_zone": ""})
    ecs_check.after(control)("ecs.flavors.list/rule/az-blank", blank, *_IDS, same_items=ids)


@pytest.mark.ecs_requirement("ecs.flavors.list/rule/unused-defaults")
def test_unused_fields_have_their_defaults(ecs_client: Client, ecs_check: Check) -> None:
    """Fields that the table calls unused have the value that it names, in every flavor."""
    listed = ecs_client.get(_PATH)
    count = len(read(listed, "flavors"))
    defaults = {
        "disk": "0",
        "swap": "",
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "rxtx_quota": None,
        "rxtx_cap": None,
    }
    for field, value in defaults.items():
        ecs_check(
            "ecs.flavors.list/rule/unused-defaults", listed, "body", "flavors", "*", field, equals=[value] * count
        )


@pytest.mark.ecs_requirement("ecs.flavors.list/rule/usable")
def test_a_listed_flavor_can_be_used(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies
) -> None:
    """The flavor that the run creates servers with is one of those listed."""
    flavor = ecs_supplies.need("flavor_id")
    ecs_cases.control("ecs.servers.create", servers=False)
    ecs_check("ecs.flavors.list/rule/usable", ecs_client.get(_PATH), *_IDS, contains=flavor)


@pytest.mark.ecs_requirement("ecs.flavors.list/rule/abandoned-hidden")
def test_what_is_abandoned_is_not_listed(ecs_client: Client, ecs_check: Check) -> None:
    """No flavor is listed that is abandoned in the region and in every zone that it names."""
    listed = ecs_client.get(_PATH)
    ecs_check("ecs.flavors.list/rule/abandoned-hidden", listed, "body", "flavors", present=True)
    for number, flavor in enumerate(read(listed, "flavors")):
        specs = flavor.get("os_extra_specs") or {}
        zones = [
            entry.partition("(")[0].strip() for entry in str(specs.get("cond:operation:az") or "").split(",") if entry
        ]
        # The region's own state counts where a zone has none (table 5-41).
        states = {_state(specs, zone) for zone in zones} | {specs.get("cond:operation:status", "normal")}
        at = ("body", "flavors", number, "os_extra_specs", "cond:operation:status")
        if states == {"abandon"}:
            ecs_check("ecs.flavors.list/rule/abandoned-hidden", listed, *at, differs="abandon")


@pytest.mark.ecs_requirement("ecs.flavors.list/rule/extra-specs-agree")
def test_extra_specs_are_those_of_their_own_query(ecs_client: Client, ecs_check: Check) -> None:
    """What the list shows is what 6.6.4 answers, for one flavor of each set of keys."""
    listed = ecs_client.get(_PATH)
    by_keys: dict[tuple[str, ...], int] = {}
    for number, flavor in enumerate(read(listed, "flavors")):
        by_keys.setdefault(tuple(sorted(flavor.get("os_extra_specs") or {})), number)
    for number in by_keys.values():
        flavor = read(listed, "flavors", number, "id")
        specs = read(ecs_client.get(url_of("nova.flavor-extra-specs.show", flavor_id=flavor)), "extra_specs")
        ecs_check(
            "ecs.flavors.list/rule/extra-specs-agree", listed, "body", "flavors", number, "os_extra_specs", equals=specs
        )


_ON_SALE = {"normal", "obt", "promotion"}


def _state(specs: dict[str, str], zone: str) -> str:
    """The state of a flavor in a zone (table 5-41): that of the zone, else that of the region, else normal."""
    for entry in str(specs.get("cond:operation:az") or "").split(","):
        name, _, state = entry.strip().rstrip(")").partition("(")
        if name == zone and state:
            return state
    return specs.get("cond:operation:status", "normal")
