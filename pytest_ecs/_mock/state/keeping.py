"""The whole state as JSON, and back: what `pytest-ecs mock --state` keeps.

Objects are numbered and stand in one list, so that things which share one still share it afterwards. Only the classes
below are made again, so that a file can do nothing but be wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.hardware import Attachment, Disk, Eip, Network, Nic, Port, Server, Snapshot
from pytest_ecs._mock.state.records import (
    Action,
    Flavor,
    Image,
    Job,
    KeyPair,
    Limits,
    Rule,
    SecurityGroup,
    ServerGroup,
    User,
)

__all__ = ["keep", "restore"]

_FORMAT = 1
_CLASSES: Mapping[str, type[Any]] = {
    one.__name__: one
    for one in (
        *(Project, Attachment, Disk, Eip, Network, Nic, Port, Server, Snapshot),
        *(Action, Flavor, Image, Job, KeyPair, Limits, Rule, SecurityGroup, ServerGroup, User),
    )
}
_LISTS: Mapping[str, type[Any]] = {"list": list, "tuple": tuple, "set": set}
#: What of the state is kept; the rest is how it was started, or nothing while nothing is under way.
_KEPT = (
    *(
        "limits",
        "fail_next",
        "crowd",
        "refuse_next",
        "tolerated",
        "tokens",
        "keys",
        "region",
        "zones",
        "images",
        "flavors",
    ),
    *("projects", "users", "primary", "other", "restricted", "requests", "_number"),
)


def keep(state: State) -> dict[str, Any]:
    """Finish what is under way and return the state as JSON, to be given to `restore`."""
    state.finish()
    objects: list[Any] = []
    numbers: dict[int, int] = {}

    def encode(value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, dict):
            return ["dict", *([encode(key), encode(item)] for key, item in value.items())]
        if type(value) in _LISTS.values():
            return [type(value).__name__, *map(encode, value)]
        if id(value) not in numbers:
            numbers[id(value)] = len(objects)
            objects.append(None)
            found = {one.name: encode(getattr(value, one.name)) for one in fields(value)}
            objects[numbers[id(value)]] = [type(value).__name__, found]
        return ["object", numbers[id(value)]]

    shown = {name: encode(getattr(state, name)) for name in _KEPT}
    clock = {"now": state.clock.now(), "random": encode(state._random.getstate())}
    return {"pytest-ecs mock": _FORMAT, **clock, "state": shown, "objects": objects}


def restore(state: State, kept: Any) -> None:
    """Give *state* what `keep` returned, and let its clock go on from there; raises `ValueError` for anything else."""
    try:
        if kept["pytest-ecs mock"] != _FORMAT:
            raise ValueError("it has another format")
        objects = [_made(name, found) for name, found in kept["objects"]]

        def decode(value: Any) -> Any:
            if not isinstance(value, list):
                return value
            form, *inner = value
            if form == "dict":
                return {decode(key): decode(item) for key, item in inner}
            return objects[inner[0]] if form == "object" else _LISTS[form](map(decode, inner))

        for one, (_, found) in zip(objects, kept["objects"], strict=True):
            vars(one).update({name: decode(value) for name, value in found.items()})
        for name in _KEPT:
            setattr(state, name, decode(kept["state"][name]))
        state._random.setstate(decode(kept["random"]))
        state.clock.advance(kept["now"] - state.clock.now())
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is no state of this version of the mock ({type(error).__name__}: {error})") from None


def _made(name: str, found: Mapping[str, Any]) -> Any:
    """Return an object that has nothing yet; raises `ValueError` where its class has other fields."""
    cls = _CLASSES[name]
    if {one.name for one in fields(cls)} != found.keys():
        raise ValueError(f"a {name} has other fields in this version of the mock")
    return object.__new__(cls)
