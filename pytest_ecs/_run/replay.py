"""Sends one recorded request again, its control first, to a target as it is now, and judges the answer."""

from __future__ import annotations

import json
import re
import secrets as _secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_ecs._cases.library import load_recipes
from pytest_ecs._cases.recipe import RECIPES
from pytest_ecs._http.exchange import Case, Exchange
from pytest_ecs._http.redaction import REDACTED
from pytest_ecs._http.token import FixedToken, NoAuth
from pytest_ecs._text import closest
from pytest_ecs.exceptions import ConfigurationError, EcsError

if TYPE_CHECKING:
    from pytest_ecs._checks import Finding
    from pytest_ecs._http.client import Client
    from pytest_ecs._report.evidence import Evidence
    from pytest_ecs._run.session import Session

__all__ = ["Replay"]

_T = TypeVar("_T")
#: How names begin that a run gave.
_NAMES = re.compile(r"ecs-conformance-[0-9a-f]{8}")
#: Headers that the client writes itself, in lower case.
_OURS = frozenset(
    {"host", "content-length", "accept", "accept-encoding", "connection", "user-agent", "x-sdk-date", "x-project-id"}
)
#: As much of a text that is no JSON as is recorded.
_RECORDED = 4000


@dataclass
class Replay:
    """One request of *evidence* and what is put in the place of what is not there any more."""

    session: Session
    evidence: Evidence
    #: Recorded text -> what stands for it now.
    _now: dict[str, str] = field(default_factory=dict)

    def __call__(self, id: str) -> tuple[list[Exchange], list[Finding]]:  # noqa: A002 - what people call it
        """Send the exchange *id* and its control again; return what was sent, the request last, and the findings on that.

        Servers that are gone are replaced by others of the pool. Raises `ConfigurationError` for what cannot be sent again.
        """
        asked = self._recorded(id)
        control = self._recorded(asked.case.control) if asked.case is not None and asked.case.control else None
        for one in (asked, control):
            if one is not None:
                self._refuse(one, asked)
        load_recipes()
        self._renew([one for one in (control, asked) if one is not None])
        case, sent = asked.case, []
        if control is not None and case is not None:
            sent.append(self._send(control, control.case and replace(control.case, control=None, limits=None)))
            case = replace(case, control=sent[0].id, limits=None)
            self._settle(sent[0])
        self.session.judge_anew()
        sent.append(self._send(asked, case))
        self._settle(sent[-1])
        _, findings = self.session.collect()
        return sent, [one for one in findings if one.exchanges[:1] == (sent[-1].id,)]

    def _recorded(self, id: str) -> Exchange:  # noqa: A002 - likewise
        found = next((one for one in self.evidence.exchanges if one.id == id), None)
        if found is None:
            names = [one.id for one in self.evidence.exchanges]
            raise ConfigurationError(
                f"The evidence has no exchange {id!r}{closest(id, names)}",
                seen=f"{len(names)} exchanges" + (f", {names[0]} to {names[-1]}" if names else ""),
                hint="a failure names its exchange as evidence",
            )
        return found

    def _refuse(self, one: Exchange, asked: Exchange) -> None:
        """Raise `ConfigurationError` for a request of which something is not recorded that matters."""
        iam = one.operation is not None and self._chapter(one) == "iam"
        missing = None
        if one.base != self.evidence.header.target["endpoint"] and not iam and not self._simulated:
            missing = f"it went to {one.base}, which is not the ECS endpoint"
        elif isinstance(one.request_body, str) and len(one.request_body) >= _RECORDED:
            missing = "its body may be longer than what is recorded"
        elif one.auth == "aksk" and one.status == 401:
            missing = "it may have been signed wrongly on purpose, and how is not recorded"
        elif asked.case is not None and one is asked and self._secret_is_the_point(asked):
            missing = "what was changed in it is a secret, which is not recorded"
        if missing is not None:
            raise ConfigurationError(f"The exchange {one.id} ({one.request_line}) cannot be sent again", seen=missing)

    @property
    def _simulated(self) -> bool:
        return self.evidence.header.target["simulated"]

    def _chapter(self, one: Exchange) -> str:
        return self.session.contract.operations[one.operation or ""].chapter

    def _secret_is_the_point(self, asked: Exchange) -> bool:
        known = self.session.contract.requirements.get(asked.case.requirement if asked.case else "")
        name = known.field.rpartition(".")[2] if known is not None else ""
        return bool(name) and any(key == name and value == REDACTED for key, value in _pairs(asked.request_body))

    def _renew(self, those: Sequence[Exchange]) -> None:
        """Say what stands now for the project, for names of the earlier run, and for servers that are gone."""
        session = self.session
        if project := those[0].parameters.get("project_id"):
            self._now[project] = session.client.project_id
        old = {name for one in those for text in _texts(one.request_body) for name in _NAMES.findall(text)}
        self._now.update(dict.fromkeys(old, f"ecs-conformance-{session.settings.run}"))
        recipe = RECIPES.get(those[-1].operation or "")
        if recipe is None or recipe.server is None:
            return
        path = "/v2.1/{project_id}/servers/"
        named = dict.fromkeys(server for one in those if not self._unknown(one) for server in _servers(one))
        gone = [server for server in named if session.client.get(path + server).status == 404]
        leases = session.pool.batch_of(len(gone), recipe.server) if gone else []
        self._now.update({old: lease.id for old, lease in zip(gone, leases, strict=True)})

    def _unknown(self, one: Exchange) -> bool:
        """Whether the server that a request names is one that never was."""
        known = self.session.contract.requirements.get(one.case.requirement) if one.case is not None else None
        return known is not None and known.kind == "not-found"

    def _send(self, one: Exchange, case: Case | None) -> Exchange:
        client, options = self._client(one), self._as_now(one)
        options["headers"] = {
            name: self._text(value)
            for name, value in one.request_headers.items()
            if name not in _OURS and REDACTED not in value
        }
        if one.request_body is not None:
            body = self._filled(one.request_body, one)
            options["content" if isinstance(body, str) else "json"] = body
        return client.request(one.method, self._text(one.path), case=case, operation=one.operation, **options)

    def _as_now(self, one: Exchange) -> dict[str, Any]:
        """Return the options that do not hang on who sends it; the microversion is among the recorded headers."""
        query = [(name, self._text(value)) for name, value in one.query]
        return {"query": query, "microversion": None}

    def _client(self, one: Exchange) -> Client:
        """Return who sends a request: whoever sent it, with credentials of now, or with none or wrong ones as before."""
        session = self.session
        if one.identity not in session.clients:
            raise ConfigurationError(
                f"The exchange {one.id} was sent by {one.identity}, for whom there are no credentials",
                hint="add --ecs-other-cloud NAME or --ecs-restricted-cloud NAME",
            )
        client = session.signed_client if one.auth == "aksk" else session.clients[one.identity]  # type: ignore[index]
        if one.operation is not None and self._chapter(one) == "iam":
            client = replace(client, base=session.target.iam)
        known = session.contract.requirements.get(one.case.requirement) if one.case is not None else None
        if one.auth == "none":
            return replace(client, auth=NoAuth(), scheme="none")
        if known is not None and known.kind == "auth" and known.case == "garbage-token":
            return replace(client, auth=FixedToken(_secrets.token_hex(16)))
        if known is not None and known.kind == "auth" and known.case == "other-token":
            return replace(client, auth=session.clients["other_project"].auth)
        return client

    def _settle(self, exchange: Exchange) -> None:
        """Wait for the job that an accepted request started, and write down what it made."""
        if exchange.accepted and (job := exchange.json_object.get("job_id")):
            with suppress(EcsError):  # how the job ended is judged like everything else
                self.session.pool.wait_job(str(job))
        with suppress(EcsError):
            self.session.pool.settle(exchange)

    def _text(self, text: str) -> str:
        for old, new in self._now.items():
            text = text.replace(old, new)
        return text

    def _filled(self, body: Any, one: Exchange) -> Any:
        """Return a recorded body with what is there now, and with new secrets in the place of those that were taken out."""
        secret = self.session.target.identities["primary"].password if self._is_login(one) else None
        text = self._text(json.dumps(body))
        new = json.dumps(secret or f"Replay-{_secrets.token_hex(6)}!1")
        return json.loads(text.replace(json.dumps(REDACTED), new))

    def _is_login(self, one: Exchange) -> bool:
        return one.operation is not None and self._chapter(one) == "iam"


def _servers(one: Exchange) -> Sequence[str]:
    """Return the servers that a request names: in its URL, or in a list of them."""
    body = one.request_body if isinstance(one.request_body, Mapping) else {}
    named = [one.parameters.get("server_id", "")]
    for value in (body, *(part for part in body.values() if isinstance(part, Mapping))):
        listed = value.get("servers")
        named += [
            str(row.get("id")) for row in (listed if isinstance(listed, list) else ()) if isinstance(row, Mapping)
        ]
    return [name for name in dict.fromkeys(named) if name]


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key), item
            yield from _pairs(item)
    elif isinstance(value, list):
        for item in value:
            yield from _pairs(item)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    yield from (item for _, item in _pairs(value) if isinstance(item, str))
