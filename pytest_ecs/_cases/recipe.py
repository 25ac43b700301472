"""Recipes: how to make each operation succeed. Positive tests run them; negative ones change one thing in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Protocol

from pytest_ecs._contract import load
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.target import Resources
from pytest_ecs._types import JSON, UNSET, Group, ServerState
from pytest_ecs.exceptions import ConfigurationError, ContractError

__all__ = [
    "RECIPES",
    "Ingredients",
    "Make",
    "Read",
    "Recipe",
    "Request",
    "Restore",
    "Step",
    "Undo",
    "Until",
    "placeholder",
    "recipe",
    "shape",
]


@dataclass(frozen=True)
class Request:
    """A valid request of an operation."""

    #: Values of the path's parameters, project_id apart.
    parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: JSON = None
    microversion: str | None = None


class Read(Protocol):
    """Reads what an endpoint shows."""

    def __call__(self, path: str, *steps: str | int, microversion: str | None = UNSET) -> JSON:
        """Return what stands at *steps* of the answer to GET *path*; raises `LookupError` where nothing does."""
        ...


class Make(Protocol):
    """Creates what a request needs."""

    def __call__(
        self,
        path: str,
        body: JSON | Callable[[], JSON],
        *steps: str | int,
        among: str | None = None,
        method: str = "POST",
        microversion: str | None = UNSET,
    ) -> JSON:
        """Send *body*, or what it gives when it is called, and return what stands at *steps* of the answer.

        What is created is deleted with the run. Requests that are to be refused share one, with those of other
        operations that give the same *among*. Raises `PrerequisiteMissing` where the endpoint does not create it.
        """
        ...


class Until(Protocol):
    """Waits until something is as a request needs it."""

    def __call__(
        self,
        path: str,
        *steps: str | int,
        equals: JSON = None,
        contains: JSON = None,
        microversion: str | None = UNSET,
    ) -> None:
        """Wait until what stands at *steps* of the answer to GET *path* is *equals*, or a list with *contains*.

        Raises `PrerequisiteMissing` if it never does.
        """
        ...


@dataclass(frozen=True)
class Ingredients:
    """What a recipe may use."""

    resources: Resources
    #: Ids of the leased servers, in the state that the recipe asked for.
    servers: Sequence[str]
    #: Gives a new name for something that is created.
    name: Callable[[], str]
    #: Id of a job that is over; asked for only when needed.
    job: Callable[[], str]
    #: An IPv4 address that the servers' subnet has free.
    address: Callable[[], str]
    #: Id of a data disk that no server has.
    disk: Callable[[], str]
    #: Id of the port that the run was given, which no server has.
    port: Callable[[], str]
    read: Read
    make: Make
    until: Until
    #: Flavor of the first leased server, to resize to another one.
    flavor: Callable[[], str]
    #: Id of the project that requests are for.
    project_id: Callable[[], str]
    domain: str | None = None
    username: str | None = None
    password: str | None = None
    project_name: str | None = None
    #: ``auth.scope`` (4.1) of the run's own login, which was accepted.
    scope: JSON = None
    #: The same with the project's name, as 4.1 shows it, and its domain where the run was given one; None where the name
    #: is not known.
    named_scope: JSON = None

    def need(self, name: str) -> str:
        """Return a resource's id; raises `PrerequisiteMissing` when the user named none."""
        return self.resources.need(name)


#: Builds a request from the ingredients.
Build = Callable[[Ingredients], Request]
#: Method, path and body of a request, and the microversion of one that is not there without.
Step = tuple[str, str, JSON] | tuple[str, str, JSON, str]
#: Gives the requests that take back what an accepted one, whose exchange is handed in, did.
Undo = Callable[[Ingredients, Exchange], Iterable[Step]]
#: Gives the requests that take back what building the request did to the server, whatever became of the request.
Restore = Callable[[Ingredients, Request], Iterable[Step]]


@dataclass(frozen=True)
class Recipe:
    """How one operation is made to succeed."""

    operation: str
    #: Name -> builder; "default" is the plain one, the others set more of the optional fields.
    variants: dict[str, Build]
    #: State that the leased server must be in, None when no server is needed.
    server: ServerState | None = None
    #: State that its success leaves the server in, None for the one that it found.
    leaves: ServerState | None = None
    #: How many servers it needs.
    count: int = 1
    #: It deletes its servers, so it gets those that are left over before those of the pool.
    deletes: bool = False
    #: It leaves its servers with another flavor, so that they are only good to be deleted then.
    resizes: bool = False
    #: The request is sent without credentials.
    anonymous: bool = False
    #: Only the positive request is made from it: there is no authentication or permission to test.
    public: bool = False
    #: What the request names belongs to the user who made it: with the action another user still does not have it.
    personal: bool = False
    #: What takes back what an accepted request did; None where nothing has to be.
    undo: Undo | None = None
    #: What takes back what building the request does to the server; requests that are to be refused go to a server of
    #: their own then, not to a shared one.
    restore: Restore | None = None
    #: What is generated for it leaves marks at its server that *undo* and *restore* do not know, so that the server is
    #: put back as it was before.
    marks: bool = False
    #: What its tests share with others, so that they run in one xdist worker.
    group: Group | None = None


#: Recipes by operation, filled by `recipe`.
RECIPES: dict[str, Recipe] = {}


def recipe(
    operation: str,
    *,
    server: ServerState | None = None,
    leaves: ServerState | None = None,
    count: int = 1,
    deletes: bool = False,
    resizes: bool = False,
    anonymous: bool = False,
    public: bool = False,
    personal: bool = False,
    undo: Undo | None = None,
    restore: Restore | None = None,
    marks: bool = False,
    group: Group | None = None,
    variant: str = "default",
) -> Callable[[Build], Build]:
    """Register the decorated function as the way to make *operation* succeed, or as one more *variant* of it.

    What is said of the operation beside *variant* is said where its default variant is registered. Raises
    `ConfigurationError` for an operation that the contract does not have, and for a variant before the default.
    """

    def register(build: Build) -> Build:
        try:
            load().operation(operation)
        except ContractError as unknown:
            raise ConfigurationError(f"{_place(build)}: {unknown.what}", hint=unknown.hint) from None
        if variant == "default":
            RECIPES[operation] = Recipe(
                *(operation, {}, server, leaves, count, deletes, resizes, anonymous, public, personal),
                *(undo, restore, marks, group),
            )
        elif operation not in RECIPES:
            raise ConfigurationError(
                f"{_place(build)}: the variant {variant!r} of {operation} comes before its default",
                hint=f"register @recipe({operation!r}, ...) without variant= first, above it or in a module that it imports",
            )
        RECIPES[operation].variants[variant] = build
        return build

    return register


def _place(build: Build) -> str:
    """Return the file and line of the first decorator of *build*, or of *build* itself, for messages."""
    code = getattr(build, "__code__", None)
    return f"{code.co_filename}, line {code.co_firstlineno}" if code is not None else repr(build)


@cache
def shape(build: Build) -> Request:
    """Return the request that *build* makes of placeholders; whoever changes it works on a copy."""
    return build(placeholder())


def placeholder() -> Ingredients:
    """Return ingredients that look right, so that the shape of a request is known without a target."""
    ids = {f.name: "00000000-0000-4000-8000-000000000001" for f in fields(Resources)}
    return Ingredients(
        resources=Resources(**ids),
        servers=("00000000-0000-4000-8000-000000000002",) * 3,
        name=lambda: "placeholder",
        job=lambda: "0" * 32,
        address=lambda: "192.168.0.10",
        disk=lambda: "00000000-0000-4000-8000-000000000003",
        port=lambda: "00000000-0000-4000-8000-000000000006",
        read=lambda *_, **__: "00000000-0000-4000-8000-000000000004",
        make=lambda *_, **__: "00000000-0000-4000-8000-000000000005",
        until=lambda *_, **__: None,
        flavor=lambda: "flavor",
        project_id=lambda: "0" * 32,
        domain="domain",
        username="user",
        password="password",  # noqa: S106 - a placeholder
        project_name="project",
        scope={"project": {"id": "0" * 32}},
        named_scope={"project": {"name": "project"}},
    )
