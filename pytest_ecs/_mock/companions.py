"""Services beside ECS of which clients need a little: images, disks and networks (not in the document).

The catalogue names them as clients of OpenStack expect it, and they show what servers are made from and what
becomes of servers: the same images, disks and networks that the native APIs know.
"""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.hardware import Disk, Network
from pytest_ecs._mock.state.records import Image
from pytest_ecs._mock.storage.volumes import create_volume, delete_volume, find_volume

__all__: list[str] = []

_IMAGES, _VOLUMES, _NETWORKS = "/image/v2/images", "/volume/v3/{project_id}/volumes", "/network/v2.0/networks"
#: Where versions are listed -> id, status and path of the one that there is, and its microversions.
SERVICES = {
    "/image": ("v2.9", "/image/v2/", {}),
    "/volume": ("v3.0", "/volume/v3/", {"min_version": "3.0", "version": "3.0"}),
    "/network": ("v2.0", "/network/v2.0/", {}),
}


@route("GET", "/image", family="nova", public=True)
@route("GET", "/volume", family="nova", public=True)
@route("GET", "/volume/v3", family="nova", public=True)
@route("GET", "/network", family="nova", public=True)
def list_versions(request: Request, state: State) -> Response:
    """List the one version of a service."""
    version, path, more = SERVICES["/" + request.path.split("/")[1]]
    links = [{"rel": "self", "href": f"{request.base}{path}"}]
    return Response(200, {"versions": [{"id": version, "status": "CURRENT", "links": links, **more}]})


# Images


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
        "file": f"/v2/images/{image.id}/file",
        "self": f"/v2/images/{image.id}",
    }


def _images(request: Request, state: State) -> list[Image]:
    return [one for one in state.images.values() if one.owner in {None, request.project.id}]


@route("GET", _IMAGES, family="nova")
def list_images(request: Request, state: State) -> Response:
    """List the images, all at once, by name when asked."""
    name = request.arg("name")
    shown = [_image(one) for one in _images(request, state) if name in {None, one.name}]
    return Response(200, {"images": shown, "first": "/v2/images"})


@route("GET", _IMAGES + "/{image_id}", family="nova")
def show_image(request: Request, state: State) -> Response:
    """Show an image."""
    return Response(200, _image(_find_image(request, state)))


@route("DELETE", _IMAGES + "/{image_id}", family="nova")
def delete_image(request: Request, state: State) -> Response:
    """Delete an image of the project; servers that were made of it stay."""
    image = _find_image(request, state)
    if image.owner is None:
        raise NativeError(403, "A public image cannot be deleted.")
    del state.images[image.id]
    return Response(204)


def _find_image(request: Request, state: State) -> Image:
    wanted = request.parameters["image_id"].lower()
    found = next((one for one in _images(request, state) if one.id == wanted), None)
    if found is None:
        raise NativeError(404, f"Image {wanted[:64]} could not be found.")
    return found


# Disks


def _volume(disk: Disk) -> dict[str, Any]:
    attached = [
        {"server_id": server, "device": where.device, "volume_id": disk.id, "id": disk.id, "attachment_id": disk.id}
        for server, where in disk.attached.items()
    ]
    return {
        "id": disk.id,
        "name": disk.name or "",
        "description": disk.description,
        "status": disk.status,
        "size": disk.size,
        "volume_type": disk.kind,
        "availability_zone": disk.zone,
        "attachments": attached,
        "snapshot_id": disk.snapshot,
        "source_volid": None,
        "metadata": dict(disk.metadata),
        "encrypted": False,
        "bootable": str(disk.bootable).lower(),
        "multiattach": disk.shared,
        "created_at": stamp(disk.created, "us"),
    }


@route("GET", _VOLUMES, family="nova", permission="nova.volumes")
@route("GET", _VOLUMES + "/detail", family="nova", permission="nova.volumes-detail")
def list_volumes(request: Request, state: State) -> Response:
    """List the disks, all at once."""
    return Response(200, {"volumes": [_volume(one) for one in request.project.volumes.values()]})


@route("GET", _VOLUMES + "/{volume_id}", family="nova", permission="nova.volume")
def show_volume(request: Request, state: State) -> Response:
    """Show a disk."""
    return Response(200, {"volume": _volume(find_volume(request, state, request.parameters["volume_id"]))})


@route("POST", _VOLUMES, family="nova", permission="nova.create-volume")
def add_volume(request: Request, state: State) -> Response:
    """Create a disk as 11.4.4 does, from the names of this service."""
    wanted = request.json.get("volume")
    if isinstance(wanted, dict):
        names = {"name": "display_name", "description": "display_description"}
        known = {names.get(name, name): value for name, value in wanted.items() if value is not None}
        request.json = {"volume": known}
    made = create_volume(request, state).body["volume"]["id"]
    return Response(202, {"volume": _volume(find_volume(request, state, made))})


@route("DELETE", _VOLUMES + "/{volume_id}", family="nova", permission="nova.delete-volume")
def remove_volume(request: Request, state: State) -> Response:
    """Delete a disk that nothing needs."""
    return delete_volume(request, state)


# Networks


def _network(network: Network, project: Project) -> dict[str, Any]:
    return {
        "id": network.id,
        "name": network.label,
        "status": "ACTIVE",
        "admin_state_up": True,
        "shared": False,
        "project_id": project.id,
        "tenant_id": project.id,
        "subnets": [network.id],
        "router:external": False,
    }


@route("GET", _NETWORKS, family="nova")
def list_networks(request: Request, state: State) -> Response:
    """List the networks, by name or id when asked."""
    name, ids = request.arg("name"), request.args("id")
    found = [one for one in request.project.networks if name in {None, one.label} and (not ids or one.id in ids)]
    return Response(200, {"networks": [_network(one, request.project) for one in found]})


@route("GET", _NETWORKS + "/{network_id}", family="nova")
def show_network(request: Request, state: State) -> Response:
    """Show a network."""
    wanted = request.parameters["network_id"]
    found = next((one for one in request.project.networks if one.id == wanted), None)
    if found is None:
        raise NativeError(404, f"Network {wanted[:64]} could not be found.")
    return Response(200, {"network": _network(found, request.project)})
