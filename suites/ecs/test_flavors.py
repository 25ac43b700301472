"""Rules of querying flavors (5.4.1)."""

from __future__ import annotations

import pytest

from pytest_ecs import Bench

_FLAVORS = "ecs.flavors.list/rule"
_PATH = "/v1/{project_id}/cloudservers/flavors"


@pytest.mark.ecs_requirement(f"{_FLAVORS}/az-filter")
def test_the_zone_filter_leaves_flavors_that_are_on_sale_there(ecs_bench: Bench) -> None:
    """With a zone only flavors that are normal, obt or promotion there are listed."""
    zone = ecs_bench.need_resource("availability_zone")
    listed = ecs_bench.client.get(_PATH, query={"availability_zone": zone})
    states = [_state(flavor.get("os_extra_specs") or {}, zone) for flavor in ecs_bench.read(listed, "flavors")]
    ecs_bench.check(f"{_FLAVORS}/az-filter", listed, "status", equals=200)
    unsold = [
        flavor["id"]
        for flavor, state in zip(ecs_bench.read(listed, "flavors"), states, strict=True)
        if state not in _ON_SALE
    ]
    for flavor in unsold:
        ecs_bench.check(f"{_FLAVORS}/az-filter", listed, "body", "flavors", "*", "id", lacks=flavor)


@pytest.mark.ecs_requirement(f"{_FLAVORS}/az-subset", f"{_FLAVORS}/az-blank")
def test_the_zone_filter_only_leaves_out(ecs_bench: Bench) -> None:
    """What is listed with a zone is listed without one, and an empty zone is none."""
    everything = ecs_bench.client.get(_PATH)
    listed = ecs_bench.client.get(_PATH, query={"availability_zone": ecs_bench.need_resource("availability_zone")})
    blank = ecs_bench.client.get(_PATH, query={"availability_zone": ""})
    ids = [flavor["id"] for flavor in ecs_bench.read(listed, "flavors")]
    ecs_bench.check(f"{_FLAVORS}/az-subset", everything, "body", "flavors", "*", "id", includes=ids)
    ecs_bench.check(
        f"{_FLAVORS}/az-blank",
        blank,
        "body",
        "flavors",
        "*",
        "id",
        same_items=[f["id"] for f in ecs_bench.read(everything, "flavors")],
    )


@pytest.mark.ecs_requirement(f"{_FLAVORS}/unused-defaults")
def test_unused_fields_have_their_defaults(ecs_bench: Bench) -> None:
    """Fields that the table calls unused have the value that it names, in every flavor."""
    listed = ecs_bench.client.get(_PATH)
    count = len(ecs_bench.read(listed, "flavors"))
    defaults = {
        "disk": "0",
        "swap": "",
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "rxtx_quota": None,
        "rxtx_cap": None,
    }
    for field, value in defaults.items():
        ecs_bench.check(f"{_FLAVORS}/unused-defaults", listed, "body", "flavors", "*", field, equals=[value] * count)


@pytest.mark.ecs_requirement(f"{_FLAVORS}/usable")
def test_a_listed_flavor_can_be_used(ecs_bench: Bench) -> None:
    """The flavor that the run creates servers with is one of those listed."""
    flavor = ecs_bench.need_resource("flavor_id")
    ecs_bench.control("ecs.servers.create")
    ecs_bench.check(f"{_FLAVORS}/usable", ecs_bench.client.get(_PATH), "body", "flavors", "*", "id", contains=flavor)


_ON_SALE = {"normal", "obt", "promotion"}


def _state(specs: dict[str, str], zone: str) -> str:
    """The state of a flavor in a zone (table 5-41): that of the zone, else that of the region, else normal."""
    for entry in specs.get("cond:operation:az", "").split(","):
        name, _, state = entry.strip().rstrip(")").partition("(")
        if name == zone and state:
            return state
    return specs.get("cond:operation:status", "normal")
