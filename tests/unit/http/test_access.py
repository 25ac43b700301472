from __future__ import annotations

import pytest

from pytest_ecs._http.access import Access, Address, access_of, address_of
from pytest_ecs.exceptions import ConfigurationError

CATALOG = Access(
    "0a1b",
    "demo",
    "Default",
    "Default",
    (
        ("identity", "public", "one", "https://iam.example.com/v3"),
        ("compute", "public", "one", "https://one.example.com/v2.1/0a1b"),
        ("compute", "internal", "one", "http://inside.example.com/v2.1/0a1b"),
        ("compute", "public", "two", "https://two.example.com/v2.1/0a1b"),
        ("ecs", "public", "three", "https://three.example.com/v1/0a1b"),
    ),
)


@pytest.mark.parametrize(
    ("url", "root", "project"),
    [
        ("https://ecs.example.com", "https://ecs.example.com", None),
        ("https://ecs.example.com/", "https://ecs.example.com", None),
        (" https://ecs.example.com/v2.1 ", "https://ecs.example.com", None),
        ("https://ecs.example.com/v2.1/0a1b", "https://ecs.example.com", "0a1b"),
        ("https://ecs.example.com/v1/0a1b/", "https://ecs.example.com", "0a1b"),
        ("https://ecs.example.com/v2/0a1b", "https://ecs.example.com", "0a1b"),
        ("https://ecs.example.com/v2.1/%(project_id)s", "https://ecs.example.com", None),
        ("https://ecs.example.com/v2.1/$(tenant_id)s", "https://ecs.example.com", None),
        ("https://ecs.example.com/v2.1/{project_id}", "https://ecs.example.com", None),
        ("http://host/compute/v2.1", "http://host/compute", None),
        ("http://[::1]:8774/v2.1", "http://[::1]:8774", None),
        ("http://host/v2.1-mirror", "http://host/v2.1-mirror", None),
        ("https://iam.example.com/v3", "https://iam.example.com", None),
    ],
)
def test_an_address_is_understood_with_version_and_project(url: str, root: str, project: str | None) -> None:
    """Whatever form users copy it in; what only looks like a version stays."""
    assert address_of(url, "ECS endpoint") == Address(root, project)


@pytest.mark.parametrize(
    "url",
    ["ecs.example.com", "ftp://host", "https://", "http://[::1", "http://host:port", "http://ho st", "", "http:///x"],
)
def test_what_is_no_address_is_a_sentence(url: str) -> None:
    """Also where the standard library raises of itself."""
    with pytest.raises(ConfigurationError, match=r"The ECS endpoint .*is not a URL"):
        address_of(url, "ECS endpoint")


@pytest.mark.parametrize(
    "url",
    ["https://u:hidden-17@host:99999", "https://u:hidden/-17@host", "u:hidden-17@host", "https://u:hidden-17@[::1"],
)
def test_a_password_inside_what_is_no_address_is_not_shown(url: str) -> None:
    """The port, the scheme or a bracket is wrong as well, and the text would quote the address."""
    with pytest.raises(ConfigurationError, match="a user name or password inside the address") as caught:
        address_of(url, "ECS endpoint")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("host", ["a..b", ".", "x" * 64, "a." + "b" * 70 + ".example"])
def test_a_name_that_nothing_can_look_up_is_a_sentence(host: str) -> None:
    """The resolver would break at it, far from here."""
    with pytest.raises(ConfigurationError, match="a part of the name is empty or too long"):
        address_of(f"https://{host}", "ECS endpoint")
    assert address_of("https://host.", "ECS endpoint").root == "https://host."


def test_an_interface_that_is_not_offered_is_told_from_a_region() -> None:
    """The advice fits what is wrong."""
    with pytest.raises(ConfigurationError, match="name one of these interfaces"):
        CATALOG.compute(None, "admin")
    with pytest.raises(ConfigurationError, match="name one of these regions"):
        CATALOG.compute("mars", "internal")


def test_a_catalogue_without_regions_has_none_to_choose() -> None:
    """The sentence neither lists an empty name nor asks for one."""
    catalog = Access(None, None, endpoints=(("compute", "public", "", "https://one.example.com"),))
    with pytest.raises(ConfigurationError, match=r"public in no region.*leave out --ecs-region"):
        catalog.compute("mars", None)
    assert catalog.compute(None, None) == "https://one.example.com"


def test_a_password_inside_an_address_is_not_shown() -> None:
    """Credentials have their places, and the command line is none of them."""
    with pytest.raises(ConfigurationError) as caught:
        address_of("https://u:hidden-17@host", "ECS endpoint")
    with pytest.raises(ConfigurationError, match="not a URL that can be used"):
        address_of("http://münchen..de/", "ECS endpoint")
    assert "hidden-17" not in f"{caught.value}{vars(caught.value)}"


@pytest.mark.parametrize(
    ("region", "interface", "url"),
    [
        (None, None, "https://one.example.com/v2.1/0a1b"),
        ("two", None, "https://two.example.com/v2.1/0a1b"),
        ("one", "internalURL", "http://inside.example.com/v2.1/0a1b"),
        ("three", "public", "https://three.example.com/v1/0a1b"),
    ],
)
def test_the_endpoint_is_found_in_the_catalogue(region: str | None, interface: str | None, url: str) -> None:
    """By type, region and interface."""
    assert CATALOG.compute(region, interface) == url


def test_a_region_that_is_not_there_is_said_with_those_that_are() -> None:
    """The way out is in the text."""
    with pytest.raises(ConfigurationError, match=r"region 'four'.*internal in one, public in one, public in three"):
        CATALOG.compute("four", None)


def test_an_interface_that_a_region_does_not_have_is_said() -> None:
    """Another region is one way out, another interface the other."""
    with pytest.raises(
        ConfigurationError,
        match=r"no internal compute.*region 'two'.*public in two.*OS_REGION_NAME, or name .*OS_INTERFACE",
    ):
        CATALOG.compute("two", "internal")


def test_the_regions_beside_the_first_are_known() -> None:
    """Where none is named somebody should see which are not used."""
    assert CATALOG.others("https://one.example.com/v2.1/0a1b", None) == ("three", "two")
    assert CATALOG.others("http://inside.example.com/v2.1/0a1b", "internal") == ()


def test_a_catalogue_without_compute_is_said() -> None:
    """With what is there."""
    with pytest.raises(ConfigurationError, match=r"no compute service.*Seen: services identity"):
        Access(None, None, endpoints=CATALOG.endpoints[:1]).compute(None, None)


@pytest.mark.parametrize(
    "data", [None, [], {}, {"token": 1}, {"token": {}}, {"token": {"catalog": [1, {"endpoints": 2}]}}]
)
def test_what_says_nothing_is_nothing(data: object) -> None:
    """No answer of IAM can break the login by what stands beside the token."""
    assert access_of(data) is None


def test_access_survives_the_way_through_json() -> None:
    """As the token store keeps it."""
    import json
    from dataclasses import asdict

    assert access_of(json.loads(json.dumps(asdict(CATALOG)))) == CATALOG
