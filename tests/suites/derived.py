"""Deviations derived from the contract by rule, put into the exchanges of a recorded run and judged again.

A run that passed shows what a check accepts; only an answer that breaks its requirement shows that it bites. Each
function here takes the record of a clean run and yields alterations: one recorded answer, changed in one place so that
it breaks one requirement. `survivors` judges each again and returns those that the requirement did not catch.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from pytest_ecs._checks import Assertion, Finding, judge
from pytest_ecs._checks.assertions import evaluate, locate
from pytest_ecs._checks.body import JUDGED_KEYWORDS, exists, version
from pytest_ecs._checks.codes import main_code
from pytest_ecs._checks.formats import validator
from pytest_ecs._contract import Contract
from pytest_ecs._contract.fields import plainest
from pytest_ecs._contract.model import Operation
from pytest_ecs._http.exchange import Case, Exchange
from pytest_ecs.typing import JSON

__all__ = ["OPERATORS", "Alteration", "Record", "derive", "survivors"]

_JOBS = "ecs.jobs.show"
#: A status that no table of the document has, and one that fits no case and no valid request.
_NO_STATUS, _NO_FIT = 418, 500
#: As many claims of each rule are altered; more would only repeat the same comparison.
_CLAIMS = 3


@dataclass(frozen=True)
class Alteration:
    """One answer, changed so that it breaks one requirement."""

    operator: str
    requirement: str
    exchange: Exchange
    #: What was done, in words.
    change: str
    #: Set where a rule's claim is evaluated again instead of the whole exchange.
    claim: Assertion | None = None
    #: Judged instead of the altered exchange itself: the one whose verdict rests on it.
    judged: Exchange | None = None


class Record:
    """A recorded run: its exchanges by id, by operation and by job, and the claims of its rules."""

    def __init__(self, exchanges: Sequence[Exchange], findings: Sequence[Finding]) -> None:
        self.exchanges = [exchange for exchange in exchanges if exchange.failure is None]
        self.findings = findings
        self.by_id = {exchange.id: exchange for exchange in self.exchanges}
        self.jobs: dict[str, list[Exchange]] = {}
        for exchange in self.exchanges:
            if exchange.operation == _JOBS and "job_id" in exchange.parameters:
                self.jobs.setdefault(exchange.parameters["job_id"], []).append(exchange)
        self._successes: dict[str, list[Exchange]] = {}
        for exchange in sorted(self.exchanges, key=lambda one: len(str(one.response_body))):
            if exchange.operation and exchange.status < 400 and _expects(exchange) in {None, "accepted"}:
                self._successes.setdefault(exchange.operation, []).append(exchange)

    def get(self, exchange_id: str) -> Exchange | None:
        """See `pytest_ecs._checks.Corpus`."""
        return self.by_id.get(exchange_id)

    def job(self, job_id: str, part: str = "") -> Sequence[Exchange]:
        """See `pytest_ecs._checks.Corpus`."""
        return self.jobs.get(job_id, ())

    def successes(self, operation: str) -> Sequence[Exchange]:
        """Return the answers of an operation whose bodies are judged, short ones first."""
        return self._successes.get(operation, ())

    def changed(self, altered: Exchange) -> Record:
        """Return the record with one exchange replaced."""
        other = copy.copy(self)
        other.by_id = {**self.by_id, altered.id: altered}
        job = altered.parameters.get("job_id")
        if altered.operation == _JOBS and job is not None:
            other.jobs = {**self.jobs, job: [altered if one.id == altered.id else one for one in self.jobs[job]]}
        return other


def _expects(exchange: Exchange) -> str | None:
    return exchange.case.expects if exchange.case is not None else None


def _body(exchange: Exchange, body: JSON) -> Exchange:
    return replace(exchange, response_body=body, response_text=None)


# Response fields

#: Keywords of a schema and values that may break them.
_VALUES: tuple[JSON, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    987_654_321,
    "",
    "?",
    "no such value",
    "x" * 5000,
    [],
    {},
    ["?"] * 3000,
    {"altered": True},
)


def _breaks(keyword: str, wanted: Any, value: JSON) -> bool:
    return not validator({keyword: wanted}).is_valid(value)


def _breaking(schema: Mapping[str, Any], keyword: str, now: JSON) -> list[JSON]:
    """Return values that break one keyword and, but for "type", no other that is judged before it."""
    if "anyOf" in schema:
        return [value for value in _VALUES if _breaks("anyOf", schema["anyOf"], value)][:1]
    wanted = schema[keyword]
    bounds = {"minimum": -1, "maximum": 1}
    values = list(_VALUES)
    if keyword in bounds and not isinstance(wanted, bool):
        values.insert(0, wanted + bounds[keyword])
    if keyword == "maxLength":
        values.insert(0, "x" * (wanted + 1))
    if isinstance(now, str):
        values += [f"{now}?", f"?{now}"]
    found = [value for value in values if _breaks(keyword, wanted, value)]
    if keyword == "type":
        return [value for value in found if value is not None][:1]
    return [value for value in found if "type" not in schema or not _breaks("type", schema["type"], value)][:1]


#: The object or list that holds a value, and under what; the value's schema.
Place = tuple[Any, Any, Mapping[str, Any]]


def _places(
    schema: Mapping[str, Any], holder: Any, at: Any, path: str, microversion: str | None
) -> Iterator[tuple[str, Place]]:
    """Yield each value of a body with the path of its field."""
    value = holder[at]
    yield path, (holder, at, schema)
    if "anyOf" in schema:
        return
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for name, inner in known.items():
            if name in value and exists(inner, microversion):
                yield from _places(inner, value, name, f"{path}.{name}" if path else name, microversion)
        others = schema.get("additionalProperties")
        if isinstance(others, Mapping):
            for name in value.keys() - known.keys():
                yield from _places(others, value, name, f"{path}{{}}", microversion)
    elif isinstance(value, list) and "items" in schema:
        for index in range(len(value)):
            yield from _places(schema["items"], value, index, f"{path}[]", microversion)


def _first(exchange: Exchange, schema: Mapping[str, Any]) -> dict[str, int]:
    """Return each path in a body with the number of the first value that has it."""
    found: dict[str, int] = {}
    for number, (path, _) in enumerate(_places(schema, [exchange.response_body], 0, "", exchange.microversion)):
        found.setdefault(path, number)
    return found


def _nth(schema: Mapping[str, Any], holder: list[JSON], microversion: str | None, number: int) -> tuple[str, Place]:
    return next(islice(_places(schema, holder, 0, "", microversion), number, None))


def _fields(record: Record, contract: Contract) -> Iterator[Alteration]:
    """Each field of each answer: left out, of another type, null, outside its enum, bounds, pattern and format."""
    for operation in contract.operations.values():
        if operation.response_body is None:
            continue
        done: set[object] = set()
        for exchange in record.successes(operation.id):
            if exchange.response_body is not None:
                yield from _fields_of(exchange, operation, operation.response_body, contract, done)


#: What is done to a field, and the keyword that it breaks.
_OF_FIELD = (
    ("field dropped", "required"),
    ("field nulled", "type"),
    ("field retyped", "type"),
    *(("field out of its values", keyword) for keyword in JUDGED_KEYWORDS[1:]),
)


def _fields_of(
    exchange: Exchange, operation: Operation, schema: Mapping[str, Any], contract: Contract, done: set[object]
) -> Iterator[Alteration]:
    base = f"{operation.id}/response"
    for path, number in _first(exchange, schema).items():
        for operator, keyword in _OF_FIELD:
            requirement = f"{base}/{path or 'body'}/{keyword}"
            if requirement not in contract.requirements or (operator, requirement) in done:
                continue
            says = contract.requirements[requirement].says
            holder = [copy.deepcopy(exchange.response_body)]
            _, (where, at, inner) = _nth(schema, holder, exchange.microversion, number)
            if keyword == "required" and not _in_state(says, where):
                continue
            change = _change(operator, keyword, inner, where, at)
            if change is not None:
                done.add((operator, requirement))
                yield Alteration(operator, requirement, _body(exchange, holder[0]), f"{path or 'the body'} is {change}")
    yield from _outside(exchange, base, schema, contract, done)


def _in_state(says: str, holder: Any) -> bool:
    """Whether a thing is in a state in which a requirement on its fields wants them."""
    found = re.search(r" while (\w+) is (.+?)(?: without (\S+))?(?: and (\S+) is not empty)?$", says)
    if found is None:
        return True
    member, states, task, beside = found.groups()
    wanted = str(holder.get(member)).upper() in re.split(", | or ", states)
    return wanted and not (task and holder.get(task)) and not (beside and not holder.get(beside))


def _change(operator: str, keyword: str, schema: Mapping[str, Any], holder: Any, at: Any) -> str | None:
    """Change one value in place so that it breaks *keyword*; return what it is then, None where nothing breaks it."""
    if operator == "field dropped":
        if not isinstance(holder, dict):
            return None
        del holder[at]
        return "left out"
    if keyword not in schema and not ("anyOf" in schema and keyword == "type"):
        return None
    if operator == "field nulled":
        wanted = ("anyOf", schema["anyOf"]) if "anyOf" in schema else ("type", schema["type"])
        if holder[at] is None or not _breaks(*wanted, None):
            return None
        holder[at] = None
        return "null"
    values = _breaking(schema, keyword, holder[at])
    if not values:
        return None
    holder[at] = values[0]
    return repr(values[0])[:60]


def _outside(
    exchange: Exchange, base: str, schema: Mapping[str, Any], contract: Contract, done: set[object]
) -> Iterator[Alteration]:
    """A field at a microversion that does not have it."""
    for path, number in _first(exchange, schema).items():
        _, (_, _, inner) = _nth(schema, [exchange.response_body], exchange.microversion, number)
        for name, field in inner.get("properties", {}).items():
            if exists(field, exchange.microversion):
                continue
            since = field.get("x-since")
            keyword = "since" if since and version(exchange.microversion) < version(since) else "until"
            requirement = f"{base}/{path}.{name}/{keyword}" if path else f"{base}/{name}/{keyword}"
            if requirement in done or requirement not in contract.requirements:
                continue
            holder = [copy.deepcopy(exchange.response_body)]
            _, (where, at, _) = _nth(schema, holder, exchange.microversion, number)
            if isinstance(where[at], dict) and name not in where[at]:
                where[at][name] = "altered"
                done.add(requirement)
                yield Alteration(
                    "microversion shifted",
                    requirement,
                    _body(exchange, holder[0]),
                    f"{name} is there at {exchange.microversion}",
                )


def _gone(record: Record, contract: Contract) -> Iterator[Alteration]:
    """A field that is not there yet from the microversion on that brings it."""
    for operation in contract.operations.values():
        done: set[str] = set()
        for exchange in record.successes(operation.id):
            schema = operation.response_body
            if schema is None or exchange.response_body is None:
                continue
            for path, (holder, at, inner) in _places(schema, [exchange.response_body], 0, "", exchange.microversion):
                requirement = f"{operation.id}/response/{path}/required"
                if "x-since" not in inner or requirement in done or requirement not in contract.requirements:
                    continue
                if not _in_state(contract.requirements[requirement].says, holder):
                    continue
                if isinstance(holder, dict) and version(exchange.microversion) == version(inner["x-since"]):
                    done.add(requirement)
                    body = copy.deepcopy(exchange.response_body)
                    _drop(body, exchange.response_body, holder, at)
                    change = f"{path} is missing at {exchange.microversion}"
                    yield Alteration("microversion shifted", requirement, _body(exchange, body), change)


def _drop(body: Any, original: Any, holder: Any, at: Any) -> bool:
    """Delete from the copy *body* what stands under *at* in *holder*, a part of *original*."""
    if original is holder:
        del body[at]
        return True
    keys = original.keys() if isinstance(original, dict) else range(len(original)) if isinstance(original, list) else ()
    return any(_drop(body[key], original[key], holder, at) for key in keys)


# Statuses, headers and errors


def _statuses(record: Record, contract: Contract) -> Iterator[Alteration]:
    """A success with a status that the operation does not have, a valid request that is refused."""
    for operation in contract.operations.values():
        for exchange in record.successes(operation.id):
            requirement = f"{operation.id}/status"
            if exchange.case is None or exchange.case.requirement != requirement:
                continue
            other = next(s for s in (299, 203, 206) if s not in operation.statuses)
            yield Alteration("status replaced", requirement, replace(exchange, status=other), f"{other} for success")
            break
        for exchange in record.successes(operation.id):
            if plainest(operation, exchange.request_body) is exchange.request_body:
                continue
            about = Case(f"{operation.id}/optional", "accepted", control=exchange.id)
            refused = replace(
                exchange, status=_NO_FIT, response_body={"error": {"code": "X", "message": "x"}}, case=about
            )
            yield Alteration("status replaced", about.requirement, refused, f"{_NO_FIT} for optional fields")
            break
    done: set[str] = set()
    for exchange in record.exchanges:
        case = exchange.case
        if case is not None and case.expects == "accepted" and exchange.status < 400 and case.requirement not in done:
            done.add(case.requirement)
            refused = replace(exchange, status=_NO_FIT, response_body={"error": {"code": "X", "message": "x"}})
            yield Alteration("status replaced", case.requirement, refused, f"{_NO_FIT} to a valid request")


def _headers(record: Record, contract: Contract) -> Iterator[Alteration]:
    for operation in contract.operations.values():
        for name, schema in operation.response_headers.items():
            requirement = f"{operation.id}/header/{name}"
            for exchange in record.successes(operation.id):
                if not exists(schema, exchange.microversion) or name.lower() not in exchange.response_headers:
                    continue
                headers = {key: value for key, value in exchange.response_headers.items() if key != name.lower()}
                yield Alteration("header lost", requirement, replace(exchange, response_headers=headers), f"no {name}")
                if set(schema) & {"pattern", "format", "enum"}:
                    garbled = replace(exchange, response_headers={**headers, name.lower(): "\t"})
                    yield Alteration("header lost", requirement, garbled, f"{name} is blank")
                break


def _negatives(record: Record, contract: Contract) -> Iterator[Alteration]:
    """A refusal that is a success, or is the endpoint's own trouble, for each requirement that expects one."""
    done: set[str] = set()
    for exchange in record.exchanges:
        case = exchange.case
        if case is None or case.expects == "accepted" or case.requirement in done or exchange.status < 400:
            continue
        done.add(case.requirement)
        accepted = replace(exchange, status=200, response_body={}, response_text=None)
        yield Alteration("refusal answered with success", case.requirement, accepted, "200 instead of a refusal")
        strange = replace(exchange, status=_NO_FIT, response_body={"error": {"code": "X", "message": "x"}})
        yield Alteration("status replaced", case.requirement, strange, f"{_NO_FIT} instead of {exchange.status}")


def _errors(record: Record, contract: Contract) -> Iterator[Alteration]:
    """Each part of the error form changed, once for each operation."""
    done: Counter[tuple[str, bool]] = Counter()
    for exchange in record.exchanges:
        operation = contract.operations.get(exchange.operation or "")
        body = exchange.response_body
        if operation is None or exchange.status < 400 or not isinstance(body, dict) or len(body) != 1:
            continue
        if exchange.method != operation.method:
            continue
        ((wrapper, inner),) = body.items()
        base = f"{operation.id}/error"
        # What a gateway answers may have other parts (4.3), so only what no form has is put there.
        gateway = exchange.status in contract.gateway_statuses
        if not isinstance(inner, dict) or done[base, gateway]:
            continue
        done[base, gateway] += 1
        yield Alteration("status replaced", f"{base}/status", replace(exchange, status=_NO_STATUS), str(_NO_STATUS))
        envelope = f"{base}/envelope"
        # Native errors need no form, so that only what stands nowhere is put there; a job query's may be flat.
        native = "nova" in operation.envelopes
        for change, altered in (
            ("a list", [body]),
            *((("no body", None), ("without its wrapper", {"x": inner, "y": 1})) if not native else ()),
            ("an empty wrapper", {wrapper: {}}),
            ("no message", {wrapper: {k: v for k, v in inner.items() if k != "message"}}),
            *([("no code", {wrapper: {k: v for k, v in inner.items() if k != "code"}})] if not native else ()),
            ("a message that is a number", {wrapper: {**inner, "message": 5}}),
            ("a code that is a list", {wrapper: {**inner, "code": [inner.get("code")]}}),
        )[: 2 if gateway else None]:
            yield Alteration("error form changed", envelope, _body(exchange, altered), f"the error is {change}")
        if gateway:
            continue
        if operation.dialect == "ecs":
            wrong = {wrapper: {**inner, "code": "Ecs.9999"}}
            yield Alteration("error code changed", f"{base}/code", _body(exchange, wrong), "a code that A.2 lacks")


def _codes(record: Record, contract: Contract) -> Iterator[Alteration]:
    """A code of A.2 with a status that is not in its row, and one that does not fit the case."""
    rows: set[str] = set()
    cases: set[str] = set()
    for exchange in record.exchanges:
        operation, code = contract.operations.get(exchange.operation or ""), main_code(exchange.response_body)
        if (
            operation is None
            or operation.dialect != "ecs"
            or code is None
            or code not in contract.errors
            or exchange.status < 400
        ):
            continue
        row = contract.errors[code]
        if code not in rows:
            rows.add(code)
            other = next(s for s in (400, 403, 404, 409, 500) if s not in row.statuses)
            yield Alteration(
                "error code changed", f"A.2/{code}", replace(exchange, status=other), f"{code} with {other}"
            )
        case = exchange.case
        if case is None or case.expects == "accepted" or case.requirement in cases:
            continue
        expectation = contract.expectation(case.expects, operation.dialect)
        fitting = {*expectation.codes, *case.codes}
        none = fitting | contract.environment_codes
        strange = next((c for c, r in contract.errors.items() if exchange.status in r.statuses and c not in none), None)
        if expectation.codes and strange is not None:
            cases.add(case.requirement)
            body = {"error": {"code": strange, "message": "altered"}}
            yield Alteration("error code changed", case.requirement, _body(exchange, body), f"{strange} for {code}")


# States and jobs


def _states(record: Record, contract: Contract) -> Iterator[Alteration]:
    """Each pair of Table A-4 that was seen, shown under another word."""
    done: set[str] = set()
    for exchange in record.exchanges:
        for path, server in _servers(exchange.response_body, ()):
            vm, task = str(server["OS-EXT-STS:vm_state"]).lower(), server.get("OS-EXT-STS:task_state")
            row = f"A-4/{vm}+{task.lower() if task else 'null'}"
            if row not in contract.requirements:
                row = "A-4/unknown"
            if row in done or "OS-EXT-STS:task_state" not in server:
                continue
            done.add(row)
            for word in sorted({"ACTIVE", "ERROR"} - {str(server["status"]).upper()}):
                body = copy.deepcopy(exchange.response_body)
                place = body
                for step in path:
                    place = place[step]
                place["status"] = word
                yield Alteration("state mis-mapped", row, _body(exchange, body), f"{row[4:]} shows as {word}")


def _servers(value: JSON, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    if isinstance(value, dict):
        if isinstance(value.get("OS-EXT-STS:vm_state"), str) and isinstance(value.get("status"), str):
            yield path, value
        for name, item in value.items():
            yield from _servers(item, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _servers(item, (*path, index))


def _late(text: str) -> str:
    """A time an hour after another one."""
    hour = (int(text[11:13]) + 1) % 24
    return f"{text[:11]}{hour:02}{text[13:]}"


#: Rule of job bodies -> the fault, as a function that changes the body of a job, given the body of its query before.
_Fault = Callable[[dict[str, Any], dict[str, Any] | None], None]
_JOB_FAULTS: Mapping[str, tuple[str, _Fault]] = {
    "same-id": ("SUCCESS", lambda b, _: b.update(job_id="0" * 32)),
    "success-no-error": ("SUCCESS", lambda b, _: b.update(error_code="Ecs.0000")),
    "begin-time": ("SUCCESS", lambda b, _: b.update(begin_time=None)),
    "end-time": ("SUCCESS", lambda b, _: b.update(end_time=None)),
    "begin-before-end": ("SUCCESS", lambda b, _: b.update(begin_time="2099-01-01T00:00:00.000Z")),
    "time-form": ("SUCCESS", lambda b, _: b.update(end_time=str(b["end_time"]).replace("T", " "))),
    "sub-jobs-total": ("SUBS", lambda b, _: b["entities"].update(sub_jobs_total=b["entities"]["sub_jobs_total"] + 1)),
    "sub-job-ids": ("SUBS", lambda b, _: b["entities"]["sub_jobs"][0].update(job_id=b["job_id"])),
    "sub-jobs-done": ("SUBS", lambda b, _: b["entities"]["sub_jobs"][0].update(status="RUNNING")),
    "sub-success-no-error": ("SUBS", lambda b, _: b["entities"]["sub_jobs"][0].update(fail_reason="altered")),
    "sub-within": ("SUBS", lambda b, _: b["entities"]["sub_jobs"][0].update(end_time="2099-01-01T00:00:00.000Z")),
    "order": ("AGAIN", lambda b, before: b.update(status="INIT")),
    "stable-facts": ("AGAIN", lambda b, before: b.update(job_type="altered")),
    "fail-has-error": ("FAIL", lambda b, _: _silence(b)),
    "fail-code-known": ("FAIL", lambda b, _: b.update(error_code="Ecs.9999")),
}


def _silence(body: dict[str, Any]) -> None:
    for job in (body, *((body.get("entities") or {}).get("sub_jobs") or ())):
        job.update(error_code=None, fail_reason=None)


def _jobs(record: Record, contract: Contract) -> Iterator[Alteration]:
    """Each rule of a job's body broken in a job that kept it; and the job of each operation ends in FAIL."""
    for rule, (needs, fault) in _JOB_FAULTS.items():
        found = next(_job_bodies(record, needs), None)
        if found is None:
            continue
        exchange, before = found
        body = copy.deepcopy(exchange.response_body)
        fault(body, before)
        yield Alteration("job rule broken", f"{_JOBS}/rule/{rule}", _body(exchange, body), rule)
    for operation in contract.operations.values():
        for exchange in record.successes(operation.id) if operation.job is not None else ():
            job = exchange.response_body.get("job_id") if isinstance(exchange.response_body, dict) else None
            queries = record.job(job) if isinstance(job, str) and exchange.case is not None else ()
            if not queries or queries[-1].response_body.get("status") != "SUCCESS":
                continue
            body = {**queries[-1].response_body, "status": "FAIL", "fail_reason": "altered"}
            yield Alteration(
                "job rule broken",
                f"{operation.id}/job",
                _body(queries[-1], body),
                "the job ends in FAIL",
                judged=exchange,
            )
            break


def _job_bodies(record: Record, needs: str) -> Iterator[tuple[Exchange, dict[str, Any] | None]]:
    for queries in record.jobs.values():
        before: dict[str, Any] | None = None
        for query in queries:
            body = query.response_body
            if query.status == 200 and isinstance(body, dict) and _expects(query) in {None, "accepted"}:
                subs = (body.get("entities") or {}).get("sub_jobs")
                fits = {
                    "SUCCESS": body.get("status") == "SUCCESS",
                    "FAIL": body.get("status") == "FAIL",
                    "SUBS": body.get("status") == "SUCCESS" and bool(subs),
                    "AGAIN": before is not None
                    and before.get("status") == "RUNNING"
                    and body.get("status") == "SUCCESS",
                }[needs]
                if fits:
                    yield query, before
                before = body


# Claims of rules


def _claims(record: Record, contract: Contract) -> Iterator[Alteration]:
    """What a rule saw, changed so that its claim does not hold any more."""
    done: Counter[str] = Counter()
    for finding in record.findings:
        claim = finding.assertion
        if claim is None or finding.outcome != "pass" or done[finding.requirement] >= _CLAIMS:
            continue
        exchange = record.get(claim.exchange)
        if exchange is None:
            continue
        altered = _violate(exchange, claim)
        if altered is not None:
            done[finding.requirement] += 1
            change = f"{'.'.join(map(str, claim.path))} no longer {claim.test} {claim.expected!r}"[:200]
            yield Alteration("claim of a rule broken", finding.requirement, altered, change, claim=claim)


def _violate(exchange: Exchange, claim: Assertion) -> Exchange | None:
    """Return the exchange with the value that *claim* speaks of changed as little as breaks it."""
    part, steps = claim.path[0], list(claim.path[1:])
    try:
        seen: JSON = locate(exchange, claim.path)
    except LookupError:
        if claim.test != "absent":
            return None
        seen = None
    if part == "status":
        for other in (200, 202, 400, 404, 500):
            if evaluate("x", claim, replace(exchange, status=other)).outcome == "fail" and other != exchange.status:
                return replace(exchange, status=other)
        return None
    if part == "headers":
        name = str(steps[0]).lower()
        headers = {key: value for key, value in exchange.response_headers.items() if key != name}
        return replace(exchange, response_headers={**headers, name: "altered"} if claim.test == "absent" else headers)
    body = copy.deepcopy(exchange.response_body)
    if "*" in steps:
        at = steps.index("*")
        done = _violate_list(_at(body, steps[:at]), steps[at + 1 :], claim, seen)
    elif claim.test in {"absent", "present"}:
        done = _set(body, steps, "altered") if claim.test == "absent" else _unset(body, steps)
    else:
        value = _other(claim.test, claim.expected, seen)
        done = value is not _NOTHING and _set(body, steps, value)
        body = value if done and not steps else body
    return replace(exchange, response_body=body) if done else None


_NOTHING = object()


def _at(value: Any, steps: Sequence[Any]) -> Any:
    for step in steps:
        value = value[step]
    return value


def _set(body: Any, steps: Sequence[Any], value: Any) -> bool:
    if not steps:
        return True
    for step in steps[:-1]:
        if isinstance(body, dict) and step not in body:
            body[step] = {}
        if not isinstance(body, dict | list):
            return False
        body = body[step]
    if not isinstance(body, dict | list):
        return False
    body[steps[-1]] = value
    return True


def _unset(body: Any, steps: Sequence[Any]) -> bool:
    holder = _at(body, steps[:-1])
    if isinstance(holder, dict):
        del holder[steps[-1]]
        return True
    return False


def _near(value: Any) -> Any:
    """A value of the same type that is another one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}~"
    if isinstance(value, list):
        return value[:-1] if value else ["altered"]
    if isinstance(value, dict):
        return {**value, "altered": True} if not value else dict(list(value.items())[:-1])
    return "altered"


def _other(test: str, expected: Any, seen: Any) -> Any:
    """Return a value that does not pass *test*, as near to *seen* as can be."""
    if test == "differs":
        return expected
    if test == "none_of":
        return expected[0] if expected else _NOTHING
    if test == "has_one":
        return [item for item in seen if item != expected]
    if test in {"equals", "same_items", "includes"}:
        return _near(seen)
    if test == "one_of":
        return next((v for v in (_near(seen), "altered", -7) if v not in expected), _NOTHING)
    if test == "contains":
        if isinstance(seen, list):
            return [item for item in seen if item != expected]
        return {k: v for k, v in seen.items() if k != expected} if isinstance(seen, dict) else ""
    if test == "lacks":
        return (
            [*seen, expected]
            if isinstance(seen, list)
            else {**seen, expected: 1}
            if isinstance(seen, dict)
            else str(expected)
        )
    if test == "matches":
        return next((v for v in ("", "\n", "~") if re.search(expected, v) is None), None)
    if test in {"length", "length_at_most"}:
        if isinstance(seen, list):
            return [*seen, *([seen[0] if seen else "altered"] * (expected + 1))]
        return (
            {str(n): n for n in range(expected + 1 + len(seen or ()))}
            if isinstance(seen, dict)
            else "x" * (expected + 1)
        )
    numbers = {"at_least": -1, "at_most": 1}
    if test in numbers:
        value = expected + numbers[test]
        return str(value) if isinstance(seen, str) else value
    if test == "later_than":
        return expected
    if test == "time_between":
        return datetime.fromtimestamp(expected[0] - 5, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return None if test == "version_at_least" else _NOTHING


def _violate_list(items: Any, rest: Sequence[Any], claim: Assertion, seen: Any) -> bool:
    """Change a list of the body, whose items have the values that were *seen* under *rest*, so that the claim fails."""
    if not isinstance(items, list):
        return False
    wanted: Any
    if claim.test in {"contains", "includes", "has_one"}:
        wanted = claim.expected[0] if claim.test == "includes" and claim.expected else claim.expected
        kept = [item for item, value in zip(items, seen, strict=True) if value != wanted]
        if claim.test == "includes" and not claim.expected:
            return False
        items[:] = kept
        return True
    if claim.test == "lacks":
        if not rest:
            items.append(claim.expected)
        else:
            extra = copy.deepcopy(items[0]) if items else {}
            if "*" in rest or not _set(extra, rest, claim.expected):
                return False
            items.append(extra)
        return True
    if not items:
        extra = {}
        if not rest or "*" in rest:
            items.append("altered")
        else:
            _set(extra, rest, "altered")
            items.append(extra)
        return True
    if claim.test == "length":
        items.append(copy.deepcopy(items[0]))
        return True
    if claim.test in {"present", "absent", "differs", "none_of"}:
        return False
    value = _near(seen[0])
    if not rest:
        items[0] = value
        return True
    return "*" not in rest and _set(items[0], rest, value)


OPERATORS: tuple[Callable[[Record, Contract], Iterator[Alteration]], ...] = (
    _fields,
    _gone,
    _statuses,
    _headers,
    _negatives,
    _errors,
    _codes,
    _states,
    _jobs,
    _claims,
)


def derive(record: Record, contract: Contract) -> Iterator[Alteration]:
    """Yield every deviation that can be derived, in the order of the requirements' kinds."""
    for derived in OPERATORS:
        yield from derived(record, contract)


def caught(alteration: Alteration, record: Record, contract: Contract) -> bool:
    """Return whether the requirement that an alteration breaks fails when the altered answer is judged again."""
    if alteration.claim is not None:
        found = [evaluate(alteration.requirement, alteration.claim, alteration.exchange, contract.environment_codes)]
    else:
        found = judge(alteration.judged or alteration.exchange, contract, record.changed(alteration.exchange))
    return any(one.requirement == alteration.requirement and one.outcome == "fail" for one in found)


def survivors(alterations: Sequence[Alteration], record: Record, contract: Contract) -> list[Alteration]:
    """Return the alterations that were not caught by the requirement that they break."""
    return [alteration for alteration in alterations if not caught(alteration, record, contract)]
