"""The judge: everything that one exchange says about the requirements, from the exchange alone.

The same function serves a running test, the clean-up and a recorded run that is judged again offline.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from pytest_ecs._checks.assertions import evaluate
from pytest_ecs._checks.body import claims, exists, undocumented
from pytest_ecs._checks.codes import codes_of, main_code
from pytest_ecs._checks.finding import Finding
from pytest_ecs._checks.formats import validator
from pytest_ecs._checks.jobs import job_claims
from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Expectation, Operation
from pytest_ecs._http.exchange import Exchange, pointer
from pytest_ecs._http.job import OVER, job_error_codes
from pytest_ecs._types import JSON

__all__ = ["Corpus", "Drift", "drift", "judge", "rejudge"]

_JOB_QUERY = "ecs.jobs.show"
#: Chapter of the operations that an endpoint need not offer any more, and what is said where one does not.
_OPTIONAL = "deprecated"
_NOT_OFFERED = "the endpoint does not offer this discarded operation"


class Corpus(Protocol):
    """The exchanges that came before."""

    def get(self, exchange_id: str) -> Exchange | None:
        """Return the exchange of that id, or None."""
        ...

    def job(self, job_id: str) -> Sequence[Exchange]:
        """Return the queries of that job, oldest first."""
        ...


def judge(exchange: Exchange, contract: Contract, corpus: Corpus) -> list[Finding]:
    """Return every finding that *exchange* gives; none where no answer came and nothing was tested."""
    findings = list(_judge(exchange, contract, corpus))
    return [finding for finding in findings if finding.requirement in contract.requirements]


def _judge(exchange: Exchange, contract: Contract, corpus: Corpus) -> Iterator[Finding]:
    if exchange.failure is not None or _throttled(exchange):
        if exchange.case is not None:
            reason = exchange.failure or "the request was throttled (Common.0024)"
            yield Finding(exchange.case.requirement, "error", (exchange.id,), reason=reason)
        return
    operation = contract.operations.get(exchange.operation or "")
    if exchange.case is not None and _not_offered(exchange, operation, corpus):
        evidence = (exchange.id, str(exchange.case.control))
        yield Finding(exchange.case.requirement, "not_tested", evidence, reason=_NOT_OFFERED)
        return
    if exchange.case is not None:
        yield from _case(exchange, operation, contract, corpus)
    yield from _states(exchange, contract)
    if operation is None:
        return
    if exchange.refused:
        yield from _error(exchange, operation, contract)
    elif exchange.case is None or exchange.case.expects == "accepted":
        yield from _success(exchange, operation, contract, corpus)
        if operation.id == _JOB_QUERY and isinstance(exchange.response_body, Mapping):
            yield from _job(exchange, exchange.response_body, contract, corpus)


def _not_offered(exchange: Exchange, operation: Operation | None, corpus: Corpus) -> bool:
    """Whether a discarded operation is not there: its valid request is not found, and neither is its collection.

    The control of such a request is a query of the collection; without one, a 404 is a refusal like any other. An
    action is not there when it is not found at a server that is: the control shows the server.
    """
    case = exchange.case
    if case is None or case.expects != "accepted" or case.control is None:
        return False
    if operation is None or operation.chapter != _OPTIONAL or exchange.status != 404:
        return False
    collection = corpus.get(case.control)
    return collection is not None and (collection.accepted if operation.selects else collection.status == 404)


def _throttled(exchange: Exchange) -> bool:
    # A.2: a 202 with Common.0024 says "over the flow limit", which is no success.
    return exchange.status == 202 and codes_of(exchange.response_body) == ["Common.0024"]


# Success


def _success(exchange: Exchange, operation: Operation, contract: Contract, corpus: Corpus) -> Iterator[Finding]:
    documented = exchange.status in operation.statuses
    wanted = f"the status is one of {', '.join(map(str, operation.statuses))}"
    yield _finding(f"{operation.id}/status", documented, exchange, wanted, exchange.status, "status")
    for name, schema in operation.response_headers.items():
        if not exists(schema, exchange.microversion):
            continue
        value = exchange.response_headers.get(name.lower())
        holds = value is not None and validator(schema).is_valid(value)
        yield _finding(
            f"{operation.id}/header/{name}", holds, exchange, f"the header {name} is there and valid", value, name
        )
    yield from _outcome(exchange, operation, contract, corpus)
    if operation.response_body is None or _checked_only(exchange, operation):
        return
    base = f"{operation.id}/response"
    if exchange.response_body is None:
        fields = operation.response_body.get("properties", {}).values()
        if fields and not any(exists(field, exchange.microversion) for field in fields):
            # At this microversion no body is documented, so that its fields are rightly absent.
            for path, keyword, holds, expected, observed in claims(operation.response_body, {}, exchange.microversion):
                if keyword in {"since", "until"}:
                    yield _finding(f"{base}/{path}/{keyword}", holds, exchange, expected, observed, path)
            return
        seen = exchange.response_text or "(no body)"
        yield _finding(
            f"{base}/body/type", bool(exchange.response_body), exchange, "the answer has a JSON body", seen, "body"
        )
        return
    passed: set[tuple[str, str]] = set()
    for path, keyword, holds, expected, observed in claims(
        operation.response_body, exchange.response_body, exchange.microversion
    ):
        # A list says the same of each of its items: once is enough, but for what is wrong.
        if not holds or (path, keyword) not in passed:
            yield _finding(f"{base}/{path or 'body'}/{keyword}", holds, exchange, expected, observed, path)
        if holds:
            passed.add((path, keyword))


def _outcome(exchange: Exchange, operation: Operation, contract: Contract, corpus: Corpus) -> Iterator[Finding]:
    """What became of the job that a recipe's valid request started."""
    body = exchange.response_body
    job = body.get("job_id") if isinstance(body, Mapping) else None
    if operation.job is None or exchange.case is None or not isinstance(job, str):
        return
    told = _told(corpus.job(job))
    last = told[-1].response_body if told else {}
    if last.get("status") not in OVER:
        return
    requirement, evidence = f"{operation.id}/job", (exchange.id, told[-1].id)
    codes = job_error_codes(last)
    if last["status"] == "FAIL" and codes & contract.environment_codes:
        reason = f"the project or region lacks what the job needs ({', '.join(sorted(codes))})"
        yield Finding(requirement, "error", evidence, reason=reason)
        return
    expected = "the job of a valid request ends in SUCCESS"
    yield Finding(
        requirement,
        "pass" if last["status"] == "SUCCESS" else "fail",
        evidence,
        expected=expected,
        observed=last,
        where="job",
    )


def _checked_only(exchange: Exchange, operation: Operation) -> bool:
    """Whether the request asked only to be checked (dry_run): no body is documented for that."""
    body = exchange.request_body
    properties = (operation.body or {}).get("properties", {})
    return isinstance(body, Mapping) and any(
        schema.get("x-check-only") and body.get(name) is True for name, schema in properties.items()
    )


# Errors


def _error(exchange: Exchange, operation: Operation, contract: Contract) -> Iterator[Finding]:
    base = f"{operation.id}/error"
    known = exchange.status in contract.statuses
    yield _finding(f"{base}/status", known, exchange, "the status is in 10.1, 10.3.2 or A.1", exchange.status, "status")
    envelope = _envelope(exchange, operation, contract)
    seen = exchange.response_body if exchange.response_body is not None else exchange.response_text or "(no body)"
    yield _finding(f"{base}/envelope", envelope is not None, exchange, "the documented error body", seen, "body")
    if envelope == "nova":
        inner = next(iter(exchange.response_body.values()))
        expected = f"code in the body is the HTTP status, {exchange.status}"
        yield _finding(
            f"{base}/envelope", inner.get("code") == exchange.status, exchange, expected, inner.get("code"), "body"
        )
    if envelope == "ecs":
        for code in codes_of(exchange.response_body):
            row = contract.errors.get(code)
            yield _finding(f"{base}/code", row is not None, exchange, "the code is listed in A.2", code, "error.code")
        main = main_code(exchange.response_body)
        row = contract.errors.get(main or "")
        if row is not None:
            expected = f"{main} comes with HTTP {' or '.join(map(str, row.statuses))}"
            yield _finding(
                f"A.2/{main}", exchange.status in row.statuses, exchange, expected, exchange.status, "status"
            )


def _envelope(exchange: Exchange, operation: Operation, contract: Contract) -> str | None:
    """Name of the error form that the body has, None when it has none that is legal here."""
    names = list(operation.envelopes)
    if exchange.status in contract.gateway_statuses:
        names.append("gateway")
    for name in names:
        body = exchange.response_body
        if body is not None and validator(contract.envelopes[name]).is_valid(body):
            return name
    return None


# Cases


def _case(exchange: Exchange, operation: Operation | None, contract: Contract, corpus: Corpus) -> Iterator[Finding]:
    case = exchange.case
    if case is None:
        return
    dialect = operation.dialect if operation is not None else "nova"
    expectation = contract.expectation(case.expects, dialect)
    evidence = (exchange.id, *([case.control] if case.control else []))
    if case.expects == "accepted":
        fine = exchange.accepted
        full = "" if fine else _full(exchange, operation, contract, corpus)
        if full and case.limits:
            evidence = (*evidence, case.limits)
        if fine or full or set(codes_of(exchange.response_body)) & contract.environment_codes:
            reason = "" if fine else full or "the project or region lacks what the request needs"
            yield Finding(
                case.requirement, "pass" if fine else "error", evidence, expected=expectation.says, reason=reason
            )
        else:
            yield _refused(case.requirement, exchange, evidence, expectation)
        return
    control = corpus.get(case.control) if case.control is not None else None
    if control is None or not control.accepted:
        what = "there is no control request" if case.control is None else "the control request was not accepted"
        reason = f"{what}, so that refusing the changed one proves nothing"
        yield Finding(case.requirement, "not_tested", evidence, reason=reason)
        return
    yield _rejection(exchange, expectation, evidence, corpus, dialect)


def _full(exchange: Exchange, operation: Operation | None, contract: Contract, corpus: Corpus) -> str:
    """Say that the project has as many as it may have of what a refused request creates; nothing where that is not known."""
    quota = operation.quota if operation is not None else None
    if quota is None or exchange.case is None or exchange.status not in contract.quota_statuses:
        return ""
    shown = corpus.get(exchange.case.limits or "")
    try:
        limits = pointer(shown.response_body if shown is not None and shown.accepted else None, ("limits", "absolute"))
        most, used = pointer(limits, (quota.most,)), pointer(limits, (quota.used,))
    except LookupError:
        return ""
    counted = type(most) is int and type(used) is int and 0 <= most <= used
    return f"the project has all that it may have: {quota.used} is {used}, {quota.most} is {most}" if counted else ""


def _refused(requirement: str, exchange: Exchange, evidence: tuple[str, ...], expectation: Expectation) -> Finding:
    seen = {"status": exchange.status, "body": exchange.response_body or exchange.response_text}
    return Finding(requirement, "fail", evidence, expected=expectation.says, observed=seen, where="status")


def _rejection(
    exchange: Exchange, expectation: Expectation, evidence: tuple[str, ...], corpus: Corpus, dialect: str
) -> Finding:
    case = exchange.case
    assert case is not None
    fitting = {*expectation.codes, *case.codes}
    statuses = " or ".join(map(str, expectation.statuses))
    expected = f"{expectation.says} ({case.change}): HTTP {statuses}"
    if dialect == "ecs" and expectation.codes:
        expected += f" with code {' or '.join(sorted(fitting))}"
        expected += "".join(f", or {status} with any" for status in expectation.any_code)
    if exchange.accepted:
        return _late(exchange, expectation, expected, evidence, corpus)
    codes = codes_of(exchange.response_body)
    seen = {
        "status": exchange.status,
        "body": exchange.response_body if exchange.response_body is not None else exchange.response_text,
    }
    if exchange.status not in expectation.statuses:
        return Finding(case.requirement, "fail", evidence, expected=expected, observed=seen, where="status")
    free = not expectation.codes or exchange.status in expectation.any_code
    if codes and not free and not fitting & set(codes):
        return Finding(case.requirement, "fail", evidence, expected=expected, observed=seen, where="error.code")
    return Finding(
        case.requirement, "pass", evidence, expected=expected, observed={"status": exchange.status, "codes": codes}
    )


def _late(
    exchange: Exchange, expectation: Expectation, expected: str, evidence: tuple[str, ...], corpus: Corpus
) -> Finding:
    """The request was accepted; where the appendix allows it, its job may still refuse it by ending in FAIL."""
    case = exchange.case
    assert case is not None
    body = exchange.response_body
    job = body.get("job_id") if isinstance(body, Mapping) else None
    queries = corpus.job(job) if expectation.late and isinstance(job, str) else ()
    if queries and not _told(queries):
        evidence = (exchange.id, queries[-1].id, *evidence[1:])
        return Finding(case.requirement, "error", evidence, reason="no query of the job said what became of it")
    if queries:
        last = _told(queries)[-1]
        status = last.response_body.get("status")
        seen: JSON = {"status": exchange.status, "job": status, "codes": sorted(job_error_codes(last.response_body))}
        evidence = (exchange.id, last.id, *evidence[1:])
        if status == "FAIL":
            return Finding(case.requirement, "pass", evidence, expected=expected, observed=seen)
        if status != "SUCCESS":
            return Finding(
                case.requirement, "error", evidence, reason=f"the job was still {status} when the test ended"
            )
        return Finding(case.requirement, "fail", evidence, expected=expected, observed=seen, where="status")
    seen = {"status": exchange.status, "body": body}
    return Finding(case.requirement, "fail", evidence, expected=expected, observed=seen, where="status")


# States and jobs


def _states(exchange: Exchange, contract: Contract) -> Iterator[Finding]:
    for where, server in _servers(exchange.response_body, ""):
        vm, task, status = server["OS-EXT-STS:vm_state"], server.get("OS-EXT-STS:task_state"), server["status"]
        if not isinstance(vm, str) or not isinstance(status, str) or not isinstance(task, str | None):
            continue
        vm, task = vm.lower(), task.lower() if task else None
        wanted = contract.states.get((vm, task))
        requirement = f"A-4/{vm}+{task or 'null'}" if wanted else "A-4/unknown"
        allowed = {wanted} if wanted else {"UNKNOWN", *(word.upper() for word in contract.tolerated_states)}
        expected = f"status is {' or '.join(sorted(allowed))} for vm_state {vm} and task_state {task}"
        yield _finding(requirement, status.upper() in allowed, exchange, expected, status, f"{where}status")


def _servers(value: JSON, path: str) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    if isinstance(value, Mapping):
        if "OS-EXT-STS:vm_state" in value and "status" in value:
            yield path, value
            return
        for name, item in value.items():
            yield from _servers(item, f"{path}{name}.")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _servers(item, f"{path}{index}.")


def _job(exchange: Exchange, body: Mapping[str, JSON], contract: Contract, corpus: Corpus) -> Iterator[Finding]:
    asked = exchange.parameters.get("job_id")
    before: Mapping[str, JSON] | None = None
    for query in _told(corpus.job(asked)) if asked else ():
        if query.id == exchange.id:
            break
        before = query.response_body
    for rule, holds, expected, observed in job_claims(body, asked, before, contract.errors):
        yield _finding(f"{_JOB_QUERY}/rule/{rule}", holds, exchange, expected, observed, rule)


def _told(queries: Sequence[Exchange]) -> Sequence[Exchange]:
    """The queries of a job that were answered with its status; a refused one says nothing of the job."""
    return [
        query
        for query in queries
        if query.accepted and isinstance(query.response_body, Mapping) and "status" in query.response_body
    ]


def _finding(requirement: str, holds: bool, exchange: Exchange, expected: str, observed: JSON, where: str) -> Finding:
    if holds:
        return Finding(requirement, "pass", (exchange.id,))
    return Finding(requirement, "fail", (exchange.id,), expected=expected, observed=observed, where=where)


# Drift: what is not documented is reported and never a failure.

Drift = tuple[str, str, str]


def drift(exchange: Exchange, contract: Contract) -> Iterator[Drift]:
    """Yield (operation, kind, what) for undocumented fields of a successful answer."""
    operation = contract.operations.get(exchange.operation or "")
    if operation is None or operation.response_body is None or not 200 <= exchange.status < 300:
        return
    for path in undocumented(operation.response_body, exchange.response_body):
        yield operation.id, "field", path


# Offline


class _Record:
    """A recorded run as a corpus."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self.exchanges = list(exchanges)
        self._by_id = {exchange.id: exchange for exchange in self.exchanges}
        self._jobs: dict[str, list[Exchange]] = {}
        for exchange in self.exchanges:
            if exchange.operation == _JOB_QUERY and "job_id" in exchange.parameters:
                self._jobs.setdefault(exchange.parameters["job_id"], []).append(exchange)

    def get(self, exchange_id: str) -> Exchange | None:
        return self._by_id.get(exchange_id)

    def job(self, job_id: str) -> Sequence[Exchange]:
        return self._jobs.get(job_id, ())


def rejudge(exchanges: Sequence[Exchange], findings: Sequence[Finding], contract: Contract) -> list[Finding]:
    """Return the findings that a recorded run gives when it is judged again.

    What the judge derives from exchanges is derived anew; the rules' claims are evaluated anew on the recorded
    answers; only "error" and "not_tested" findings are taken over, since they speak of what is not recorded.
    """
    record = _Record(exchanges)
    result = [finding for exchange in record.exchanges for finding in judge(exchange, contract, record)]
    for finding in findings:
        if finding.assertion is not None:
            shown = record.get(finding.assertion.exchange)
            if shown is not None:
                result.append(evaluate(finding.requirement, finding.assertion, shown, contract.environment_codes))
        elif finding.outcome in {"error", "not_tested"}:
            result.append(replace(finding))
    return result
