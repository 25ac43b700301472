"""What a mock has, seen with none of the code under test."""

from __future__ import annotations

from pytest_ecs._mock import MockCloud

__all__ = ["inventory"]


def inventory(cloud: MockCloud) -> dict[str, str]:
    """Return everything that the projects and users have, by its id, as collection and name."""
    state, found = cloud._state, {}
    with cloud._lock:
        state.settle()
        for project in state.projects.values():
            for collection in ("servers", "eips", "ports", "volumes", "snapshots", "groups", "server_groups"):
                for resource in getattr(project, collection).values():
                    found[resource.id] = f"{collection} {getattr(resource, 'name', None) or resource.id}"
        for user in state.users.values():
            found |= {f"key {user.id} {name}": f"key pair {name}" for name in user.keys}
        return found | {image.id: f"image {image.name}" for image in state.images.values()}
