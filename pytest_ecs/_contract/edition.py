"""Editions: what another edition of the reference says otherwise, laid over the contract before anything is derived from it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from pytest_ecs import _locations
from pytest_ecs._contract import shape
from pytest_ecs._contract.source import Mistake, Source, one_of, raise_first
from pytest_ecs._text import text_of
from pytest_ecs.exceptions import ContractError

__all__ = ["Amendment", "Edition", "amended", "contradiction", "parse", "read_edition"]

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


@overload
def read_edition(path: Path) -> Edition: ...
@overload
def read_edition(path: Path | None) -> Edition | None: ...
def read_edition(path: Path | None) -> Edition | None:
    """Return the edition in a file, none where no file is named; raises `ContractError` with file and line when it is none."""
    if path is None:
        return None
    try:
        text = text_of(path)
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


def amended(sources: Mapping[str, Source], edition: Edition, most: int | None = None) -> dict[str, Source]:
    """Return the files of the contract as the edition has them, or as its first *most* amendments do.

    Raises `ContractError` for an amendment that changes nothing, or something that is not there, or takes another back.
    """
    given = Source(edition.file, edition.text.encode())
    changed = dict(sources)
    places: dict[tuple[str, ...], str] = {}
    for number, row in enumerate(given.data["amendments"][:most]):
        if row["file"] not in sources:
            what = f"the contract has no file {row['file']!r}"
            raise_first([given.mistake(("amendments", number, "file"), what, one_of(row["file"], sources))])
        if changed[row["file"]] is sources[row["file"]]:
            changed[row["file"]] = _copied(sources[row["file"]])
        data = changed[row["file"]].data
        spoken_of = _spoken_of(data)
        wrong = _apply(data, row) or _taken_back(row, places) or _taken_away(row, spoken_of - _spoken_of(data))
        if wrong is not None:
            raise_first([given.mistake(("amendments", number, "at"), *wrong)])
    return changed


def contradiction(edition: Edition, mistake: Mistake, seen: Callable[[int], Iterable[Mistake]]) -> Mistake:
    """Return *mistake*, which the contract has with all amendments, as one of the amendment that brings it.

    *seen* gives the mistakes that the contract has with so many of them.
    """
    without, with_ = 0, len(edition.amendments)
    while with_ - without > 1:
        middle = (without + with_) // 2
        if any((one.file, one.what) == (mistake.file, mistake.what) for one in seen(middle)):
            with_ = middle
        else:
            without = middle
    place = ("amendments", with_ - 1, "at")
    name = edition.amendments[with_ - 1].id
    what = f"{name} makes a contract that contradicts itself: {mistake.file}: {mistake.what}"
    return Source(edition.file, edition.text.encode()).mistake(place, what, mistake.hint)


def _taken_back(row: Mapping[str, Any], places: dict[tuple[str, ...], str]) -> tuple[str, str] | None:
    """Return what is wrong when an amendment undoes what one before it changed at *places*, to which it adds its own."""
    at = (row["file"], *row["at"])
    own = [at] if "set" in row else [(*at, _name(one)) for one in row.get("add", row.get("remove", ()))]
    for place, other in places.items():
        if any(place[: len(one)] == one for one in own):
            return f"{row['id']} takes back what {other} changes", "let one amendment say what stands there"
    places.update(dict.fromkeys(own, row["id"]))
    return None


def _spoken_of(data: Any) -> set[str]:
    """Return the ids in a file that recipes and tests speak of: operations, their rules, and rows of the whole document."""
    found = {str(one["id"]): one for one in _rows(data.get("operations") if isinstance(data, dict) else data)}
    return {*found, *(f"{name}/rule/{rule['id']}" for name, one in found.items() for rule in _rows(one.get("rules")))}


def _rows(data: Any) -> list[Mapping[str, Any]]:
    return [row for row in data if isinstance(row, dict) and "id" in row] if isinstance(data, list) else []


def _taken_away(row: Mapping[str, Any], gone: Iterable[str]) -> tuple[str, str] | None:
    name = next(iter(sorted(gone)), None)
    if name is None:
        return None
    hint = "set its level to note" if "/" in name else "say with --ecs-not-offered what an endpoint does not have"
    return f"{row['id']} takes away {name}, of which tests speak", hint


def _name(item: Any) -> str:
    """Return what an item of a list is called: the id or code of a row, else what it is."""
    return str(item.get("id", item.get("code", item))) if isinstance(item, dict) else str(item)


def _copied(source: Source) -> Source:
    made = copy.copy(source)
    made.data = copy.deepcopy(source.data)
    return made


def _apply(data: Any, row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Change *data*; return what is wrong and a hint where that cannot be."""
    way, last = row["at"][:-1], row["at"][-1:]
    for step in way:
        data, names = _step(data, step)
        if data is None:
            return f"nothing is called {step!r} there", one_of(step, names)
    if "set" in row:
        return _set(data, last[0], row) if last else (f"{row['id']} sets a whole file", "name a place in it")
    for step in last:
        data, names = _step(data, step)
        if data is None:
            return f"nothing is called {step!r} there", one_of(step, names)
    return _added(data, row["add"], row["id"]) if "add" in row else _removed(data, row["remove"], row["id"])


def _step(data: Any, step: str) -> tuple[Any, list[str]]:
    """Return what *step* leads to, a key or the id or code of a row, and what else it could have led to."""
    if isinstance(data, list):
        data = {_name(row): row for row in data if isinstance(row, dict)}
    return (data.get(step), list(map(str, data))) if isinstance(data, dict) else (None, [])


def _set(data: Any, key: str, row: Mapping[str, Any]) -> tuple[str, str] | None:
    if not isinstance(data, dict):
        return f"{key!r} is in no mapping, so that it cannot be set", ""
    if key in data and _same(data[key], row["set"]):
        return f"{row['id']} changes nothing: that stands there already", ""
    data[key] = row["set"]
    return None


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same as JSON has them, in which 1 is not true."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _added(target: Any, more: Any, name: str) -> tuple[str, str] | None:
    lists = isinstance(target, list) and isinstance(more, list)
    if not lists and not (isinstance(target, dict) and isinstance(more, dict)):
        return f"{name} adds what does not fit: a list to a mapping, or the other way round", ""
    if not more:
        return f"{name} changes nothing: it adds nothing", ""
    twice = [one for one in more if one in target]
    if twice:
        return f"{name} adds what is there already: {twice[0]!r}", "" if lists else "set changes it"
    if lists:
        target.extend(more)
    else:
        target.update(more)
    return None


def _removed(target: Any, less: list[Any], name: str) -> tuple[str, str] | None:
    """Take keys from a mapping, and from a list items, or rows by their id or code."""
    for one in less:
        if isinstance(target, dict) and isinstance(one, str) and one in target:
            del target[one]
            continue
        found = [item for item in target if one in (item, _name(item))] if isinstance(target, list) else []
        if not found:
            names = map(_name, target) if isinstance(target, list | dict) else ()
            return f"{name} removes what is not there: {one!r}", one_of(str(one), names)
        target.remove(found[0])
    return None
