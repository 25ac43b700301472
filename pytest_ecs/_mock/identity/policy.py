"""Actions of policy-based authorization (9.2) with the actions that each depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_ecs._mock.http.errors import EcsError, NativeError
from pytest_ecs._mock.state.records import User

__all__ = ["PERMISSIONS", "permit"]

_DETAILS = (
    "ecs:serverVolumes:use",
    "ecs:diskConfigs:use",
    "ecs:securityGroups:use",
    "ecs:serverKeypairs:get",
    "vpc:securityGroups:get",
    "vpc:securityGroupRules:get",
    "vpc:networks:get",
    "vpc:subnets:get",
    "vpc:ports:get",
    "vpc:routers:get",
)
_CREATE = (
    "ecs:servers:get",
    "ecs:serverInterfaces:use",
    "ecs:serverInterfaces:get",
    "ecs:flavors:get",
    "ecs:securityGroups:use",
    "evs:volumes:list",
    "evs:volumes:get",
    "evs:volumes:create",
    "evs:volumes:attach",
    "evs:volumes:manage",
    "vpc:securityGroups:get",
    "vpc:networks:get",
    "vpc:networks:update",
    "vpc:subnets:get",
    "vpc:subnets:update",
    "vpc:ports:create",
    "vpc:ports:update",
    "vpc:ports:get",
    "vpc:ports:delete",
    "vpc:networks:create",
    "vpc:subnets:create",
    "vpc:routers:get",
    "vpc:routers:update",
    "ims:images:list",
    "ims:images:get",
)

_VOLUMES = (
    "ecs:serverVolumes:use",
    "evs:volumes:list",
    "evs:volumes:get",
    "evs:volumes:update",
    "evs:volumes:manage",
)

_INTERFACE = (
    "ecs:serverInterfaces:get",
    "vpc:networks:get",
    "vpc:networks:update",
    "vpc:networks:create",
    "vpc:subnets:get",
    "vpc:subnets:update",
    "vpc:subnets:create",
    "vpc:ports:update",
    "vpc:ports:get",
    "vpc:routers:get",
    "vpc:routers:update",
)

_GROUP = ("vpc:securityGroups:get",)
_RULE = ("vpc:securityGroups:get", "vpc:securityGroups:update", "vpc:securityGroupRules:get")
_MEMBER = (
    "ecs:servers:get",
    "ecs:servers:list",
    "ecs:serverVolumes:use",
    "ecs:diskConfigs:use",
    "ecs:serverKeypairs:get",
    "vpc:securityGroups:get",
    "vpc:securityGroups:update",
    "vpc:securityGroupRules:get",
    "vpc:networks:get",
    "vpc:subnets:get",
    "vpc:routers:get",
    "vpc:ports:get",
    "vpc:ports:update",
)

_RESIZE = (
    "ecs:servers:list",
    "ecs:flavors:get",
    "ims:images:get",
    "evs:volumes:list",
    "evs:volumes:create",
    "evs:volumes:get",
    "evs:volumes:attach",
    "evs:volumes:detach",
    "evs:volumes:manage",
    "vpc:ports:get",
    "vpc:ports:update",
    "vpc:ports:create",
    "vpc:ports:delete",
)
_REBUILD = ("ecs:servers:list", "ecs:servers:update", "ims:images:get", "ims:images:list", "ims:images:update")
_IMAGE = (
    "evs:volumes:get",
    "evs:snapshots:create",
    "ims:images:create",
    "ims:images:get",
    "ims:images:list",
    "ims:images:update",
    "ims:images:delete",
)
_GET = ("ecs:servers:get",)

#: Operation -> its action and what that depends on. Jobs (5.8.1) have no row in chapter 9.
PERMISSIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    # 9.2.1
    "ecs.create": ("ecs:cloudServers:create", ()),
    "ecs.create-with-new-eip": ("ecs:cloudServers:create", ("vpc:publicIps:create",)),
    "ecs.create-with-eip": ("ecs:cloudServers:create", ("vpc:publicIps:update",)),
    "ecs.delete": ("ecs:cloudServers:delete", ()),
    "nova.detail": ("ecs:servers:list", ("ecs:servers:get", *_DETAILS)),
    "nova.list": ("ecs:servers:list", ()),
    "nova.show": ("ecs:servers:get", _DETAILS),
    "nova.create": ("ecs:servers:create", _CREATE),
    "nova.delete": ("ecs:servers:delete", ()),
    "nova.update": ("ecs:servers:update", ("ecs:servers:get",)),
    # 9.2.2
    "ecs.resize": ("ecs:cloudServers:resize", ()),
    "nova.start": ("ecs:servers:start", ("ecs:servers:list",)),
    "nova.stop": ("ecs:servers:stop", ("ecs:servers:list",)),
    "nova.reboot": ("ecs:servers:reboot", ("ecs:servers:list",)),
    "ecs.change": ("ecs:cloudServers:changeOS", ()),
    "ecs.reinstall": ("ecs:cloudServers:rebuild", ()),
    "nova.resize": ("ecs:servers:resize", _RESIZE),
    "nova.rebuild": ("ecs:servers:rebuild", _REBUILD),
    "nova.lock": ("ecs:servers:lock", ("ecs:servers:list",)),
    "nova.unlock": ("ecs:servers:unlock", ("ecs:servers:list",)),
    # 9.2.3
    "ecs.stop": ("ecs:cloudServers:stop", ()),
    "ecs.reboot": ("ecs:cloudServers:reboot", ()),
    "ecs.start": ("ecs:cloudServers:start", ()),
    # 9.2.4
    "nova.networks": ("ecs:networks:list", ("vpc:networks:get",)),
    # 9.2.5
    "nova.create-image": ("ecs:servers:createImage", _IMAGE),
    # 9.2.6
    "nova.create-group": (
        "ecs:securityGroups:use",
        (*_GROUP, "vpc:securityGroups:create", "vpc:securityGroups:update"),
    ),
    "nova.delete-group": (
        "ecs:securityGroups:use",
        (*_GROUP, "vpc:securityGroups:delete", "vpc:securityGroups:update"),
    ),
    "nova.group": ("ecs:securityGroups:use", _GROUP),
    "nova.groups": ("ecs:securityGroups:use", _GROUP),
    "nova.create-rule": ("ecs:securityGroups:use", (*_RULE, "vpc:securityGroupRules:create")),
    "nova.delete-rule": ("ecs:securityGroups:use", (*_RULE, "vpc:securityGroupRules:delete")),
    "nova.update-group": ("ecs:securityGroups:use", (*_GROUP, "vpc:securityGroups:update")),
    "nova.server-groups": ("ecs:securityGroups:use", _GROUP),
    "nova.add-group": ("ecs:securityGroups:use", (*_MEMBER, "vpc:securityGroups:create")),
    "nova.remove-group": ("ecs:securityGroups:use", (*_MEMBER, "vpc:securityGroups:delete")),
    # 9.2.8
    "ecs.delete-nics": ("ecs:cloudServerNics:delete", ()),
    "ecs.add-nics": ("ecs:cloudServers:addNics", ()),
    "nova.add-nic": ("ecs:serverInterfaces:use", ("ecs:servers:get", *_INTERFACE, "vpc:ports:create")),
    "nova.delete-nic": ("ecs:serverInterfaces:use", ("ecs:servers:get", *_INTERFACE, "vpc:ports:delete")),
    "nova.nics": ("ecs:serverInterfaces:get", ("vpc:ports:get",)),
    "nova.nic": ("ecs:serverInterfaces:get", ("vpc:ports:get",)),
    # 9.2.9
    "ecs.attach": ("ecs:cloudServers:attach", ()),
    "ecs.detach": ("ecs:cloudServers:detachVolume", ()),
    "nova.attach": (
        "ecs:serverVolumeAttachments:create",
        ("ecs:servers:get", "ecs:flavors:get", *_VOLUMES, "evs:volumes:attach"),
    ),
    "nova.detach": ("ecs:serverVolumeAttachments:delete", (*_VOLUMES, "evs:volumes:detach")),
    "nova.attachments": ("ecs:serverVolumeAttachments:list", ("ecs:serverVolumes:use", "ecs:servers:get")),
    "nova.attachment": ("ecs:serverVolumeAttachments:get", ("ecs:serverVolumes:use",)),
    "nova.create-volume": ("ecs:serverVolumes:use", ("evs:volumes:create",)),
    "nova.delete-volume": ("ecs:serverVolumes:use", ("evs:volumes:get", "evs:volumes:delete")),
    "nova.volume": ("ecs:serverVolumes:use", ("evs:volumes:get",)),
    "nova.volumes": ("ecs:serverVolumes:use", ("evs:volumes:get", "evs:volumes:list")),
    "nova.volumes-detail": ("ecs:serverVolumes:use", ("evs:volumes:get", "evs:volumes:list")),
    # 9.2.14
    "nova.create-floating-ip": (
        "ecs:serverFloatingIps:use",
        ("vpc:floatingIps:get", "vpc:floatingIps:create", "vpc:floatingIps:update", "vpc:ports:get"),
    ),
    "nova.floating-ips": ("ecs:serverFloatingIps:use", ("vpc:floatingIps:get", "vpc:ports:get")),
    "nova.floating-ip": ("ecs:serverFloatingIps:use", ("vpc:floatingIps:get", "vpc:ports:get")),
    "nova.delete-floating-ip": (
        "ecs:serverFloatingIps:use",
        ("vpc:floatingIps:get", "vpc:floatingIps:delete", "vpc:floatingIps:update", "vpc:ports:get"),
    ),
    # 9.2.10
    "nova.metadata": ("ecs:servers:listMetadata", ()),
    "nova.metadatum": ("ecs:servers:getMetadata", _GET),
    "nova.delete-metadata": ("ecs:servers:setMetadata", ()),
    "nova.set-metadatum": ("ecs:servers:setMetadata", ()),
    "nova.update-metadata": ("ecs:servers:setMetadata", ()),
    "nova.set-metadata": ("ecs:servers:setMetadata", _GET),
    # 9.2.12, 9.2.13
    "nova.create-keypair": ("ecs:serverKeypairs:create", ()),
    "nova.keypair": ("ecs:serverKeypairs:get", ()),
    "nova.keypairs": ("ecs:serverKeypairs:list", ()),
    "nova.delete-keypair": ("ecs:serverKeypairs:delete", ()),
    "nova.password": ("ecs:serverPasswords:manage", ()),
    "nova.delete-password": ("ecs:serverPasswords:manage", ()),
    # 9.2.15
    "ecs.delete-group": ("ecs:cloudServers:delete", ()),
    "ecs.create-group": ("ecs:cloudServers:create", ()),
    "ecs.add-member": ("ecs:cloudServers:create", ()),
    "ecs.remove-member": ("ecs:cloudServers:delete", ()),
    "ecs.groups": ("ecs:cloudServers:list", ()),
    "ecs.group": ("ecs:cloudServers:get", ()),
    "nova.manage-server-groups": ("ecs:serverGroups:manage", ()),
    # 9.2.16
    "ecs.set-tags": ("ecs:servers:setTags", ()),
    "ecs.tags": ("ecs:servers:getTags", ()),
    "nova.tags": ("ecs:servers:getTags", _GET),
    "nova.add-tag": ("ecs:servers:setTags", _GET),
    "nova.set-tags": ("ecs:servers:setTags", _GET),
    "nova.delete-tag": ("ecs:servers:setTags", _GET),
    "nova.tag": ("ecs:servers:getTags", _GET),
    "nova.delete-tags": ("ecs:servers:setTags", _GET),
    # 9.2.7, 9.2.11
    "nova.extra-specs": ("ecs:flavors:get", ()),
    "nova.quotas": ("ecs:quotas:get", ()),
    "ecs.flavors": ("ecs:cloudServerFlavors:get", ()),
    "ecs.limits": ("ecs:cloudServerQuotas:get", ()),
}


def permit(user: User, permission: str, deviates: Callable[[str], bool]) -> None:
    """Refuse a user who lacks an operation's action or one that it depends on."""
    if user.allowed is None or deviates("permission-unchecked"):
        return
    action, needs = PERMISSIONS[permission]
    needed = [action] if deviates("permission-dependencies-unchecked") else [action, *needs]
    missing = next((one for one in needed if one not in user.allowed), None)
    if missing is None:
        return
    message = f"Policy does not allow {missing} to be performed."
    wrong = deviates("permission-status-wrong")
    if permission.startswith("ecs."):
        raise EcsError("Pdp.0001", message, status=400 if wrong else None)
    raise NativeError(400 if wrong else 403, message)
