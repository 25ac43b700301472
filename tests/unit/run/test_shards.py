"""Shards: parts that add up to the whole, with what is scarce in one of them."""

from collections import Counter

import pytest

from pytest_ecs import load_contract
from pytest_ecs._cases.library import load_recipes
from pytest_ecs._cases.recipe import RECIPES
from pytest_ecs._report.certificate import inside
from pytest_ecs._run.options import Settings
from pytest_ecs._run.plan import requirements_of
from pytest_ecs._run.profiles import PROFILES, asked, check_selection
from pytest_ecs._run.shards import SCARCE, Shard, groups_of, home_of, shard


@pytest.mark.parametrize("of", [1, 2, 4, 7])
def test_each_requirement_is_in_one_shard_and_none_is_much_larger(of: int) -> None:
    """No machine asks another: the numbers alone decide."""
    contract = load_contract()
    parts = [requirements_of(Settings(shard=Shard(number, of)), contract) for number in range(1, of + 1)]
    assert sorted(name for part in parts for name in part) == sorted(contract.requirements)
    if of <= 4:
        assert max(map(len, parts)) - min(map(len, parts)) < 20


def test_a_shard_narrows_what_is_asked_for_otherwise() -> None:
    """With other filters it has what both have."""
    contract = load_contract()
    names = [
        set(requirements_of(Settings(operation=("nova.servers.show", "ecs.jobs.show"), shard=Shard(n, 2)), contract))
        for n in (1, 2)
    ]
    every = {r.id for r in contract.requirements.values() if r.operation in {"nova.servers.show", "ecs.jobs.show"}}
    assert names[0] | names[1] == every
    assert not names[0] & names[1]


def test_what_needs_something_scarce_is_in_one_shard() -> None:
    """Two machines would take it from each other; so are the tests that say it, whatever they cover."""
    contract = load_contract()
    load_recipes()
    scarce = [recipe.operation for recipe in RECIPES.values() if recipe.group == SCARCE]
    homes = {home_of([f"{name}/status"], [], contract, 4) for name in scarce}
    assert len(homes) == 1
    assert {home_of(["A.2/Ecs.0001"], [SCARCE], contract, 4)} == homes
    covered = ["ecs.jobs.show/status", "nova.servers.show/status", "nova.servers.show/not-found/server_id"]
    counts = Counter(home_of([name], [], contract, 7) for name in covered if name in contract.requirements)
    assert home_of([n for n in covered if n in contract.requirements], [], contract, 7) == counts.most_common(1)[0][0]


def test_a_report_says_of_which_sections_a_shard_is() -> None:
    """So that whoever checks it needs no recipes."""
    contract = load_contract()
    filters = asked(Settings(shard=Shard(2, 4)), contract)
    assert filters == {"group": groups_of(Shard(2, 4), contract)}
    every = contract.requirements.values()
    found = [r for r in every if inside(PROFILES["full"], filters, r, contract.operations.get(r.operation or ""))]
    assert [r.id for r in found] == requirements_of(Settings(shard=Shard(2, 4)), contract)


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", "-1/2", "1/99999999999", "１/2"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    """With how it is written."""
    with pytest.raises(ValueError, match="1/4"):
        shard(text)


def test_more_shards_than_sections_leave_some_with_nothing() -> None:
    """Such a run would be asked for nothing, or worse, for everything."""
    assert str(shard("3/4")) == "3/4"
    with pytest.raises(pytest.UsageError, match="nothing is left for 99/99"):
        check_selection(Settings(shard=Shard(99, 99)), load_contract())
