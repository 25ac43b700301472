"""Finds out what a target offers and what a run needs there; every request only reads, so that nothing is spent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_ecs._http.between import by_another, led, over
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.signature import AkSkAuth
from pytest_ecs._http.target import Resources
from pytest_ecs._run.reach import chapters_of
from pytest_ecs._run.schemes import CLOUD_OPTIONS
from pytest_ecs._run.stock import Stock
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import AuthenticationFailed, ConfigurationError, EcsError, NotAnEcsEndpoint, TargetError

if TYPE_CHECKING:
    from pytest_ecs._run.session import Session

__all__ = [
    "PROBES",
    "find_key_pair",
    "offered",
    "prepare",
    "resources",
    "same_project",
    "signing",
    "stock_of",
    "supply_key_pair",
]

#: A query of each chapter that changes nothing and that every endpoint with the chapter answers.
PROBES: Mapping[int, str] = {5: "/v1/{project_id}/cloudservers/limits", 6: "/v2.1/{project_id}/limits"}
#: A query of chapter 6 that each profile may send.
_NATIVE = "/v2.1/{project_id}/servers"


def prepare(session: Session, found: Mapping[str, JSON] | None = None) -> None:
    """Look at the target before the first test, so that one that cannot be used is known at once.

    The chapters that the profile may use are asked for, every identity logs in, and what servers are made from is looked
    up as far as it was not given; *found* is what another process of the run has found, which saves all requests.

    Raises `Unreachable`, `AuthenticationFailed` or `NotAnEcsEndpoint`.
    """
    if found is None:
        identities(session)
        chapters = offered(session)
        signing(session, chapters)
        chosen = resources(session, chapters)
        missing = sorted(n for n, there in chapters.items() if not there)
        found = {"missing": missing, "resources": chosen, "unsigned": session.unsigned}
    session.found = dict(found)
    session.unsigned = found["unsigned"]
    session.reach.missing = frozenset(found["missing"])
    _remember(session)
    _complete(session)
    known = {name: value for name, (value, _) in found["resources"].items() if hasattr(session.target.resources, name)}
    session.target = replace(session.target, resources=replace(session.target.resources, **known))


def offered(session: Session) -> dict[int, bool]:
    """Return for each chapter that the profile may use whether the endpoint offers it.

    Raises `AuthenticationFailed` when the endpoint refuses the credentials, `NotAnEcsEndpoint` when it has none of them.
    """
    primary = session.target.identities["primary"]
    asked = {n: session.client.get(path) for n, path in PROBES.items() if n in chapters_of(session.settings.profile)}
    for exchange in asked.values():
        if exchange.status == 401:
            raise AuthenticationFailed(
                f"The ECS endpoint {session.target.endpoint} ({exchange.request_line}) refuses the token or signature",
                seen=exchange.answer,
                hint="check that the credentials belong to this region and project"
                + (", and get a new AK/SK: a temporary one ends" if primary.security_token else ""),
            )
        _heard(exchange)
    chapters = {n: _is_there(exchange) for n, exchange in asked.items()}
    if not any(chapters.values()):
        exchange = next(iter(asked.values()))
        media_type = exchange.response_headers.get("content-type", "no content type")
        text = f"{(exchange.response_text or '(no JSON object)')[:200]!r}"
        where = f"{session.target.endpoint} ({exchange.request_line})"

        native = session.client.get(_NATIVE, query={"limit": "1"}).accepted if 6 not in chapters else False
        seen = f"HTTP {exchange.status}, JSON with {', '.join(exchange.json_object)}"
        raise NotAnEcsEndpoint(
            f"What answers{over(exchange.base)} at {where} is no ECS endpoint"
            + (f" with chapter {', '.join(map(str, chapters))}" if exchange.json_object else ""),
            seen=seen[:300]
            if exchange.json_object
            else f"HTTP {exchange.status}, {media_type}: {text}{led(exchange.response_headers.get('location'))}",
            hint="it lists servers by chapter 6, so take the profile native"
            if native
            else "check the URL given as --ecs-endpoint, and the profile",
        )
    return chapters


def signing(session: Session, chapters: Mapping[int, bool]) -> None:
    """Look whether the endpoint knows the keys of those who sign, since no login has said so.

    Of the primary user who logs in as well, `Session.unsigned` says it; raises `AuthenticationFailed` for another identity.
    """
    path = next(PROBES[n] for n, there in chapters.items() if there)
    for identity, client in session.clients.items():
        if identity == "primary" or not isinstance(client.auth, AkSkAuth):
            continue
        exchange = client.get(path)
        if exchange.status == 401:
            source = session.target.identities[identity].source
            raise AuthenticationFailed(
                f"{CLOUD_OPTIONS[identity]}: the AK/SK of {source} is refused", seen=exchange.answer, hint=_RENEW
            )
    primary = session.target.identities["primary"]
    if primary.login is None or not primary.ak or not primary.sk:
        return
    asked = [session.signed_client.get(PROBES[n]) for n, there in chapters.items() if there]
    if not any(exchange.accepted for exchange in asked) and session.client.get(path).accepted:
        session.unsigned = asked[0].answer
        remark = f"the AK/SK is refused, so that nothing about signatures is judged (HTTP {asked[0].status}): {_RENEW}"
        session.target = replace(session.target, remarks=(*session.target.remarks, remark))


#: What to do where an AK/SK is refused.
_RENEW = "look whether it belongs to this cloud and to the same account, and get a new one where it is temporary and has ended"


def _remember(session: Session) -> None:
    """Take it in each process that the credentials were recognised at the start, so that a refusal is their end."""
    chapters = chapters_of(session.settings.profile) - session.reach.missing
    path = next(path for number, path in PROBES.items() if number in chapters)
    primary = session.target.identities["primary"]
    clients = [one for name, one in session.clients.items() if name == "primary" or isinstance(one.auth, AkSkAuth)]
    if primary.login is not None and primary.ak and primary.sk and session.unsigned is None:
        clients.append(session.signed_client)
    for client in clients:
        client.recognised(path)


def _heard(exchange: Exchange) -> None:
    """Raise `TargetError` where something before the endpoint answered, which says of no chapter whether it is offered."""
    where = f"{exchange.base} ({exchange.request_line})"
    stranger = by_another(exchange.status, exchange.base, where, exchange.answer)
    if stranger is not None:
        raise stranger
    if exchange.failure is not None and not _is_there(exchange):
        raise TargetError(
            f"{where} gives no answer of the service at the moment{over(exchange.base)}",
            seen=exchange.failure,
            hint="try again later; this says nothing about the endpoint's conformance",
        )


def _is_there(exchange: Exchange) -> bool:
    """Whether a probe was answered by the API it asked for: also a refusal of the user is an answer of it."""
    if exchange.response_text is not None or not isinstance(exchange.response_body, Mapping):
        return False
    return exchange.accepted or exchange.status in {403, 429} or exchange.status >= 500


def identities(session: Session) -> None:
    """Let every identity log in; raises `AuthenticationFailed` with the option that names the one that cannot.

    Raises `ConfigurationError` when the URL of the endpoint names another project than the credentials are for, or the
    second project is the first.
    """
    same_project(session)
    for identity, client in session.clients.items():
        if identity == "primary":
            client.access()
            continue
        source = session.target.identities[identity].source
        try:
            client.access()
            project = client.project_id
        except EcsError as error:
            option = CLOUD_OPTIONS[identity]
            what = error.what if option in error.what else f"{option}: {source} cannot log in: {error.what}"
            raise AuthenticationFailed(what, seen=error.seen, hint=error.hint) from None
        if identity == "other_project" and project == session.client.project_id:
            raise ConfigurationError(
                f"{CLOUD_OPTIONS[identity]}: {source} is for the project of the run itself",
                seen=project,
                hint="name credentials of another project, or leave the option out",
            )


def same_project(session: Session) -> None:
    """Raise `ConfigurationError` when the URL of the endpoint, or a name beside the id, names another project than the credentials are for."""
    stated, project = session.target.project_in_url, session.client.project_id
    primary, access = session.target.identities["primary"], session.client.access()
    real = access.project_name if access is not None else None
    granted = access.project_id if access is not None else None
    if primary.project_id and granted not in {None, primary.project_id}:
        raise ConfigurationError(
            f"IAM at {session.target.iam} gives a token for another project than the credentials from {primary.source} name",
            seen=f"{granted} instead of {primary.project_id}",
            hint="name the project that the token or the application credential belongs to, or none",
        )
    if primary.project_id and primary.project_name and real not in {None, primary.project_name}:
        raise ConfigurationError(
            f"The credentials from {primary.source} name two projects",
            seen=f"the name {primary.project_name!r}, and the id {primary.project_id!r}, which is of {real!r}",
            hint="take away the one that is not meant",
        )
    if stated not in {None, project}:
        raise ConfigurationError(
            "The URL of the ECS endpoint names another project than the credentials",
            seen=f"{stated} in the URL, {project} by {session.target.identities['primary'].source}",
            hint="give the URL without a project",
        )


def supply_key_pair(session: Session) -> None:
    """Make a key pair for the run (6.11.3) where none was given; it is deleted with everything else."""
    _use_key_pair(session, lambda name: session.client.post(_KEY_PAIRS, {"keypair": {"name": name}}))


def find_key_pair(session: Session) -> None:
    """Use the key pair that another process of the run made, if it did."""
    _use_key_pair(session, lambda name: session.client.get(f"{_KEY_PAIRS}/{name}"))


_KEY_PAIRS = "/v2.1/{project_id}/os-keypairs"


def _use_key_pair(session: Session, asked: Callable[[str], Exchange]) -> None:
    offers = 6 in chapters_of(session.settings.profile) and 6 not in session.reach.missing
    if session.target.simulated or session.target.resources.key_name or not offers:
        return
    name = f"ecs-conformance-{session.settings.run}-key"
    with suppress(EcsError):
        if asked(name).accepted:
            session.target = replace(session.target, resources=replace(session.target.resources, key_name=name))


def _complete(session: Session) -> None:
    """Add to the primary user's credentials the names that IAM gives for what they say by id, as 4.1 wants names."""
    primary, access = session.target.identities["primary"], session.client.access()
    if access is not None:
        named = replace(
            primary,
            domain=primary.domain or access.domain,
            project_name=primary.project_name or access.project_name,
            project_id=primary.project_id or access.project_id,
        )
        if access.project_domain and (primary.project_id or not primary.project_name):
            # The login went by the id: what stands beside it was not asked.
            named = replace(named, project_domain=access.project_domain, project_domain_id=None)
        session.target = replace(session.target, identities={**session.target.identities, "primary": named})


def stock_of(session: Session, chapters: Mapping[int, bool]) -> Stock:
    """Return what reads the lists of the project, of the *chapters* that are there."""
    return Stock(
        session.client,
        session.client.access(),
        session.target.region,
        native=bool(chapters.get(6)),
        ecs=bool(chapters.get(5)),
        interface=session.target.identities["primary"].interface,
    )


def resources(session: Session, chapters: Mapping[int, bool]) -> dict[str, tuple[str, str]]:
    """Return name -> (id, where it was found) of what `Resources` names, as far as it is not given and can be found."""
    given, stock = session.target.resources, stock_of(session, chapters)
    found: dict[str, tuple[str, str]] = {}
    steps: tuple[tuple[tuple[str, ...], Callable[[Resources], dict[str, tuple[str, str]]]], ...] = (
        (("image_id",), stock.image),
        (("flavor_id", "other_flavor_id"), stock.flavors),
        (("network_id", "subnet_id", "vpc_id"), stock.network),
        (("availability_zone",), stock.zone),
        (("security_group_id",), stock.security_group),
    )
    for names, look in steps:
        known = replace(given, **{name: value for name, (value, _) in found.items()})
        if all(getattr(known, name) for name in names):
            continue
        with suppress(EcsError):  # what is not found is missing where it is needed, and says so there
            found |= {name: one for name, one in look(known).items() if getattr(known, name) is None}
    return found
