"""Images and their metadata, in the discarded native view (11.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.versions import until
from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.records import Image

__all__: list[str] = []

#: The last microversions with images and with their metadata, as in Nova; the document names none.
_LAST, _LAST_METADATA = (2, 35), (2, 38)
_MOST = 1000
_ALL = "/v2.1/{project_id}/images"
_ONE = _ALL + "/{image_id}"


def _visible(request: Request, state: State) -> list[Image]:
    """Return the public images and those of the project."""
    return [image for image in state.images.values() if image.owner in {None, request.project.id}]


def _find(request: Request, state: State) -> Image:
    wanted = request.parameters["image_id"].lower()
    found = next((image for image in _visible(request, state) if image.id == wanted), None)
    if found is None:
        raise NativeError(404, f"Image {wanted[:64]} could not be found.")
    return found


def _links(request: Request, collection: str, ref: str) -> list[dict[str, str]]:
    version = "/v2" if request.path.startswith("/v2/") else "/v2.1"
    return [
        {"rel": "self", "href": f"{request.base}{version}/{request.project.id}/{collection}/{ref}"},
        {"rel": "bookmark", "href": f"{request.base}/{request.project.id}/{collection}/{ref}"},
    ]


def _brief(request: Request, state: State, image: Image) -> dict[str, Any]:
    other = f"{request.base}/{request.project.id}/images/{image.id}"
    alternate = {"rel": "alternate", "type": "application/vnd.openstack.image", "href": other}
    return {"id": image.id, "name": image.name, "links": [*_links(request, "images", image.id), alternate]}


def _full(request: Request, state: State, image: Image) -> dict[str, Any]:
    shown = {
        **_brief(request, state, image),
        "metadata": dict(image.metadata),
        "OS-EXT-IMG-SIZE:size": image.size,
        "minDisk": image.min_disk,
        "minRam": image.min_ram,
        "status": image.status,
        "progress": 100 if image.status == "ACTIVE" else 0,
        "created": stamp(image.created),
        "updated": stamp(image.updated),
    }
    if state.deviates("image-min-disk-string"):
        shown["minDisk"] = str(image.min_disk)
    if state.deviates("image-status-lower"):
        shown["status"] = image.status.lower()
    if image.server is not None:
        shown["server"] = {"id": image.server, "links": _links(request, "servers", image.server)}
    return shown


@route("GET", _ALL, family="nova")
def list_images(request: Request, state: State) -> Response:
    """List images (11.2.1)."""
    return _listed(request, state, _brief)


@route("GET", _ALL + "/detail", family="nova")
def list_details(request: Request, state: State) -> Response:
    """List images with their details (11.2.2); its example shows one image, that of 8.4 a list."""
    return _listed(request, state, _full)


def _listed(request: Request, state: State, shown: Callable[[Request, State, Image], dict[str, Any]]) -> Response:
    until(request, state, _LAST)
    images = [image for image in _visible(request, state) if all(keep(image) for keep in _filters(request, state))]
    images.sort(key=lambda image: (image.created, image.id), reverse=True)
    limit, marker = _whole(request, state, "limit"), request.arg("marker")
    if marker:
        at = next((index for index, image in enumerate(images) if image.id == marker), None)
        if at is None:
            raise NativeError(400, f"marker {marker[:40]!r} not found")
        images = images[at + 1 :]
    size = _MOST if limit is None or state.deviates("images-limit-ignored") else min(limit, _MOST)
    page = images[:size]
    body: dict[str, Any] = {"images": [shown(request, state, image) for image in page]}
    if page and len(images) > size:
        query = urlencode([*((k, v) for k, v in request.query if k != "marker"), ("marker", page[-1].id)])
        body["images_links"] = [{"rel": "next", "href": f"{request.base}{request.path}?{query}"}]
    return Response(200, body)


def _whole(request: Request, state: State, name: str) -> int | None:
    """Return a number of the query that is not negative, None for none."""
    text = request.arg(name)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        if state.deviates("images-number-unchecked"):
            return None
        raise NativeError(400, f"{name} is not a number")
    return int(text)


def _filters(request: Request, state: State) -> list[Callable[[Image], bool]]:
    """Return what an image must fulfil to be listed (Tables 11-6 and 11-13)."""
    found: list[Callable[[Image], bool]] = []
    name, status, since = (request.arg(one) for one in ("name", "status", "changes-since"))
    ram, disk = (_whole(request, state, one) for one in ("minRam", "minDisk"))
    if name and not state.deviates("images-name-ignored"):
        found.append(lambda image: image.name == name)
    if status and not state.deviates("images-status-ignored"):
        # Deleted images cannot be asked for: none are kept.
        found.append(lambda image: image.status == status.upper())
    if since:
        moment = _moment(since)
        if not state.deviates("images-since-ignored"):
            found.append(lambda image: int(image.updated) >= moment)
    if ram is not None and not state.deviates("images-min-ram-ignored"):
        found.append(lambda image: image.min_ram >= ram)
    if disk is not None and not state.deviates("images-min-disk-ignored"):
        found.append(lambda image: image.min_disk >= disk)
    return found


def _moment(text: str) -> int:
    try:
        # A plus sign that was not quoted arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise NativeError(400, "changes-since is not a time") from None


@route("GET", _ONE, family="nova")
def show_image(request: Request, state: State) -> Response:
    """Show an image (11.2.3)."""
    until(request, state, _LAST)
    return Response(200, {"image": _full(request, state, _find(request, state))})


@route("GET", _ONE + "/metadata", family="nova")
def show_metadata(request: Request, state: State) -> Response:
    """Show the metadata of an image (11.2.4)."""
    until(request, state, _LAST_METADATA)
    image = _find(request, state)
    return Response(200, {"metadata": {} if state.deviates("image-metadata-empty") else dict(image.metadata)})


@route("DELETE", _ONE, family="nova")
def delete_image(request: Request, state: State) -> Response:
    """Delete an image of the project (11.2.5); servers that were made of it stay."""
    until(request, state, _LAST)
    image = _find(request, state)
    if image.owner is None and not state.deviates("image-public-deleted"):
        raise NativeError(403, "A public image cannot be deleted.")
    if not state.deviates("image-delete-noop") and len(state.images) > 1:
        del state.images[image.id]
    return Response(204)
