"""A request that was made to test something: whether the answer is the one that its case expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_ecs._checks.codes import codes_of
from pytest_ecs._checks.corpus import Corpus, told
from pytest_ecs._checks.finding import Finding
from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Expectation, Operation
from pytest_ecs._http.exchange import Exchange, pointer
from pytest_ecs._http.job import job_error_codes
from pytest_ecs._types import JSON

__all__ = ["NOT_OFFERED", "case_findings", "not_offered"]

#: Chapter of the operations that an endpoint need not offer any more, and what is said where one does not.
_OPTIONAL = "deprecated"
NOT_OFFERED = "the endpoint does not offer this discarded operation"


def not_offered(exchange: Exchange, operation: Operation | None, corpus: Corpus) -> bool:
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


def case_findings(
    exchange: Exchange, operation: Operation | None, contract: Contract, corpus: Corpus
) -> Iterator[Finding]:
    """Yield what the answer says of the requirement that the request was made to test."""
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
    if queries and not told(queries):
        evidence = (exchange.id, queries[-1].id, *evidence[1:])
        return Finding(case.requirement, "error", evidence, reason="no query of the job said what became of it")
    if queries:
        last = told(queries)[-1]
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
