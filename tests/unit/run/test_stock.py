"""What is picked where the run was given nothing: what costs least and will work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_ecs._http.access import Access
from pytest_ecs._http.target import Resources
from pytest_ecs._run.stock import Stock


@dataclass(frozen=True)
class _Answer:
    json_object: Mapping[str, Any]
    accepted: bool = True


class _Client:
    """Answers paths from a table; everything else is not found."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def get(self, path: str, **_: Any) -> _Answer:
        for end, body in self.answers.items():
            if path.endswith(end.replace("__", "/").replace("os_interface", "os-interface")):
                return _Answer(body)
        return _Answer({}, accepted=False)


def stock(*, ecs: bool = False, **answers: Any) -> Stock:
    """Return a stock whose lists are *answers*, with two underscores for each slash of a path's end."""
    client: Any = _Client(**answers)
    return Stock(client, None, None, native=True, ecs=ecs)


FLAVORS = [
    {"id": "big", "vcpus": 4, "ram": 8192, "disk": 80},
    {"id": "tiny", "vcpus": 1, "ram": 512, "disk": 1},
    {"id": "thin", "vcpus": 2, "ram": 4096, "disk": 10},
    {"id": "small", "vcpus": 1, "ram": 2048, "disk": 20},
    {"id": "off", "vcpus": 1, "ram": 256, "disk": 20, "OS-FLV-DISABLED:disabled": True},
]


def test_the_smallest_flavor_and_one_to_resize_to() -> None:
    """The second is larger in everything: Nova refuses a smaller disk."""
    found = stock(flavors__detail={"flavors": FLAVORS}).flavors(Resources())
    assert {name: value for name, (value, _) in found.items()} == {"flavor_id": "tiny", "other_flavor_id": "small"}


def test_the_flavor_has_room_for_the_image() -> None:
    """Its smallest disk and memory are those of the image."""
    answers: dict[str, Any] = {
        "flavors__detail": {"flavors": FLAVORS},
        "images__i": {"image": {"minDisk": 15, "minRam": 1024}},
    }
    found = stock(**answers).flavors(Resources(image_id="i"))
    assert (found["flavor_id"][0], found["other_flavor_id"][0]) == ("small", "big")


def test_a_flavor_that_was_given_stays() -> None:
    """Only the other one is looked for."""
    found = stock(flavors__detail={"flavors": FLAVORS}).flavors(Resources(flavor_id="small"))
    assert found["other_flavor_id"][0] == "big"


@pytest.mark.parametrize("status", ["abandon", "sellout", "obt_sellout"])
def test_what_is_not_sold_is_not_picked(status: str) -> None:
    """As the vendor's flavors say (5.4.1); their numbers are texts."""
    gone = {"id": "s1", "vcpus": "1", "ram": 512, "disk": "0", "os_extra_specs": {"cond:operation:status": status}}
    sold = {"id": "s2", "vcpus": "2", "ram": 512, "disk": "0", "os_extra_specs": {}}
    found = stock(ecs=True, cloudservers__flavors={"flavors": [gone, sold]}).flavors(Resources())
    assert found["flavor_id"] == ("s2", "5.4.1")
    assert "other_flavor_id" not in found


@pytest.mark.parametrize(
    ("small", "large", "given", "found"),
    [
        (("abandon", "a(sellout), b(normal)"), ("abandon", "b(normal)"), None, ("small", "large", "b")),
        (("normal", "a(sellout)"), ("normal", ""), None, ("small", "large", "b")),
        (("normal", "a()"), ("normal", ""), None, ("small", "large", "a")),
        (("abandon", "a(promotion)"), ("normal", ""), None, ("small", "large", "a")),
        (("abandon", "a(normal),b(normal)"), ("abandon", "b(normal)"), None, ("small", "large", "b")),
        (("abandon", "a(normal)"), ("abandon", "b(normal)"), None, ("small", None, "a")),
        (("sellout", "a(obt_sellout)"), ("normal", ""), None, ("large", None, "a")),
        (("normal", "b(sellout)"), ("normal", ""), "b", ("large", None, None)),
    ],
    ids=["only-in-one", "not-in-one", "empty", "promotion", "both-in-one", "never-both", "in-none", "zone-given"],
)
def test_a_flavor_is_sold_by_zone(
    small: tuple[str, str], large: tuple[str, str], given: str | None, found: tuple[str | None, ...]
) -> None:
    """What stands for a zone goes before what stands for the region (table 6-75), and both flavors are had in the zone of the run."""
    rows = [
        {
            "id": name,
            "vcpus": vcpus,
            "ram": 512,
            "disk": "0",
            "os_extra_specs": {"cond:operation:status": status, "cond:operation:az": zones},
        }
        for name, vcpus, (status, zones) in (("small", "1", small), ("large", "2", large))
    ]
    zones = [{"zoneName": name, "zoneState": {"available": True}} for name in "ab"]
    there = stock(
        ecs=True,
        cloudservers__flavors={"flavors": rows},
        **{"os-availability-zone": {"availabilityZoneInfo": zones}},
    )
    known = Resources(availability_zone=given)
    flavors = {name: value for name, (value, _) in there.flavors(known).items()}
    zone = None if given else there.zone(Resources(**flavors))["availability_zone"][0]
    assert (flavors["flavor_id"], flavors.get("other_flavor_id"), zone) == found


@pytest.mark.parametrize(
    ("interface", "offered", "host"),
    [
        ("internal", ("public", "internal"), "internal"),
        ("internal", ("public",), "public"),
        (None, ("internal", "public"), "public"),
        (None, ("internal",), None),
    ],
)
def test_services_are_asked_at_the_interface_of_the_run(
    interface: str | None, offered: tuple[str, ...], host: str | None
) -> None:
    """Who names an interface may not reach another one; what has none there is asked at the public one."""
    rows = tuple(("image", surface, "here", f"https://{surface}.example.com") for surface in offered)

    @dataclass(frozen=True)
    class Hosts:
        base: str = ""

        def get(self, path: str, **_: Any) -> _Answer:
            return _Answer({"images": [{"id": self.base, "status": "active"}]})

    client: Any = Hosts()
    there = Stock(client, Access(None, None, endpoints=rows), "here", native=False, ecs=True, interface=interface)
    found = there.image(Resources()).get("image_id", (None,))[0]
    assert found == (host and f"https://{host}.example.com")


def test_the_smallest_image_that_is_no_windows_and_no_snapshot() -> None:
    """And that is there to be used."""
    images = [
        {"id": "w", "status": "ACTIVE", "name": "Windows 2022", "minDisk": 1},
        {"id": "q", "status": "QUEUED", "name": "linux", "minDisk": 0},
        {"id": "s", "status": "ACTIVE", "name": "backup", "minDisk": 0, "metadata": {"image_type": "snapshot"}},
        {"id": "l", "status": "ACTIVE", "name": "linux", "minDisk": 10},
        {"id": "m", "status": "ACTIVE", "name": "more linux", "minDisk": 20},
    ]
    assert stock(images__detail={"images": images}).image(Resources()) == {"image_id": ("l", "11.2.2")}


@pytest.mark.parametrize(
    ("given", "found"),
    [({}, "v2"), ({"vpc_id": "v2"}, "v2"), ({"vpc_id": "v3"}, None), ({"subnet_id": "n3"}, None)],
    ids=["nothing", "its-vpc", "another-vpc", "another-subnet"],
)
def test_a_server_shows_its_vpc_where_no_catalogue_does(given: dict[str, str], found: str | None) -> None:
    """With AK/SK alone there is no login, and so no catalogue that names the VPC service."""
    servers = [{"id": "s1", "metadata": {}}, {"id": "s2", "metadata": {"vpc_id": "v2"}}]
    nics = {"interfaceAttachments": [{"net_id": "n2"}]}
    shown = stock(ecs=True, servers__detail={"servers": servers}, s2__os_interface=nics).network(Resources(**given))
    ids = {name: value for name, (value, _) in shown.items()}
    assert ids == ({"vpc_id": found, "subnet_id": "n2", "network_id": "n2"} if found else {})


def test_nothing_is_picked_where_nothing_is_listed() -> None:
    """What needs it says so later."""
    empty = stock()
    known = Resources()
    assert [look(known) for look in (empty.image, empty.flavors, empty.network, empty.zone)] == [{}, {}, {}, {}]
