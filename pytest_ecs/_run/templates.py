"""Bodies of plain create requests, from what the run was given or found."""

from __future__ import annotations

from pytest_ecs._http.target import Resources
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import PrerequisiteMissing

__all__ = ["ecs_template", "native_template"]


def _need(resources: Resources, *names: str) -> None:
    missing = [f"--ecs-{name}" for name in names if getattr(resources, f"{name}_id") is None]
    if missing:
        raise PrerequisiteMissing(
            f"Servers cannot be created without {', '.join(missing)}",
            seen="these options were not given, and nothing was found in their place",
            hint=f"name {' and '.join(names)} that the project may use; pytest-ecs doctor says what it found",
        )


def ecs_template(resources: Resources, name: str, count: int) -> dict[str, JSON]:
    """Return the body for *count* servers by 5.1.1; raises `PrerequisiteMissing`."""
    _need(resources, "image", "flavor", "vpc", "subnet")
    server: dict[str, JSON] = {
        "name": name,
        "imageRef": resources.image_id,
        "flavorRef": resources.flavor_id,
        "vpcid": resources.vpc_id,
        "nics": [{"subnet_id": resources.subnet_id}],
        "root_volume": {"volumetype": "SSD"},
    }
    if count > 1:
        server["count"] = count
    return _placed(server, resources)


def native_template(resources: Resources, name: str, count: int) -> dict[str, JSON]:
    """Return the body for *count* servers by 6.2.1; raises `PrerequisiteMissing`."""
    _need(resources, "image", "flavor", "network")
    server: dict[str, JSON] = {
        "name": name,
        "imageRef": resources.image_id,
        "flavorRef": resources.flavor_id,
        "networks": [{"uuid": resources.network_id}],
    }
    if count > 1:  # the answer names one server of a batch, but its reservation finds them all
        server |= {"min_count": count, "max_count": count, "return_reservation_id": True}
    return _placed(server, resources)


def _placed(server: dict[str, JSON], resources: Resources) -> dict[str, JSON]:
    if resources.availability_zone:
        server["availability_zone"] = resources.availability_zone
    return {"server": server}
