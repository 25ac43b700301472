"""Single requests whose answer must fit an expectation of ``schemas/general.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ecs._contract.fields import fields_of
from pytest_ecs._http.client import Client, Query
from pytest_ecs._http.exchange import Case, Exchange
from pytest_ecs._run.session import Session
from pytest_ecs._testing.cases import Cases
from pytest_ecs._types import JSON, UNSET
from pytest_ecs.exceptions import JobError, PrerequisiteMissing, StepFailed

__all__ = ["Expect"]


@dataclass(frozen=True)
class Expect:
    """Sends requests that the judge holds to an expectation: accepted, or refused for what was changed."""

    session: Session
    cases: Cases

    def __call__(
        self,
        requirement_id: str,
        method: str,
        path: str,
        *,
        expects: str,
        change: str = "",
        codes: tuple[str, ...] = (),
        client: Client | None = None,
        control: str | None = None,
        json: JSON = None,
        content: bytes | str | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        microversion: str | None = UNSET,
    ) -> Exchange:
        """Send one request whose answer must fit the expectation *expects*; return the exchange.

        A refusal needs a *control*, the id of an exchange in which the like was accepted without *change*; where none is
        given it is the own request of the operation's recipe. When that is refused, too, the judge says that nothing was
        tested. *codes* are error codes that fit beside the general ones; the other keywords are those of `Client.request`.
        """
        sender = client or self.session.client
        if control is None and expects != "accepted":
            control = self._like(method, path, json)
        return sender.request(
            method,
            path,
            json=json,
            content=content,
            query=query,
            headers=headers,
            microversion=microversion,
            case=Case(requirement_id, expects, change, control, codes),
        )

    def codes_of(self, operation_id: str, path: str) -> tuple[str, ...]:
        """Return the error codes that the contract ties to a field of an operation's request."""
        field = fields_of(self.session.contract.operations[operation_id].body or {}).get(path)
        if field is None:
            raise LookupError(f"{operation_id} has no field {path}")
        return tuple(field.schema.get("x-errors", ()))

    def _like(self, method: str, path: str, body: JSON) -> str | None:
        """Return the id of the own request of the operation that a request addresses; None where it cannot be sent."""
        project = self.session.client.project_id
        found = self.session.connection.identify(method, path.replace("{project_id}", project), body)
        if found is None:
            raise LookupError(f"{method} {path} is no documented request, so its control has to be named")
        try:
            return self.cases.attempt(found[0], servers=False).id
        except (JobError, PrerequisiteMissing, StepFailed):
            return None
