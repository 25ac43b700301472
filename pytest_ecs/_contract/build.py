"""Turns checked files into the values of `pytest_ecs._contract.model`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_ecs._contract.model import (
    Alias,
    Creation,
    Envelope,
    ErrorCode,
    Existing,
    Expectation,
    Listing,
    Microversions,
    Operation,
    Parameter,
    Permission,
    Place,
    Quota,
    Remains,
    Requirement,
    Rule,
    Ruling,
    Schema,
    StateRow,
    StateWords,
    StatusRow,
    dialect,
)
from pytest_ecs._contract.references import Shared
from pytest_ecs._contract.sections import first_section, section_key
from pytest_ecs._contract.source import Source, Steps

__all__ = [
    "envelopes",
    "errors",
    "existing",
    "expectations",
    "general_requirements",
    "groups",
    "operations",
    "parameters",
    "permissions",
    "rulings",
    "state_rows",
    "state_words",
    "statuses",
]


def groups(sources: Mapping[str, Source]) -> dict[str, str]:
    """Return the titles of the section groups by number; a file that holds several groups gives its title to each."""
    found = {
        section.strip(): source.data["title"]
        for source in sources.values()
        if source.holds_operations
        for section in source.data["section"].split(",")
    }
    return dict(sorted(found.items(), key=lambda row: section_key(row[0])))


def operations(sources: Mapping[str, Source], shared: Shared) -> dict[str, Operation]:
    """Return the operations of all files in the order of the document."""
    found = [
        _operation(raw, source, ("operations", index), shared)
        for source in sources.values()
        if source.holds_operations
        for index, raw in enumerate(source.data["operations"])
    ]
    found.sort(key=lambda operation: section_key(operation.section))
    return {operation.id: operation for operation in found}


def _operation(raw: Mapping[str, Any], source: Source, steps: Steps, shared: Shared) -> Operation:
    request, success = raw["request"], raw["success"]

    def schemas(part: str, table: str) -> dict[str, Schema]:
        place = (*steps, part, table)
        return {name: shared.resolve(schema, source, (*place, name)) for name, schema in raw[part][table].items()}

    def body(part: str) -> Schema | None:
        schema = raw[part]["body"]
        return None if schema is None else shared.resolve(schema, source, (*steps, part, "body"))

    return Operation(
        id=raw["id"],
        section=raw["section"],
        chapter=source.data["chapter"],
        summary=raw["summary"],
        method=request["method"],
        path=request["path"],
        lenient=frozenset(request.get("lenient", ())),
        query=schemas("request", "query"),
        headers=schemas("request", "headers"),
        body=body("request"),
        selects=raw["selects"],
        statuses=tuple(success["statuses"]),
        response_headers=schemas("success", "headers"),
        response_body=body("success"),
        job=raw["job"],
        microversions=Microversions(raw["microversion"]["since"], raw["microversion"]["until"]),
        permission=raw["permission"],
        rules=tuple(
            Rule(
                rule["id"], rule["level"], rule["says"], rule["section"], rule.get("x-ruling"), rule.get("x-untestable")
            )
            for rule in raw["rules"]
        ),
        aliases=tuple(_aliases(raw, source)),
        envelopes=tuple(raw.get("x-envelopes", ())) or (dialect(source.data["chapter"], request["path"]),),
        file=source.file,
        quota=Quota(**raw["x-quota"]) if "x-quota" in raw else None,
        creates=_creation(raw["x-creates"]) if "x-creates" in raw else None,
        anonymous=raw.get("x-anonymous", False),
        profiles=frozenset(raw.get("x-profiles", ())),
        optional=tuple(request.get("optional", ())),
        ruling=raw.get("x-ruling"),
    )


def _place(text: str | None) -> Place:
    """Return the steps that names joined by dots stand for."""
    return tuple(text.split(".")) if text else ()


def _creation(raw: Mapping[str, Any]) -> Creation:
    listed, leaves = raw.get("listed"), raw.get("leaves")
    return Creation(
        resource_type=raw["kind"],
        name=_place(raw.get("name")),
        answer=_place(raw.get("answer")),
        deleted=raw["deleted"],
        listed=listed
        and Listing(listed["operation"], _place(listed["items"]), _place(listed["id"]), _place(listed.get("name"))),
        absent=raw.get("absent"),
        leaves=leaves and Remains(leaves["created"], _place(leaves["at"]), _place(leaves["id"])),
    )


def parameters(raw: Mapping[str, Any]) -> dict[str, Parameter]:
    """Return what is special about parameters of URLs, by name."""
    return {
        name: Parameter(
            row.get("owned", False), row.get("unknown", {}).get("expectation"), row.get("unknown", {}).get("says", "")
        )
        for name, row in raw.get("parameters", {}).items()
    }


def existing(raw: Mapping[str, Any]) -> tuple[Existing, ...]:
    """Return where values that exist are found, in order."""
    return tuple(Existing(**{**row, "at": tuple(row["at"])}) for row in raw.get("existing", ()))


def _aliases(raw: Mapping[str, Any], source: Source) -> Iterator[Alias]:
    """Yield the URLs that the file names and, for a native operation of every microversion, the one under /v2 (6.16)."""
    path: str = raw["request"]["path"]
    if source.data["chapter"] == "nova" and path.startswith("/v2.1/") and raw["microversion"]["since"] is None:
        yield Alias("v2", "/v2/" + path.removeprefix("/v2.1/"), "must", "6.16")
    for row in raw.get("aliases", ()):
        yield Alias(row["id"], row["path"], row["level"], row["section"], row.get("x-ruling"))


def errors(raw: Mapping[str, Any]) -> dict[str, ErrorCode]:
    """Return the codes of A.2."""
    return {
        row["code"]: ErrorCode(
            row["code"],
            (row["status"],) if isinstance(row["status"], int) else tuple(row["status"]),
            row.get("level", "should"),
        )
        for row in raw["codes"]
    }


def statuses(raw: Mapping[str, Any]) -> dict[int, StatusRow]:
    """Return the HTTP statuses that the document knows."""
    return {row["status"]: StatusRow(row["status"], tuple(row["tables"])) for row in raw["http"]}


def state_rows(raw: Mapping[str, Any]) -> tuple[StateRow, ...]:
    """Return Table A-4; states in lower case, statuses in upper case, as bodies show them."""
    return tuple(
        StateRow(row["vm_state"].lower(), row["task_state"] and row["task_state"].lower(), row["status"].upper())
        for row in raw["states"]["mapping"]
    )


def state_words(raw: Mapping[str, Any]) -> StateWords:
    """Return the words of Tables A-1 to A-3."""
    lists = ({word.lower() for word in raw["states"][key]} for key in ("status", "vm_state", "task_state", "tolerated"))
    return StateWords(*map(frozenset, lists))


def permissions(raw: list[Mapping[str, Any]]) -> tuple[Permission, ...]:
    """Return the rows of 9.2."""
    return tuple(Permission(**{**row, "dependencies": tuple(row["dependencies"])}) for row in raw)


def rulings(sources: Mapping[str, Source]) -> dict[str, Ruling]:
    """Return the rulings of all files in the order of the document."""
    rows = [row for source in sources.values() if source.holds_rulings for row in source.data]
    rows.sort(key=lambda row: section_key(first_section(row["section"])))
    return {row["id"]: Ruling(**{**row, "readings": tuple(row["readings"])}) for row in rows}


def envelopes(source: Source, shared: Shared) -> dict[str, Envelope]:
    """Return the error bodies."""
    return {
        name: Envelope(
            section=raw["section"],
            code=None if raw["code"] is None else tuple(raw["code"]),
            body=shared.resolve(raw["body"], source, ("envelopes", name, "body")),
        )
        for name, raw in source.data["envelopes"].items()
    }


def expectations(raw: Mapping[str, Any]) -> dict[str, dict[str, Expectation]]:
    """Return what answers must be, by case and dialect."""
    return {
        name: {
            dialect: Expectation(
                id=name,
                statuses=tuple(fitting),
                codes=tuple(case["codes"]),
                section=case["section"],
                says=case["says"],
                late=case.get("late", False),
                any_code=tuple(case.get("any_code", ())),
            )
            for dialect, fitting in case["statuses"].items()
        }
        for name, case in raw["expectations"].items()
    }


def general_requirements(raw: list[Mapping[str, Any]]) -> list[Requirement]:
    """Return the requirements that bind no single operation."""
    return [
        Requirement(
            row["id"],
            None,
            row["section"],
            row["kind"],
            row["level"],
            row["says"],
            row.get("x-ruling"),
            case=row["id"].partition("/")[2],
            untestable=row.get("x-untestable"),
        )
        for row in raw
    ]
