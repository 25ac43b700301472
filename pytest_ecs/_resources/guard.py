"""Stands before every request: what may create something is written down before it leaves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._resources.creation import has_address, is_dry_run, job_of, server_of, wanted
from pytest_ecs._resources.disks import note_disks
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.resource_deletion import note_remains
from pytest_ecs._resources.resource_types import (
    ADDRESS,
    DISK,
    SERVER,
    ResourceType,
    created_by,
    identify,
    is_own,
    leaves_disks,
    name_of,
    resource_type_of,
    resource_types,
    there,
)
from pytest_ecs._types import JSON, Clock, Identity
from pytest_ecs.exceptions import BudgetExceeded, EcsError, PrerequisiteMissing

__all__ = ["CreationGuard", "declined"]


def declined(exchange: Exchange) -> bool:
    """Whether an answer says clearly that nothing was created: 3xx, 4xx, throttling included.

    A 5xx does not: the work may have been done, or still be done, behind whoever answered.
    """
    return 300 <= exchange.status < 500 and (exchange.failure is None or exchange.status == 429)


@dataclass(frozen=True)
class CreationGuard:
    """Writes every request that may create something into the ledger before it leaves.

    Nothing is created that could not be deleted: *offers* says whether the endpoint has the API at a path.
    """

    ledger: Ledger
    clock: Clock
    offers: Callable[[str], bool] = lambda path: True
    #: Client of an identity.
    client_of: Callable[[Identity], Client] | None = None
    #: Time of the target's clock after which no test begins and nothing is created any more; None for never.
    deadline: float | None = None
    #: Type of resource -> id of the first accepted creation whose answer does not say what it made, so that nobody can
    #: delete that during the run.
    unnamed: dict[str, str] = field(default_factory=dict)

    def before(
        self, method: str, path: str, body: JSON, identity: Identity
    ) -> tuple[ResourceType | None, int, int | None] | None:
        """See `pytest_ecs._http.connection.Guard`.

        The key is the type of the resource that may be created, None for servers, its number in the ledger, and that of
        the addresses that servers get.

        Raises `PrerequisiteMissing` for what the endpoint has no API to delete, `BudgetExceeded` after the deadline, and as
        the ledger does.
        """
        creation = created_by(method, path, body)
        if creation is not None and creation.creates is not None and creation.creates.resource_type == SERVER:
            self.in_time("Nothing is created any more")
            name, count = wanted(body)
            address = resource_types()[ADDRESS]
            comes = has_address(body) and self.offers(address.all)
            addresses = self._intend(address, None, identity) if comes else None
            return None, self.ledger.intend(identity, name, count, self.clock.now()), addresses
        if method == "DELETE":
            self._parts_stay(path, identity)
        if leaves_disks(method, path, body):
            self._disks_stay(f"{path} {body}")
        resource_type = resource_type_of(method, path, body)
        if resource_type is not None:
            self.in_time("Nothing is created any more")
        if resource_type is not None and resource_type.elsewhere and not self.offers(resource_type.all):
            raise PrerequisiteMissing(
                f"A request that may create an {resource_type.name} was not sent, since nothing could delete it",
                seen=f"HTTP 404 at {resource_type.all}",
                hint="this is tested where the endpoint has that API",
            )
        if resource_type is None:
            return None
        return resource_type, self._intend(resource_type, name_of(resource_type, body), identity), None

    def _intend(self, resource_type: ResourceType, name: str | None, identity: Identity) -> int:
        """Write down that something may be created; what no name of the run's own tells is known by not having been there before."""
        before = None
        if resource_type.all and not is_own(name or "", self.ledger.run) and self.client_of is not None:
            with suppress(EcsError):
                before = there(resource_type, self.client_of(identity))
        at = self.clock.now()
        return self.ledger.intend_resource(
            identity, resource_type.name, name, at, before=None if before is None else list(before)
        )

    def after(self, key: tuple[ResourceType | None, int, int | None], exchange: Exchange) -> None:
        """See `pytest_ecs._http.connection.Guard`."""
        resource_type, number, addresses = key
        if resource_type is None:
            self._after_servers(number, exchange)
            if addresses is not None and declined(exchange):
                self.ledger.gone_resource(addresses)
        elif declined(exchange):
            self.ledger.gone_resource(number)
        elif exchange.failure is None and (path := identify(resource_type, exchange)) is not None:
            self.ledger.made_resource(number, path)
        elif exchange.accepted:
            self.unnamed.setdefault(resource_type.name, exchange.id)

    def _parts_stay(self, path: str, identity: Identity) -> None:
        """Before something of the run is deleted, write down what stays when it is gone."""
        end = "/" + "/".join(path.split("/")[-2:])  # its URL may have another name of the project
        if self.client_of is None or not _leaving(end):
            return
        client = self.client_of(identity)
        wholes = [
            one for one in self.ledger.resources(self.ledger.run) if resource_types()[one.type].leaves is not None
        ]
        known = [one for one in wholes if one.path is not None and one.path.endswith(end)]
        # The answer to its creation may not have told its URL: then its name does.
        unknown = [one for one in wholes if one.path is None and one.name is not None and not known]
        shown = str(client.get(path).response_body) if unknown else ""
        for resource in known or [one for one in unknown if f"'{one.name}'" in shown]:
            note_remains(self.ledger, resource, resource.path or path, client)

    def _disks_stay(self, request: str) -> None:
        """Before servers of the run are deleted or imaged, write down their disks: those may stay when the servers are gone."""
        if self.client_of is None or not self.offers(resource_types()[DISK].all):
            return
        for server in self.ledger.servers(self.ledger.run):
            if server.id in request:
                owner = self.client_of("other_project" if server.identity == "other_project" else "primary")
                with suppress(EcsError):  # the request itself will say it
                    note_disks(self.ledger, server, owner, self.clock.now())

    def in_time(self, otherwise: str) -> None:
        """Raise `BudgetExceeded` after the deadline, with what happens *otherwise*."""
        if self.deadline is not None and self.clock.now() > self.deadline:
            raise BudgetExceeded(
                otherwise,
                seen="--ecs-max-minutes have passed",
                hint="raise --ecs-max-minutes or select less",
            )

    def _after_servers(self, key: int, exchange: Exchange) -> None:
        if declined(exchange):
            self.ledger.refused(key)
        elif job_of(exchange) is None and is_dry_run(exchange.request_body) and exchange.accepted:
            self.ledger.settled(key)
        elif (server := server_of(exchange)) is not None:
            self.ledger.add(server, run=self.ledger.run, identity=exchange.identity, intent=key, name=None)
            self.ledger.accepted(key)
            # The answer to a batch names one server only; the others are found by the name of the intent.
            if wanted(exchange.request_body)[1] == 1:
                self.ledger.settled(key)
        elif exchange.accepted:
            self.ledger.accepted(key, job_of(exchange))


def _leaving(end: str) -> bool:
    """Whether a URL that ends so may be that of a resource that leaves something."""
    return any(
        one.leaves is not None and one.one.split("/")[-2] == end.split("/")[1] for one in resource_types().values()
    )
