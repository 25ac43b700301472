"""Actions of policy-based authorization (9.2) with the actions that each depends on."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_ecs._mock.errors import EcsRefusal, NativeRefusal
from pytest_ecs._mock.routing import Request
from pytest_ecs._mock.state import User

__all__ = ["permit"]

_SHOW = (
    "ecs:serverVolumes:use", "ecs:diskConfigs:use", "ecs:securityGroups:use", "ecs:serverKeypairs:get", "vpc:securityGroups:get",
    "vpc:securityGroupRules:get", "vpc:networks:get", "vpc:subnets:get", "vpc:ports:get", "vpc:routers:get",
)  # fmt: skip
_CREATE = (
    "ecs:servers:get", "ecs:serverInterfaces:use", "ecs:serverInterfaces:get", "ecs:flavors:get", "ecs:securityGroups:use",
    "evs:volumes:list", "evs:volumes:get", "evs:volumes:create", "evs:volumes:attach", "evs:volumes:manage",
    "vpc:securityGroups:get", "vpc:networks:get", "vpc:networks:update", "vpc:subnets:get", "vpc:subnets:update",
    "vpc:ports:create", "vpc:ports:update", "vpc:ports:get", "vpc:ports:delete", "vpc:networks:create", "vpc:subnets:create",
    "vpc:routers:get", "vpc:routers:update", "ims:images:list", "ims:images:get",
)  # fmt: skip
#: Action -> what it depends on.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "ecs:servers:list-detail": ("ecs:servers:get", *_SHOW),
    "ecs:servers:get": _SHOW,
    "ecs:servers:create": _CREATE,
    "ecs:servers:update": ("ecs:servers:get",),
    "ecs:servers:start": ("ecs:servers:list",),
    "ecs:servers:stop": ("ecs:servers:list",),
    "ecs:servers:reboot": ("ecs:servers:list",),
}


def _denied(user: User, action: str) -> bool:
    """Whether *user* lacks *action* or one that it depends on.

    "ecs:servers:list-detail" is our word for ecs:servers:list on the detailed list, which depends on more.
    """
    if user.allowed is None:
        return False
    needed = {action.replace("list-detail", "list"), *_NEEDS.get(action, ())}
    return not needed <= user.allowed


def permit(request: Request, action: str) -> None:
    """Refuse a user who lacks *action* or one that it depends on."""
    if _denied(request.user, action) and not request.off("permission-unchecked"):
        message = f"Policy does not allow {action} to be performed."
        raise EcsRefusal("Pdp.0001", message) if request.path.startswith("/v1/") else NativeRefusal(403, message)
