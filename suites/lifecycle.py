"""A model of one server: what it must be after any sequence of operations."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pytest_ecs import Exchange, Lease, Properties, read, url_of

_VIEWS, _STATE = "6.2/views-agree", "6.3/state-follows"
_RUNNING = precondition(lambda self: self.status == "ACTIVE" and not self.locked)
#: Once in each sequence: a restart takes longer than most steps, and leaves all as it was.
_NOT_RESTARTED = precondition(lambda self: not self.restarted)
_STOPPED = precondition(lambda self: self.status == "SHUTOFF" and not self.locked)
_FREE = precondition(lambda self: not self.locked)
#: The microversion that shows most of what is looked at; from it on tags are shown, too.
_VERSION = "2.26"
#: More NICs than the model ever gives a server, and fewer than one may have.
_MANY_NICS = 6
_KEYS = st.sampled_from(["conformance-a", "conformance-b"])
_VALUES = st.sampled_from(["1", "Z_9", "a-b.c"])


class Lifecycle(RuleBasedStateMachine):
    """One server, and a model of what it must be."""

    def __init__(self, properties: Properties, lease: Lease) -> None:
        super().__init__()
        self.tools, self.lease, self.trial = properties.tools, lease, properties.trial()
        self.status, self.locked, self.restarted = "ACTIVE", False, False
        self.metadata: dict[str, str | None] = {}
        self.tags: dict[str, str | None] = {}
        self.path = url_of("nova.servers.show", server_id=lease.id)
        with self.trial:
            self.tools.servers.bring(lease, "ACTIVE")
            self.before = properties.snapshot(lease)
            self.name: Any = self.before.shown["name"]
            self.flavor = self.tools.servers.flavor_of(lease)
            self.disks, self.ports = list(self.before.disks), list(self.before.ports)

        self.offers = properties.offers

    def _native(self, drawn: bool) -> bool:
        """Whether to do something by chapter 6: as it was drawn, where the profile has both ways."""
        return drawn or not self.offers("ecs.servers.batch-start")

    # Rules ask for what the model was given, never for what the server had: hypothesis repeats examples step by step.

    @property
    def more_disks(self) -> int:
        """How many disks were attached and are still there."""
        return len(self.disks) - len(self.before.disks)

    @property
    def more_nics(self) -> int:
        """How many NICs were added and are still there."""
        return len(self.ports) - len(self.before.ports)

    def _do(self, operation: str, body: Any, **parameters: str) -> Exchange:
        """Send a request that must be accepted, and wait for what it starts."""
        declared = self.tools.contract.operations[operation]
        path = declared.path.replace("{server_id}", self.lease.id)
        for name, value in parameters.items():
            path = path.replace(f"{{{name}}}", value)
        sent = self.tools.expect(f"{operation}/status", declared.method, path, expects="accepted", json=body)
        read(sent)
        self.tools.jobs.settle(sent, [self.lease])
        return sent

    def _batch(self, **more: Any) -> dict[str, Any]:
        return {"servers": [{"id": self.lease.id}], **more}

    # Status

    @_STOPPED
    @rule(native=st.booleans())
    def start(self, native: bool) -> None:
        """Start the server, the native way or in a batch."""
        with self.trial:
            if self._native(native):
                self._do("nova.servers.start", {"os-start": {}})
            else:
                self._do("ecs.servers.batch-start", {"os-start": self._batch()})
            self.status = "ACTIVE"

    @_RUNNING
    @rule(native=st.booleans(), type_=st.sampled_from(["SOFT", "HARD"]))
    def stop(self, native: bool, type_: str) -> None:
        """Stop the server."""
        with self.trial:
            if self._native(native):
                self._do("nova.servers.stop", {"os-stop": {"type": type_}})
            else:
                self._do("ecs.servers.batch-stop", {"os-stop": self._batch(type=type_)})
            self.status = "SHUTOFF"

    @_RUNNING
    @_NOT_RESTARTED
    @rule(native=st.booleans(), type_=st.sampled_from(["SOFT", "HARD"]))
    def reboot(self, native: bool, type_: str) -> None:
        """Restart the server."""
        with self.trial:
            if self._native(native):
                self._do("nova.servers.reboot", {"reboot": {"type": type_}})
            else:
                self._do("ecs.servers.batch-reboot", {"reboot": self._batch(type=type_)})
            self.restarted = True

    @precondition(lambda self: self.status == "SHUTOFF" and not self.locked and self.offers("ecs.servers.resize"))
    @rule()
    def resize(self) -> None:
        """Give the server the other flavor."""
        with self.trial:
            if self.tools.target.resources.other_flavor_id is None:
                return
            wanted = self.tools.servers.other_flavor(self.lease)
            self._do("ecs.servers.resize", {"resize": {"flavorRef": wanted}})
            self.flavor = wanted

    @_FREE
    @rule()
    def lock(self) -> None:
        """Lock the server."""
        with self.trial:
            self._do("nova.servers.lock", {"lock": None})
            self.locked = True

    @precondition(lambda self: self.locked)
    @rule()
    def unlock(self) -> None:
        """Unlock the server."""
        with self.trial:
            self._do("nova.servers.unlock", {"unlock": None})
            self.locked = False

    @precondition(lambda self: self.locked)
    @rule()
    def try_while_locked(self) -> None:
        """A locked server is neither started nor stopped."""
        with self.trial:
            body: dict[str, Any] = {"os-stop": {}} if self.status == "ACTIVE" else {"os-start": {}}
            refused = self.tools.expect(
                "nova.servers.lock/rule/refuses-status",
                "POST",
                f"{self.path}/action",
                expects="locked",
                change="the server is locked",
                json=body,
            )
            self.tools.jobs.wait_out(refused)

    # What belongs to it

    @_FREE
    @rule()
    def rename(self) -> None:
        """Give the server another name."""
        with self.trial:
            name = self.tools.supplies.name("life")
            self._do("nova.servers.update", {"server": {"name": name}})
            self.name = name

    @_FREE
    @rule(key=_KEYS, value=_VALUES)
    def set_metadata(self, key: str, value: str) -> None:
        """Set a pair of metadata."""
        with self.trial:
            self._do("nova.metadata.update", {"metadata": {key: value}})
            self.metadata[key] = value

    @precondition(lambda self: not self.locked and any(value is not None for value in self.metadata.values()))
    @rule(data=st.data())
    def delete_metadata(self, data: st.DataObject) -> None:
        """Delete a pair of metadata that is there."""
        key = data.draw(st.sampled_from(sorted(key for key, value in self.metadata.items() if value is not None)))
        with self.trial:
            self._do("nova.metadata.delete", None, key=key)
            self.metadata[key] = None

    @precondition(lambda self: not self.locked and self.offers("ecs.tags.add"))
    @rule(key=_KEYS, value=_VALUES)
    def add_tag(self, key: str, value: str) -> None:
        """Give the server a tag."""
        with self.trial:
            self._do("ecs.tags.add", {"action": "create", "tags": [{"key": key, "value": value}]})
            self.tags[key] = value

    @precondition(lambda self: not self.locked and any(value is not None for value in self.tags.values()))
    @rule(data=st.data())
    def delete_tag(self, data: st.DataObject) -> None:
        """Delete a tag that is there."""
        key = data.draw(st.sampled_from(sorted(key for key, value in self.tags.items() if value is not None)))
        with self.trial:
            self._do("ecs.tags.delete", {"action": "delete", "tags": [{"key": key}]})
            self.tags[key] = None

    @precondition(lambda self: self.status == "SHUTOFF" and not self.locked and self.more_disks < 2)
    @rule(native=st.booleans())
    def attach(self, native: bool) -> None:
        """Attach a data disk."""
        with self.trial:
            disk = self.tools.supplies.disk()
            family = "nova" if self._native(native) else "ecs"
            self._do(f"{family}.disks.attach", {"volumeAttachment": {"volumeId": disk}})
            self.tools.wait.until(url_of("deprecated.disks.show", volume_id=disk), "volume", "status", equals="in-use")
            self.disks.append(disk)

    @precondition(lambda self: self.status == "SHUTOFF" and not self.locked and self.more_disks)
    @rule(native=st.booleans())
    def detach(self, native: bool) -> None:
        """Detach the data disk that was attached last."""
        with self.trial:
            disk = self.disks[-1]
            self._do(f"{'nova' if self._native(native) else 'ecs'}.disks.detach", None, volume_id=disk)
            self.tools.wait.until(
                url_of("deprecated.disks.show", volume_id=disk), "volume", "status", equals="available"
            )
            self.disks.pop()

    @precondition(lambda self: self.status == "ACTIVE" and not self.locked and self.more_nics < 2)
    @rule()
    def add_nic(self) -> None:
        """Add a NIC, unless those that could not be deleted leave no room for one: that is judged as their deletion."""
        with self.trial:
            there = read(self.tools.client.get(f"{self.path}/os-interface"), "interfaceAttachments")
            if len(there) > _MANY_NICS:
                return
            network = self.tools.supplies.need("network_id")
            added = self._do("nova.nics.add", {"interfaceAttachment": {"net_id": network}})
            self.ports.append(str(read(added, "interfaceAttachment", "port_id")))

    @precondition(lambda self: self.status == "ACTIVE" and not self.locked and self.more_nics)
    @rule(native=st.booleans())
    def delete_nic(self, native: bool) -> None:
        """Delete the NIC that was added last."""
        with self.trial:
            port = self.ports[-1]
            if self._native(native):
                self._do("nova.nics.delete", None, port_id=port)
            else:
                self._do("ecs.nics.delete", {"nics": [{"id": port}]})
            self.tools.wait.gone(f"{self.path}/os-interface/{port}")
            self.ports.pop()

    # What must hold

    @invariant()
    def views_agree(self) -> None:
        """Every query of the server says what the model says."""
        with self.trial:
            check, get = self.tools.check, self.tools.client.get
            shown = get(self.path, microversion=_VERSION)
            running = self.status == "ACTIVE"
            server = ("body", "server")
            check(_STATE, shown, *server, "status", equals=self.status)
            word = "active" if running else "stopped"
            check(_STATE, shown, *server, "OS-EXT-STS:vm_state", matches=f"(?i)^{word}$")  # ruling vm-state-case
            check(_STATE, shown, *server, "OS-EXT-STS:task_state", equals=None)
            check(_STATE, shown, *server, "locked", equals=self.locked)
            if read(shown, "server", "status") == self.status:
                power = 1 if running else 3
                check("nova.servers.show/rule/power-state", shown, *server, "OS-EXT-STS:power_state", equals=power)
            listed = get(url_of("nova.servers.list-detail"), query={"name": self.name}, microversion=_VERSION)
            found = [one.get("id") for one in read(listed, "servers")]
            check(_VIEWS, listed, "body", "servers", "*", "id", has_one=self.lease.id)
            places: list[tuple[Exchange, tuple[str | int, ...]]] = [(shown, server)]
            if self.lease.id in found:
                places.append((listed, ("body", "servers", found.index(self.lease.id))))
                for name in (
                    "status",
                    "OS-EXT-STS:vm_state",
                    "OS-EXT-STS:task_state",
                    "OS-EXT-STS:power_state",
                    "locked",
                ):
                    check(_VIEWS, *places[1][:1], *places[1][1], name, equals=read(shown, "server", name))
            for exchange, place in places:
                check(_VIEWS, exchange, *place, "name", equals=self.name)
                check(_VIEWS, exchange, *place, "flavor", "id", equals=self.flavor)
                check(
                    _VIEWS, exchange, *place, "os-extended-volumes:volumes_attached", "*", "id", same_items=self.disks
                )
                for key, value in self.metadata.items():
                    there = {"absent": True} if value is None else {"equals": value}
                    check(_VIEWS, exchange, *place, "metadata", key, **there)
            self._parts()

    def _parts(self) -> None:
        check, get = self.tools.check, self.tools.client.get
        ids = ("body", "volumeAttachments", "*", "volumeId")
        check(_VIEWS, get(f"{self.path}/os-volume_attachments"), *ids, same_items=self.disks)
        if self.offers("ecs.disks.list"):
            check(_VIEWS, get(url_of("ecs.disks.list", server_id=self.lease.id)), *ids, same_items=self.disks)
        nics = get(f"{self.path}/os-interface")
        check(_VIEWS, nics, "body", "interfaceAttachments", "*", "port_id", same_items=self.ports)
        if self.metadata:
            pairs = get(f"{self.path}/metadata")
            for key, value in self.metadata.items():
                there = {"absent": True} if value is None else {"equals": value}
                check(_VIEWS, pairs, "body", "metadata", key, **there)
        if not self.tags:
            return
        tags = get(url_of("ecs.tags.list", server_id=self.lease.id))
        for key, value in self.tags.items():
            if value is None:
                check(_VIEWS, tags, "body", "tags", "*", "key", lacks=key)
            else:
                check(_VIEWS, tags, "body", "tags", has_one={"key": key, "value": value})

    def teardown(self) -> None:
        """Put the server back, so that the pool gets it as it was."""
        if self.locked:
            with self.trial:
                self._do("nova.servers.unlock", {"unlock": None})
                shown = self.tools.client.get(self.path, microversion=_VERSION)
                self.tools.check(_STATE, shown, "body", "server", "locked", equals=False)
        self.before.put_back()
