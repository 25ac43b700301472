"""All that there is to say of one requirement: what it claims, how binding and why, how it is judged and what proves that."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pytest_ecs import _locations
from pytest_ecs._cases.derivation import AS_DOCUMENTED, derive
from pytest_ecs._cases.library import load_recipes
from pytest_ecs._cases.recipe import RECIPES, shape
from pytest_ecs._run.coverage import SuiteTest, collected, passive, reason
from pytest_ecs._types import Level
from pytest_ecs.exceptions import EcsError

if TYPE_CHECKING:
    from pytest_ecs._contract import Contract
    from pytest_ecs._contract.model import Operation, Requirement

__all__ = ["rows"]

_LEVELS: Mapping[Level, str] = {
    "must": "binding: a text of the section says it, or its table lists it and its example shows it",
    "should": "a recommendation: the text recommends it, or only a table has it and the section's example does not show it",
    "note": "for information: nothing fails by it",
}
#: How many changed requests of one requirement are shown.
_SHOWN = 8


def rows(contract: Contract, requirement: Requirement) -> Iterator[tuple[str, str]]:
    """Yield (what, text) about *requirement*, in the order in which people read it."""
    load_recipes()
    operation = contract.operations.get(requirement.operation or "")
    ruling = contract.rulings.get(requirement.ruling or "")
    yield "Claim", requirement.says
    yield "Source", f"{contract.title}, issue {contract.issue}: {requirement.section}"
    if operation is not None:
        yield (
            "Operation",
            f"{operation.id} ({operation.section}): {operation.method} {operation.path}, {operation.summary}",
        )
    yield "Level", f"{requirement.level}, {_LEVELS[requirement.level]}"
    if ruling is not None:
        yield "Ruling", f"{ruling.id} ({ruling.section}): {ruling.where}"
        for reading in ruling.readings:
            yield "", f"reading: {reading}"
        yield "", f"accepted: {ruling.accept}"
        yield "", f"because: {ruling.why}"
    yield from _judged(contract, requirement, operation)
    yield "Proof", _proof(requirement.id)
    yield "Try", f"pytest-ecs run --ecs-requirement={requirement.id}"


def _judged(contract: Contract, requirement: Requirement, operation: Operation | None) -> Iterator[tuple[str, str]]:
    if passive(contract, requirement):
        yield "Judged", "in every exchange of a run that it speaks of, those of set-up and clean-up too"
        return
    check = _check(requirement)
    if check is None:
        yield "Judged", f"by nothing: {reason(contract, requirement)}"
        return
    yield "Judged", f"by {check.name}" + (f": {check.says}" if check.says else "")
    recipe = RECIPES.get(requirement.operation or "")
    if operation is None or recipe is None:
        return
    try:
        derivation = derive(operation, requirement, recipe)
    except LookupError:  # a rule: its test says what it does
        return
    others = [shape(recipe.variants[name]).body for name in derivation.others]
    changed = derivation.requests(shape(recipe.variants[derivation.variant]), others)
    control = "default" if derivation.variant == "default" else f"{derivation.variant!r}"
    yield (
        "",
        f"first the {control} request of the recipe is accepted (the control); then it is sent changed in one thing:",
    )
    for one in changed[:_SHOWN]:
        where = f" ({one.sending.method or operation.method} {one.sending.path})" if one.sending.path else ""
        yield "", f"- {one.change}{where}" + ("" if one.sending is AS_DOCUMENTED else "; all else stays")
    if len(changed) > _SHOWN:
        yield "", f"- and {len(changed) - _SHOWN} more"
    if derivation.expects == "accepted":
        yield "", "it must be accepted as well"
        return
    expected = contract.expectation(derivation.expects, operation.dialect)
    fits = dict.fromkeys([*expected.codes, *(code for one in changed for code in one.codes)])
    codes = f", a code among {', '.join(fits)}" if fits else ""
    yield (
        "",
        f"it must be refused for that: HTTP {' or '.join(map(str, expected.statuses))}{codes} [{expected.section}]",
    )


def _check(requirement: Requirement) -> SuiteTest | None:
    """Return the check that covers *requirement*; only the files that can have it are collected.

    A rule's id stands literally in its test; what follows from recipes is tested by the files at the top.
    """
    home = _locations.suites()
    files = [file for file in home.rglob("test_*.py") if requirement.id in file.read_text(encoding="utf-8")]
    return collected(files or sorted(home.glob("test_*.py"))).get(requirement.id)


def _proof(requirement: str) -> str:
    """Say how many deviations of the mock were shown to make *requirement* fail."""
    file = _locations.schemas() / "proof.json"
    if not file.exists():
        return "this installation has no register of the deviations that were shown to break it"
    try:
        number = json.loads(file.read_text(encoding="utf-8")).get(requirement, 0)
    except (OSError, ValueError, AttributeError) as error:
        raise EcsError(f"{file} cannot be read", seen=str(error), hint="install pytest-ecs again") from None
    if not number:
        return "no deviation of the mock was shown to break it"
    return f"it was shown to fail for {number} deviation{'s' if number > 1 else ''} of the mock"
