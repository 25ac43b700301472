"""Carries out recipes: builds their requests from supplies, sends them, and puts back what they did."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import httpx

from pytest_ecs._cases.derivation import AS_DOCUMENTED, Sending
from pytest_ecs._cases.recipe import RECIPES, Ingredients, Recipe, Request, Step
from pytest_ecs._contract.model import Operation
from pytest_ecs._http.client import Client
from pytest_ecs._http.credentials import Credentials
from pytest_ecs._http.exchange import Case, Exchange
from pytest_ecs._http.login import login_of
from pytest_ecs._http.paths import segment
from pytest_ecs._http.token import NoAuth
from pytest_ecs._resources.lease import Lease
from pytest_ecs._resources.resource_types import SERVER, can_be_discarded, discard
from pytest_ecs._run.profiles import FRUGAL
from pytest_ecs._run.session import Session
from pytest_ecs._testing.jobs import Jobs
from pytest_ecs._testing.reading import read
from pytest_ecs._testing.servers import Servers
from pytest_ecs._testing.supplies import Supplies
from pytest_ecs._testing.wait import Wait
from pytest_ecs._types import JSON, UNSET
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed

__all__ = ["Driver", "Sender"]


@dataclass(frozen=True)
class Sender:
    """Who sends a request: a client and, where they are not its own, the credentials and the project in the URL."""

    client: Client
    auth: httpx.Auth | None = None
    project: str | None = None


#: Of how many operations the requests may share things at a time.
_OWNERS = 4


@dataclass
class Driver:
    """Builds, sends and takes back the requests of recipes. One for each process."""

    session: Session
    servers: Servers
    jobs: Jobs
    wait: Wait
    supplies: Supplies
    #: What the requests of an operation, or of several, share.
    _made: dict[tuple[str, str], JSON] = field(default_factory=dict)
    #: What created that, by the same keys; the owners that were served least lately come first.
    _creations: dict[tuple[str, str], Exchange] = field(default_factory=dict)
    #: What was created for the request that is being made alone.
    _fresh: list[Exchange] = field(default_factory=list)
    #: What was created for the last request of an operation and a variant that made servers, which have it.
    _stays: dict[tuple[str, str], list[Exchange]] = field(default_factory=dict)
    #: The recipe whose requests are being refused on servers that it prepared, those servers and its last request.
    _prepared: tuple[Recipe, list[Lease], Request | None] | None = None
    #: The last test that used those, by its number.
    _prepared_for: int = 0

    @property
    def client(self) -> Client:
        """The primary user's client."""
        return self.session.client

    def forget(self, recipe: Recipe, accepted: Exchange) -> None:
        """Make anew what the requests of a recipe share, since one of them was *accepted* and may have used it up.

        What several operations share is only made anew when it is not there any more, and then with all that names it. That
        is looked at where the request names it, or deletes something.
        """
        deletes, said = recipe.deletes or accepted.method == "DELETE", f"{accepted.path} {accepted.request_body}"
        affected = [key for key, made in self._made.items() if deletes or str(made) in said]
        lost = [str(self._made[key]) for key in affected if self._is_lost(key)]
        for key, made in list(self._made.items()):
            if key[0] == recipe.operation or any(thing in str(made) for thing in lost):
                del self._made[key]
                self._creations.pop(key, None)

    def _offered(self, recipe: Recipe) -> None:
        """Raise `PrerequisiteMissing` where the operation of *recipe* is not sent: no server and no option is needed for it then."""
        operation = self.session.contract.operations[recipe.operation]
        self.session.reach.need(operation.method, operation.path)

    def own(self, recipe: Recipe) -> list[Lease]:
        self._offered(recipe)
        if recipe.server is None:
            return []
        if recipe.deletes or recipe.resizes:
            # Whoever saves time deletes a stopped server as it is.
            is_any = recipe.deletes and self.session.settings.profile in FRUGAL
            state = None if is_any else recipe.server
            return [self.session.pool.to_delete(state, resizes=recipe.resizes) for _ in range(recipe.count)]
        return self.session.pool.batch_of(recipe.count, recipe.server)

    def borrowed(self, recipe: Recipe) -> list[Lease]:
        self._offered(recipe)
        if recipe.server is None:
            return []
        if recipe.restore is None:
            return self.servers.shared(recipe.server, recipe.count)
        if self._prepared is None or self._prepared[0].operation != recipe.operation:
            self.give_back_prepared()
            self._prepared = recipe, self.session.pool.batch_of(recipe.count, recipe.server), None
        self._prepared_for = self.session.pool.turns.now
        return self._prepared[1]

    def request_to_refuse(self, recipe: Recipe, variant: str, leases: list[Lease]) -> Request:
        """Build a valid request that is changed and refused then, so that it is sent to servers that are used again."""
        request = recipe.variants[variant](self.ingredients(recipe, leases))
        if self._prepared is not None and recipe.restore is not None:
            self._prepared = recipe, leases, request
        return request

    def give_back_prepared(self) -> None:
        """Put the servers that a recipe prepared for refusals back as they were, and into the pool."""
        if self._prepared is None:
            return
        (recipe, leases, request), self._prepared = self._prepared, None
        try:
            if request is not None:
                self.restore(recipe, leases, request)
        finally:
            for lease in leases:
                lease.release()

    def reclaim(self, tests: int = 1) -> bool:
        """Give back the servers that are kept for the refusals of an operation, or for reading, and not for the last *tests*.

        Return whether there were any.
        """
        if self._prepared is not None and not self.session.pool.turns.needs([self._prepared_for], tests):
            self.give_back_prepared()
            return True
        return self.servers.give_back_idle(tests)

    def restore(self, recipe: Recipe, leases: list[Lease], request: Request) -> None:
        """Take back what building a request did to its servers; their next request is built anew.

        What was made at other servers, prepared for refusals, stays.
        """
        if recipe.restore is not None:
            prepared = self._prepared[1] if self._prepared is not None else []
            others = [lease.id for lease in prepared if lease not in leases]
            for key in list(self._made):
                if key[0] == recipe.operation and not any(server in key[1] for server in others):
                    del self._made[key]
                    self._creations.pop(key, None)
            self._put_back(partial(recipe.restore, self.ingredients(recipe, leases), request), leases)

    def take_back(self, exchange: Exchange, recipe: Recipe, leases: list[Lease]) -> None:
        """Undo what an accepted request did, where the recipe says how."""
        if recipe.undo is not None and exchange.accepted:
            self._put_back(partial(recipe.undo, self.ingredients(recipe, leases), exchange), leases)

    def _put_back(self, steps: Callable[[], Iterable[Step]], leases: list[Lease]) -> None:
        """Carry out *steps* and see that what they delete goes; a server where that fails serves nobody again."""
        try:
            done = all(
                self._insist(method, path, body, leases, *microversion)
                and (method != "DELETE" or self.wait.gone(path, microversion=next(iter(microversion), None)))
                for method, path, body, *microversion in steps()
            )
        except (LookupError, TypeError, StepFailed, PrerequisiteMissing):  # an answer does not say what there is to do
            done = False
        if not done:
            for lease in leases:
                lease.spoilt = True

    def _insist(self, method: str, path: str, body: JSON, leases: list[Lease], microversion: str | None = None) -> bool:
        """Send a request until it is accepted, since what is to be taken back may not be complete yet."""
        for _ in self.wait.polls():
            sent = self.client.request(method, path, json=body, microversion=microversion)
            if sent.accepted or sent.status == 404:
                self.jobs.settle(sent, leases)
                return True
        return False

    def undo(self, exchange: Exchange, recipe: Recipe, leases: list[Lease]) -> None:
        """After a request that should have been refused: let it end, and trust no borrowed server any more."""
        if not exchange.accepted:
            return
        self.jobs.wait_out(exchange)
        self.take_back(exchange, recipe, leases)
        discard(exchange, self.client)
        self.forget(recipe, exchange)
        self.give_back_prepared()
        self.servers.give_back_shared(changed=True)

    def _is_lost(self, key: tuple[str, str]) -> bool:
        """Return whether something that several operations share, and that has an id, is not there any more."""
        made = self._made[key]
        if key[0] in RECIPES or not isinstance(made, str):
            return False
        return self.client.get(f"{key[1]}/{made}").refused

    def _make_once(
        self,
        recipe: Recipe,
        path: str,
        body: JSON | Callable[[], JSON],
        *steps: str | int,
        among: str | None = None,
        method: str = "POST",
        microversion: str | None = UNSET,
    ) -> JSON:
        key = (among or recipe.operation, path)
        if key in self._made:
            if key in self._creations:  # what is used stays longest
                self._creations[key] = self._creations.pop(key)
            return self._made[key]
        created = self.supplies.create(path, body, method=method, microversion=microversion)
        made = self._made[key] = read(created, *steps)
        if can_be_discarded(created):  # what cannot goes with what it is a part of
            self._creations[key] = created
            self._make_room(key[0])
        return made

    def _make_fresh(
        self,
        path: str,
        body: JSON | Callable[[], JSON],
        *steps: str | int,
        among: str | None = None,
        method: str = "POST",
        microversion: str | None = UNSET,
    ) -> JSON:
        created = self.supplies.create(path, body, method=method, microversion=microversion)
        self._fresh.append(created)
        return read(created, *steps)

    def discard_fresh(self, operation: Operation, variant: str) -> None:
        """Delete what was created for the last request alone, as far as it can be; the rest goes at the end of the run.

        What a server was made with stays with it, since whoever looks at that server looks for it, until the same request
        makes another one: a project may have ten groups.
        """
        done, self._fresh = self._fresh, []
        if _makes_servers(operation):
            done, self._stays[operation.id, variant] = self._stays.get((operation.id, variant), []), done
        for created in reversed(done):
            discard(created, self.client)

    def _make_room(self, owner: str) -> None:
        """Delete what the requests of other operations shared longest ago: a project may have ten groups."""
        owners = list(dict.fromkeys(key[0] for key in reversed(self._creations)))[::-1]
        for old in owners[: max(len(owners) - _OWNERS, 0)]:
            if old == owner:
                continue
            for key in [key for key in self._creations if key[0] == old]:
                discard(self._creations.pop(key), self.client)
                made = self._made.pop(key, None)
                for other, thing in list(self._made.items()):  # what was made from it or inside it goes with it
                    if isinstance(made, str) and made and (made in str(thing) or made in other[1]):
                        del self._made[other]
                        self._creations.pop(other, None)

    def _read(self, path: str, *steps: str | int, microversion: str | None = UNSET) -> JSON:
        return read(self.client.get(path, microversion=microversion), *steps)

    def ingredients(self, recipe: Recipe, leases: list[Lease], *, fresh: bool = False) -> Ingredients:
        self._offered(recipe)
        target = self.session.target
        credentials = target.identities["primary"]

        return Ingredients(
            resources=target.resources,
            servers=[lease.id for lease in leases],
            name=self.supplies.name,
            job=self.jobs.finished,
            address=self.supplies.address,
            disk=self.supplies.disk,
            port=self.supplies.port,
            read=self._read,
            make=self._make_fresh if fresh else partial(self._make_once, recipe),
            until=self.wait.until,
            flavor=lambda: str(read(leases[0].show(), "server", "flavor", "id")),
            project_id=lambda: self.client.project_id,
            domain=credentials.domain,
            username=credentials.username,
            password=credentials.password,
            project_name=credentials.project_name,
            scope=login_of(credentials).scope if credentials.login is not None else None,
            named_scope=_named_scope(credentials),
        )

    def send(
        self,
        operation: Operation,
        recipe: Recipe,
        request: Request,
        case: Case | None,
        sending: Sending = AS_DOCUMENTED,
        sender: Sender | None = None,
    ) -> Exchange:
        """Send *request* of *operation* the way that *sending* says, by default as the primary user."""
        sender = sender or Sender(self.client)
        if case is not None and case.expects == "accepted":
            case = replace(case, unnamed=self.session.room.taken(operation))
        path = sending.path or operation.path
        values = {**request.parameters, "project_id": sender.project} if sender.project else request.parameters
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", segment(value))
        options: dict[str, Any] = {
            "query": request.query,
            "headers": sending.headers,
            "case": case,
            "operation": operation.id,
        }
        if sending.microversion or request.microversion:
            options["microversion"] = sending.microversion or request.microversion
        if sender.auth is not None or recipe.anonymous:
            anonymous = recipe.anonymous or isinstance(sender.auth, NoAuth)
            options.update(auth=sender.auth or NoAuth(), scheme="none" if anonymous else "token")
        if sending.content is not None:
            options["content"] = sending.content
        elif request.body is not None:
            options["json"] = request.body
        client = replace(sender.client, base=self.session.target.iam) if operation.chapter == "iam" else sender.client
        return client.request(sending.method or operation.method, path, **options)


def _named_scope(credentials: Credentials) -> JSON:
    """Return the scope of a login with the project's name, as 4.1 shows it; None where the name is not known."""
    if credentials.login is None or not credentials.project_name:
        return None
    return login_of(replace(credentials, project_id=None)).scope


def _makes_servers(operation: Operation) -> bool:
    return operation.creates is not None and operation.creates.resource_type == SERVER
