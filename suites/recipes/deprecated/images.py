"""Recipes: images (11.2)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe, url_of


@recipe("deprecated.images.list")
def _images(use: Ingredients) -> Request:
    return Request()


@recipe("deprecated.images.list-detail")
def _image_details(use: Ingredients) -> Request:
    return Request()


@recipe("deprecated.images.show")
def _image(use: Ingredients) -> Request:
    return Request({"image_id": use.need("image_id")})


@recipe("deprecated.image-metadata.show")
def _image_metadata(use: Ingredients) -> Request:
    return Request({"image_id": use.need("image_id")})


@recipe("deprecated.images.delete", server="SHUTOFF")
def _delete_image(use: Ingredients) -> Request:
    server = url_of("nova.servers.show", server_id=use.servers[0])
    body = {"createImage": {"name": use.name()}}
    image = use.make(f"{server}/action", body, "image_id", microversion="2.45")
    use.until(server, "server", "OS-EXT-STS:task_state", equals=None)
    return Request({"image_id": str(image)})
