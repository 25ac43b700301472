"""What the files in ``schemas/`` become: frozen values, so that nobody below the loader indexes raw dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pytest_ecs._types import Kind, Level

__all__ = [
    "UNKNOWN",
    "Alias",
    "Chapter",
    "Creation",
    "Dialect",
    "Envelope",
    "ErrorCode",
    "Existing",
    "Expectation",
    "Kind",
    "Listing",
    "Microversions",
    "Operation",
    "Parameter",
    "Permission",
    "Place",
    "Remains",
    "Requirement",
    "Rule",
    "Ruling",
    "Schema",
    "StateRow",
    "StateWords",
    "StatusRow",
    "dialect",
]

#: A JSON Schema whose ``$ref`` have been put in place. Treated as read-only by everybody.
Schema = Mapping[str, Any]

#: iam: 4 and 10.2; ecs: chapter 5; nova: chapter 6; deprecated: chapter 11.
Chapter = Literal["iam", "ecs", "nova", "deprecated"]

#: How an operation answers, in errors above all. Chapter 11 has operations of both services, so it is none by itself.
Dialect = Literal["iam", "ecs", "nova"]

#: What every pair of states that Table A-4 does not list shows as.
UNKNOWN = "UNKNOWN"


def dialect(chapter: Chapter, path: str) -> Dialect:
    """Return how an operation with that *path* answers."""
    if chapter != "deprecated":
        return chapter
    return "nova" if path.startswith("/v2.1/") else "ecs"


@dataclass(frozen=True, slots=True)
class Rule:
    """A behaviour that a client can observe and no schema keyword says."""

    id: str
    level: Level
    #: The claim in our own words.
    says: str
    #: Section and table.
    section: str
    #: Id of the ruling that explains the reading, if any.
    ruling: str | None = None
    #: Why no client can judge it, None where one can.
    untestable: str | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    """Another URL of an operation."""

    id: str
    #: Template with ``{parameters}``.
    path: str
    level: Level
    section: str
    #: Id of the ruling that explains the reading, if any.
    ruling: str | None = None


@dataclass(frozen=True, slots=True)
class Microversions:
    """The microversions an operation exists in: from *since* on and before *until*."""

    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """How many of something there may be, and are, None where it is not shown: names of fields in the answer of 6.10.1."""

    most: str
    used: str | None = None


#: Names of fields that lead to a place in a body.
Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """How all resources of one type are listed."""

    #: Id of the operation, the place of the list in its answer, and of the id and the name in an item.
    operation: str
    items: Place
    id: Place
    #: Empty where they have no name.
    name: Place = ()


@dataclass(frozen=True, slots=True)
class Remains:
    """Resources that stay when what they are part of is deleted: in the query of that, a list of them as JSON in a text."""

    #: Id of the operation that creates such resources otherwise.
    created: str
    at: Place
    id: Place


@dataclass(frozen=True, slots=True)
class Creation:
    """What an operation creates: how it is named, found and deleted."""

    #: The type of resource, ``kind`` in the contract: for people, and in the ledger, where servers stand apart.
    resource_type: str
    #: Where the request names it, and where the answer identifies it; empty where they do not.
    name: Place
    answer: Place
    #: Id of the operation that deletes it; the last parameter of its URL identifies it.
    deleted: str
    listed: Listing | None = None
    #: Code that says, beside 404, that it is not there.
    absent: str | None = None
    leaves: Remains | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is special about a parameter of URLs."""

    #: It names what belongs to a project.
    owned: bool = False
    #: Expectation of its own for an unknown value, and what becomes of such a request; None for not-found.
    unknown: str | None = None
    says: str = ""


@dataclass(frozen=True, slots=True)
class Existing:
    """A query that shows something that exists, where, and the parameter and type of reference that it is good for."""

    operation: str
    at: tuple[str | int, ...]
    parameter: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented operation."""

    id: str
    section: str
    chapter: Chapter
    summary: str
    method: str
    #: Template with ``{parameters}``.
    path: str
    #: Path parameters whose unknown values need not be answered as not found.
    lenient: frozenset[str]
    query: Mapping[str, Schema]
    headers: Mapping[str, Schema]
    body: Schema | None
    #: Body key, or ``key=value``, that selects the operation on a shared URL.
    selects: str | None
    statuses: tuple[int, ...]
    response_headers: Mapping[str, Schema]
    response_body: Schema | None
    #: Job type, "*" for a job whose type is not documented, None when synchronous.
    job: str | None
    microversions: Microversions
    permission: str | None
    rules: tuple[Rule, ...]
    #: Other URLs that the document gives the operation, the one under /v2 (6.16) included.
    aliases: tuple[Alias, ...]
    #: Forms that errors may have: that of the dialect, and others that a ruling allows.
    envelopes: tuple[str, ...]
    #: File below ``schemas/``, for messages.
    file: str
    #: What limits the number of what it creates, where 6.10.1 shows that.
    quota: Quota | None = None
    #: What it creates that a run has to delete again, if anything.
    creates: Creation | None = None
    #: It is not bound to credentials, or the document does not say that it is.
    anonymous: bool = False
    #: Profiles that may send it though its chapter is not in them.
    profiles: frozenset[str] = frozenset()
    #: Fields that its recipe's request has and the plainest valid one leaves out: ``server.nics[].ip_address``.
    optional: tuple[str, ...] = ()
    #: Id of the ruling that explains how the operation as a whole is read, if any.
    ruling: str | None = None

    @property
    def dialect(self) -> Dialect:
        """Whose envelopes and expectations bind it: its chapter's or, for a discarded one, those its URL belongs to."""
        return dialect(self.chapter, self.path)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One claim that can be judged."""

    id: str
    #: None for those that bind every operation.
    operation: str | None
    #: Section and, where there is one, table of the document.
    section: str
    kind: Kind
    level: Level
    #: The claim in our own words, complete in itself.
    says: str
    #: Id of the ruling that explains the reading, if any.
    ruling: str | None = None
    #: What it speaks of: the dotted path of a field, empty for the body itself (request, response), or the name of a
    #: query parameter, a header or a parameter of the URL (not-found).
    field: str = ""
    #: What it demands of *field*: a keyword of the schema, or required, since, until, reference, exclusive.
    keyword: str = ""
    #: What tells it from others of its kind: the rule, code, alias, pair of states or case of auth, http, error or
    #: microversion that it is; of several groups of exclusive fields in one object the number, from 2 on.
    case: str = ""
    #: Why no client can judge it, None where one can; it is a note then.
    untestable: str | None = None

    @property
    def subject(self) -> str:
        """Id of its operation, or the section or table that it is an entry of: 4.2, A.2, A-4."""
        return self.operation or self.id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A row of A.2; more than one status where the code has more than one row."""

    code: str
    statuses: tuple[int, ...]
    #: Of the requirement that it comes with one of its statuses.
    level: Level = "should"


@dataclass(frozen=True, slots=True)
class StatusRow:
    """An HTTP status that the document knows, and the tables that list it."""

    status: int
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StateRow:
    """A pair of Table A-4 and the status it shows as; task_state None is the table's null."""

    vm_state: str
    task_state: str | None
    status: str

    @property
    def pair(self) -> str:
        """The pair as ids of requirements name it."""
        return f"{self.vm_state}+{self.task_state or 'null'}"

    @property
    def requirement(self) -> str:
        """Id of the requirement that this row is."""
        return f"A-4/{self.pair}"


@dataclass(frozen=True, slots=True)
class StateWords:
    """The words of Tables A-1 to A-3, in lower case, and those that other sections add to them."""

    status: frozenset[str]
    vm_state: frozenset[str]
    task_state: frozenset[str]
    #: Listed by an enumeration elsewhere and missing from Appendix A.
    tolerated: frozenset[str]


@dataclass(frozen=True, slots=True)
class Permission:
    """A row of 9.2."""

    section: str
    method: str
    path: str
    permission: str
    action: str
    dependencies: tuple[str, ...]
    #: Body key of the operation, where two of one URL need the same action.
    selects: str | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """A place where the document can be read in more than one way, and what we accept."""

    id: str
    section: str
    where: str
    readings: tuple[str, ...]
    accept: str
    why: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the answer to a case must be (``schemas/general.yaml``)."""

    id: str
    statuses: tuple[int, ...]
    #: Codes that fit; empty where the envelope has none or any known code fits.
    codes: tuple[str, ...]
    section: str
    #: The claim in our own words.
    says: str = ""
    #: True where the request may be accepted when the job that it starts ends in FAIL.
    late: bool = False
    #: Statuses with which any known code fits.
    any_code: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """The body of an error (``schemas/general.yaml``)."""

    section: str
    #: Steps to the error code inside the body; None where the body has no code of A.2.
    code: tuple[str, ...] | None
    body: Schema
