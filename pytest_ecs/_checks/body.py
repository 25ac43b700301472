"""A body against its schema, keyword by keyword, so that every documented claim gets its own verdict.

A schema is compiled once for each microversion: what it claims there, each claim under its id and with its comparison.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, NoneType
from typing import Any

from pytest_ecs._checks.keywords import JUDGED_KEYWORDS, Holds, classes, comparison, wording
from pytest_ecs._checks.seen import Seen
from pytest_ecs._contract.fields import Shown, shown_when
from pytest_ecs._types import JSON

__all__ = [
    "JUDGED_KEYWORDS",
    "Claim",
    "JudgedBody",
    "claims",
    "exists",
    "judge_body",
    "mistyped",
    "undocumented",
    "unfit",
    "version",
]

#: (path, keyword, holds, expected, observed); nothing is said of what is expected where it holds.
Claim = tuple[str, str, bool, str, JSON]


def version(text: str | None) -> tuple[int, int]:
    """Return a microversion as numbers; without one the default 2.1 applies (3, Microversions)."""
    try:
        major, _, minor = (text or "2.1").partition(".")
        return int(major), int(minor)
    except ValueError:
        return (2, 1)


def exists(schema: Mapping[str, Any], microversion: str | None) -> bool:
    """Return whether a field or header with that schema is documented at *microversion*."""
    return _beyond(schema, version(microversion)) is None


@dataclass(eq=False, slots=True)
class _Said:
    """One claim: where, by which keyword, and how to tell whether a value keeps it."""

    path: str
    keyword: str
    holds: Holds
    wanted: str
    #: Of the requirement that it is.
    id: str


@dataclass(eq=False, slots=True)
class _Node:
    """What a schema claims of the values at one place, at one microversion."""

    #: Of the value by itself; the type stands first.
    value: tuple[_Said, ...]
    #: Of an object's members: those that must be there, and those that must not be.
    required: Mapping[str, _Said]
    #: Those of them that need be there in some states only, see `pytest_ecs._contract.fields.Field.states`.
    states: Mapping[str, Shown]
    absent: Mapping[str, _Said]
    members: Mapping[str, _Node]
    #: What the values of a map and the items of a list are.
    others: _Node | None
    items: _Node | None
    named: frozenset[str]
    #: Whether a member that is not named is undocumented.
    strict: bool
    #: For a quick look: the classes of the documented type, None where any will do, and the other claims of the value.
    classes: frozenset[type] | None
    checks: tuple[Holds, ...]
    #: Whether there is nothing inside, and nothing but the type is claimed.
    leaf: bool
    #: All these claims, and the requirements that they are.
    claims: tuple[_Said, ...]
    ids: frozenset[str]


class JudgedBody:
    """What came of comparing one body: the claims that held, each once, and every breach."""

    def __init__(self) -> None:
        self.nodes: dict[_Node, None] = {}
        self.broken: list[tuple[_Said, JSON]] = []
        #: Members that are not there, and need not be in the state that the object is in.
        self.spared: list[_Said] = []
        #: Members that are not documented, and where.
        self.extras: set[tuple[_Node, str]] = set()
        #: Where something is broken or need not be there, what held all the same; else all that the nodes claim did.
        self.partly: dict[_Said, None] | None = None

    @property
    def held(self) -> Mapping[_Said, None]:
        """The claims that held, each once, as a list says the same of each of its items."""
        if self.partly is not None:
            return self.partly
        return dict.fromkeys(said for node in self.nodes for said in node.claims)

    def claims(self) -> Iterator[Claim]:
        """Yield each claim that held once, and each breach."""
        for said in self.held:
            yield said.path, said.keyword, True, "", None
        for said, seen in self.broken:
            yield said.path, said.keyword, False, said.wanted, seen

    def is_known(self, seen: Seen) -> bool:
        """Whether nothing is broken, all that held was *seen* to hold before, and nothing else is new beside that."""
        return not self.broken and self.nodes.keys() <= seen.places and self.extras <= seen.extras

    def note(self, seen: Seen) -> None:
        """Remember where everything was seen to hold, and what is undocumented, so that it is known."""
        seen.extras |= self.extras
        seen.places.update(node for node in self.nodes.keys() - seen.places if node.ids <= seen.passed)


def judge_body(schema: Mapping[str, Any], value: JSON, microversion: str | None = None, base: str = "") -> JudgedBody:
    """Return what *value* keeps and breaks of all that *schema* claims at *microversion*; ids begin with *base*."""
    return _judged(_compiled(schema, version(microversion), base), value)


def _judged(node: _Node, value: JSON) -> JudgedBody:
    judged = JudgedBody()
    if not _keeps(node, value, judged):
        judged = JudgedBody()
        judged.partly = {}
        _walk(node, value, judged, judged.partly)
    return judged


def mistyped(
    schema: Mapping[str, Any], value: JSON, steps: Sequence[str | int], microversion: str | None = None, base: str = ""
) -> str | None:
    """Return the claim on a type that is broken at *steps* of a body, or by what is there in a map or a list; None if none is.

    A step "*" goes through a list. Fields with names of their own are not looked into.
    """
    return _mistyped(_compiled(schema, version(microversion), base), value, steps)


def _mistyped(node: _Node | None, value: JSON, steps: Sequence[str | int]) -> str | None:
    if node is None:
        return None
    parts: Iterable[tuple[_Node | None, JSON]] = ()
    if not steps and node.classes is not None and type(value) not in node.classes:
        return node.value[0].id
    if isinstance(value, list):
        wanted = value if not steps or steps[0] == "*" else [value[int(steps[0])]]
        parts = [(node.items, part) for part in wanted]
    elif isinstance(value, dict):
        names = [name for name in value if name not in node.members] if not steps else [str(steps[0])]
        parts = [(node.members.get(name, node.others), value[name]) for name in names]
    return next((found for one, part in parts if (found := _mistyped(one, part, steps[1:])) is not None), None)


def unfit(
    schema: Mapping[str, Any], value: JSON, steps: Sequence[str | int], microversion: str | None = None, base: str = ""
) -> str | None:
    """Return the first claim that *value* would break if it stood at *steps* of a body, or that no such field is documented.

    None if it breaks none, or nothing is said of what stands there.
    """
    node: _Node | None = _compiled(schema, version(microversion), base)
    for step in steps:
        if node is None:
            return None
        if step == "*" or isinstance(step, int):
            node = node.items
        elif node.strict and step not in node.named:
            return f"{base} has no {step}"
        else:
            node = node.members.get(step, node.others)
    if node is None:
        return None
    return next((said.id for said, _ in _judged(node, value).broken), None)


def _keeps(node: _Node, value: JSON, judged: JudgedBody) -> bool:
    """Whether *value* keeps all that is claimed of it, by a quick look; where it says no, `_walk` says what holds."""
    if node.classes is not None and type(value) not in node.classes:
        return False
    judged.nodes[node] = None
    for holds in node.checks:
        if not holds(value):
            return False
    if type(value) is dict:
        return _members_keep(node, value, judged)
    if node.items is not None and type(value) is list:
        for item in value:
            if not _keeps(node.items, item, judged):
                return False
    return type(value) in _JSON


def _members_keep(node: _Node, value: dict[str, JSON], judged: JudgedBody) -> bool:
    if not (node.required.keys() <= value.keys() and node.absent.keys().isdisjoint(value)):
        return False
    members, nodes, others = node.members, judged.nodes, node.others
    for name, item in value.items():
        member = members.get(name, others)
        if member is None:
            if node.strict:
                judged.extras.add((node, name))
        elif member.leaf:
            if type(item) not in member.classes:  # type: ignore[operator]  # a leaf has some
                return False
            nodes[member] = None
        elif not _keeps(member, item, judged):
            return False
    return True


#: What JSON is read into; anything else is looked at in full.
_JSON = frozenset({str, int, float, bool, list, dict, NoneType})


def claims(schema: Mapping[str, Any], value: JSON, microversion: str | None = None) -> list[Claim]:
    """Return a claim for each keyword of each field that the schema has something to say of in *value*.

    Paths join names with dots; ``[]`` stands for the items of an array and ``{}`` for the values of a map.
    """
    return list(judge_body(schema, value, microversion).claims())


def _walk(node: _Node, value: JSON, judged: JudgedBody, held: dict[_Said, None]) -> None:
    judged.nodes[node] = None
    for said in node.value:
        if said.holds(value):
            held[said] = None
        else:
            judged.broken.append((said, value))
            if said.keyword == "type":
                return
    if type(value) is dict or isinstance(value, Mapping):  # the first is what it is, and fast
        _members(node, value, judged, held)
    elif node.items is not None and isinstance(value, list):
        for item in value:
            _walk(node.items, item, judged, held)


def _members(node: _Node, value: Mapping[str, JSON], judged: JudgedBody, held: dict[_Said, None]) -> None:
    for name, said in node.required.items():
        if name in value:
            held[said] = None
        elif name not in node.states or _in_state(value, node.states[name]):
            judged.broken.append((said, {"missing": said.path, "there instead": sorted(value)}))
        else:
            judged.spared.append(said)
    for name, said in node.absent.items():
        if name in value:
            judged.broken.append((said, value[name]))
        else:
            held[said] = None
    if node.strict:
        judged.extras.update((node, name) for name in value.keys() - node.named)
    for name, member in node.members.items():
        if name in value:
            _walk(member, value[name], judged, held)
    if node.others is not None:
        for name, item in value.items():
            if name not in node.named:
                _walk(node.others, item, judged, held)


def _in_state(value: Mapping[str, JSON], when: Shown) -> bool:
    """Whether an object is in a state in which a member must be there; one that does not say its state may be."""
    state = value.get(when.state)
    if isinstance(state, str) and state.lower() not in when.values:
        return False
    return not (when.task and value.get(when.task)) and not (when.beside and value.get(when.beside, True) in ({}, []))


#: Keyed by identity: schemas are read-only and live as long as the contract, which the entry keeps alive too. Each with the
#: microversions at which it changes, and what it claims between them.
_COMPILED: dict[tuple[int, str], tuple[Mapping[str, Any], list[tuple[int, int]], dict[int, _Node]]] = {}


def _compiled(schema: Mapping[str, Any], at: tuple[int, int], base: str) -> _Node:
    key = (id(schema), base)
    entry = _COMPILED.get(key)
    if entry is None or entry[0] is not schema:
        entry = _COMPILED[key] = (schema, sorted(set(_changes(schema))), {})
    _, changes, nodes = entry
    span = bisect_right(changes, at)
    node = nodes.get(span)
    if node is None:
        node = nodes[span] = _node(schema, "", at, base)
    return node


def _changes(schema: Any) -> Iterator[tuple[int, int]]:
    """Yield the microversions from which on something in *schema* is documented, or is not any more."""
    if isinstance(schema, Mapping):
        yield from (version(schema[bound]) for bound in ("x-since", "x-until") if isinstance(schema.get(bound), str))
    for inner in schema.values() if isinstance(schema, Mapping) else schema if isinstance(schema, list) else ():
        yield from _changes(inner)


def _node(schema: Mapping[str, Any], path: str, at: tuple[int, int], base: str) -> _Node:
    place = path or "the body"

    def claimed(where: str, keyword: str, holds: Holds, wanted: str) -> _Said:
        return _Said(where, keyword, holds, wanted, f"{base}/{where or 'body'}/{keyword}")

    if "anyOf" in schema:
        made = claimed(path, "type", comparison("anyOf", schema["anyOf"]), f"{place} {wording('anyOf', schema)}")
        return _joined((made,), None)
    said = [
        claimed(path, keyword, comparison(keyword, schema[keyword]), f"{place} {wording(keyword, schema)}")
        for keyword in JUDGED_KEYWORDS
        if keyword in schema
    ]
    demanded = {*schema.get("required", ()), *schema.get("x-expected", ())}
    required: dict[str, _Said] = {}
    absent: dict[str, _Said] = {}
    members: dict[str, _Node] = {}
    for name, inner in schema.get("properties", {}).items():
        field = f"{path}.{name}" if path else name
        beyond = _beyond(inner, at)
        if beyond is not None:
            span = "before" if beyond == "since" else "from"
            on = "" if beyond == "since" else " on"
            wanted = f"{field} is absent {span} microversion {inner[f'x-{beyond}']}{on}"
            absent[name] = claimed(field, beyond, _never, wanted)
            continue
        if name in demanded:
            required[name] = claimed(field, "required", _never, f"{field} is there")
        members[name] = _node(inner, field, at, base)
    others, items = schema.get("additionalProperties"), schema.get("items")
    return _joined(
        tuple(said),
        classes(schema["type"]) if "type" in schema else None,
        required=required,
        states={name: states for name in required if (states := shown_when(schema, name)) is not None},
        absent=absent,
        members=members,
        others=_node(others, f"{path}{{}}", at, base) if isinstance(others, Mapping) else None,
        items=_node(items, f"{path}[]", at, base) if isinstance(items, Mapping) else None,
        named=frozenset(schema.get("properties", ())),
        strict=bool(schema.get("properties")) and "additionalProperties" not in schema,
    )


def _joined(
    value: tuple[_Said, ...],
    of: frozenset[type] | None,
    *,
    required: Mapping[str, _Said] = MappingProxyType({}),
    states: Mapping[str, Shown] = MappingProxyType({}),
    absent: Mapping[str, _Said] = MappingProxyType({}),
    members: Mapping[str, _Node] = MappingProxyType({}),
    others: _Node | None = None,
    items: _Node | None = None,
    named: frozenset[str] = frozenset(),
    strict: bool = False,
) -> _Node:
    """Return the node, with what makes a quick look at it quick; *of* are the classes of its type."""
    checks = tuple(said.holds for said in value if of is None or said.keyword != "type")
    leaf = of is not None and not (checks or required or absent or members or others or items or strict)
    said = (*value, *required.values(), *absent.values())
    ids = frozenset(one.id for one in said)
    return _Node(value, required, states, absent, members, others, items, named, strict, of, checks, leaf, said, ids)


def _never(_: JSON) -> bool:
    return False


def _beyond(schema: Mapping[str, Any], at: tuple[int, int]) -> str | None:
    """Return which bound keeps a field from being documented at that microversion; None where it is documented."""
    since, until = schema.get("x-since"), schema.get("x-until")
    if since is not None and at < version(since):
        return "since"
    return "until" if until is not None and at >= version(until) else None


def undocumented(schema: Mapping[str, Any], value: JSON, path: str = "") -> Iterator[str]:
    """Yield the paths of the fields in *value* that the schema does not list; a schema without fields lists all."""
    if isinstance(value, Mapping) and schema.get("properties") and "additionalProperties" not in schema:
        for name, item in value.items():
            field = f"{path}.{name}" if path else name
            if name in schema["properties"]:
                yield from undocumented(schema["properties"][name], item, field)
            else:
                yield field
    elif isinstance(value, list) and "items" in schema:
        for item in value:
            yield from undocumented(schema["items"], item, f"{path}[]")
