"""Images as the image service shows them."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.records import Image

__all__ = ["find_image"]

_IMAGES = "/image/v2/images"


def _image(image: Image) -> dict[str, Any]:
    return {
        **image.metadata,
        "id": image.id,
        "name": image.name,
        "status": image.status.lower(),
        "size": image.size,
        "visibility": "public" if image.owner is None else "private",
        "owner": image.owner,
        "tags": [],
        "min_disk": image.min_disk,
        "min_ram": image.min_ram,
        "protected": False,
        "disk_format": "zvhd2",
        "container_format": "bare",
        "created_at": stamp(image.created),
        "updated_at": stamp(image.updated),
        "self": f"{_IMAGES}/{image.id}",
    }


def _images(request: Request, state: State) -> list[Image]:
    return [one for one in state.images.values() if one.owner in {None, request.project.id}]


@route("GET", _IMAGES, family="nova")
def list_images(request: Request, state: State) -> Response:
    """List the images, all at once, by name when asked."""
    name = request.arg("name")
    shown = [_image(one) for one in _images(request, state) if name in {None, one.name}]
    return Response(200, {"images": shown, "first": _IMAGES})


@route("GET", _IMAGES + "/{image_id}", family="nova")
def show_image(request: Request, state: State) -> Response:
    """Show an image."""
    return Response(200, _image(find_image(request, state, request.parameters["image_id"])))


@route("DELETE", _IMAGES + "/{image_id}", family="nova")
def delete_image(request: Request, state: State) -> Response:
    """Delete an image of the project; servers that were made of it stay."""
    image = find_image(request, state, request.parameters["image_id"])
    if image.owner is None:
        raise NativeError(403, "A public image cannot be deleted.")
    del state.images[image.id]
    return Response(204)


def find_image(request: Request, state: State, image_id: str) -> Image:
    """Return an image that the project can see, or refuse with 404."""
    wanted = image_id.lower()
    found = next((one for one in _images(request, state) if one.id == wanted), None)
    if found is None:
        raise NativeError(404, f"Image {wanted[:64]} could not be found.")
    return found
