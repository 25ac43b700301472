"""Properties: whatever follows the tables is accepted or refused, what does not is refused, and views never disagree.

Requests are generated from the contract; a failure is shrunk to the shortest requests that lead to it. The report has the
seed. ``--ecs-properties`` chooses how much: quick, deep or, as long as it is not given, off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from pytest_ecs import Bench, Exchange, Explorer, Lease, explorable, load_contract

_AGREE = "6.2.6/views-agree"
_SERVERS = "/v2.1/{project_id}/servers"
#: In which power_state a server is (table 6-49).
_POWER = {"ACTIVE": 1, "SHUTOFF": 3}
_KINDS = st.sampled_from(["SOFT", "HARD"])
_WAYS = st.sampled_from(["native", "batch"])
_WORDS = st.text("abcxyzÄ一 -_.", min_size=1, max_size=20).map(str.strip).filter(bool)


#: What they are given shows in 5.9 too, where other characters are not expected (ruling tags-shown).
_SHOWN_ELSEWHERE = {"nova.tags.add", "nova.tags.set"}


def _operations(*, valid: bool) -> list[object]:
    operations = load_contract().operations.values()
    return [o.id for o in operations if o.id not in _SHOWN_ELSEWHERE and explorable(o, "deep", valid=valid)]


@pytest.fixture
def explorer(ecs_bench: Bench) -> Explorer:
    """What generates requests; skips the test where none are wanted."""
    if ecs_bench.session.settings.properties == "off":
        pytest.skip("--ecs-properties=off")
    return Explorer(ecs_bench)


def _explorable(explorer: Explorer, operation: str, *, valid: bool) -> None:
    profile = explorer.bench.session.settings.properties
    if not explorable(load_contract().operations[operation], profile, valid=valid):
        pytest.skip("only --ecs-properties=deep takes the time")


@pytest.mark.ecs_requirement("10.1/no-server-error")
@pytest.mark.parametrize("operation", _operations(valid=True))
def test_what_follows_the_tables_is_accepted_or_refused(explorer: Explorer, operation: str) -> None:
    """Generated bodies and queries are answered as documented, whatever the answer is."""
    _explorable(explorer, operation, valid=True)
    explorer.accept_or_refuse(operation)


@pytest.mark.ecs_requirement("10.1/no-server-error")
@pytest.mark.parametrize("operation", _operations(valid=False))
def test_what_breaks_the_tables_is_refused(explorer: Explorer, operation: str) -> None:
    """A generated request that was accepted is refused with one thing broken, as the requirement says that it breaks."""
    _explorable(explorer, operation, valid=False)
    explorer.refuse(operation)


@pytest.mark.ecs_requirement(_AGREE)
def test_any_life_of_a_server_looks_the_same_from_everywhere(explorer: Explorer) -> None:
    """Random operations on one server: after each, every query of it agrees with what was done."""
    lease = explorer.bench.session.pool.lease("ACTIVE")
    explorer.drive(lambda bench, look: Life(bench, lease, look))
    lease.release()


class Life(RuleBasedStateMachine):
    """A server and what it should look like."""

    def __init__(self, bench: Bench, lease: Lease, look: Callable[[], None]) -> None:
        super().__init__()
        self.bench, self.lease, self.look = bench, lease, look
        shown = bench.read(self._show(), "server")
        self.status, self.name, self.first = str(shown["status"]), str(shown["name"]), str(shown["name"])
        self.metadata: dict[str, str] = dict(shown["metadata"])
        self.before = dict(self.metadata)
        self.flavor = str(shown["flavor"]["id"])
        self.disks = sorted(str(disk["id"]) for disk in shown["os-extended-volumes:volumes_attached"])
        self.disk: str | None = None

    def _show(self) -> Exchange:
        return self.bench.client.get(f"{_SERVERS}/{self.lease.id}", microversion="2.26")

    def _act(self, action: dict[str, Any]) -> Exchange:
        return self.bench.client.post(f"{_SERVERS}/{self.lease.id}/action", action)

    def _do(self, way: str, key: str, **fields: str) -> None:
        """Start, stop or restart the server through one of the two APIs, and wait for the end."""
        if way == "native":
            done = self._act({key: fields})
        else:
            body = {key: {"servers": [{"id": self.lease.id}], **fields}}
            done = self.bench.client.post("/v1/{project_id}/cloudservers/action", body)
        self.bench.read(done) if way == "batch" else self.bench.check(_AGREE, done, "status", at_most=299)
        self.bench.settle(done, [self.lease])

    @precondition(lambda self: self.status == "SHUTOFF")
    @rule(way=_WAYS)
    def start(self, way: str) -> None:
        """A stopped server runs."""
        self._do(way, "os-start")
        self.status = "ACTIVE"
        self._agree()

    @precondition(lambda self: self.status == "ACTIVE")
    @rule(way=_WAYS, kind=_KINDS)
    def stop(self, way: str, kind: str) -> None:
        """A running server stops."""
        self._do(way, "os-stop", type=kind)
        self.status = "SHUTOFF"
        self._agree()

    @precondition(lambda self: self.status == "ACTIVE")
    @rule(way=_WAYS, kind=_KINDS)
    def restart(self, way: str, kind: str) -> None:
        """A running server runs again."""
        self._do(way, "reboot", type=kind)
        self._agree()

    @rule(name=_WORDS)
    def rename(self, name: str) -> None:
        """Another name, which may be somebody else's too."""
        sent = self.bench.client.put(f"{_SERVERS}/{self.lease.id}", {"server": {"name": name}})
        if sent.status < 400:
            self.name = name
        self._agree()

    @rule(key=st.sampled_from(["alpha", "beta"]), value=_WORDS)
    def note(self, key: str, value: str) -> None:
        """A pair of metadata, new or another value of it."""
        path = f"{_SERVERS}/{self.lease.id}/metadata"
        if self.bench.client.post(path, {"metadata": {key: value}}).status < 400:
            self.metadata[key] = value
        self._agree()

    @rule(key=st.sampled_from(["alpha", "beta"]))
    def forget(self, key: str) -> None:
        """A pair goes, or is not found where there is none."""
        sent = self.bench.client.delete(f"{_SERVERS}/{self.lease.id}/metadata/{key}")
        if key in self.metadata:
            self.bench.check(_AGREE, sent, "status", at_most=299)
        else:
            self.bench.check(_AGREE, sent, "status", equals=404)
        self.metadata.pop(key, None)
        self._agree()

    @rule()
    def lock(self) -> None:
        """A locked server is neither started nor stopped; unlocked it is what it was."""
        self.bench.check(_AGREE, self._act({"lock": None}), "status", at_most=299)
        self.bench.check(_AGREE, self._show(), "body", "server", "locked", equals=True)
        refused = self._act({"os-start": {}} if self.status == "SHUTOFF" else {"os-stop": {}})
        self.bench.check(_AGREE, refused, "status", at_least=400)
        self.bench.check(_AGREE, self._act({"unlock": None}), "status", at_most=299)
        self._agree()

    @precondition(lambda self: self.disk is None)
    @rule()
    def attach(self) -> None:
        """One more disk."""
        disk = self.bench.disk()
        path = f"{_SERVERS}/{self.lease.id}/os-volume_attachments"
        self.bench.make(path, {"volumeAttachment": {"volumeId": disk}})
        self.bench.until(f"/v2.1/{{project_id}}/os-volumes/{disk}", "volume", "status", equals="in-use")
        self.disk = disk
        self._agree()

    @precondition(lambda self: self.disk is not None)
    @rule()
    def detach(self) -> None:
        """The disk goes."""
        self._detach()
        self._agree()

    def _detach(self) -> None:
        path = f"{_SERVERS}/{self.lease.id}/os-volume_attachments/{self.disk}"
        self.bench.client.delete(path)
        self.lease.spoilt = not self.bench.wait_gone(path) or self.lease.spoilt
        self.disk = None

    @precondition(lambda self: self.status == "SHUTOFF")
    @rule()
    def resize(self) -> None:
        """A stopped server gets another flavor."""
        wanted = self.bench.other_flavor(self.lease)
        self.bench.make(f"/v1/{{project_id}}/cloudservers/{self.lease.id}/resize", {"resize": {"flavorRef": wanted}})
        self.flavor = wanted
        self._agree()

    def _agree(self) -> None:
        """Every query shows what was done."""
        detail = self.bench.client.get(
            f"{_SERVERS}/detail", query={"limit": "1000", "sort_key": "created_at"}, microversion="2.26"
        )
        ids = [server["id"] for server in self.bench.read(detail, "servers")]
        views: list[tuple[Exchange, tuple[str | int, ...]]] = [(self._show(), ("body", "server"))]
        if self.lease.id in ids:
            views.append((detail, ("body", "servers", ids.index(self.lease.id))))
        elif len(ids) < 1000:
            self.bench.check(_AGREE, detail, "body", "servers", "*", "id", contains=self.lease.id)
        disks = sorted([*self.disks, *([self.disk] if self.disk else [])])
        for shown, place in views:
            for field, value in (
                ("status", self.status), ("name", self.name), ("metadata", self.metadata), ("locked", False),
                ("OS-EXT-STS:power_state", _POWER[self.status]), ("OS-EXT-STS:task_state", None),
            ):  # fmt: skip
                self.bench.check(_AGREE, shown, *place, field, equals=value)
            self.bench.check(_AGREE, shown, *place, "flavor", "id", equals=self.flavor)
            volumes = (*place, "os-extended-volumes:volumes_attached", "*", "id")
            self.bench.check(_AGREE, shown, *volumes, same_items=disks)
        devices = self.bench.client.get(f"/v2.1/servers/{self.lease.id}/block_device")
        self.bench.check(_AGREE, devices, "body", "volumeAttachments", "*", "volumeId", same_items=disks)
        self.look()

    def teardown(self) -> None:
        """Put the server back as it was; where that fails nobody gets it again."""
        self._act({"unlock": None})
        self.bench.client.put(f"{_SERVERS}/{self.lease.id}", {"server": {"name": self.first}})
        for key in self.metadata.keys() - self.before.keys():
            self.bench.client.delete(f"{_SERVERS}/{self.lease.id}/metadata/{key}")
        if self.disk is not None:
            self._detach()
        kept = self.bench.read(self._show(), "server")
        self.lease.spoilt = self.lease.spoilt or (kept["name"], kept["metadata"]) != (self.first, self.before)
