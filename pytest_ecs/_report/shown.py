"""Which fields an endpoint never shows although an answer could have shown them: claims about them apply to nothing."""

from __future__ import annotations

from collections.abc import Collection

from pytest_ecs._contract.fields import ITEMS, VALUES, fields_of
from pytest_ecs._contract.model import Operation, Requirement

__all__ = ["never_shown"]

#: Keywords that speak of whether a field is there, and so of the object that it would stand in.
_PRESENCE = frozenset({"required", "since", "until"})


def never_shown(operation: Operation, requirement: Requirement, seen: Collection[str]) -> str | None:
    """Return why a claim of the kind response applies to nothing, None where it could have been judged, or still could.

    *seen* are the paths of the operation's answers at which some value was judged. A claim applies to nothing where the
    object around was seen, and a field in it that may be absent never: the document demands it of no answer. What would
    stand in a list that was always empty, or in other microversions than those that were seen, may still come.
    """
    if operation.response_body is None:
        return None
    fields = fields_of(operation.response_body)
    place = fields.get(requirement.field)
    if place is None:
        return None
    steps = place.steps[:-1] if requirement.keyword in _PRESENCE else place.steps
    around = ""
    for step in steps:
        path = around + step if step in {ITEMS, VALUES} else f"{around}.{step}" if around else step
        if path in seen:
            around = path
            continue
        absent = fields[path]
        if around not in seen or step == ITEMS:
            return None
        if step == VALUES:
            named = fields[around].schema.get("properties")
            return f"{around} never has entries that the document does not name" if named else None
        demanded = absent.required and absent.states is None
        if demanded or "x-since" in absent.schema or "x-until" in absent.schema:
            return None
        return f"no answer shows {path}, which may be absent, although {around or 'the body'} was seen"
    return None
