"""The contract as one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from pytest_ecs._contract.fields import Field, fields_of
from pytest_ecs._contract.matching import Permissions, Router
from pytest_ecs._contract.model import (
    UNKNOWN,
    Envelope,
    ErrorCode,
    Existing,
    Expectation,
    Operation,
    Permission,
    Requirement,
    Ruling,
    Schema,
    StateRow,
    StateWords,
    StatusRow,
)
from pytest_ecs._text import near
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import ContractError

__all__ = ["Contract"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Contract:
    """Everything that ``schemas/`` says. Mappings are read-only by agreement."""

    title: str
    issue: str
    date: str
    #: SHA-256 over the files, so that a certificate names the contract it was judged by.
    digest: str
    #: Titles of the section groups that hold operations, by number, in the order of the document.
    groups: Mapping[str, str]
    #: By id, in the order of the document.
    operations: Mapping[str, Operation]
    #: By id, sorted.
    requirements: Mapping[str, Requirement]
    #: By code, in the order of A.2.
    errors: Mapping[str, ErrorCode]
    #: By HTTP status.
    statuses: Mapping[int, StatusRow]
    #: Table A-4: (vm_state, task_state) -> status.
    states: Mapping[tuple[str, str | None], str]
    #: Table A-4, row by row.
    state_rows: tuple[StateRow, ...]
    state_words: StateWords
    permissions: tuple[Permission, ...]
    #: By id.
    rulings: Mapping[str, Ruling]
    #: Schemas of error bodies by dialect, and "gateway".
    envelopes: Mapping[str, Schema]
    #: Statuses that a gateway in front of the service may answer by itself.
    gateway_statuses: frozenset[int]
    #: Codes that say that the project or the region lacks something, not that the request is wrong.
    environment_codes: frozenset[str]
    #: Statuses that may say that a project has no room, where no code tells (6.10.1 does).
    quota_statuses: frozenset[int]
    #: Ids of the operations that a run itself needs, by what for: login, job, limits.
    roles: Mapping[str, str]
    #: Where values that exist on a target are found, in order.
    existing: tuple[Existing, ...]
    _expectations: Mapping[str, Mapping[str, Expectation]]
    _envelopes: Mapping[str, Envelope]

    @property
    def tolerated_states(self) -> frozenset[str]:
        """Words for states, in lower case, that other sections list and Appendix A lacks."""
        return self.state_words.tolerated

    def operation(self, id: str) -> Operation:  # noqa: A002 - the name that every other table uses
        """Return the operation called *id*; raises `ContractError` when there is none."""
        return _entry(self.operations, id, "operation")

    def requirement(self, id: str) -> Requirement:  # noqa: A002 - likewise
        """Return the requirement called *id*; raises `ContractError` when there is none."""
        return _entry(self.requirements, id, "requirement")

    def requirements_of(self, operation: str) -> Sequence[Requirement]:
        """Return the requirements of the operation of that id, sorted; none for an unknown one."""
        return self._by_operation.get(operation, ())

    def field(self, requirement: Requirement) -> Field:
        """Return the field of a body that *requirement* speaks of; raises `ContractError` for kinds that speak of none."""
        operation = self.operations.get(requirement.operation or "")
        body = operation and {"request": operation.body, "response": operation.response_body}.get(requirement.kind)
        field = fields_of(body).get(requirement.field) if body else None
        if field is None:
            raise ContractError(f"{requirement.id} speaks of no field of a body")
        return field

    def expectation(self, id: str, chapter: str) -> Expectation:  # noqa: A002 - likewise
        """Return what the answer to a case must be; raises `ContractError` where the chapter has none.

        Chapter 11 has operations of two services, so pass their ``dialect``; "deprecated" means "nova".
        """
        by_dialect = _entry(self._expectations, id, "expectation")
        return _entry(by_dialect, _dialect(chapter), f"expectation {id!r} for the chapter")

    def envelope(self, chapter: str) -> Envelope:
        """Return the form that errors have in *chapter*; for chapter 11 pass the operation's ``dialect``."""
        return _entry(self._envelopes, _dialect(chapter), "envelope")

    def permission_of(self, operation: Operation) -> Permission:
        """Return the row of 9.2 that binds *operation*; raises `ContractError` when it has none."""
        row = self._permissions.of(operation)
        if row is None:
            raise ContractError(f"9.2 has no permission for {operation.id}")
        return row

    def status_of(self, vm_state: str, task_state: str | None) -> str:
        """Return the status that Table A-4 shows for a pair of states, whatever the case of their letters.

        A pair that it does not list shows as UNKNOWN.
        """
        return self.states.get((vm_state.lower(), task_state.lower() if task_state else None), UNKNOWN)

    def match(self, method: str, path: str, body: JSON = None) -> tuple[Operation, dict[str, str]] | None:
        """Return the operation that a request is and the values of its path's parameters, None for an unknown one."""
        return self._router.match(method, path, body)

    @cached_property
    def _by_operation(self) -> Mapping[str, Sequence[Requirement]]:
        found: dict[str, list[Requirement]] = {}
        for requirement in self.requirements.values():
            if requirement.operation is not None:
                found.setdefault(requirement.operation, []).append(requirement)
        return found

    @cached_property
    def _permissions(self) -> Permissions:
        return Permissions(self.permissions)

    @cached_property
    def _router(self) -> Router:
        return Router(self.operations.values())


def _dialect(chapter: str) -> str:
    return "nova" if chapter == "deprecated" else chapter


def _entry(table: Mapping[str, _T], key: str, what: str) -> _T:
    try:
        return table[key]
    except KeyError:
        close = near(key, table, 1)
        hint = f"did you mean {close[0]!r}?" if close else ""
        raise ContractError(f"The contract has no {what} {key!r}", hint=hint) from None
