"""What follows from a requirement and a recipe: the requests that break it and nothing else, and what their answer must be."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pytest_ecs._cases.mutation import can_break, excluding, mutate_body, mutate_query
from pytest_ecs._cases.recipe import RECIPES, Recipe, Request, shape
from pytest_ecs._contract.fields import plainest
from pytest_ecs._contract.model import Operation, Requirement, Schema
from pytest_ecs._types import JSON

__all__ = [
    "AS_DOCUMENTED",
    "Changed",
    "Derivation",
    "Sending",
    "SentCredentials",
    "as_check",
    "checks_only",
    "derive",
    "optional_variant",
    "uncovered",
]

#: Kinds of requirements that need a request of their own, derived from a recipe's.
_DERIVED = frozenset({"request", "query", "not-found", "http", "alias", "microversion"})
#: A media type that no section names.
_OTHER_TYPE = "text/xml"
#: Claims that a check-only request (dry_run) does not promise to look at; they need the real request.
_NOT_CHECKED_ONLY = ("reference",)

#: Whose request it is: that of the run's own user with a valid token; without credentials; with a token that nobody
#: issued; with another project's token; for the URL of another project; or all of it by a user of another project.
SentCredentials = Literal["own", "none", "garbage", "other-token", "other-url", "other-user"]


@dataclass(frozen=True, slots=True)
class Sending:
    """How a request is sent beside what it holds; None: as the operation says."""

    method: str | None = None
    #: Template of the URL.
    path: str | None = None
    #: Text in the place of the JSON body.
    content: str | None = None
    headers: Mapping[str, str] | None = None
    microversion: str | None = None
    credentials: SentCredentials = "own"


#: The way the operation says.
AS_DOCUMENTED = Sending()


@dataclass(frozen=True, slots=True)
class Changed:
    """One request that differs from an accepted one in exactly one thing."""

    request: Request
    #: What was changed, in words.
    change: str
    sending: Sending = AS_DOCUMENTED
    #: Error codes that fit beside the general ones.
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Derivation:
    """How one requirement is put to the test with the requests of one recipe."""

    requirement: Requirement
    #: The recipe's variant that the requests are made from.
    variant: str
    #: The row of the expectations (``schemas/general.yaml``) that the answers have to fit.
    expects: str
    _changes: Callable[[Request, Sequence[JSON]], Iterable[Changed]]
    #: Whether the requests ask only for a check (dry_run).
    check_only: bool = False
    #: Variants with what excludes something in *variant*: their bodies give values that are refused for nothing else.
    others: tuple[str, ...] = ()
    #: Further variants that would do as well as *variant*, for when the endpoint refuses that one for something else.
    fallbacks: tuple[str, ...] = ()

    def requests(self, request: Request, others: Sequence[JSON] = ()) -> list[Changed]:
        """Return each change of *request*, one of `variant`; *others* are bodies of the variants in `others`."""
        return list(self._changes(request, others))


def derive(operation: Operation, requirement: Requirement, recipe: Recipe) -> Derivation:
    """Return how *requirement* of *operation* is put to the test.

    Raises `LookupError` with the reason when nothing can be derived from *recipe* for it.
    """
    return _BY_KIND.get(requirement.kind, _underivable)(operation, requirement, recipe)


def uncovered(operation: Operation, requirement: Requirement) -> str | None:
    """Return why no request can be made that *requirement* speaks of, None when one can."""
    recipe = RECIPES.get(operation.id)
    if recipe is None:
        return "there is no recipe for the operation"
    if requirement.kind not in _DERIVED:
        return None
    if requirement.kind == "request" and any(True for _ in _fitting(operation, requirement, recipe)):
        return None  # the first variant says it, and making the whole derivation would ask all of them
    try:
        derive(operation, requirement, recipe)
    except LookupError as error:
        return str(error.args[0])
    return None


def optional_variant(operation: Operation) -> str | None:
    """Return the first variant of an operation's recipe that sets what a valid request need not have; None without one."""
    recipe = RECIPES.get(operation.id)
    for name, build in recipe.variants.items() if recipe is not None else ():
        body = shape(build).body
        if plainest(operation, body) is not body:
            return name
    return None


# By kind


def _underivable(operation: Operation, requirement: Requirement, recipe: Recipe) -> Derivation:
    raise LookupError("nothing can be changed in the recipe's request to break it")


def _body(operation: Operation, requirement: Requirement, recipe: Recipe) -> Derivation:
    keyword = requirement.keyword

    def changes(request: Request, others: Sequence[JSON]) -> list[Changed]:
        body = as_check(operation, request.body, keyword)
        return [
            Changed(replace(request, body=made.value), made.change, codes=made.codes)
            for made in mutate_body(operation, requirement, body, others)
        ]

    fitting = list(_fitting(operation, requirement, recipe))
    if not fitting:
        raise LookupError("no variant of the recipe sets this field")
    variant, *fallbacks = fitting
    have = {name: excluding(operation, requirement, shape(build).body) for name, build in recipe.variants.items()}
    others = tuple(name for name, found in have.items() if have[variant] and found - have[variant])
    expects = "unknown-reference" if keyword == "reference" else "invalid"
    return Derivation(
        requirement,
        variant,
        expects,
        changes,
        checks_only(operation, keyword),
        others,
        () if others else tuple(fallbacks),
    )


def _fitting(operation: Operation, requirement: Requirement, recipe: Recipe) -> Iterator[str]:
    """Yield the variants of *recipe* whose body has a place for *requirement*."""
    for name, build in recipe.variants.items():
        if can_break(operation, requirement, as_check(operation, shape(build).body, requirement.keyword)):
            yield name


def _query(operation: Operation, requirement: Requirement, recipe: Recipe) -> Derivation:
    ways = mutate_query(operation, requirement)
    if not ways:
        return _underivable(operation, requirement, recipe)
    return _plain(
        requirement,
        "unknown-reference" if requirement.keyword == "reference" else "invalid",
        lambda request: [
            Changed(replace(request, query={**request.query, **made.value}), made.change, codes=made.codes)
            for made in ways
        ],
    )


def _not_found(operation: Operation, requirement: Requirement, recipe: Recipe) -> Derivation:
    name = requirement.field
    is_job = name == "job_id"
    expects = {"job_id": "unknown-job", "api_version": "unknown-version"}.get(name, "not-found")

    def changes(request: Request) -> list[Changed]:
        unknown = uuid.uuid4().hex if is_job else str(uuid.uuid4())
        parameters = {**request.parameters, name: unknown}
        return [Changed(replace(request, parameters=parameters), f"{name} is an id that does not exist")]

    return _plain(requirement, expects, changes)


def _sent(operation: Operation, requirement: Requirement, recipe: Recipe) -> Derivation:
    expects, change, sending = _SENT[requirement.kind, requirement.case]
    return _plain(requirement, expects, lambda request: [Changed(request, change, sending)])


def _microversion(operation: Operation, requirement: Requirement, recipe: Recipe) -> Derivation:
    limits = operation.microversions
    outside = str(limits.until) if requirement.case == "until" else _before(str(limits.since))
    sending = Sending(microversion=outside)
    return _plain(
        requirement,
        "outside-microversions",
        lambda request: [Changed(request, f"the microversion is {outside}", sending)],
    )


def _alias(operation: Operation, requirement: Requirement, recipe: Recipe) -> Derivation:
    path = next(alias.path for alias in operation.aliases if alias.id == requirement.case)

    def changes(request: Request) -> list[Changed]:
        # v2 has no microversions (6.16).
        body = plainest(operation, request.body)
        plain = replace(request, body=_first_version(body, operation.body or {}), microversion=None)
        return [Changed(plain, "the URL is the alias", Sending(path=path))]

    return _plain(requirement, "accepted", changes)


def _plain(requirement: Requirement, expects: str, changes: Callable[[Request], list[Changed]]) -> Derivation:
    return Derivation(requirement, "default", expects, lambda request, _: changes(request))


_BY_KIND: Mapping[str, Callable[[Operation, Requirement, Recipe], Derivation]] = {
    "request": _body,
    "query": _query,
    "not-found": _not_found,
    "http": _sent,
    "auth": _sent,
    "microversion": _microversion,
    "alias": _alias,
}

#: (kind, case) -> (expectation, change in words, how it is sent).
_SENT: Mapping[tuple[str, str], tuple[str, str, Sending]] = {
    ("http", "wrong-method"): ("method", "the method is PATCH", Sending(method="PATCH")),
    ("http", "malformed-json"): ("malformed", "the body is cut off", Sending(content='{"server": {"name": "cut')),
    ("http", "media-type"): (
        "media-type",
        f"the body is labelled {_OTHER_TYPE}",
        Sending(headers={"Content-Type": _OTHER_TYPE}),
    ),
    ("http", "empty-body"): ("empty", "the body is empty", Sending(content="")),
    ("auth", "no-token"): ("unauthenticated", "no credentials are sent", Sending(credentials="none")),
    ("auth", "garbage-token"): (
        "unauthenticated",
        "X-Auth-Token is no token that was issued",
        Sending(credentials="garbage"),
    ),
    ("auth", "other-token"): (
        "foreign-project",
        "the token is another project's",
        Sending(credentials="other-token"),
    ),
    ("auth", "other-project"): (
        "foreign-project",
        "the project in the URL is not the token's",
        Sending(credentials="other-url"),
    ),
    ("auth", "foreign-id"): (
        "foreign-id",
        "another project names what is this project's",
        Sending(credentials="other-user"),
    ),
}


def _before(version: str) -> str:
    """Return the microversion below *version*."""
    major, _, minor = version.partition(".")
    return f"{major}.{int(minor) - 1}"


def _first_version(body: JSON, schema: Schema) -> JSON:
    """Return *body* without the fields that only later microversions have."""
    if isinstance(body, Mapping):
        fields = schema.get("properties", {})
        return {
            name: _first_version(value, fields.get(name, {}))
            for name, value in body.items()
            if not fields.get(name, {}).get("x-since")
        }
    return [_first_version(item, schema.get("items", {})) for item in body] if isinstance(body, list) else body


# Check-only requests


def checks_only(operation: Operation, keyword: str = "") -> bool:
    """Return whether *operation* can be asked only to check a request (dry_run), and looks at *keyword* then."""
    return bool(_flags(operation, keyword))


def as_check(operation: Operation, body: JSON, keyword: str = "") -> JSON:
    """Return *body* with the flag that asks only for a check, where the operation has one that looks at *keyword*."""
    return {**body, **_flags(operation, keyword)} if isinstance(body, Mapping) else body


def _flags(operation: Operation, keyword: str) -> dict[str, JSON]:
    if keyword in _NOT_CHECKED_ONLY:
        return {}
    return {n: True for n, schema in (operation.body or {}).get("properties", {}).items() if schema.get("x-check-only")}
