"""What requests need: names, ids, disks, ports, addresses, a job that is over; found, or made and deleted with the run."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pytest_ecs._checks import TESTS, locate
from pytest_ecs._contract import Contract
from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange, pointer
from pytest_ecs._resources.lease import Lease
from pytest_ecs._run.session import Session
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed

__all__ = ["TRIES", "Stock"]

_T = TypeVar("_T")

#: Seconds that something which was deleted may still be shown.
TRIES = 120
#: How many disks are waited for until none is expected any more.
_DISKS_TRIED = 2
#: Where disks are created (11.4.4).
_DISKS = "/v2.1/{project_id}/os-volumes"


@dataclass
class Stock:
    """What the requests of one process are made from."""

    session: Session
    _disks: list[str] = field(default_factory=list)
    #: Disks that did not become available.
    _stuck_disks: list[str] = field(default_factory=list)
    _once: dict[str, Any] = field(default_factory=dict)
    _last_job: str | None = None
    _addresses: int = 0

    @property
    def contract(self) -> Contract:
        """The contract that is tested against."""
        return self.session.contract

    @property
    def client(self) -> Client:
        """The primary user's client."""
        return self.session.client

    def settle(self, exchange: Exchange, leases: list[Lease] | None = None) -> None:
        """Wait until what an accepted request started is over, and write down what it made."""
        if not exchange.accepted:
            return
        pool, body = self.session.pool, exchange.response_body
        job = body.get("job_id") if isinstance(body, Mapping) else None
        if isinstance(job, str):
            self._last_job = job
        created = pool.settle(exchange)
        if not created:
            for lease in leases or ():
                pool.wait_stable(lease.id)

    def read(self, exchange: Exchange, *path: str | int) -> JSON:
        """Return what stands at *path* of an answer's body, for the next step; raises `StepFailed` when nothing does.

        A step "*" collects the rest of the path from every item of a list.
        Raises `PrerequisiteMissing` where it is a discarded operation that is not found, which no endpoint has to offer.
        """
        operation = self.contract.operations.get(exchange.operation or "")
        if exchange.status == 404 and operation is not None and operation.chapter == "deprecated":
            raise PrerequisiteMissing(
                f"{exchange.request_line} is needed, a discarded operation", seen=f"HTTP 404, {exchange.response_body}"
            )
        try:
            if not exchange.accepted:
                raise LookupError("it was refused")
            return locate(exchange, ("body", *path))
        except LookupError:
            wanted = ".".join(map(str, path)) or "a body"
            seen = exchange.answer
            raise StepFailed(f"{exchange.request_line} was not answered with {wanted}", seen=seen) from None

    def exactly(self, count: int, things: Iterable[_T], what: str) -> list[_T]:
        """Return *things* when there are *count* of them, which a test needs to go on.

        Raises `PrerequisiteMissing` otherwise: that there are too few or too many is judged where it came about.
        """
        found = list(things)
        if len(found) != count:
            raise PrerequisiteMissing(
                f"A test needs {what} to go on", seen=f"{len(found)} where there should be {count}"
            )
        return found

    def new_name(self, hint: str = "n") -> str:
        """Return a name that nothing else has."""
        return self.session.pool.new_name(hint)

    def unknown_id(self) -> str:
        """Return an id that nothing has."""
        return str(uuid.uuid4())

    def need_resource(self, name: str) -> str:
        """Return the id of a resource that the run was given; raises `PrerequisiteMissing` when it was given none."""
        return self.session.target.resources.need(name)

    def free_address(self) -> str:
        """Return an IPv4 address a little above those of the project's servers, in their subnet as far as can be seen."""
        listed = self.client.get("/v2.1/{project_id}/servers/detail", query={"limit": "1000"})
        taken = [
            ipaddress.IPv4Address(entry["addr"])
            for addresses in self.read(listed, "servers", "*", "addresses")
            for entries in addresses.values()
            for entry in entries
            if entry.get("OS-EXT-IPS:type") != "floating" and entry.get("version") == 4
        ]
        if not taken:
            self.session.pool.lease().release()
            return self.free_address()
        # Workers that ask at the same time must not get the same address.
        self._addresses += 1
        return str(max(taken) + 20 + 7 * self.session.settings.worker_number + self._addresses)

    def other_zone(self, zone: str) -> str:
        """Return an availability zone beside *zone* that a flavor names (table 8-20).

        Raises `PrerequisiteMissing` when none does.
        """
        flavors = self.read(self.client.get("/v1/{project_id}/cloudservers/flavors"), "flavors")
        for flavor in flavors:
            for name in re.findall(r"([^\s,()]+)\s*\(", str(flavor["os_extra_specs"].get("cond:operation:az", ""))):
                if name != zone:
                    return str(name)
        raise PrerequisiteMissing("A second availability zone is needed", seen=f"no flavor names one beside {zone}")

    def port(self) -> str:
        """Return the port that the run was given, which no server has.

        Raises `PrerequisiteMissing` when it was given none, or when the port is gone or kept by a server: that is judged
        where it came about, and nowhere else.
        """
        port, holder = self.need_resource("port_id"), ""
        for exchange in self.session.connection.journal:
            asked, refused = _ports(exchange.request_body), not exchange.accepted
            if asked == [port] and not refused:
                holder = exchange.parameters.get("server_id") or _created(exchange)
            elif asked == [port] and exchange.status in {404, 409}:
                holder = "nobody knows which"
            elif exchange.status == 404 and exchange.path.endswith((f"/{holder}", f"/{holder}/os-interface/{port}")):
                holder = ""
        if holder:
            raise PrerequisiteMissing("The port of --ecs-port is no longer free", seen=f"server {holder} has it")
        return port

    def flavor_of(self, lease: Lease) -> str | None:
        """Return the id of a server's flavor (6.2.6), None when the answer has none."""
        try:
            return str(pointer(lease.show().response_body, ("server", "flavor", "id")))
        except LookupError:
            return None

    def other_flavor(self, lease: Lease) -> str:
        """Return the id of a flavor that a server does not have; raises `PrerequisiteMissing` when only one is known."""
        flavors = [self.need_resource("flavor_id"), self.need_resource("other_flavor_id")]
        return flavors[1 - flavors.index(now)] if (now := self.flavor_of(lease)) in flavors else flavors[0]

    def disk(self) -> str:
        """Return a data disk that no server has; it is created where none is left (11.4.4) and deleted with the run.

        Raises `PrerequisiteMissing` where disks cannot be created, or do not become available again and again.
        """
        free = next((disk for disk in self._disks if self._disk_is_free(disk)), None)
        if free is not None:
            return free
        if len(self._stuck_disks) >= _DISKS_TRIED:
            raise PrerequisiteMissing(
                "A disk is needed, and those that the endpoint creates do not become available (11.4.4)",
                seen=f"{', '.join(self._stuck_disks)}, for {TRIES} s each",
            )
        volume = {
            "size": 10,
            "display_name": self.new_name("disk"),
            "availability_zone": self.need_resource("availability_zone"),
        }
        created = self.client.post(_DISKS, {"volume": volume})
        if not created.accepted:
            raise PrerequisiteMissing(
                "A disk is needed, and the endpoint does not create one (11.4.4)",
                seen=created.answer,
            )
        disk = str(self.read(created, "volume", "id"))
        for _ in range(TRIES):
            if self._disk_is_free(disk):
                self._disks.append(disk)
                return disk
            self.session.target.clock.sleep(1.0)
        self._stuck_disks.append(disk)
        raise StepFailed(f"The disk {disk} is not available {TRIES} s after it was created")

    def _disk_is_free(self, disk: str) -> bool:
        shown = self.client.get(f"{_DISKS}/{disk}").response_body
        volume = shown.get("volume") if isinstance(shown, Mapping) else None
        return isinstance(volume, Mapping) and volume.get("status") in ("available", " available")

    def finished_job(self) -> str:
        """Return the id of a job that is over, making one when there was none yet."""
        if self._last_job is None:
            lease = self.session.pool.lease("ACTIVE", exclusive=False)
            lease.release()
            jobs = [e for e in self.session.connection.journal if e.operation == "ecs.jobs.show" and e.status == 200]
            if not jobs:
                raise PrerequisiteMissing("No job has run yet", hint="create a server first")
            self._last_job = jobs[-1].parameters["job_id"]
        return self._last_job

    def make(
        self, path: str, body: JSON, *steps: str | int, among: str | None = None, method: str = "POST", **options: Any
    ) -> JSON:
        """Create something, by POST unless *method* says otherwise; it is deleted with the run.

        Return what stands at *steps* of the answer. *among* names the operations whose requests that are to be refused
        share one; here it changes nothing. Raises `PrerequisiteMissing` where the endpoint does not create it.
        """
        created = self.client.request(method, path, json=body() if callable(body) else body, **options)
        if not created.accepted:
            raise PrerequisiteMissing(
                f"Something that {path} creates is needed, and the endpoint does not create it",
                seen=created.answer,
            )
        self.settle(created)
        return self.read(created, *steps)

    def once(self, name: str, make: Callable[[], _T]) -> _T:
        """Return what *make* gave the first time in this process; servers that it created stay until the run ends."""
        if name not in self._once:
            self._once[name] = self._kept(make)
        made: _T = self._once[name]
        return made

    def _kept(self, make: Callable[[], _T]) -> _T:
        """Return what *make* gives; servers that it creates stay until the run ends."""
        before = set(self.session.pool.made)
        made = make()
        self.session.pool.keep(set(self.session.pool.made) - before)
        return made

    def until(self, path: str, *steps: str | int, equals: JSON = None, contains: JSON = None, **options: Any) -> None:
        """Wait until what stands at *steps* of the answer to GET *path* is *equals*, or a list with *contains*.

        Raises `PrerequisiteMissing` if it never does.
        """
        test, wanted = ("equals", equals) if contains is None else ("contains", contains)
        fits, seen = TESTS[test][0], None
        for _ in range(TRIES):
            seen = self.read(self.client.get(path, **options), *steps)
            if fits(seen, wanted):
                return
            self.session.target.clock.sleep(1.0)
        raise PrerequisiteMissing(f"{wanted} is needed at {'.'.join(map(str, steps))} of {path}", seen=repr(seen))

    def wait_gone(self, path: str, seconds: int = TRIES) -> bool:
        """Wait until what *path* shows is not found any more, at most *seconds*; return whether it went."""
        for _ in range(seconds):
            shown = self.client.get(path)
            if shown.refused:
                return True
            self.session.target.clock.sleep(1.0)
        return False


def _ports(body: JSON) -> list[str]:
    """Return the ports that a request to add a NIC (6.7.3) or to create a server (6.2.1) names."""
    body = body if isinstance(body, Mapping) else {}
    nic, server = body.get("interfaceAttachment"), body.get("server")
    networks = server.get("networks") if isinstance(server, Mapping) else None
    named, key = ([nic], "port_id") if nic else (networks if isinstance(networks, list) else [], "port")
    return [str(one[key]) for one in named if isinstance(one, Mapping) and key in one]


def _created(exchange: Exchange) -> str:
    body = exchange.response_body
    server = body.get("server") if isinstance(body, Mapping) else None
    return str(server.get("id")) if isinstance(server, Mapping) else "nobody knows which"
