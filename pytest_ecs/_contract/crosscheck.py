"""What a meta schema cannot see: whether names that one place uses are names that another place has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pytest_ecs._contract.fields import inner, walk
from pytest_ecs._contract.matching import parameters, same_url
from pytest_ecs._contract.model import Schema
from pytest_ecs._contract.references import Shared
from pytest_ecs._contract.sections import chapter_of, first_section, section_key
from pytest_ecs._contract.source import Mistake, Source, Steps, one_of

__all__ = ["mistakes"]


def mistakes(sources: Mapping[str, Source], shared: Shared) -> Iterator[Mistake]:
    """Yield every name that leads nowhere; all files have passed their meta schemas before."""
    names = _Names(sources)
    yield from _duplicates(sources["errors.yaml"], ("codes",), "code")
    yield from _rulings(source for source in sources.values() if source.holds_rulings)
    yield from _duplicates(sources["general-requirements.yaml"], (), "id")
    yield from _states(sources["statuses.yaml"])
    yield from _general(sources["general.yaml"], names, shared)
    for file in ("errors.yaml", "general-requirements.yaml"):
        rows, steps = _rows(sources[file], ("codes",) if file == "errors.yaml" else ())
        for index, row in enumerate(rows):
            yield from names.ruling(sources[file], (*steps, index), row)
            yield from _binding(sources[file], (*steps, index), row)
    seen: dict[str, str] = {}
    for source in sources.values():
        if source.holds_operations:
            yield from _Group(source, names, shared).mistakes(seen)


class _Names:
    """What may be referred to."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self.codes = frozenset(row["code"] for row in sources["errors.yaml"].data["codes"])
        self.rulings = frozenset(
            row["id"] for source in sources.values() if source.holds_rulings for row in source.data
        )
        self.operations = {
            row["id"]: (row, source)
            for source in sources.values()
            if source.holds_operations
            for row in source.data["operations"]
        }
        #: Type of resource -> the operation that does, servers apart.
        self.resource_types: dict[str, str] = {}
        self.actions: dict[tuple[str, str], list[str]] = {}
        for row in sources["permissions.yaml"].data:
            self.actions.setdefault((row["method"], same_url(row["path"])), []).append(row["action"])

    def ruling(self, source: Source, steps: Steps, holder: Mapping[str, Any]) -> Iterator[Mistake]:
        name = holder.get("x-ruling")
        if name is not None and name not in self.rulings:
            hint = one_of(name, sorted(self.rulings))
            yield source.mistake((*steps, "x-ruling"), f"no rulings.yaml has {name!r}", hint)

    def unknown_operation(self, source: Source, steps: Steps, name: str) -> Iterator[Mistake]:
        if name not in self.operations:
            hint = one_of(name, sorted(self.operations))
            yield source.mistake(steps, f"no operation is called {name!r}", hint)

    def unknown_codes(self, source: Source, steps: Steps, codes: Iterable[str]) -> Iterator[Mistake]:
        for index, code in enumerate(codes):
            if code not in self.codes:
                hint = one_of(code, sorted(self.codes))
                yield source.mistake((*steps, index), f"errors.yaml has no {code!r}", hint)


def _rows(source: Source, steps: Steps) -> tuple[Sequence[Mapping[str, Any]], Steps]:
    rows = source.data
    for step in steps:
        rows = rows[step]
    return rows, steps


def _duplicates(source: Source, steps: Steps, key: str) -> Iterator[Mistake]:
    rows, _ = _rows(source, steps)
    seen: dict[str, int] = {}
    for index, row in enumerate(rows):
        first = seen.setdefault(row[key], index)
        if first != index:
            hint = f"first in line {source.line((*steps, first, key))}"
            yield source.mistake((*steps, index, key), f"the {key} {row[key]!r} is there twice", hint)


def _binding(source: Source, steps: Steps, row: Mapping[str, Any]) -> Iterator[Mistake]:
    if "x-untestable" in row and row["level"] != "note":
        what = f"{row['id']!r} binds, and cannot be tested"
        yield source.mistake((*steps, "level"), what, "what no client can judge is a note")


def _rulings(sources: Iterable[Source]) -> Iterator[Mistake]:
    """Yield ids that are there twice and rulings that do not stand where the document has what they speak of."""
    seen: dict[str, tuple[Source, int]] = {}
    for source in sources:
        folder = source.file.rpartition("/")[0]
        last = ""
        for index, row in enumerate(source.data):
            other, first = seen.setdefault(row["id"], (source, index))
            if (other, first) != (source, index):
                hint = f"first in {other.file}, line {other.line((first, 'id'))}"
                yield source.mistake((index, "id"), f"the id {row['id']!r} is there twice", hint)
            section = first_section(row["section"])
            chapter = chapter_of(section) or ""
            if chapter != folder:
                home = f"{chapter}/rulings.yaml" if chapter else "rulings.yaml"
                yield source.mistake((index, "section"), f"section {section} belongs in {home}", f"move it to {home}")
            elif last and section_key(section) < section_key(last):
                what = f"section {section} stands after section {last}"
                yield source.mistake((index, "section"), what, "rulings stand in the order of the document")
            else:
                last = section


def _states(source: Source) -> Iterator[Mistake]:
    states = source.data["states"]
    words = {key: {word.lower() for word in states[key]} for key in ("vm_state", "task_state", "status")}
    pairs: set[tuple[str, str | None]] = set()
    for index, row in enumerate(states["mapping"]):
        steps = ("states", "mapping", index)
        for key, known in words.items():
            if row[key] is not None and row[key].lower() not in known:
                hint = one_of(row[key], sorted(known), 40)
                yield source.mistake((*steps, key), f"the list of {key} has no {row[key]!r}", hint)
        pair = (row["vm_state"], row["task_state"])
        if pair in pairs:
            shown = f"{pair[0]} + {pair[1] or 'null'}"
            yield source.mistake((*steps, "vm_state"), f"the pair {shown} is there twice", "keep one row of each pair")
        pairs.add(pair)
    for index, row in enumerate(source.data["http"]):
        if row["status"] in {other["status"] for other in source.data["http"][:index]}:
            yield source.mistake(("http", index, "status"), f"the status {row['status']} is there twice")


def _general(source: Source, names: _Names, shared: Shared) -> Iterator[Mistake]:
    for name, schema in source.data["$defs"].items():
        yield from _schema(schema, source, ("$defs", name), names, shared)
    for name, envelope in source.data["envelopes"].items():
        yield from _schema(envelope["body"], source, ("envelopes", name, "body"), names, shared)
    yield from names.unknown_codes(source, ("environment_codes",), source.data.get("environment_codes", ()))
    expectations = source.data["expectations"]
    for name, row in source.data.get("parameters", {}).items():
        expected = row.get("unknown", {}).get("expectation")
        if expected is not None and expected not in expectations:
            place = ("parameters", name, "unknown", "expectation")
            yield source.mistake(place, f"no expectation is called {expected!r}", one_of(expected, expectations))
    for role, operation in source.data.get("roles", {}).items():
        yield from names.unknown_operation(source, ("roles", role), operation)
    for index, row in enumerate(source.data.get("existing", ())):
        yield from names.unknown_operation(source, ("existing", index, "operation"), row["operation"])
    for name, expectation in expectations.items():
        yield from names.unknown_codes(source, ("expectations", name, "codes"), expectation["codes"])


def _rules_named(part: Any) -> set[str]:
    """Return the rules that queries and fields name anywhere in a part of an operation."""
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    named = {part["x-rule"]} if isinstance(part, dict) and isinstance(part.get("x-rule"), str) else set()
    return named.union(*map(_rules_named, inside))


class _Group:
    """One file of operations."""

    def __init__(self, source: Source, names: _Names, shared: Shared) -> None:
        self.source = source
        self.names = names
        self.shared = shared

    def mistakes(self, seen: dict[str, str]) -> Iterator[Mistake]:
        data = self.source.data
        for name, schema in data.get("$defs", {}).items():
            yield from self._schema(schema, ("$defs", name))
        last = ""
        for index, operation in enumerate(data["operations"]):
            steps = ("operations", index)
            id_, section = operation["id"], operation["section"]
            if id_ in seen:
                yield self.source.mistake((*steps, "id"), f"the id {id_!r} is there twice", f"first in {seen[id_]}")
            seen.setdefault(id_, self.source.file)
            if not id_.startswith(data["chapter"] + "."):
                hint = f"{data['chapter']}.<resource>.<verb>"
                yield self.source.mistake((*steps, "id"), f"the id {id_!r} does not begin with its chapter", hint)
            if last and section_key(section) < section_key(last):
                what = f"section {section} stands after section {last}"
                yield self.source.mistake((*steps, "section"), what, "operations stand in the order of the document")
            else:
                last = section
            yield from self._operation(operation, steps)

    def _operation(self, operation: Mapping[str, Any], steps: Steps) -> Iterator[Mistake]:
        source, names = self.source, self.names
        request, success = operation["request"], operation["success"]
        yield from names.ruling(source, steps, operation)
        yield from self._permission(operation, steps)
        yield from self._parameters(request["path"], (*steps, "request", "path"))
        if "x-creates" in operation:
            yield from self._creation(operation, (*steps, "x-creates"))
        for index, name in enumerate(request.get("lenient", ())):
            place = (*steps, "request", "lenient", index)
            if name not in parameters(request["path"]):
                yield source.mistake(place, f"the path has no {name!r}", one_of(name, parameters(request["path"])))
            elif "x-ruling" not in operation:
                yield source.mistake(place, "lenient needs an x-ruling of the operation that says why")
        yield from self._optional(request, (*steps, "request"))
        for index, alias in enumerate(operation.get("aliases", ())):
            place = (*steps, "aliases", index)
            yield from names.ruling(source, place, alias)
            if parameters(alias["path"]) != parameters(request["path"]):
                what = f"the parameters of {alias['path']} are not those of {request['path']}"
                yield source.mistake((*place, "path"), what, "an alias has the same parameters in the same order")
        for part, holder in (("request", request), ("success", success)):
            for table in ("query", "headers"):
                for name, schema in holder.get(table, {}).items():
                    yield from self._schema(schema, (*steps, part, table, name))
            if holder["body"] is not None:
                yield from self._schema(holder["body"], (*steps, part, "body"))
        selects = operation["selects"]
        if selects is not None:
            body = self.shared.resolve(request["body"] or {}, source, (*steps, "request", "body"))
            key = selects.partition("=")[0]
            if key not in body.get("properties", {}):
                hint = one_of(key, body.get("properties", {}))
                yield source.mistake((*steps, "selects"), f"the body has no {key!r} to select by", hint)
        rules: set[str] = set()
        for index, rule in enumerate(operation["rules"]):
            place = (*steps, "rules", index)
            if rule["id"] in rules:
                yield source.mistake((*place, "id"), f"the rule {rule['id']!r} is there twice", "rename one of them")
            rules.add(rule["id"])
            yield from names.ruling(source, place, rule)
            yield from _binding(source, place, rule)
        for name in sorted(_rules_named(request) - rules):
            place = (*steps, "request")
            yield source.mistake(place, f"x-rule: there is no rule {name!r}", one_of(name, sorted(rules)))

    def _schema(self, schema: dict[str, Any], steps: Steps) -> Iterator[Mistake]:
        return _schema(schema, self.source, steps, self.names, self.shared)

    def _permission(self, operation: Mapping[str, Any], steps: Steps) -> Iterator[Mistake]:
        action, request = operation["permission"], operation["request"]
        allowed = self.names.actions.get((request["method"], same_url(request["path"])), [])
        if action is not None and action not in allowed:
            what = f"permissions.yaml has no {action!r} for {request['method']} {request['path']}"
            yield self.source.mistake((*steps, "permission"), what, one_of(action, allowed))

    def _creation(self, operation: Mapping[str, Any], steps: Steps) -> Iterator[Mistake]:
        source, names, creates = self.source, self.names, operation["x-creates"]
        resource_type, listed, leaves = creates["kind"], creates.get("listed"), creates.get("leaves")
        other = names.resource_types.setdefault(resource_type, operation["id"])
        if resource_type != "server" and other != operation["id"]:
            yield source.mistake(
                (*steps, "kind"), f"{other} creates a {resource_type}, too", "each kind has one operation"
            )
        for place, part in (("name", "request"), ("answer", "success")):
            yield from self._place(operation, part, creates.get(place), (*steps, place))
        for place, name in (("deleted", creates["deleted"]), ("leaves", leaves and leaves["created"])):
            if name is not None:
                inside = ("created",) if place == "leaves" else ()
                yield from names.unknown_operation(source, (*steps, place, *inside), name)
        if creates["deleted"] in names.operations:
            request = names.operations[creates["deleted"]][0]["request"]
            if not request["path"].endswith("}") and resource_type != "server":
                yield source.mistake((*steps, "deleted"), f"{request['path']} does not end in a parameter", "")
        if "absent" in creates:
            yield from names.unknown_codes(source, (*steps, "absent"), [creates["absent"]])
        if listed is not None:
            yield from names.unknown_operation(source, (*steps, "listed", "operation"), listed["operation"])
        if listed is not None and listed["operation"] in names.operations:
            row = names.operations[listed["operation"]][0]
            for key, before in (("items", ""), ("id", f"{listed['items']}[]."), ("name", f"{listed['items']}[].")):
                where = listed.get(key) and before + listed[key]
                yield from self._place(row, "success", where, (*steps, "listed", key))

    def _place(self, operation: Mapping[str, Any], part: str, place: str | None, steps: Steps) -> Iterator[Mistake]:
        """Yield a mistake when a body of *operation* has no field at *place*."""
        row, source = self.names.operations[operation["id"]]
        body = self.shared.resolve(row[part]["body"] or {}, source, ())
        fields = {field.path for field in walk(body)}
        if place is not None and place not in fields:
            what = f"the {'answer' if part == 'success' else 'request'} of {row['id']} has no {place!r}"
            yield self.source.mistake(steps, what, one_of(place, sorted(fields - {""}), 40))

    def _optional(self, request: Mapping[str, Any], steps: Steps) -> Iterator[Mistake]:
        if "optional" not in request:
            return
        body = self.shared.resolve(request["body"] or {}, self.source, (*steps, "body"))
        fields = {field.path: field for field in walk(body)}
        for index, path in enumerate(request["optional"]):
            if path not in fields or fields[path].required:
                what = f"the body has no field {path!r} that may be left out"
                yield self.source.mistake((*steps, "optional", index), what, one_of(path, fields))

    def _parameters(self, path: str, steps: Steps) -> Iterator[Mistake]:
        names = parameters(path)
        if len(set(names)) < len(names):
            yield self.source.mistake(steps, f"a parameter is twice in {path}", "give each its own name")
        if path.count("{") != len(names) or path.count("}") != len(names):
            yield self.source.mistake(steps, f"the braces in {path} do not enclose names", "write {server_id}")


def _schema(
    schema: Schema,
    source: Source,
    steps: Steps,
    names: _Names,
    shared: Shared,
    around: frozenset[str] = frozenset(),
) -> Iterator[Mistake]:
    """Yield what is wrong in *schema*; *around* are the fields of the object that an ``anyOf`` stands in."""
    yield from names.ruling(source, steps, schema)
    if "x-errors" in schema:
        yield from names.unknown_codes(source, (*steps, "x-errors"), schema["x-errors"])
    if "x-lenient" in schema and "x-ruling" not in schema:
        yield source.mistake((*steps, "x-lenient"), "x-lenient needs an x-ruling that says why", "add x-ruling: <id>")
    if "pattern" in schema:
        problem = _broken(schema["pattern"])
        if problem:
            what = f"{schema['pattern']!r} is not a regular expression: {problem}"
            yield source.mistake((*steps, "pattern"), what)
    known = around
    if "$ref" in schema or _NAMING.intersection(schema):
        known = around | shared.resolve(schema, source, steps).get("properties", {}).keys()
        yield from _unnamed(schema, known, source, steps)
    beside = known | schema.get("properties", {}).keys()
    for inside, part in inner(schema):
        yield from _schema(
            part, source, (*steps, *inside), names, shared, beside if inside[0] == "anyOf" else frozenset()
        )


_NAMING = frozenset({"required", "x-expected", "x-exclusive", "dependentRequired"})


def _unnamed(schema: Mapping[str, Any], known: frozenset[str], source: Source, steps: Steps) -> Iterator[Mistake]:
    """Yield each field that a keyword names and the object does not have."""

    def absent(name: str, place: Steps) -> Iterator[Mistake]:
        if name not in known:
            yield source.mistake((*steps, *place), f"properties has no {name!r}", one_of(name, sorted(known), 40))

    for keyword in ("required", "x-expected"):
        for index, name in enumerate(schema.get(keyword, ())):
            yield from absent(name, (keyword, index))
    for index, group in enumerate(schema.get("x-exclusive", ())):
        for at, name in enumerate(group):
            yield from absent(name, ("x-exclusive", index, at))
    for name, others in schema.get("dependentRequired", {}).items():
        yield from absent(name, ("dependentRequired", name))
        for index, other in enumerate(others):
            yield from absent(other, ("dependentRequired", name, index))


@lru_cache(maxsize=512)
def _broken(pattern: str) -> str:
    """Return why *pattern* is not a regular expression, empty when it is one."""
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return ""
