"""What requests need: names, ids, disks, ports, addresses; found, or made and deleted with the run."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pytest_ecs._checks.formats import conforms
from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.paths import segment
from pytest_ecs._resources.lookup import GONE
from pytest_ecs._run.session import Session
from pytest_ecs._testing.jobs import Jobs
from pytest_ecs._testing.kept import Kept
from pytest_ecs._testing.reading import read
from pytest_ecs._testing.wait import TRIES, Wait
from pytest_ecs._types import JSON, UNSET
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed

__all__ = ["Supplies"]

_T = TypeVar("_T")

#: How many disks are waited for until none is expected any more.
_DISKS_TRIED = 2
#: Whether an address is that of a NIC or an EIP.
_ADDRESS_TYPE = "OS-EXT-IPS:type"
#: Where disks are created (11.4.4).
_DISKS = "/v2.1/{project_id}/os-volumes"


@dataclass
class Supplies:
    """Finds or makes what the requests of one process are made from; what it makes is deleted with the run."""

    session: Session
    jobs: Jobs
    kept: Kept
    _disks: list[str] = field(default_factory=list)
    #: Disks that did not become available.
    _stuck_disks: list[str] = field(default_factory=list)
    _addresses: int = 0
    #: The server that has the port that the run was given, by the exchanges up to a mark in the journal.
    _holder: str = ""
    _mark: int = 0

    @property
    def _client(self) -> Client:
        return self.session.client

    def name(self, hint: str = "n") -> str:
        """Return a name that nothing else has."""
        return self.session.pool.new_name(hint)

    def unknown_id(self) -> str:
        """Return an id that nothing has."""
        return str(uuid.uuid4())

    def need(self, name: str) -> str:
        """Return the id of a resource (`pytest_ecs._http.target.Resources`); raises `PrerequisiteMissing` without one."""
        return self.session.target.resources.need(name)

    def address(self) -> str:
        """Return an IPv4 address a little above those of the project's servers, in their subnet as far as can be seen.

        Raises `PrerequisiteMissing` when no server shows one.
        """
        if not (taken := self._taken()):
            self.session.pool.lease().release()
            taken = self._taken()
        if not taken:
            raise PrerequisiteMissing(
                "A free address is needed, and no server shows one to tell the subnet by", hint=""
            )
        # Workers that ask at the same time must not get the same address.
        self._addresses += 1
        return str(max(taken) + 20 + 7 * self.session.settings.worker_number + self._addresses)

    def _taken(self) -> list[ipaddress.IPv4Address]:
        """Return the addresses of NICs; the list need not say which those are (6.2.5), so that a server has to (6.2.6)."""
        listed = self._client.get("/v2.1/{project_id}/servers/detail", query={"limit": "1000"})
        entries = _entries(read(listed, "servers", "*", "addresses"))
        if any(_ADDRESS_TYPE in entry for entry in entries):
            return _nics(entries)
        with self.session.pool.lease() as lease:
            nics = _nics(_entries([read(lease.show(), "server", "addresses")]))
        subnets = [ipaddress.ip_network((nic, 24), strict=False) for nic in nics]
        return [one for one in _ipv4(entries) if any(one in subnet for subnet in subnets)]

    def other_zone(self, zone: str) -> str:
        """Return an availability zone beside *zone* that a flavor names (table 8-20).

        Raises `PrerequisiteMissing` when none does.
        """
        flavors = read(self._client.get("/v1/{project_id}/cloudservers/flavors"), "flavors")
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
        port, journal = self.need("port_id"), self.session.connection.journal

        def tells(path: str) -> bool:
            return path.endswith(("/servers", "/os-interface", f"/os-interface/{port}")) or (
                bool(self._holder) and path.endswith(f"/{self._holder}")
            )

        mark, self._mark = self._mark, len(journal)
        for exchange in journal.on(tells, mark):
            asked, refused = _ports(exchange.request_body), not exchange.accepted
            if asked == [port] and not refused:
                self._holder = exchange.parameters.get("server_id") or _created(exchange)
            elif asked == [port] and exchange.status in {404, 409}:
                self._holder = "nobody knows which"
            elif _is_gone(exchange) and exchange.path.endswith(
                (f"/{self._holder}", f"/{self._holder}/os-interface/{port}")
            ):
                self._holder = ""
        if self._holder:
            raise PrerequisiteMissing("The port of --ecs-port is no longer free", seen=f"server {self._holder} has it")
        return port

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
        volume = {"size": 10, "display_name": self.name("disk"), "availability_zone": self.need("availability_zone")}
        created = self._client.post(_DISKS, {"volume": volume})
        if not created.accepted:
            raise PrerequisiteMissing(
                "A disk is needed, and the endpoint does not create one (11.4.4)", seen=created.answer
            )
        disk = str(read(created, "volume", "id"))
        for _ in Wait(self._client, self.session.target.clock).polls(until="a disk is free"):
            if self._disk_is_free(disk):
                self._disks.append(disk)
                return disk
        self._stuck_disks.append(disk)
        raise StepFailed(f"The disk {disk} is not available {TRIES} s after it was created")

    def _disk_is_free(self, disk: str) -> bool:
        volume = self._client.get(f"{_DISKS}/{segment(disk)}").json_object.get("volume")
        return isinstance(volume, Mapping) and volume.get("status") in ("available", " available")

    def make(
        self,
        path: str,
        body: JSON | Callable[[], JSON],
        *steps: str | int,
        among: str | None = None,
        method: str = "POST",
        microversion: str | None = UNSET,
    ) -> JSON:
        """Create something, by POST unless *method* says otherwise; it is deleted with the run.

        Return what stands at *steps* of the answer. *among* names the operations whose requests that are to be refused
        share one; here it changes nothing. Raises `PrerequisiteMissing` where the endpoint does not create it, or shows a
        field of it in another type than the document says.
        """
        created = self.create(path, body, method=method, microversion=microversion)
        made = read(created, *steps)
        for name in made if isinstance(made, dict) else ():
            read(created, *steps, name)
        return made

    def create(
        self,
        path: str,
        body: JSON | Callable[[], JSON],
        *,
        method: str = "POST",
        microversion: str | None = UNSET,
    ) -> Exchange:
        """Create something as `make` does, and return the exchange that did."""
        created = self._client.request(method, path, json=body() if callable(body) else body, microversion=microversion)
        if not created.accepted:
            raise PrerequisiteMissing(
                f"Something that {path} creates is needed, and the endpoint does not create it", seen=created.answer
            )
        self.jobs.settle(created)
        return created

    def once(self, name: str, make: Callable[[], _T], *, lasting: bool = False) -> _T:
        """Return what *make* gave the first time in this process, or gives now where something else needed the servers of it.

        That does not happen to what is *lasting*, since what *make* gives twice cannot be told from each other.
        """
        return self.kept.get(name, make, lasting=lasting)


def _entries(servers: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the entries of the addresses of servers."""
    return [entry for addresses in servers for entries in addresses.values() for entry in entries]


def _nics(entries: Iterable[Mapping[str, Any]]) -> list[ipaddress.IPv4Address]:
    return _ipv4(entry for entry in entries if entry.get(_ADDRESS_TYPE, "floating") != "floating")


def _ipv4(entries: Iterable[Mapping[str, Any]]) -> list[ipaddress.IPv4Address]:
    shown = [entry.get("addr") for entry in entries if entry.get("version") == 4]
    return [ipaddress.IPv4Address(one) for one in shown if isinstance(one, str) and conforms(one, "ipv4")]


def _ports(body: JSON) -> list[str]:
    """Return the ports that a request to add a NIC (6.7.3) or to create a server (6.2.1) names."""
    body = body if isinstance(body, Mapping) else {}
    nic, server = body.get("interfaceAttachment"), body.get("server")
    networks = server.get("networks") if isinstance(server, Mapping) else None
    named, key = ([nic], "port_id") if nic else (networks if isinstance(networks, list) else [], "port")
    return [str(one[key]) for one in named if isinstance(one, Mapping) and key in one]


def _is_gone(exchange: Exchange) -> bool:
    """Whether what was asked for is not found, or is a server that shows as deleted (A-1)."""
    server = exchange.json_object.get("server")
    return exchange.status == 404 or (isinstance(server, Mapping) and server.get("status") in GONE)


def _created(exchange: Exchange) -> str:
    server = exchange.json_object.get("server")
    return str(server.get("id")) if isinstance(server, Mapping) else "nobody knows which"
