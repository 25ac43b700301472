"""What a server is like, as far as it can be put back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pytest_ecs._http.paths import segment
from pytest_ecs._resources.lease import Lease
from pytest_ecs._resources.lookup import belongings
from pytest_ecs._testing.reading import read
from pytest_ecs._testing.tools import Tools
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import EcsError, PrerequisiteMissing

__all__ = ["Snapshot"]

#: Native tags are there from this microversion on.
_TAGS_SINCE = "2.26"


@dataclass
class Snapshot:
    """What a server is like, as far as it can be put back: its name, metadata, tags, disks and NICs."""

    tools: Tools
    lease: Lease
    #: The server as it was shown, its tags by key, the ids of its NICs; those of which the profile has no query are left out.
    shown: Mapping[str, JSON]
    tags: Mapping[str, JSON]
    ports: Sequence[str]

    @classmethod
    def of(cls, tools: Tools, lease: Lease) -> Snapshot:
        """Look at a server; raises `StepFailed` when it does not show itself."""
        ports: list[str] = []
        with suppress(PrerequisiteMissing):
            nics = read(tools.client.get(f"{_path(lease)}/os-interface"), "interfaceAttachments")
            ports = [nic["port_id"] for nic in nics]
        return cls(tools, lease, read(lease.show(), "server"), _tags(tools, lease), ports)

    @property
    def disks(self) -> list[str]:
        """The ids of its disks."""
        return [str(disk["id"]) for disk in self.shown.get("os-extended-volumes:volumes_attached", ())]

    def put_back(self) -> None:
        """Make the server what it was; nobody else gets it where that does not work."""
        try:
            now = Snapshot.of(self.tools, self.lease)
            if now._state() == self._state():
                return
            self._put_back(now)
            again = Snapshot.of(self.tools, self.lease)
            self.lease.spoilt = again._state() != self._state()
        except (EcsError, LookupError, AttributeError, TypeError):
            self.lease.spoilt = True

    def _state(self) -> tuple[JSON, ...]:
        _, addresses = belongings(self.shown)
        named = self.shown.get("name"), self.shown.get("metadata")
        return *named, self.tags, set(self.disks), set(self.ports), addresses

    def _put_back(self, now: Snapshot) -> None:
        tools, client = self.tools, self.tools.client
        path = _path(self.lease)
        for disk in set(now.disks) - set(self.disks):
            tools.servers.bring(self.lease, "SHUTOFF")
            client.delete(f"{path}/os-volume_attachments/{disk}")
            tools.wait.until(f"/v2.1/{{project_id}}/os-volumes/{segment(disk)}", "volume", "status", equals="available")
        for port in set(now.ports) - set(self.ports):
            tools.servers.bring(self.lease, "ACTIVE")
            client.delete(f"{path}/os-interface/{port}")
            tools.wait.gone(f"{path}/os-interface/{port}")
        if now.shown.get("name") != self.shown.get("name"):
            client.put(path, {"server": {"name": self.shown.get("name")}})
        if now.shown.get("metadata") != self.shown.get("metadata"):
            client.put(f"{path}/metadata", {"metadata": self.shown.get("metadata")})
        gone = [{"key": key} for key in now.tags if key not in self.tags]
        back = [{"key": key, "value": value} for key, value in self.tags.items() if now.tags.get(key) != value]
        if not gone and not back:
            return
        try:
            for word, tags in (("delete", gone), ("create", back)):
                if tags:
                    client.post(f"{_tagged(self.lease)}/action", {"action": word, "tags": tags})
        except PrerequisiteMissing:
            client.put(f"{path}/tags", {"tags": [*self.tags]}, microversion=_TAGS_SINCE)


def _path(lease: Lease) -> str:
    return f"/v2.1/{{project_id}}/servers/{segment(lease.id)}"


def _tagged(lease: Lease) -> str:
    return f"/v1/{{project_id}}/servers/{segment(lease.id)}/tags"


def _tags(tools: Tools, lease: Lease) -> dict[str, JSON]:
    """Return the tags of a server by their keys (5.10.7); where the profile does not have them the native ones (6.15.1), which have no value."""
    try:
        body = tools.client.get(_tagged(lease)).json_object
    except PrerequisiteMissing:
        body = tools.client.get(f"{_path(lease)}/tags", microversion=_TAGS_SINCE).json_object
    listed = body.get("tags")
    tags = [{"key": tag} if isinstance(tag, str) else tag for tag in (listed if isinstance(listed, list) else ())]
    return {str(tag["key"]): tag.get("value") for tag in tags if isinstance(tag, Mapping) and "key" in tag}
