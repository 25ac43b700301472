"""What a claim is compared with may be broken itself, and lists may have things twice."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs._checks import Assertion, evaluate, source_of
from pytest_ecs._contract import load

from ..exchanges import exchange

_CONTRACT = load()
_DISKS, _TAGS = "ecs.disks.list", "ecs.tags.list"


_D1, _D2, _SERVER = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abc")


def _disk(disk: str, **more: Any) -> dict[str, Any]:
    place = {"device": "/dev/vda", "bootIndex": 0, "bus": "virtio", "pciAddress": "0000:02:01.0"}
    return {"id": disk, "volumeId": disk, "size": 40, "serverId": _SERVER, **place, **more}


def _judged(requirement: str, operation: str, body: Any, *path: str | int, **test: Any) -> tuple[str, str]:
    ((name, expected),) = test.items()
    shown = exchange(operation, 200, body)
    claim = Assertion(shown.id, ("body", *path), name, expected)
    finding = evaluate(requirement, claim, shown, (), _CONTRACT.operations[operation], _CONTRACT.statuses)
    return finding.outcome, finding.reason


@pytest.mark.parametrize("test", [{"length": 2}, {"same_items": [_D1, _D2]}, {"has_one": _D1}])
def test_a_list_with_a_thing_twice_is_blamed_once(test: dict[str, Any]) -> None:
    """What holds without the repetition is not tested, with a link to the rule of it."""
    body = {"volumeAttachments": [_disk(_D1), _disk(_D2), _disk(_D1)]}
    path = ("volumeAttachments",) if "length" in test else ("volumeAttachments", "*", "volumeId")
    outcome, reason = _judged(f"{_DISKS}/rule/same-as-native", _DISKS, body, *path, **test)
    assert (outcome, "see ecs.disks.list/rule/once" in reason) == ("not_tested", True)


def test_the_rule_of_the_repetition_fails() -> None:
    """And so does what would not hold without it."""
    body = {"volumeAttachments": [_disk(_D1), _disk(_D1)]}
    ids = ("volumeAttachments", "*", "volumeId")
    assert _judged(f"{_DISKS}/rule/once", _DISKS, body, *ids, has_one=_D1)[0] == "fail"
    assert _judged(f"{_DISKS}/rule/has-disk", _DISKS, body, *ids, contains=_D2)[0] == "fail"


def test_tags_are_told_apart_by_their_key() -> None:
    """They have no id."""
    tag = {"key": "a", "value": "b"}
    path = ("tags", "*", "key")
    outcome, reason = _judged("ecs.tags.add/rule/adds", _TAGS, {"tags": [tag, tag]}, *path, has_one="a")
    assert (outcome, "see ecs.tags.list/rule/key-once" in reason) == ("not_tested", True)


@pytest.mark.parametrize(
    ("broken", "path", "test", "source"),
    [
        ([_disk(_D1, size=["40"])], ("size",), {"equals": ["40"]}, f"{_DISKS}/response/volumeAttachments[].size/type"),
        ([_disk(_D1), _disk(_D1)], ("*", "volumeId"), {"same_items": [_D1, _D1]}, f"{_DISKS}/rule/once"),
        ([_disk(_D1, size=["40"])], ("device",), {"equals": "/dev/vdb"}, ""),
        ([_disk(_D1)], ("size",), {"equals": "41"}, ""),
    ],
)
def test_what_another_answer_has_broken_is_its_own_fault(
    broken: list[Any], path: tuple[str, ...], test: dict[str, Any], source: str
) -> None:
    """Only where the claim compares with that very value."""
    ((name, expected),) = test.items()
    other = exchange(_DISKS, 200, {"volumeAttachments": broken}, id="other")
    place = ("volumeAttachments", *path) if "*" in path else ("volumeAttachment", *path)
    shown = exchange("ecs.disks.show", 200, {"volumeAttachment": _disk(_D1), "volumeAttachments": [_disk(_D1)]})
    claim = Assertion(shown.id, ("body", *place), name, expected)
    assert source_of(claim, shown, [shown, other], _CONTRACT) == source
