"""Shards: parts of a run that add up to the whole, the same on every machine, since only the contract and the recipes decide.

A shard has whole section groups of the document, with the tests of them. What shares something scarce stays together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_ecs._contract import Contract

__all__ = ["SCARCE", "Shard", "groups_of", "home_of", "shard"]

#: What tests say that share something of which a project has few.
SCARCE = "scarce"


@dataclass(frozen=True)
class Shard:
    """One part of several, the first is 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def shard(text: str) -> Shard:
    """Read "1/4"; raises `ValueError`."""
    found = re.fullmatch(r"([0-9]{1,3})/([0-9]{1,3})", text.strip())  # the document has fewer sections
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise ValueError("write it as 1/4, the first of four")
    return Shard(int(found[1]), int(found[2]))


def groups_of(part: Shard, contract: Contract) -> list[str]:
    """Return the section groups of a shard, sorted; it has none where there are more shards than groups."""
    return sorted(name for name, number in _homes(contract, part.of).items() if number == part.number)


def home_of(requirements: Iterable[str], marks: Sequence[str], contract: Contract, of: int) -> int:
    """Return the number of the shard that runs a test: the one with most of the *requirements* that it covers.

    *marks* are the groups that it says it belongs to. Raises `KeyError` for a requirement that the contract lacks.
    """
    homes = _homes(contract, of)
    if SCARCE in marks:
        return homes[min(_scarce(contract))]
    counts = Counter(homes[_group(name, contract)] for name in requirements)
    return min(counts, key=lambda number: (-counts[number], number))


def _group(requirement: str, contract: Contract) -> str:
    from pytest_ecs._report.certificate import group

    known = contract.requirements[requirement]

    return group(known, contract.operations.get(known.operation or ""))


def _scarce(contract: Contract) -> set[str]:
    """The section groups of operations whose recipes need something scarce."""
    from pytest_ecs._cases.library import load_recipes
    from pytest_ecs._cases.recipe import RECIPES

    load_recipes()
    names = [recipe.operation for recipe in RECIPES.values() if recipe.group == SCARCE]
    return {".".join(contract.operations[name].section.split(".")[:2]) for name in names}


#: Keyed by the contract's digest and the number of shards.
_HOMES: dict[tuple[str, int], dict[str, int]] = {}


def _homes(contract: Contract, of: int) -> Mapping[str, int]:
    """Section group -> number of its shard: the largest first, each to the shard that has least."""
    if (contract.digest, of) in _HOMES:
        return _HOMES[contract.digest, of]
    sizes = Counter(_group(name, contract) for name in contract.requirements)
    together = _scarce(contract)
    units = [together, *({name} for name in sizes if name not in together)]
    load, homes = dict.fromkeys(range(1, of + 1), 0), dict[str, int]()
    for unit in sorted(units, key=lambda unit: (-sum(sizes[name] for name in unit), min(unit))):
        least = min(load, key=lambda number: (load[number], number))
        load[least] += sum(sizes[name] for name in unit)
        homes.update(dict.fromkeys(unit, least))
    _HOMES[contract.digest, of] = homes
    return homes
