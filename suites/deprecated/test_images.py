"""Rules of images (11.2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from pytest_ecs import Cases, Check, Client, Clients, Exchange, Expect, Jobs, Servers, Supplies, Wait, read

pytestmark = pytest.mark.ecs_group("servers")

_LIST, _DETAIL = (
    f"deprecated.images.{verb}/rule"
    for verb in (
        "list",
        "list-detail",
    )
)
_IMAGES = "/v2.1/{project_id}/images"
_LISTS = {_LIST: _IMAGES, _DETAIL: f"{_IMAGES}/detail"}
_IDS = ("body", "images", "*", "id")
_ONE = ("body", "image")


def _pages(client: Client, path: str, query: dict[str, str] | None = None) -> list[Exchange]:
    """Return a list page by page, as far as its links lead."""
    pages = [client.get(path, query=query or {})]
    while len(pages) < 100 and (links := read(pages[-1]).get("images_links")):
        following = dict(parse_qsl(urlsplit(str(links[0].get("href"))).query))
        pages.append(client.get(path, query=following))
    return pages


def _listed(page: Exchange) -> list[str]:
    return [image["id"] for image in read(page, "images")]


def _page_with(client: Client, path: str, image: str, query: dict[str, str] | None = None) -> tuple[Exchange, int]:
    """Return the page that has an image and where it is there, or the last page and no place of it."""
    page, found = None, -1
    for page in _pages(client, path, query):
        ids = _listed(page)
        found = ids.index(image) if image in ids else len(ids)
        if image in ids:
            break
    assert page is not None
    return page, found


def _complete(client: Client, check: Check) -> None:
    """Judge the list page by page against that with details, when no image came or went meanwhile."""
    for _ in range(5):
        pages, detailed, later = (_pages(client, path) for path in (_IMAGES, _LISTS[_DETAIL], _IMAGES))
        ids = [_listed(page) for page in pages]
        if sorted(chain(*ids)) == sorted(chain(*(_listed(page) for page in later))):
            break
    else:
        for rule in ("pages-complete", "same-as-detail"):
            check.not_tested(f"{_LIST}/{rule}", "images came or went all the time")
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


@pytest.mark.ecs_requirement(
    "deprecated.images.list/rule/has-images",
    "deprecated.images.list/rule/links-to-itself",
    "deprecated.images.list-detail/rule/has-images",
    "deprecated.images.list-detail/rule/links-to-itself",
    "deprecated.images.list/rule/same-as-detail",
    "deprecated.images.list/rule/pages-complete",
    "deprecated.images.list-detail/rule/usable",
    "deprecated.image-metadata.show/rule/same-as-image",
    "deprecated.images.show/rule/same-image",
    "deprecated.images.show/rule/same-as-detail",
    "deprecated.images.show/rule/links-to-itself",
)
def test_images_show_the_same_everywhere(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies
) -> None:
    """The image of the run is in both lists, on whichever page, by itself and with its metadata, always the same."""
    ecs_cases.control("deprecated.images.list")
    image, name = ecs_supplies.need("image_id"), ""
    for base, path in _LISTS.items():
        page, at = _page_with(ecs_client, path, image)
        ecs_check(f"{base}/has-images", page, *_IDS, contains=image)
        _links(ecs_check, f"{base}/links-to-itself", page, image, "images", at)
        name = name or read(page, "images", at, "name")
        ecs_check("deprecated.images.list/rule/same-as-detail", page, "body", "images", at, "name", equals=name)
    _complete(ecs_client, ecs_check)
    page, at = _page_with(ecs_client, _LISTS[_DETAIL], image)
    ecs_cases.control("ecs.servers.create")
    ecs_check(
        "deprecated.images.list-detail/rule/usable", page, "body", "images", at, "status", one_of=["ACTIVE", "active"]
    )
    shown, entry = ecs_client.get(f"{_IMAGES}/{image}"), read(page, "images", at)
    ecs_check("deprecated.images.show/rule/same-image", shown, *_ONE, "id", equals=image)
    _links(ecs_check, "deprecated.images.show/rule/links-to-itself", shown, image, "image")
    for field in sorted(entry):
        ecs_check("deprecated.images.show/rule/same-as-detail", shown, *_ONE, field, equals=entry[field])
    metadata = ecs_client.get(f"{_IMAGES}/{image}/metadata")
    ecs_check(
        "deprecated.image-metadata.show/rule/same-as-image", metadata, "body", "metadata", equals=entry["metadata"]
    )


@pytest.mark.ecs_requirement(
    "deprecated.images.list/rule/own-project",
    "deprecated.images.list/rule/name-filter",
    "deprecated.images.list/rule/status-filter",
    "deprecated.images.list/rule/status-filter-finds",
    "deprecated.images.list/rule/status-deleted",
    "deprecated.images.list/rule/changes-since",
    "deprecated.images.list/rule/min-ram-filter",
    "deprecated.images.list/rule/min-disk-filter",
    "deprecated.images.list/rule/filters-together",
    "deprecated.images.list-detail/rule/own-project",
    "deprecated.images.list-detail/rule/name-filter",
    "deprecated.images.list-detail/rule/status-filter",
    "deprecated.images.list-detail/rule/status-filter-finds",
    "deprecated.images.list-detail/rule/status-deleted",
    "deprecated.images.list-detail/rule/changes-since",
    "deprecated.images.list-detail/rule/min-ram-filter",
    "deprecated.images.list-detail/rule/min-disk-filter",
    "deprecated.images.list-detail/rule/filters-together",
    "deprecated.images.list-detail/rule/deleted-not-listed",
    "deprecated.images.delete/rule/gone",
    "deprecated.images.delete/rule/not-usable",
    "deprecated.images.delete/rule/stays-gone",
    "deprecated.images.delete/rule/this-image-only",
    "deprecated.images.delete/rule/no-body",
)
def test_an_image_is_found_by_what_it_is_until_it_is_deleted(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """An image of a server is listed with each filter that fits it and with none that does not; then it is gone."""
    control, deletion = ecs_cases.control("deprecated.images.show"), ecs_cases.control("deprecated.images.delete")
    lease, name = ecs_servers("SHUTOFF"), ecs_supplies.name("image")
    server = f"/v2.1/{{project_id}}/servers/{lease.id}"
    body = {"createImage": {"name": name}}
    image = str(ecs_supplies.make(f"{server}/action", body, "image_id", microversion="2.45"))
    path = f"{_IMAGES}/{image}"
    for base, url in _LISTS.items():
        for rule, query in (("status-filter", {}), ("filters-together", {"name": name})):
            page, _ = _page_with(ecs_client, url, image, {"status": "active", **query})
            state = str(read(ecs_client.get(path), "image", "status")).upper()
            if state != "ACTIVE":  # it was not before either
                ecs_check(f"{base}/{rule}", page, *_IDS, lacks=image)
    ecs_wait.until(path, "image", "status", equals="ACTIVE")
    ecs_wait.until(server, "server", "OS-EXT-STS:task_state", equals=None)
    lease.release()
    shown = read(ecs_client.get(path), "image")
    for base, url in _LISTS.items():
        _filtered(ecs_client, ecs_clients, ecs_check, base, url, shown)
    deleted = ecs_client.delete(path)
    ecs_check("deprecated.images.delete/rule/no-body", deleted, "body", equals=None)
    ecs_wait.gone(path)
    page, _ = _page_with(ecs_client, _LISTS[_DETAIL], image)
    for rule in ("deprecated.images.list-detail/rule/deleted-not-listed", "deprecated.images.delete/rule/gone"):
        ecs_check(rule, page, *_IDS, lacks=image)
    after = ecs_client.get(path)
    if after.accepted:
        ecs_check("deprecated.images.delete/rule/gone", after, *_ONE, "status", one_of=["DELETED", "deleted"])
    else:
        ecs_expect(
            "deprecated.images.delete/rule/gone",
            "GET",
            path,
            expects="not-found",
            change="the image was deleted",
            control=control.id,
        )
    ecs_expect(
        "deprecated.images.delete/rule/stays-gone",
        "DELETE",
        path,
        expects="not-found",
        change="the image was deleted",
        control=deletion.id,
    )
    kept = ecs_supplies.need("image_id")
    page, _ = _page_with(ecs_client, _IMAGES, kept)
    ecs_check("deprecated.images.delete/rule/this-image-only", page, *_IDS, contains=kept)
    creation = ecs_cases.control("ecs.servers.create")
    template = ecs_servers.template(ecs_supplies.name("no"), 1)
    wanted = {"server": {**template["server"], "imageRef": image}}
    refused = ecs_expect(
        "deprecated.images.delete/rule/not-usable",
        "POST",
        "/v1/{project_id}/cloudservers",
        json=wanted,
        expects="unknown-reference",
        codes=ecs_expect.codes_of("ecs.servers.create", "server.imageRef"),
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
        for page in _pages(client, _LISTS[_DETAIL])
        for number, image in enumerate(read(page, "images"))
    }


def _filtered(client: Client, clients: Clients, check: Check, base: str, url: str, shown: dict[str, Any]) -> None:
    """Judge a list with each of its filters against an image that is ACTIVE."""
    image = shown["id"]
    stranger = clients("other_project").get(url)
    check(f"{base}/own-project", stranger, *_IDS, lacks=image)
    for rule, query in (("name-filter", {}), ("filters-together", {"status": "active"})):
        page, _ = _page_with(client, url, image, {"name": shown["name"], **query})
        count = len(read(page, "images"))
        check(f"{base}/{rule}", page, *_IDS, contains=image)
        check(f"{base}/{rule}", page, "body", "images", "*", "name", equals=[shown["name"]] * count)
    page, _ = _page_with(client, url, image, {"status": "active"})
    check(f"{base}/status-filter-finds", page, *_IDS, contains=image)
    if base == _DETAIL:
        for number in range(len(read(page, "images"))):
            state = ("body", "images", number, "status")
            check(f"{base}/status-filter", page, *state, one_of=["ACTIVE", "active"])
    else:
        _active_in_brief(client, check)
    none = client.get(url, query={"status": "deleted"})
    if none.refused:
        check(f"{base}/status-deleted", none, "status", one_of=[400, 404])
    else:
        check(f"{base}/status-deleted", none, "body", "images", equals=[])
    moment = datetime.fromisoformat(str(shown["updated"]).replace("Z", "+00:00"))
    updated = moment.astimezone(UTC) if moment.tzinfo else moment
    later, earlier = (
        (updated + timedelta(**change)).strftime("%Y-%m-%dT%H:%M:%SZ") for change in ({"days": 400}, {"seconds": -5})
    )
    page, _ = _page_with(client, url, image, {"changes-since": earlier})
    check(f"{base}/changes-since", page, *_IDS, contains=image)
    check(f"{base}/changes-since", client.get(url, query={"changes-since": later}), *_IDS, lacks=image)
    for rule, key in (("min-ram-filter", "minRam"), ("min-disk-filter", "minDisk")):
        page, _ = _page_with(client, url, image, {key: str(shown[key])})
        check(f"{base}/{rule}", page, *_IDS, contains=image)
