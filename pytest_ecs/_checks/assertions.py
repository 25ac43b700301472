"""The comparisons that rules are made of; a rule's claim is data, so it can be repeated from the record alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

from pytest_ecs._checks.answers import identity
from pytest_ecs._checks.body import JudgedBody, judge_body, unfit
from pytest_ecs._checks.codes import codes_of
from pytest_ecs._checks.finding import Assertion, Finding, Outcome
from pytest_ecs._checks.formats import matches, moment
from pytest_ecs._contract.model import Operation
from pytest_ecs._http.exchange import Exchange, pointer
from pytest_ecs._types import JSON

__all__ = ["ONCE", "TESTS", "evaluate", "locate", "plain", "unlisted_status"]


#: Rules of lists that have each thing once.
ONCE = ("once", "key-once")


def _length(value: JSON) -> int:
    return len(value) if isinstance(value, str | list | Mapping) else -1


def _number(value: JSON) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _at_least(seen: JSON, wanted: JSON) -> bool:
    number = _number(seen)
    return number is not None and number >= wanted


def _at_most(seen: JSON, wanted: JSON) -> bool:
    number = _number(seen)
    return number is not None and number <= wanted


def _later(seen: JSON, wanted: JSON) -> bool:
    after, before = moment(seen), moment(wanted)
    return after is not None and before is not None and after > before


def _between(seen: JSON, wanted: JSON) -> bool:
    at = moment(seen)
    return at is not None and wanted[0] <= at <= wanted[1]


def _version(seen: JSON, wanted: JSON) -> bool:
    def numbers(text: JSON) -> list[int]:
        return [int(part) for part in str(text).split(".") if part.isdigit()]

    return isinstance(seen, str) and numbers(seen) >= numbers(wanted)


def plain(value: JSON) -> Hashable:
    """Return a value as JSON compares them: 1 is 1.0 and never true, an object has no order."""
    if isinstance(value, str):  # most are, and it is soon said
        return value
    if isinstance(value, Mapping):
        return "object", frozenset((name, plain(item)) for name, item in value.items())
    if isinstance(value, list | tuple):
        return "array", tuple(map(plain, value))
    return (type(value).__name__, value) if isinstance(value, bool) else value


def _same(seen: JSON, wanted: JSON) -> bool:
    return plain(seen) == plain(wanted)


def _counted(values: JSON) -> Counter[Hashable]:
    return Counter(map(plain, values))


def _holds(seen: JSON, wanted: JSON) -> bool | None:
    """Whether a list has that item, an object that name or a text that part; None for a value that holds nothing."""
    if isinstance(seen, list):
        return plain(wanted) in _counted(seen)
    return wanted in seen if isinstance(seen, str | Mapping) and isinstance(wanted, str) else None


#: Name -> (comparison of what was seen with what is expected, wording of the expectation).
TESTS: Mapping[str, tuple[Callable[[JSON, JSON], bool], str]] = {
    "equals": (_same, "is {}"),
    "differs": (lambda seen, wanted: not _same(seen, wanted), "is not {}"),
    "one_of": (lambda seen, wanted: plain(seen) in _counted(wanted), "is one of {}"),
    "none_of": (lambda seen, wanted: plain(seen) not in _counted(wanted), "is none of {}"),
    "contains": (lambda seen, wanted: _holds(seen, wanted) is True, "contains {}"),
    "lacks": (lambda seen, wanted: _holds(seen, wanted) is False, "does not contain {}"),
    "matches": (lambda seen, wanted: isinstance(seen, str) and matches(wanted, seen), "matches {}"),
    "length": (lambda seen, wanted: _length(seen) == wanted, "has length {}"),
    "length_at_most": (lambda seen, wanted: 0 <= _length(seen) <= wanted, "has at most length {}"),
    "at_least": (_at_least, "is at least {}"),
    "at_most": (_at_most, "is at most {}"),
    "same_items": (
        lambda seen, wanted: isinstance(seen, list) and _counted(seen) == _counted(wanted),
        "has exactly the items {} in any order",
    ),
    "includes": (
        lambda seen, wanted: isinstance(seen, list) and _counted(wanted) <= _counted(seen),
        "includes {}, each as often",
    ),
    "has_one": (lambda seen, wanted: isinstance(seen, list) and _counted(seen)[plain(wanted)] == 1, "has {} once"),
    "later_than": (_later, "is a time after {}"),
    "time_between": (_between, "is a time between the seconds {}"),
    "version_at_least": (_version, "is a version not below {}"),
    "present": (lambda seen, wanted: True, "is there"),
    "absent": (lambda seen, wanted: False, "is absent"),
}


def locate(exchange: Exchange, path: tuple[str | int, ...]) -> JSON:
    """Return what stands at *path* of the answer: ("status",), ("headers", name) or ("body", step, ...).

    A step "*" collects the rest of the path from every item of a list. Raises `LookupError` when nothing is there.
    """
    part, steps = path[0], path[1:]
    if part == "status":
        return exchange.status
    if part == "headers":
        return exchange.response_headers[str(steps[0]).lower()]
    if not steps and exchange.response_body is None:  # what is no JSON is a body all the same
        return exchange.response_text or None
    return _collect(exchange.response_body, steps)


def _collect(value: JSON, steps: tuple[str | int, ...]) -> JSON:
    if "*" in steps:
        at = steps.index("*")
        items = pointer(value, steps[:at])
        if not isinstance(items, list):
            raise LookupError("no list where every item is asked for")
        return [_collect(item, steps[at + 1 :]) for item in items]
    return pointer(value, steps)


def evaluate(
    requirement: str,
    assertion: Assertion,
    exchange: Exchange,
    environment_codes: Collection[str] = (),
    operation: Operation | None = None,
    statuses: Collection[int] = (),
) -> Finding:
    """Return the finding of one claim about one exchange.

    A claim about a body or a header is about a success: where the request was refused it is not tested, since that is
    judged where the request is. Where *operation*'s own answer is broken at the place that the claim looks at or
    through, it is not tested either, and so is how something was refused where the status is not among the documented
    *statuses*. No answer, one whose code is among *environment_codes* and a server for which
    there was no room are errors.
    """
    compare, wording = TESTS[assertion.test]
    where = ".".join(map(str, assertion.path))
    expected = f"{where} {wording.format(json.dumps(assertion.expected, ensure_ascii=False, default=str))}"
    try:
        seen = locate(exchange, assertion.path)
    except LookupError:
        passed, seen = assertion.test == "absent", _missing(exchange, assertion.path)
    else:
        passed = compare(seen, assertion.expected)
    passed = passed and (exchange.accepted or assertion.path[0] == "status")
    outcome: Outcome = "pass" if passed else "fail"
    reason, observed = _environment(exchange, environment_codes, passed=passed), seen
    if reason:
        outcome, observed = "error", {"status": exchange.status, "body": exchange.response_body}
    elif (
        not passed
        and _is_about_refusal(assertion)
        and exchange.refused
        and exchange.status not in (statuses or [exchange.status])
    ):
        outcome, reason = "not_tested", unlisted_status(exchange)
    elif assertion.path[0] != "status" and not exchange.accepted:
        outcome, reason, observed = "not_tested", _refusal(exchange), None
    elif not passed and operation is not None and (broken := _broken(exchange, assertion, operation)):
        outcome = "not_tested"
        reason = f"what it looks at is broken, see {broken}: {where} shows {_short(seen)}"
    elif not passed and operation is not None and (spared := _spared(exchange, assertion, operation)):
        outcome, reason = "not_tested", f"what it looks at need not be there in this state, see {spared}"
    elif not passed and operation is not None and (once := _repeated(requirement, exchange, assertion, operation)):
        outcome, reason = "not_tested", f"what it looks at is listed twice, see {once}: {where} shows {_short(seen)}"
    elif not passed and operation is not None and (broken := _no_measure(exchange, assertion, operation)):
        outcome, reason = (
            "not_tested",
            f"it is compared with what no answer may show there ({broken}): {_short(assertion.expected)}",
        )
    elif not passed and (fault := _fault(exchange)):
        reason = f"the server's fault: {fault}"
    return Finding(requirement, outcome, (exchange.id,), expected, observed, where, reason, assertion)


def _short(seen: JSON) -> str:
    return json.dumps(seen, default=str)[:300]


def unlisted_status(exchange: Exchange) -> str:
    """Say that a request was refused with a status that no table lists, which is judged once, at the errors of its operation."""
    return f"it was refused with HTTP {exchange.status}, which no table lists: see {exchange.operation}/error/status"


def _is_about_refusal(assertion: Assertion) -> bool:
    """Whether a claim says with which statuses something is refused."""
    return assertion.path == ("status",) and assertion.test == "one_of" and min(assertion.expected) >= 400


def _missing(exchange: Exchange, path: tuple[str | int, ...]) -> JSON:
    """Return what is said of a place where nothing is: that it is missing, and what the nearest thing around it has."""
    gone = ".".join(map(str, path))
    if path[0] == "headers":
        return {"missing": gone, "there instead": sorted(exchange.response_headers)}
    around: JSON = exchange.response_body
    for step in path[1:]:
        try:
            around = pointer(around, (step,))
        except LookupError:
            break
    there = sorted(around) if isinstance(around, Mapping) else around
    return {"missing": gone, "there instead": there}


def _environment(exchange: Exchange, codes: Collection[str], *, passed: bool) -> str:
    """Say why what an exchange shows is no verdict; nothing where it is one."""
    if exchange.failure is not None:
        return exchange.failure
    if 300 <= exchange.status < 400:
        return f"configuration: the answer leads elsewhere, so the address is not the endpoint's: {exchange.answer}"
    if passed:
        return ""
    lacking = sorted(set(codes_of(exchange.response_body)) & set(codes))
    if lacking:
        return f"the project or region lacks what the request needs ({', '.join(lacking)})"
    server = exchange.json_object.get("server")
    if isinstance(server, Mapping) and str(server.get("status")).upper() == "ERROR":
        fault = server.get("fault")
        message = str(fault.get("message")) if isinstance(fault, Mapping) else ""
        if "no valid host" in message.lower() or ("hostId" in server and not server["hostId"]):
            return f"there was no room for the server: status ERROR, {message or 'no host'}"
    return ""


def _fault(exchange: Exchange) -> str:
    """Return what the server that an answer shows says of its own failure; nothing where it says none."""
    server = exchange.json_object.get("server")
    fault = server.get("fault") if isinstance(server, Mapping) else None
    return json.dumps(fault, ensure_ascii=False) if fault else ""


def _refusal(exchange: Exchange) -> str:
    """Say where it is judged that a request was refused, and how it was."""
    judged = exchange.case.requirement if exchange.case is not None else f"{exchange.operation}/status"
    return f"{exchange.request_line} was not accepted (see {judged}): {exchange.answer}"


def _broken(exchange: Exchange, assertion: Assertion, operation: Operation) -> str:
    """Return the requirement that the answer breaks at the place of a claim, around it or inside it; nothing if none."""
    steps = assertion.path[1:]
    broken = (said for said, _ in _judged(exchange, assertion, operation).broken)
    return next((said.id for said in broken if _meet(said.path, steps)), "")


def _spared(exchange: Exchange, assertion: Assertion, operation: Operation) -> str:
    """Return the requirement of a field that a claim looks at or through, where it is not there and need not be; nothing if none."""
    steps = assertion.path[1:]
    spared = _judged(exchange, assertion, operation).spared
    return next((said.id for said in spared if _meet(said.path, steps) and len(_steps(said.path)) <= len(steps)), "")


def _judged(exchange: Exchange, assertion: Assertion, operation: Operation) -> JudgedBody:
    if assertion.path[0] != "body" or operation.response_body is None:
        return JudgedBody()
    base = f"{operation.id}/response"
    return judge_body(operation.response_body, exchange.response_body, exchange.microversion, base)


def _meet(path: str, steps: Sequence[str | int]) -> bool:
    """Whether the path of a field leads to the place of a claim, or the other way round."""
    return all(_same_step(one, step) for one, step in zip(_steps(path), steps, strict=False))


#: Tests whose expectation is a value like that at their place, one of a list's items, and a list of such values.
_VALUE, _ITEM, _ONE_OF = ("equals", "same_items", "includes"), ("contains", "has_one"), ("one_of",)


def _no_measure(exchange: Exchange, assertion: Assertion, operation: Operation) -> str:
    """Return what an expectation, taken from another answer, breaks of all that is documented at its place; nothing if nothing."""
    (part, *steps), test = assertion.path, assertion.test
    if part != "body" or operation.response_body is None or test not in (*_VALUE, *_ITEM, *_ONE_OF):
        return ""
    through = "*" in steps
    if test in _ITEM and not through:
        steps = [*steps, "*"]
    base, at = f"{operation.id}/response", exchange.microversion

    def broken(value: JSON) -> str | None:
        values = value if through and test not in _ITEM and isinstance(value, list) else [value]
        found = (unfit(operation.response_body or {}, one, steps, at, base) for one in values)
        return next((one for one in found if one is not None), None)

    candidates = [broken(one) for one in (assertion.expected if test in _ONE_OF else [assertion.expected])]
    return "" if None in candidates else next(iter(candidates), None) or ""


def _repeated(requirement: str, exchange: Exchange, assertion: Assertion, operation: Operation) -> str:
    """Return the requirement that a list breaks that has items twice, where a claim holds without them; nothing otherwise."""
    _, *steps = assertion.path
    listed = exchange.json_object.get(str(steps[0])) if steps and assertion.path[0] == "body" else None
    if not isinstance(listed, list):
        return ""
    once = list({plain(item): item for item in listed}.values())
    own = [f"{operation.id}/rule/{rule.id}" for rule in operation.rules if rule.id in ONCE]
    broken = next(iter(own), "6.2/listed-once" if all(map(identity, once)) else "")
    if len(once) == len(listed) or not broken or requirement == broken:
        return ""
    try:
        seen = _collect({**exchange.json_object, str(steps[0]): once}, tuple(steps))
    except LookupError:
        return ""
    return broken if TESTS[assertion.test][0](seen, assertion.expected) else ""


def _steps(path: str) -> list[str]:
    return path.replace("[]", ".[]").replace("{}", ".{}").removeprefix(".").split(".") if path else []


def _same_step(documented: str, step: str | int) -> bool:
    return documented == "{}" or documented == step or (documented == "[]" and (step == "*" or isinstance(step, int)))
