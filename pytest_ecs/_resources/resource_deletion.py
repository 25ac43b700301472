"""Deletes what a run created beside servers, all of it in rounds: one resource may be in use until another is gone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from pytest_ecs._http.client import Client
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.records import Resource
from pytest_ecs._resources.resource_types import (
    ADDRESS,
    ResourceType,
    is_own,
    items,
    remains_of,
    resource_types,
    text_at,
    there,
    url,
)
from pytest_ecs._resources.working import at_once
from pytest_ecs._types import Clock
from pytest_ecs.exceptions import EcsError

__all__ = ["delete", "note_addresses", "note_remains", "note_strays"]

#: How many rounds, and the shortest and longest pause between two; about two minutes, however much there is to delete.
_ROUNDS, _FIRST, _PAUSE = 30, 0.05, 5.0
#: Statuses that say that the one who asks may not; nothing is expected from asking once more.
_FORBIDDEN = frozenset({401, 403})


@dataclass
class _Deletion:
    """The deletion of one resource that has a URL."""

    resource: Resource
    resource_type: ResourceType
    path: str
    #: Whether a request to delete it was accepted, and whether the last one was refused without saying that it is gone.
    asked: bool = False
    refused: bool = False
    #: Whether it is there no more.
    gone: bool = False
    #: Whether nothing can be said or done: its API is not there.
    unknown: bool = False
    cause: str = ""
    final: bool = False


def delete(
    ledger: Ledger, resources: Sequence[Resource], client: Client, clock: Clock, *, threads: int = 1
) -> tuple[list[str], list[str]]:
    """Delete *resources*, the last ones first; return what is gone, and a sentence for each cause why others are not."""
    problems: list[str] = []
    deletions: list[_Deletion] = []
    before = {resource.key for resource in ledger.resources(resources[0].run)} if resources else set()
    for resource in reversed(resources):
        resource_type = resource_types()[resource.type]
        doubtful: list[str] = []
        paths = [resource.path] if resource.path is not None else _by_name(resource_type, resource, client)
        if paths is None and resource.before is not None:
            paths, doubtful = _by_elimination(resource_type, resource, client, ledger)
        for path in paths or ():
            note_remains(ledger, resource, path, client)
        if paths is None:
            problems.append(_unclear(resource, doubtful))
        elif not paths:
            ledger.gone_resource(resource.key)
        else:
            deletions += [_Deletion(resource, resource_type, path) for path in paths]
    if resources:
        noted = [resource for resource in ledger.resources(resources[0].run) if resource.key not in before]
        deletions += [
            _Deletion(resource, resource_types()[resource.type], resource.path)
            for resource in noted
            if resource.path is not None
        ]
    _in_rounds(deletions, client, clock, threads)
    for one in deletions:
        if one.gone:
            ledger.gone_resource(one.resource.key)
    problems += _left([one for one in deletions if not one.gone])
    return [
        f"{one.resource.type} {one.resource.name or one.path}" for one in deletions if one.gone and one.asked
    ], problems


def note_remains(ledger: Ledger, whole: Resource, at: str, client: Client) -> None:
    """Write down what stays when *whole*, which is *at* a URL, is deleted, so that it is deleted then.

    Such as the snapshots of an image (6.3.7).
    """
    resource_type = resource_types()[whole.type]
    if resource_type.leaves is None:
        return
    known = {resource.path for resource in ledger.resources(whole.run)}
    part, paths = remains_of(resource_type, client.get(at).response_body) or (resource_type, [])
    for path in paths:
        if path not in known:
            key = ledger.intend_resource(whole.identity, part.name, None, whole.at, run=whole.run)
            ledger.made_resource(key, path)


def note_addresses(ledger: Ledger, run: str, identity: str, client: Client) -> None:
    """Write down the addresses of servers of *run* that came with them: they may stay when the servers are gone.

    Those are new since a request that asked for one, and a server of the run has them.
    """
    asked = [one for one in ledger.resources(run) if one.identity == identity and one.type == ADDRESS]
    unclear = [resource for resource in asked if resource.path is None and resource.before is not None]
    servers, known = ledger.made_by(None, run=run), {resource.path for resource in asked}
    listed = there(resource_types()[ADDRESS], client) if unclear else None
    for path, item in (listed or {}).items():
        resource = next((one for one in unclear if path not in str(one.before).split("\n")), None)
        if resource is not None and path not in known and text_at(item, ("instance_id",)) in servers:
            ledger.made_resource(ledger.intend_resource(identity, ADDRESS, None, resource.at, run=run, before=()), path)


def note_strays(ledger: Ledger, run: str, identity: str, client: Client) -> None:
    """Write down what bears a name that only *run* gives and that it asked for, and that no answer ever told of.

    A request that somebody on the way sent twice makes two resources, and its answer names one.
    """
    asked = [resource for resource in ledger.resources(run, gone=True) if resource.identity == identity]
    paths = {resource.path for resource in asked}
    for name in dict.fromkeys(resource.type for resource in asked):
        resource_type = resource_types()[name]
        mine = {
            resource.name: resource for resource in asked if resource.type == name and is_own(resource.name or "", run)
        }
        listed = client.get(resource_type.all) if mine and resource_type.all else None
        for item in (
            items(listed.response_body, resource_type.listed) or () if listed is not None and listed.accepted else ()
        ):
            resource, found = mine.get(text_at(item, resource_type.shown)), text_at(item, resource_type.id)
            if (
                resource is not None
                and resource.path is not None
                and found is not None
                and url(resource_type, found) not in paths
            ):
                key = ledger.intend_resource(identity, name, resource.name, resource.at, run=run)
                ledger.made_resource(key, url(resource_type, found))


def doubled(ledger: Ledger, run: str, identity: str, client: Client) -> list[str]:
    """Return a sentence for each resource that came while *run* made one of that name, where the name is none of its own.

    Somebody on the way may have sent a request twice; or it is somebody else's, so that nobody deletes it.
    """
    asked = [resource for resource in ledger.resources(run, gone=True) if resource.identity == identity]
    known = {resource.path for resource in asked}
    made = [one for one in asked if one.path is not None and one.before is not None and one.type != ADDRESS]
    found = []
    for name in dict.fromkeys(resource.type for resource in made):
        resource_type = resource_types()[name]
        for path, item in (there(resource_type, client) or {}).items():
            called = text_at(item, resource_type.shown) or ""
            alike = [one for one in made if (one.type, one.name or "") == (name, called)]
            if path not in known and any(path not in str(one.before).split("\n") for one in alike):
                found.append(
                    f"{name} {path}, called {called!r}, came while this run made another one of that name: if a request came "
                    "twice, it is this run's, and otherwise somebody else's; look at it, and delete it by hand"
                )
    return found


def _unclear(resource: Resource, doubtful: Sequence[str]) -> str:
    among = f" It may be among {', '.join(doubtful)}." if doubtful else ""
    return (
        f"{resource.type} {resource.name or 'without a name'}: a request whose answer did not say what it made "
        f"may have created it, and nothing tells it from what others made; look for it and delete it by hand.{among}"
    )


def _left(left: Sequence[_Deletion]) -> list[str]:
    """Say each cause once, with all that it keeps."""
    said: list[str] = []
    kept: dict[str, list[str]] = {}
    for one in left:
        what = f"{one.resource.type} {one.resource.name or one.path}"
        if one.unknown:
            said.append(f"{what}: the endpoint has no API to delete or list it; look for it and delete it by hand")
        else:
            kept.setdefault(one.cause, []).append(what)
    return said + [
        f"{things[0]} is still there ({cause}); delete it by hand or run pytest-ecs sweep again"
        if len(things) == 1
        else f"{len(things)} things are still there ({cause}): {', '.join(things)}; "
        "delete them by hand or run pytest-ecs sweep again"
        for cause, things in kept.items()
    ]


def _in_rounds(deletions: Sequence[_Deletion], client: Client, clock: Clock, threads: int) -> None:
    offers: dict[str, bool] = {}
    for number in range(_ROUNDS):
        left = [one for one in deletions if not one.gone and not one.final]
        at_once(lambda one: _try(one, client, offers), left, threads)
        _look_at_lists([one for one in left if one.refused], client)
        left = [one for one in left if not one.gone and not one.final]
        if not left:
            return
        clock.sleep(min(_FIRST * 2**number, _PAUSE))


def _try(one: _Deletion, client: Client, offers: dict[str, bool]) -> None:
    """Ask once to delete a resource, and note what came of it; *offers* says of each type whether its API is there, once known."""
    one.refused = False
    try:
        deleted = client.delete(one.path)
        code = text_at(deleted.response_body, ("error", "code"))
        if deleted.failure is None and (
            deleted.status == 404 or (code is not None and code == one.resource_type.absent)
        ):
            known = one.asked or not one.resource_type.all or offers.get(one.resource_type.name)
            if known is None:
                known = offers[one.resource_type.name] = client.get(one.resource_type.all).status != 404
            one.unknown, one.gone, one.final = not known, bool(known), True
        else:
            one.asked, one.refused = one.asked or deleted.accepted, deleted.refused
            one.cause = _of_any(deleted.answer[:200], one.path)
            one.final = deleted.status in _FORBIDDEN
    except EcsError as error:
        one.cause, one.final = _of_any(str(error), one.path), True


def _look_at_lists(refused: Sequence[_Deletion], client: Client) -> None:
    """Take that for gone which was *refused* without a word of it, and which the list of all of its type, asked for then, does not have."""
    for resource_type in {one.resource_type.name: one.resource_type for one in refused}.values():
        with suppress(EcsError):
            listed = there(resource_type, client)
            for one in refused:
                if one.resource_type.name == resource_type.name and listed is not None and one.path not in listed:
                    one.gone = one.final = True


def _of_any(cause: str, path: str) -> str:
    """Return *cause* without what it says of one thing alone, so that it is said once of all."""
    return cause.replace(f"/{path.rpartition('/')[2]}", "/ID")


def _by_name(resource_type: ResourceType, resource: Resource, client: Client) -> list[str] | None:
    """Return the URLs of what a request whose answer never came has made, found by the name that it asked for.

    None where that cannot be known: without a name or a list, when the list is not answered, when several have the
    name, and when one has it that is not a name of the run's own, since that may be somebody else's.
    """
    if resource.name is None or not resource_type.all:
        return None
    listed = client.get(resource_type.all)
    found = items(listed.response_body, resource_type.listed)
    if not listed.accepted or found is None:
        return None
    named = [item for item in found if text_at(item, resource_type.shown) == resource.name]
    paths = [
        url(resource_type, identity) for item in named if (identity := text_at(item, resource_type.id)) is not None
    ]
    own = is_own(resource.name, resource.run)
    if len(paths) < len(named) or (paths and not own):
        return None
    return paths


def _by_elimination(
    resource_type: ResourceType, resource: Resource, client: Client, ledger: Ledger
) -> tuple[list[str] | None, list[str]]:
    """Return nothing when nothing is there that was not there before a request; else what it may have made, which is not known."""
    listed = there(resource_type, client)
    if listed is None:
        return None, []
    known = {one.path for one in ledger.resources(resource.run, gone=True)} | set(str(resource.before).split("\n"))
    new = [path for path in listed if path not in known]
    return (None, new) if new else ([], [])
