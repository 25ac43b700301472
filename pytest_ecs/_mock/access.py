"""What lets a client in: whom the mock knows, and what clients of OpenStack make of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.records import User

__all__ = ["describe", "environment"]


def describe(state: State, base_url: str) -> dict[str, Any]:
    """Return where the mock is, whom it knows, and from what servers can be made there (`MockCloud.describe`)."""

    def about(user: User) -> dict[str, Any]:
        project = state.projects[user.project]
        return {
            "endpoint": base_url,
            "iam": base_url,
            "region": state.region,
            "project_id": project.id,
            "project_name": project.name,
            "domain": user.domain,
            "username": user.name,
            "password": user.password,
            "ak": user.ak,
            "sk": user.sk,
            "dedicated_host_ids": project.hosts,
        }

    def resources(user: User) -> dict[str, Any]:
        project = state.projects[user.project]
        first, second, *_ = state.flavors
        network = project.networks[0].id
        return {
            "image_id": next(iter(state.images)),
            "flavor_id": first,
            "other_flavor_id": second,
            "vpc_id": project.vpc,
            "subnet_id": network,
            "network_id": network,
            "security_group_id": project.security_group,
            "key_name": next(iter(user.keys)),
            "availability_zone": state.zones[0],
            "dedicated_host_id": project.hosts[0],
            "other_dedicated_host_id": project.hosts[1],
            "port_id": next(iter(project.ports)),
            "windows_image_id": next(image.id for image in state.images.values() if image.os_type == "Windows"),
            "foreign_subnet_id": project.networks[1].id,
            "geneve_network_id": next(one.id for one in project.networks if one.type == "geneve"),
            "missing_disk_type": "SAS",
            "private_image_id": next(one.id for one in state.images.values() if one.owner == project.id),
            "plain_image_id": next(one.id for one in state.images.values() if not one.agents),
            "tools_image_id": next(iter(state.images)),
        }

    return {
        **about(state.primary),
        "resources": resources(state.primary),
        "other_project": {**about(state.other), "resources": resources(state.other)},
        "restricted_user": about(state.restricted),
    }


def environment(about: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables with which clients of OpenStack log in as the user of *about* (`MockCloud.describe`)."""
    return {
        "OS_AUTH_URL": f"{about['iam']}/v3",
        "OS_USERNAME": about["username"],
        "OS_PASSWORD": about["password"],
        "OS_USER_DOMAIN_NAME": about["domain"],
        "OS_PROJECT_ID": about["project_id"],
        "OS_REGION_NAME": about["region"],
        "OS_IDENTITY_API_VERSION": "3",
    }
