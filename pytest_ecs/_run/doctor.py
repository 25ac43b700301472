"""Looks at everything that a run stands on and says what it found, and where; nothing is created."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal

from pytest_ecs._http.opening import authorities
from pytest_ecs._http.target import Resources
from pytest_ecs._run.discovery import PROBES, offered, resources, same_project
from pytest_ecs._run.quotas import quotas
from pytest_ecs._run.schemes import CLOUD_OPTIONS
from pytest_ecs._types import Identity
from pytest_ecs.exceptions import EcsError, PrerequisiteMissing

if TYPE_CHECKING:
    from pytest_ecs._http.exchange import Exchange
    from pytest_ecs._run.options import Settings
    from pytest_ecs._run.session import Session

__all__ = ["Line", "examine", "options"]

#: Seconds by which two clocks may differ; a signature of AK/SK is refused when they differ by a quarter of an hour (4.2).
_SKEW = 300.0
#: Lists that every user with some permission may see, and one without any may not.
_LISTS = {6: "/v2.1/{project_id}/servers", 5: "/v1/{project_id}/cloudservers/flavors"}


@dataclass(frozen=True)
class Line:
    """One thing that was looked at."""

    what: str
    state: Literal["ok", "warn", "fail", "none"]
    said: str
    #: Where the value came from.
    source: str = ""
    #: Name of the option that it would be given by, where a file can keep it.
    option: str = ""
    value: str = ""


def examine(session: Session, settings: Settings) -> Iterator[Line]:
    """Yield what is found out about the target, one thing after the other; what cannot be found out is a line too."""
    target = session.target
    primary = target.identities["primary"]
    given = "--ecs-endpoint" if settings.endpoint else primary.source if primary.endpoint else "the catalogue of IAM"
    yield Line("endpoint", "ok", target.endpoint, given)
    yield Line("IAM", "ok", target.iam, "--ecs-iam" if settings.iam else primary.source)
    yield from _tls(session)
    logins = list(_logins(session))
    yield from logins
    chapters: Mapping[int, bool] = {}
    try:
        chapters = offered(session)
    except EcsError as error:
        if any(line.said == str(error) for line in logins):
            yield Line("chapters", "none", "not asked, since nobody is logged in")
        else:
            yield Line("chapters", "fail", str(error))
        return
    for number, there in chapters.items():
        yield Line(
            f"chapter {number}", "ok" if there else "none", "offered" if there else "not offered", PROBES[number]
        )
    yield from _rights(session, chapters)
    yield from _skew(session)
    yield from _signature(session, chapters)
    yield from _others(session, chapters)
    yield from (
        Line("quota", "ok" if left else "warn", f"{left} {what} left of {most}")
        for what, left, most in quotas(session, chapters)
    )
    yield from _resources(session, chapters)
    yield from (Line("not used", "warn", remark) for remark in target.remarks)


def _tls(session: Session) -> Iterator[Line]:
    target = session.target
    if not target.endpoint.startswith("https:"):
        yield Line("TLS", "warn", "the endpoint is not encrypted", target.endpoint)
    elif target.verify is False:
        yield Line("TLS", "warn", "certificates are not verified", "--ecs-insecure, verify or OS_INSECURE")
    else:
        yield Line("TLS", "ok", f"verified by {authorities(target.verify, os.environ)[0]}")


def _logins(session: Session) -> Iterator[Line]:
    source = session.target.identities["primary"].source
    try:
        access = session.client.access()
        project = session.client.project_id
        same_project(session)
    except EcsError as error:
        yield Line("login", "fail", str(error), source)
        return
    if access is None:
        yield Line("login", "none", "no login by token: requests are signed with AK/SK", source)
    else:
        yield Line("login", "ok", f"by {session.target.identities['primary'].login}, for project {project}", source)


def _rights(session: Session, chapters: Mapping[int, bool]) -> Iterator[Line]:
    """Say of each chapter whose list is denied to the user of the run that the user may do nothing there."""
    for number in (n for n, there in chapters.items() if there):
        exchange = session.client.get(_LISTS[number])
        if exchange.status == 403:
            said = f"chapter {number}: is denied {exchange.request_line}: {_short(exchange)}"
            yield Line("rights", "fail", said, "pytest-ecs permissions names what the user needs")


def _skew(session: Session) -> Iterator[Line]:
    for exchange in reversed(list(session.connection.journal)):
        date = exchange.response_headers.get("date")
        if exchange.base == session.target.endpoint and date:
            skew = parsedate_to_datetime(date).timestamp() - exchange.started
            state: Literal["ok", "warn"] = "ok" if abs(skew) < _SKEW else "warn"
            yield Line("clock", state, f"the endpoint's is {skew:+.0f} s from this computer's", "its Date header")
            return
    yield Line("clock", "none", "the endpoint sends no Date header")


def _signature(session: Session, chapters: Mapping[int, bool]) -> Iterator[Line]:
    try:
        signed = session.signed_client
    except PrerequisiteMissing as error:
        yield Line("AK/SK", "none", f"{error.what.rstrip('.')}: what is about signatures is not tested", error.hint)
        return
    for number in (n for n, there in chapters.items() if there):
        exchange = signed.get(PROBES[number])
        yield Line("AK/SK", "ok" if exchange.accepted else "fail", f"chapter {number}: {_short(exchange)}")


def _others(session: Session, chapters: Mapping[int, bool]) -> Iterator[Line]:
    names: tuple[tuple[Identity, str], ...] = (
        ("other_project", "second project"),
        ("restricted_user", "restricted user"),
    )
    number = next((n for n in _LISTS if chapters.get(n)), None)
    for identity, what in names:
        client = session.clients.get(identity)
        if client is None:
            yield Line(what, "none", "not given: what needs it is not tested", f"add {CLOUD_OPTIONS[identity]} NAME")
            continue
        source = session.target.identities[identity].source
        try:
            client.access()
            project, exchange = client.project_id, client.get(_LISTS[number]) if number else None
        except EcsError as error:
            yield Line(what, "fail", str(error), source)
            continue
        if identity == "other_project" and project == session.client.project_id:
            yield Line(what, "fail", "it is the first project", source)
        elif exchange is not None and exchange.status == 401:
            yield Line(what, "fail", f"is not recognised: {_short(exchange)}", source)
        elif identity == "other_project":
            yield Line(what, "ok", f"logs in to project {project}", source)
        elif exchange is not None and exchange.status == 403:
            yield Line(what, "ok", f"is denied {exchange.request_line}: HTTP {exchange.status}", source)
        elif exchange is not None:
            yield Line(what, "fail", f"is not denied {exchange.request_line}: {_short(exchange)}", source)


def _resources(session: Session, chapters: Mapping[int, bool]) -> Iterator[Line]:
    found = resources(session, chapters)
    for name in _names(session):
        option = _option(name)
        given = getattr(session.target.resources, name)
        if given:
            yield Line(
                option, "none", f"{given}, as it was given: nothing looked at it", f"--ecs-{option}", option, given
            )
        elif name in found:
            value, source = found[name]
            yield Line(option, "ok", value, source, option, value)
        elif name in _MADE:
            yield Line(option, "none", _MADE[name], f"or give --ecs-{option}")
        else:
            yield Line(
                option, "none", f"not found{_why(session, name)}: what needs it is not tested", f"give --ecs-{option}"
            )


def options() -> set[str]:
    """Return the options, without ``--ecs-``, that name what is found."""
    return set(map(_option, Resources.__dataclass_fields__))


def _option(name: str) -> str:
    return name.removesuffix("_id").removesuffix("_name").replace("_", "-").replace("key", "key-pair")


def _why(session: Session, name: str) -> str:
    """Say why the VPC or the subnet was not found where only a catalogue could tell."""
    if name not in {"vpc_id", "subnet_id"} or session.client.access() is not None:
        return ""
    return ", since only the catalogue of a login names the VPC service, and no server of the project shows its VPC"


#: What the run makes itself where none is given.
_MADE = {"key_name": "one is made for the run"}


def _names(session: Session) -> Iterable[str]:
    ecs_only = {
        "vpc_id",
        "subnet_id",
        "dedicated_host_id",
        "other_dedicated_host_id",
        "foreign_subnet_id",
        "missing_disk_type",
        "private_image_id",
    }
    names = session.target.resources.__dataclass_fields__
    return [name for name in names if not (session.is_native and name in ecs_only)]


def _short(exchange: Exchange) -> str:
    return exchange.answer[:160]
