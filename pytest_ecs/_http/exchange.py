"""A recorded request and its response as plain data, already redacted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from pytest_ecs._http.redaction import REDACTED
from pytest_ecs._text import harmless
from pytest_ecs._types import JSON

__all__ = ["Case", "Draft", "Exchange", "pointer"]


@dataclass(frozen=True, slots=True)
class Case:
    """Why an exchange was made, when it was made to test something. Judged later from the record alone."""

    #: The requirement under test.
    requirement: str
    #: Row of the expectations in ``schemas/general.yaml`` that says what the answer must be.
    expects: str
    #: The one thing that differs from the control request, in words.
    change: str = ""
    #: Id of the accepted exchange from which this one differs by the change; None where none is needed. Of the valid
    #: request of a discarded operation, the query of its collection.
    control: str | None = None
    #: Error codes that fit beside the general ones.
    codes: tuple[str, ...] = ()
    #: Id of a query of the project's limits just before, where the request creates something that is limited.
    limits: str | None = None
    #: Id of an earlier accepted request that left a resource of the type that this one creates, which uses up what the
    #: project may have: a creation whose answer does not say what it made, or a deletion that does not delete.
    unnamed: str | None = None

    def to_json(self) -> dict[str, JSON]:
        """Return plain JSON."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "codes": list(self.codes)}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Case:
        """Return the case that `to_json` wrote."""
        return cls(**{**data, "codes": tuple(data.get("codes", ()))})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. Everything is redacted, JSON-only and safe to show."""

    #: Unique in the run; starts with the xdist worker's name.
    id: str
    #: Contract operation that the request addresses; None for a request to no documented operation.
    operation: str | None
    method: str
    #: Scheme, host and port.
    base: str
    path: str
    query: tuple[tuple[str, str], ...]
    #: Names in lower case.
    request_headers: Mapping[str, str]
    #: Decoded JSON, or the first 4,000 characters of a text that was sent as it is, or None.
    request_body: JSON
    #: 0 when no answer came; `failure` then says why.
    status: int
    #: Names in lower case.
    response_headers: Mapping[str, str]
    #: Decoded JSON, or None.
    response_body: JSON
    #: The body as text where it is not JSON, cut at 4,000 characters.
    response_text: str | None
    #: Seconds since the epoch on the target's clock.
    started: float
    #: Real seconds from sending to the whole answer.
    seconds: float
    #: "token", "aksk" or "none".
    auth: str
    identity: str
    #: Nova microversion that applies ("2.1" when none was asked for); None outside /v2.1.
    microversion: str | None
    case: Case | None = None
    #: Why there is no answer, or why it is the environment's fault and not a verdict.
    failure: str | None = None
    #: Parameters that filled the path template.
    parameters: Mapping[str, str] = field(default_factory=dict)
    #: How often the request was repeated before this answer. One that may have changed something is not, but for 429.
    repeated: int = 0

    @property
    def part(self) -> str:
        """Which part of a merged certificate it is of; empty in a certificate of one run."""
        return self.id.rpartition(":")[0]

    @property
    def accepted(self) -> bool:
        """Whether the answer says that the request was done, or will be (2xx)."""
        return self.failure is None and 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the answer says that the request was not done (4xx, 5xx).

        A redirection (3xx) and no answer at all are neither accepted nor refused.
        """
        return self.failure is None and self.status >= 400

    @property
    def is_page(self) -> bool:
        """Whether it is an error of a server as a text that calls itself no JSON: whatever stands before the service writes such pages.

        The answer to HEAD only says of what type its text would be.
        """
        media_type = self.response_headers.get("content-type", "")
        is_text = bool(media_type) if self.method == "HEAD" else bool(self.response_text)
        return self.status >= 500 and self.response_body is None and is_text and "json" not in media_type

    @property
    def answer(self) -> str:
        """What came back, in one line for people: the status and the body, or why there was no answer."""
        if self.failure is not None:
            return self.failure
        if self.response_body is not None:
            return harmless(f"HTTP {self.status}, {json.dumps(self.response_body, ensure_ascii=False)}")
        return f"HTTP {self.status}, {self.response_text!r}" if self.response_text else f"HTTP {self.status}, no body"

    @property
    def json_object(self) -> Mapping[str, JSON]:
        """The body when it is a JSON object, else an empty one."""
        return self.response_body if isinstance(self.response_body, Mapping) else {}

    @property
    def request_line(self) -> str:
        """Method, path and query, as in a log."""
        query = "?" + urlencode(self.query) if self.query else ""
        return f"{self.method} {self.path}{query}"

    @property
    def request_id(self) -> str | None:
        """The endpoint's own id of the request, where it gives one."""
        for name in ("x-request-id", "x-openstack-request-id", "x-compute-request-id"):
            if name in self.response_headers:
                return self.response_headers[name]
        return None

    def curl(self) -> str:
        """Return a line for a shell that repeats the request; secrets are placeholders to fill in."""
        query = "?" + urlencode(self.query, quote_via=quote) if self.query else ""
        parts = ["curl", "-i", "-X", self.method, _shell(f"{self.base}{self.path}{query}")]
        for name, value in self.request_headers.items():
            if name in {"host", "content-length", "accept", "accept-encoding", "connection", "user-agent"}:
                continue
            if value == REDACTED:
                value = "$" + name.upper().replace("-", "_")
                parts += ["-H", f'"{name}: {value}"']
            else:
                parts += ["-H", _shell(f"{name}: {value}")]
        if self.request_body is not None:
            body = self.request_body if isinstance(self.request_body, str) else json.dumps(self.request_body)
            parts += ["--data-binary", _shell(body if len(body) <= 2000 else body[:2000] + "…")]
        return " ".join(parts)

    def to_json(self) -> dict[str, JSON]:
        """Return plain JSON, for the evidence file and for the way from an xdist worker."""
        data: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        data["query"] = [list(pair) for pair in self.query]
        data["request_headers"] = dict(self.request_headers)
        data["response_headers"] = dict(self.response_headers)
        data["parameters"] = dict(self.parameters)
        data["case"] = self.case.to_json() if self.case else None
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Exchange:
        """Return the exchange that `to_json` wrote; raises `TypeError` or `KeyError` on anything else."""
        values = dict(data)
        values["query"] = tuple((str(name), str(value)) for name, value in values["query"])
        values["case"] = Case.from_json(values["case"]) if values.get("case") else None
        return cls(**values)


@dataclass(slots=True)
class Draft:
    """What is known of an exchange before its answer; see `Exchange`, of which making one and replacing parts takes longer."""

    id: str
    operation: str | None
    method: str
    base: str
    path: str
    query: tuple[tuple[str, str], ...]
    started: float
    auth: str
    identity: str
    microversion: str | None
    case: Case | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    def exchange(
        self,
        *,
        request_body: JSON,
        request_headers: Mapping[str, str] | None = None,
        status: int = 0,
        response_headers: Mapping[str, str] | None = None,
        response_body: JSON = None,
        response_text: str | None = None,
        seconds: float = 0.0,
        failure: str | None = None,
        repeated: int = 0,
    ) -> Exchange:
        """Return the exchange with what was sent and what became of it."""
        return Exchange(
            *(self.id, self.operation, self.method, self.base, self.path, self.query, request_headers or {}),
            *(request_body, status, response_headers or {}, response_body, response_text, self.started, seconds),
            *(self.auth, self.identity, self.microversion, self.case, failure, self.parameters, repeated),
        )


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def pointer(value: JSON, path: Sequence[str | int]) -> JSON:
    """Return what stands at *path* inside *value*; raises `LookupError` when nothing does."""
    for step in path:
        if not isinstance(value, list | Mapping):
            raise LookupError(f"nothing at {'/'.join(map(str, path))}")
        try:
            value = value[step]  # type: ignore[index]  # a wrong type of step is the TypeError below
        except (LookupError, TypeError):
            raise LookupError(f"nothing at {'/'.join(map(str, path))}") from None
    return value
