"""Deletes what a run created beside servers, all of it in rounds: one thing may be in use until another is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_ecs._http.client import Client
from pytest_ecs._resources.kinds import ADDRESS, Kind, is_own, items, kinds, remains_of, text, there, url
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.records import Thing
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
    """The deletion of one thing that has a URL."""

    thing: Thing
    kind: Kind
    path: str
    #: Whether a request to delete it was accepted.
    asked: bool = False
    #: Whether it is there no more.
    gone: bool = False
    #: Whether nothing can be said or done: its API is not there.
    unknown: bool = False
    cause: str = ""
    final: bool = False


def delete(
    ledger: Ledger, things: Sequence[Thing], client: Client, clock: Clock, *, threads: int = 1
) -> tuple[list[str], list[str]]:
    """Delete *things*, the last ones first; return what is gone, and a sentence for each that is not."""
    problems: list[str] = []
    deletions: list[_Deletion] = []
    before = {thing.key for thing in ledger.things(things[0].run)} if things else set()
    for thing in reversed(things):
        kind = kinds()[thing.kind]
        doubtful: list[str] = []
        paths = [thing.path] if thing.path is not None else _by_name(kind, thing, client)
        if paths is None and thing.before is not None:
            paths, doubtful = _by_elimination(kind, thing, client, ledger)
        for path in paths or ():
            note_remains(ledger, thing, path, client)
        if paths is None:
            problems.append(_unclear(thing, doubtful))
        elif not paths:
            ledger.gone_thing(thing.key)
        else:
            deletions += [_Deletion(thing, kind, path) for path in paths]
    if things:
        noted = [thing for thing in ledger.things(things[0].run) if thing.key not in before]
        deletions += [_Deletion(thing, kinds()[thing.kind], thing.path) for thing in noted if thing.path is not None]
    _in_rounds(deletions, client, clock, threads)
    for one in deletions:
        if one.gone:
            ledger.gone_thing(one.thing.key)
        else:
            problems.append(_left(one))
    return [f"{one.thing.kind} {one.thing.name or one.path}" for one in deletions if one.gone and one.asked], problems


def note_remains(ledger: Ledger, whole: Thing, at: str, client: Client) -> None:
    """Write down what stays when *whole*, which is *at* a URL, is deleted, so that it is deleted then.

    Such as the snapshots of an image (6.3.7).
    """
    kind = kinds()[whole.kind]
    if kind.leaves is None:
        return
    known = {thing.path for thing in ledger.things(whole.run)}
    part, paths = remains_of(kind, client.get(at).response_body) or (kind, [])
    for path in paths:
        if path not in known:
            key = ledger.intend_thing(whole.identity, part.name, None, whole.at, run=whole.run)
            ledger.made_thing(key, path)


def note_addresses(ledger: Ledger, run: str, identity: str, client: Client) -> None:
    """Write down the addresses of servers of *run* that came with them: they may stay when the servers are gone.

    Those are new since a request that asked for one, and a server of the run has them.
    """
    asked = [one for one in ledger.things(run) if one.identity == identity and one.kind == ADDRESS]
    unclear = [thing for thing in asked if thing.path is None and thing.before is not None]
    servers, known = ledger.made_by(None, run=run), {thing.path for thing in asked}
    listed = there(kinds()[ADDRESS], client) if unclear else None
    for path, item in (listed or {}).items():
        thing = next((one for one in unclear if path not in str(one.before).split("\n")), None)
        if thing is not None and path not in known and text(item, ("instance_id",)) in servers:
            ledger.made_thing(ledger.intend_thing(identity, ADDRESS, None, thing.at, run=run, before=()), path)


def note_strays(ledger: Ledger, run: str, identity: str, client: Client) -> None:
    """Write down what bears a name that only *run* gives and that it asked for, and that no answer ever told of.

    A request that somebody on the way sent twice makes two things, and its answer names one.
    """
    asked = [thing for thing in ledger.things(run, gone=True) if thing.identity == identity]
    paths = {thing.path for thing in asked}
    for name in dict.fromkeys(thing.kind for thing in asked):
        kind = kinds()[name]
        mine = {thing.name: thing for thing in asked if thing.kind == name and is_own(thing.name or "", run)}
        listed = client.get(kind.all) if mine and kind.all else None
        for item in items(listed.response_body, kind.listed) or () if listed is not None and listed.accepted else ():
            thing, found = mine.get(text(item, kind.shown)), text(item, kind.id)
            if thing is not None and thing.path is not None and found is not None and url(kind, found) not in paths:
                key = ledger.intend_thing(identity, name, thing.name, thing.at, run=run)
                ledger.made_thing(key, url(kind, found))


def doubled(ledger: Ledger, run: str, identity: str, client: Client) -> list[str]:
    """Return a sentence for each thing that came while *run* made one of that name, where the name is none of its own.

    Somebody on the way may have sent a request twice; or it is somebody else's, so that nobody deletes it.
    """
    asked = [thing for thing in ledger.things(run, gone=True) if thing.identity == identity]
    known = {thing.path for thing in asked}
    made = [one for one in asked if one.path is not None and one.before is not None and one.kind != ADDRESS]
    found = []
    for name in dict.fromkeys(thing.kind for thing in made):
        kind = kinds()[name]
        for path, item in (there(kind, client) or {}).items():
            called = text(item, kind.shown) or ""
            alike = [one for one in made if (one.kind, one.name or "") == (name, called)]
            if path not in known and any(path not in str(one.before).split("\n") for one in alike):
                found.append(
                    f"{name} {path}, called {called!r}, came while this run made another one of that name: if a request came "
                    "twice, it is this run's, and otherwise somebody else's; look at it, and delete it by hand"
                )
    return found


def _unclear(thing: Thing, doubtful: Sequence[str]) -> str:
    among = f" It may be among {', '.join(doubtful)}." if doubtful else ""
    return (
        f"{thing.kind} {thing.name or 'without a name'}: a request whose answer did not say what it made "
        f"may have created it, and nothing tells it from what others made; look for it and delete it by hand.{among}"
    )


def _left(one: _Deletion) -> str:
    what = f"{one.thing.kind} {one.thing.name or one.path}"
    if one.unknown:
        return f"{what}: the endpoint has no API to delete or list it; look for it and delete it by hand"
    return f"{what} is still there ({one.cause}); delete it by hand or run pytest-ecs sweep again"


def _in_rounds(deletions: Sequence[_Deletion], client: Client, clock: Clock, threads: int) -> None:
    for number in range(_ROUNDS):
        left = [one for one in deletions if not one.gone and not one.final]
        at_once(lambda one: _try(one, client), left, threads)
        left = [one for one in left if not one.gone and not one.final]
        if not left:
            return
        clock.sleep(min(_FIRST * 2**number, _PAUSE))


def _try(one: _Deletion, client: Client) -> None:
    """Ask once to delete a thing, and note what came of it."""
    try:
        deleted = client.delete(one.path)
        code = text(deleted.response_body, ("error", "code"))
        if deleted.failure is None and (deleted.status == 404 or (code is not None and code == one.kind.absent)):
            absent = not one.asked and bool(one.kind.all) and client.get(one.kind.all).status == 404
            one.unknown, one.gone, one.final = absent, not absent, True
        elif deleted.refused and _unlisted(one.kind, one.path, client):
            one.gone = True  # a refusal that says neither: the list does
        else:
            one.asked = one.asked or deleted.accepted
            one.cause = deleted.answer[:200]
            one.final = deleted.status in _FORBIDDEN
    except EcsError as error:
        one.cause, one.final = str(error), True


def _by_name(kind: Kind, thing: Thing, client: Client) -> list[str] | None:
    """Return the URLs of what a request whose answer never came has made, found by the name that it asked for.

    None where that cannot be known: without a name or a list, when the list is not answered, when several have the
    name, and when one has it that is not a name of the run's own, since that may be somebody else's.
    """
    if thing.name is None or not kind.all:
        return None
    listed = client.get(kind.all)
    found = items(listed.response_body, kind.listed)
    if not listed.accepted or found is None:
        return None
    named = [item for item in found if text(item, kind.shown) == thing.name]
    paths = [url(kind, identity) for item in named if (identity := text(item, kind.id)) is not None]
    own = is_own(thing.name, thing.run)
    if len(paths) < len(named) or (paths and not own):
        return None
    return paths


def _by_elimination(kind: Kind, thing: Thing, client: Client, ledger: Ledger) -> tuple[list[str] | None, list[str]]:
    """Return nothing when nothing is there that was not there before a request; else what it may have made, which is not known."""
    listed = there(kind, client)
    if listed is None:
        return None, []
    known = {one.path for one in ledger.things(thing.run, gone=True)} | set(str(thing.before).split("\n"))
    new = [path for path in listed if path not in known]
    return (None, new) if new else ([], [])


def _unlisted(kind: Kind, path: str, client: Client) -> bool:
    """Whether the list of all is answered and does not have what is at *path*."""
    listed = there(kind, client)
    return listed is not None and path not in listed
