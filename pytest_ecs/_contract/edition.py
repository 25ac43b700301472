"""Editions: what another edition of the reference says otherwise, laid over the contract before anything is derived from it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_ecs import _locations
from pytest_ecs._contract import shape
from pytest_ecs._contract.source import Mistake, Source, one_of, raise_first
from pytest_ecs.exceptions import ContractError

__all__ = ["Amendment", "Edition", "amended", "parse", "read_edition"]

_CHANGES = ("set", "add", "remove")


@dataclass(frozen=True, slots=True)
class Amendment:
    """One place where an edition differs."""

    id: str
    #: Where the edition says it, and why it counts.
    source: str
    reason: str
    #: File below ``schemas/`` and the way to the place in it.
    file: str
    at: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """A provider's amendments."""

    title: str
    amendments: tuple[Amendment, ...]
    #: Name of the file, and what it holds.
    file: str
    text: str


def read_edition(path: Path) -> Edition:
    """Return the edition in a file; raises `ContractError` with file and line when it is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ContractError(
            f"The edition {path} cannot be read: {error}", hint="name a YAML file of amendments"
        ) from None
    return parse(text, path.name)


def parse(text: str, file: str) -> Edition:
    """Return the edition that *text* holds; raises `ContractError` like `read_edition`."""
    source = Source(file, text.encode())
    raise_first(_mistakes(source))
    rows = source.data["amendments"]
    made = (Amendment(r["id"], r["source"], r["reason"], r["file"], tuple(r["at"])) for r in rows)
    return Edition(source.data["title"], tuple(made), file, text)


def _mistakes(source: Source) -> Iterator[Mistake]:
    found = [*source.mistakes] or [*shape.mistakes(source, _locations.schemas() / "meta", "edition")]
    yield from found
    if found:
        return
    known: set[str] = set()
    for number, row in enumerate(source.data["amendments"]):
        place = ("amendments", number, "id")
        if row["id"] in known:
            yield source.mistake(place, f"the amendment {row['id']!r} is there twice")
        known.add(row["id"])
        if sum(change in row for change in _CHANGES) != 1:
            yield source.mistake(place, f"{row['id']} must have exactly one of {', '.join(_CHANGES)}")


def amended(sources: Mapping[str, Source], edition: Edition) -> dict[str, Source]:
    """Return the files of the contract as the edition has them.

    Raises `ContractError` for an amendment that changes nothing, or something that is not there.
    """
    given = Source(edition.file, edition.text.encode())
    changed = dict(sources)
    for number, row in enumerate(given.data["amendments"]):
        if row["file"] not in sources:
            what = f"the contract has no file {row['file']!r}"
            raise_first([given.mistake(("amendments", number, "file"), what, one_of(row["file"], sources))])
        if changed[row["file"]] is sources[row["file"]]:
            changed[row["file"]] = _copied(sources[row["file"]])
        wrong = _apply(changed[row["file"]].data, row)
        if wrong is not None:
            raise_first([given.mistake(("amendments", number, "at"), *wrong)])
    return changed


def _copied(source: Source) -> Source:
    made = copy.copy(source)
    made.data = copy.deepcopy(source.data)
    return made


def _apply(data: Any, row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Change *data*; return what is wrong and a hint where that cannot be."""
    if not row["at"]:  # the whole file, where that is a list
        return _added(data, row.get("add"), row["id"])
    *way, last = row["at"]
    for step in way:
        data, names = _step(data, step)
        if data is None:
            return f"nothing is called {step!r} there", one_of(step, names)
    target, names = _step(data, last)
    if "set" in row:
        if not isinstance(data, dict):
            return f"{last!r} is in no mapping, so that it cannot be set", ""
        if target == row["set"]:
            return f"{row['id']} changes nothing: that stands there already", ""
        data[last] = row["set"]
        return None
    if target is None:
        return f"nothing is called {last!r} there", one_of(last, names)
    return _added(target, row["add"], row["id"]) if "add" in row else _removed(target, row["remove"], row["id"])


def _step(data: Any, step: str) -> tuple[Any, list[str]]:
    """Return what *step* leads to, a key or the id or code of a row, and what else it could have led to."""
    if isinstance(data, list):
        data = {str(r.get("id", r.get("code"))): r for r in data if isinstance(r, dict)}
    return (data.get(step), list(map(str, data))) if isinstance(data, dict) else (None, [])


def _added(target: Any, more: Any, name: str) -> tuple[str, str] | None:
    if isinstance(target, list) and isinstance(more, list):
        twice = [one for one in more if one in target]
        if twice:
            return f"{name} adds what is there already: {twice[0]!r}", ""
        target.extend(more)
    elif isinstance(target, dict) and isinstance(more, dict):
        target.update(more)
    else:
        return f"{name} adds what does not fit: a list to a mapping, or the other way round", ""
    return None


def _removed(target: Any, less: list[Any], name: str) -> tuple[str, str] | None:
    for one in less:
        if not isinstance(target, list | dict) or one not in target:
            return f"{name} removes what is not there: {one!r}", one_of(str(one), map(str, target or ()))
        if isinstance(target, list):
            target.remove(one)
        else:
            del target[one]
    return None
