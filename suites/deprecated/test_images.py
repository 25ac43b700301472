"""Rules of images (11.2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from pytest_ecs import Cases, Check, Client, Clients, Exchange, Expect, Jobs, Servers, Supplies, Wait, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

from ..nova.imaging import image_of

pytestmark = pytest.mark.ecs_group("servers")

_IMAGES, _DETAILED = url_of("deprecated.images.list"), url_of("deprecated.images.list-detail")
_IDS = ("body", "images", "*", "id")
_ONE = ("body", "image")


def _pages(client: Client, path: str, query: dict[str, str] | None = None) -> list[Exchange]:
    """Return a list page by page, as far as its links lead."""
    pages = [client.get(path, query=query or {})]
    while len(pages) < 100 and pages[-1].accepted and (links := read(pages[-1]).get("images_links")):
        following = dict(parse_qsl(urlsplit(str(links[0].get("href"))).query))
        pages.append(client.get(path, query=following))
    return pages


def _listed(page: Exchange) -> list[str]:
    return list(read(page, "images", "*", "id"))


def _page_with(client: Client, path: str, image: str, query: dict[str, str] | None = None) -> tuple[Exchange, int]:
    """Return the page that has an image and where it is there, or the last page and no place of it."""
    page, found = None, -1
    for page in _pages(client, path, query):
        ids = _listed(page) if page.accepted else []
        found = ids.index(image) if image in ids else len(ids)
        if image in ids:
            break
    assert page is not None
    return page, found


def _complete(client: Client, check: Check) -> None:
    """Judge the list page by page against that with details, when no image came or went meanwhile."""
    for _ in range(5):
        pages, detailed, later = (_pages(client, path) for path in (_IMAGES, _DETAILED, _IMAGES))
        ids = [_listed(page) for page in pages]
        if sorted(chain(*ids)) == sorted(chain(*(_listed(page) for page in later))):
            break
    else:
        for rule in ("deprecated.images.list/rule/pages-complete", "deprecated.images.list/rule/same-as-detail"):
            check.not_tested(rule, "images came or went all the time")
        return
    wanted = set(chain(*(_listed(page) for page in detailed)))
    for number, page in enumerate(pages):
        elsewhere = set(chain(*ids[:number], *ids[number + 1 :]))
        for image in ids[number]:
            check("deprecated.images.list/rule/pages-complete", page, *_IDS, has_one=image)
        for image in sorted(elsewhere):
            check("deprecated.images.list/rule/pages-complete", page, *_IDS, lacks=image)
        here = wanted - elsewhere | wanted.intersection(ids[number])
        check("deprecated.images.list/rule/same-as-detail", page, *_IDS, same_items=sorted(here))


def _links(check: Check, rule: str, shown: Exchange, image: str, *place: str | int) -> None:
    links = read(shown, *place, "links")
    for number, link in enumerate(links):
        if link.get("rel") in {"self", "bookmark"}:
            at = ("body", *place, "links", number, "href")
            check(rule, shown, *at, matches=f"/images/{image}$")
    check.not_tested(rule, "the image has neither a self nor a bookmark link")


@pytest.mark.parametrize(
    ("path", "has", "links"),
    [
        pytest.param(path, has, links, id=name, marks=pytest.mark.ecs_requirement(has, links))
        for path, has, links, name in (
            (
                _IMAGES,
                "deprecated.images.list/rule/has-images",
                "deprecated.images.list/rule/links-to-itself",
                "list",
            ),
            (
                _DETAILED,
                "deprecated.images.list-detail/rule/has-images",
                "deprecated.images.list-detail/rule/links-to-itself",
                "list-detail",
            ),
        )
    ],
)
def test_the_image_of_the_run_is_listed(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, path: str, has: str, links: str
) -> None:
    """On whichever page, with links to itself."""
    ecs_cases.control("deprecated.images.list")
    image = ecs_supplies.need("image_id")
    page, at = _page_with(ecs_client, path, image)
    if ecs_check(has, page, *_IDS, contains=image):
        _links(ecs_check, links, page, image, "images", at)
    else:
        ecs_check.not_tested(links, "the image of the run is not listed")


@pytest.mark.ecs_requirement(
    "deprecated.images.list/rule/same-as-detail",
    "deprecated.images.list/rule/pages-complete",
    "deprecated.images.list-detail/rule/usable",
)
def test_both_lists_have_the_same_images(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies
) -> None:
    """Each once, under the same names; what servers are made of is active."""
    ecs_cases.control("deprecated.images.list")
    image = ecs_supplies.need("image_id")
    brief, number = _page_with(ecs_client, _IMAGES, image)
    page, at = _page_with(ecs_client, _DETAILED, image)
    entry = read(page, "images", at)
    name = entry["name"]
    ecs_check("deprecated.images.list/rule/same-as-detail", brief, "body", "images", number, "name", equals=name)
    _complete(ecs_client, ecs_check)
    place = ("body", "images", at, "status")
    ecs_check("deprecated.images.list-detail/rule/usable", page, *place, one_of=["ACTIVE", "active"])


@pytest.mark.ecs_requirement(
    "deprecated.image-metadata.show/rule/same-as-image",
    "deprecated.images.show/rule/same-image",
    "deprecated.images.show/rule/same-as-detail",
    "deprecated.images.show/rule/links-to-itself",
)
def test_an_image_is_shown_as_it_is_listed(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies
) -> None:
    """By itself, and its metadata by themselves."""
    ecs_cases.control("deprecated.images.show")
    image = ecs_supplies.need("image_id")
    page, at = _page_with(ecs_client, _DETAILED, image)
    shown, entry = ecs_client.get(f"{_IMAGES}/{image}"), read(page, "images", at)
    check = ecs_check.after(shown)
    check("deprecated.images.show/rule/same-image", shown, *_ONE, "id", equals=image)
    _links(check, "deprecated.images.show/rule/links-to-itself", shown, image, "image")
    for field in sorted(entry):
        check("deprecated.images.show/rule/same-as-detail", shown, *_ONE, field, equals=entry[field])
    metadata, rule = ecs_client.get(f"{_IMAGES}/{image}/metadata"), "deprecated.image-metadata.show/rule/same-as-image"
    ecs_check.after(metadata)(rule, metadata, "body", "metadata", equals=entry.get("metadata"))


@pytest.mark.ecs_requirement(
    "deprecated.images.list/rule/status-filter",
    "deprecated.images.list/rule/filters-together",
    "deprecated.images.list-detail/rule/status-filter",
    "deprecated.images.list-detail/rule/filters-together",
)
def test_an_image_that_is_being_made_is_not_listed_as_active(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Neither by its status nor by its name as well."""
    lease, name = ecs_servers("SHUTOFF"), ecs_supplies.name("image")
    action = url_of("nova.servers.create-image", server_id=lease.id)
    body = {"createImage": {"name": name}}
    image = str(ecs_supplies.make(action, body, "image_id", microversion="2.45"))
    path = f"{_IMAGES}/{image}"
    looks: list[tuple[str, Exchange, str]] = []  # all before any of them is looked at again
    for url, rule, query in (
        (_IMAGES, "deprecated.images.list/rule/status-filter", {}),
        (_IMAGES, "deprecated.images.list/rule/filters-together", {"name": name}),
        (_DETAILED, "deprecated.images.list-detail/rule/status-filter", {}),
        (_DETAILED, "deprecated.images.list-detail/rule/filters-together", {"name": name}),
    ):
        page, _ = _page_with(ecs_client, url, image, {"status": "active", **query})
        looks.append((rule, page, str(read(ecs_client.get(path), "image", "status")).upper()))
    for rule, page, state in looks:
        if state != "ACTIVE":  # it was not before either
            ecs_check(rule, page, *_IDS, lacks=image)
        else:
            ecs_check.not_tested(rule, "the image was made too quickly to be seen before")
    ecs_wait.until(path, "image", "status", equals="ACTIVE")
    ecs_servers.wait_stable(lease.id)
    ecs_client.delete(path)
    ecs_wait.gone(path)


_FILTERS = {
    _IMAGES: (
        "deprecated.images.list/rule/own-project",
        "deprecated.images.list/rule/name-filter",
        "deprecated.images.list/rule/filters-together",
        "deprecated.images.list/rule/status-filter-finds",
        "deprecated.images.list/rule/status-filter",
        "deprecated.images.list/rule/status-deleted",
        "deprecated.images.list/rule/changes-since",
        "deprecated.images.list/rule/min-ram-filter",
        "deprecated.images.list/rule/min-disk-filter",
    ),
    _DETAILED: (
        "deprecated.images.list-detail/rule/own-project",
        "deprecated.images.list-detail/rule/name-filter",
        "deprecated.images.list-detail/rule/filters-together",
        "deprecated.images.list-detail/rule/status-filter-finds",
        "deprecated.images.list-detail/rule/status-filter",
        "deprecated.images.list-detail/rule/status-deleted",
        "deprecated.images.list-detail/rule/changes-since",
        "deprecated.images.list-detail/rule/min-ram-filter",
        "deprecated.images.list-detail/rule/min-disk-filter",
    ),
}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=name, marks=pytest.mark.ecs_requirement(*_FILTERS[path]))
        for path, name in ((_IMAGES, "list"), (_DETAILED, "list-detail"))
    ],
)
def test_an_image_is_found_by_what_it_is(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    path: str,
) -> None:
    """An image of a server is listed with each filter that fits it and with none that does not."""
    name = ecs_supplies.name("image")  # as it was asked for, however it is shown
    with image_of(ecs_client, ecs_servers, ecs_wait, ecs_servers("SHUTOFF"), name) as made:
        if made.shown is None:
            made.not_tested(ecs_check, *_FILTERS[path])
            return
        _filtered(ecs_client, ecs_clients, ecs_check, path, read(made.shown, "image") | {"name": name})


@pytest.mark.ecs_requirement(
    "deprecated.images.list-detail/rule/deleted-not-listed",
    "deprecated.images.delete/rule/gone",
    "deprecated.images.delete/rule/stays-gone",
    "deprecated.images.delete/rule/this-image-only",
    "deprecated.images.delete/rule/not-usable",
    "deprecated.images.delete/rule/no-body",
)
def test_an_image_is_deleted(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """It is not listed, not deleted again, and no server comes from it; others stay."""
    deletion = ecs_cases.control("deprecated.images.delete")
    kept = ecs_supplies.need("image_id")
    with image_of(ecs_client, ecs_servers, ecs_wait, ecs_servers("SHUTOFF"), ecs_supplies.name("image")) as made:
        if made.id is None or made.shown is None:
            made.not_tested(ecs_check, "deprecated.images.delete/rule/gone", "deprecated.images.delete/rule/no-body")
            return
        path = f"{_IMAGES}/{made.id}"
        deleted = ecs_client.delete(path)
        check = ecs_check.after(deleted)
        check("deprecated.images.delete/rule/no-body", deleted, "body", equals=None)
        ecs_wait.gone(path)
        page, _ = _page_with(ecs_client, _DETAILED, made.id)
        for rule in ("deprecated.images.list-detail/rule/deleted-not-listed", "deprecated.images.delete/rule/gone"):
            check(rule, page, *_IDS, lacks=made.id)
        after = ecs_client.get(path)
        if after.accepted:
            check("deprecated.images.delete/rule/gone", after, *_ONE, "status", one_of=["DELETED", "deleted"])
        else:
            check.refused("deprecated.images.delete/rule/gone", after, "not-found")
        ecs_expect(
            "deprecated.images.delete/rule/stays-gone",
            "DELETE",
            path,
            expects="not-found",
            change="the image was deleted",
            control=deletion.id,
        )
        page, _ = _page_with(ecs_client, _IMAGES, kept)
        check("deprecated.images.delete/rule/this-image-only", page, *_IDS, contains=kept)
        creation = ecs_cases.control("nova.servers.create", servers=False)
        wanted = {
            "name": ecs_supplies.name("no"),
            "imageRef": made.id,
            "flavorRef": ecs_supplies.need("flavor_id"),
            "networks": [{"uuid": ecs_supplies.need("network_id")}],
        }
        refused = ecs_expect(
            "deprecated.images.delete/rule/not-usable",
            "POST",
            url_of("nova.servers.list"),
            json={"server": wanted},
            expects="unknown-reference",
            change="the image was deleted",
            control=creation.id,
        )
        ecs_jobs.wait_out(refused)


def _active_in_brief(client: Client, check: Check) -> None:
    """Judge the list of those that are active by the status that each shows with its details before and after."""
    before = _states(client)
    listed = {image for page in _pages(client, _IMAGES, {"status": "active"}) for image in _listed(page)}
    after = _states(client)
    for image in sorted(listed & before.keys() & after.keys()):
        status, page, number = after[image]
        if before[image][0] == status:
            at = ("body", "images", number, "status")
            check("deprecated.images.list/rule/status-filter", page, *at, one_of=["ACTIVE", "active"])
    check.not_tested("deprecated.images.list/rule/status-filter", "no image that is listed kept its status")


def _states(client: Client) -> dict[str, tuple[str, Exchange, int]]:
    """Return the status of each image, and the page with details and the place there that show it."""
    return {
        image["id"]: (str(image.get("status")), page, number)
        for page in _pages(client, _DETAILED)
        for number, image in enumerate(read(page, "images"))
    }


def _filtered(client: Client, clients: Clients, check: Check, url: str, shown: dict[str, Any]) -> None:
    """Judge a list with each of its filters against an image that is ACTIVE."""
    image = shown["id"]
    own, named, together, finds, active, deleted, changes, ram, disk = _FILTERS[url]
    for rule, query in ((named, {}), (together, {"status": "active"})):
        page, _ = _page_with(client, url, image, {"name": shown["name"], **query})
        if check(rule, page, *_IDS, contains=image):
            count = len(read(page, "images"))
            check(rule, page, "body", "images", "*", "name", equals=[shown["name"]] * count)
    page, _ = _page_with(client, url, image, {"status": "active"})
    check(finds, page, *_IDS, contains=image)
    if not page.accepted:
        check(active, page, "body", "images", present=True)
    elif url == _DETAILED:
        for number in range(len(read(page, "images"))):
            check(active, page, "body", "images", number, "status", one_of=["ACTIVE", "active"])
    else:
        _active_in_brief(client, check)
    none = client.get(url, query={"status": "deleted"})
    if none.accepted:
        check(deleted, none, "body", "images", equals=[])
    else:
        check.refused(deleted, none, "unknown-reference")
    moment = datetime.fromisoformat(str(shown["updated"]).replace("Z", "+00:00"))
    updated = moment.astimezone(UTC) if moment.tzinfo else moment
    later, earlier = (
        (updated + timedelta(**change)).strftime("%Y-%m-%dT%H:%M:%SZ") for change in ({"days": 400}, {"seconds": -5})
    )
    page, _ = _page_with(client, url, image, {"changes-since": earlier})
    check(changes, page, *_IDS, contains=image)
    check(changes, client.get(url, query={"changes-since": later}), *_IDS, lacks=image)
    for rule, key in ((ram, "minRam"), (disk, "minDisk")):
        page, _ = _page_with(client, url, image, {key: str(shown[key])})
        check(rule, page, *_IDS, contains=image)
    try:
        stranger = clients("other_project")
    except PrerequisiteMissing as missing:
        check.not_tested(own, str(missing))
    else:
        check(own, stranger.get(url), *_IDS, lacks=image)
