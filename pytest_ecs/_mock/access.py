"""What lets a client in, made from what a mock says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["environment"]


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
