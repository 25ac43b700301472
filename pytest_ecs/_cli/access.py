"""The files that let clients into a mock: clouds.yaml, an openrc, and an ini file for pytest with the ids."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_ecs.exceptions import ConfigurationError

__all__ = ["make_folder", "write"]

#: Option of the plugin -> the resource that it names.
_OPTIONS = {
    "image": "image_id",
    "flavor": "flavor_id",
    "other_flavor": "other_flavor_id",
    "vpc": "vpc_id",
    "subnet": "subnet_id",
    "network": "network_id",
    "security_group": "security_group_id",
    "key_pair": "key_name",
    "availability_zone": "availability_zone",
    "dedicated_host": "dedicated_host_id",
    "other_dedicated_host": "other_dedicated_host_id",
    "port": "port_id",
    "windows_image": "windows_image_id",
    "foreign_subnet": "foreign_subnet_id",
    "geneve_network": "geneve_network_id",
    "missing_disk_type": "missing_disk_type",
    "private_image": "private_image_id",
    "plain_image": "plain_image_id",
    "tools_image": "tools_image_id",
}


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there; raises `ConfigurationError` where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"--write {folder}: the folder cannot be made", seen=str(error), hint="name another folder"
        ) from None


def write(folder: Path, about: Mapping[str, Any]) -> None:
    """Write ``clouds.yaml``, ``openrc`` and ``ecs.ini`` into *folder*, readable for their owner only."""
    from pytest_ecs._mock.access import environment

    users = {"mock": about, "mock-other": about["other_project"], "mock-restricted": about["restricted_user"]}
    _keep(folder / "clouds.yaml", _clouds(users))
    variables = environment(about)
    _keep(folder / "openrc", "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()))
    _keep(folder / "ecs.ini", _ini(about["resources"]))


def _keep(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")


def _clouds(users: Mapping[str, Mapping[str, Any]]) -> str:
    import yaml

    clouds = {
        name: {
            "auth": {
                "auth_url": f"{user['iam']}/v3",
                "username": user["username"],
                "password": user["password"],
                "user_domain_name": user["domain"],
                "project_id": user["project_id"],
            },
            "region_name": user["region"],
            "interface": "public",
            "identity_api_version": "3",
        }
        for name, user in users.items()
    }
    return str(yaml.safe_dump({"clouds": clouds}, sort_keys=False))


def _ini(resources: Mapping[str, str]) -> str:
    """Return what ``pytest -c`` reads; clouds.yaml has to be in the folder that it is run in."""
    lines = ["[pytest]", "ecs_cloud = mock", "ecs_other_cloud = mock-other", "ecs_restricted_cloud = mock-restricted"]
    return "\n".join([*lines, *(f"ecs_{name} = {resources[key]}" for name, key in _OPTIONS.items())]) + "\n"
