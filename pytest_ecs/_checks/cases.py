"""A request that was made to test something: whether the answer is the one that its case expects."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pytest_ecs._checks.assertions import unlisted_status
from pytest_ecs._checks.codes import codes_of
from pytest_ecs._checks.corpus import Corpus, told
from pytest_ecs._checks.errors import documented
from pytest_ecs._checks.finding import Finding
from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Expectation, Operation
from pytest_ecs._http.exchange import Exchange, pointer
from pytest_ecs._http.job import job_error_codes
from pytest_ecs._types import JSON

__all__ = ["NOT_OFFERED", "case_findings", "left_over", "not_offered", "says_why"]

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
    expectation = contract.expectation(case.expects, operation.dialect if operation is not None else "nova")
    evidence = (exchange.id, *([case.control] if case.control else []))
    accepted = case.expects == "accepted"
    why = "" if accepted else _proves_nothing(exchange, corpus)
    if why:
        yield Finding(case.requirement, "not_tested", evidence, reason=why)
    elif exchange.status in range(300 + accepted, 400) and exchange.status not in expectation.statuses:
        # Not 300 for a valid request: it says which URLs there are instead (10.1).
        reason = f"configuration: the answer leads elsewhere, so the address is not the endpoint's: {exchange.answer}"
        yield Finding(case.requirement, "error", evidence, reason=reason)
    elif accepted:
        yield _acceptance(exchange, operation, expectation, evidence, contract, corpus)
    else:
        yield _rejection(exchange, expectation, evidence, contract, corpus)


def _proves_nothing(exchange: Exchange, corpus: Corpus) -> str:
    """Say why a refusal would not show that the change was refused; nothing when the unchanged request was accepted."""
    case = exchange.case
    assert case is not None
    if case.control is None:
        return "there is no control request, so that refusing the changed one proves nothing"
    control = corpus.get(case.control)
    if control is None:
        return f"the control request {case.control} is not recorded, so that refusing the changed one proves nothing"
    if control.accepted:
        return ""
    failed = control.case.requirement if control.case is not None else f"{control.operation}/status"
    return (
        f"the control request was not accepted (see {failed}), so that refusing the changed one proves nothing: "
        f"{control.request_line} was answered with {control.answer}"
    )


def _acceptance(
    exchange: Exchange,
    operation: Operation | None,
    expectation: Expectation,
    evidence: tuple[str, ...],
    contract: Contract,
    corpus: Corpus,
) -> Finding:
    case = exchange.case
    assert case is not None
    if exchange.accepted:
        return Finding(case.requirement, "pass", evidence, expected=expectation.says)
    full = _full(exchange, operation, contract, corpus)
    if full and case.limits:
        evidence = (*evidence, case.limits)
    lacking = full or _lacking(exchange, contract)
    if lacking and case.unnamed:
        reason = f"{lacking}, and {left_over(corpus.get(case.unnamed))}"
        return Finding(case.requirement, "not_tested", (*evidence, case.unnamed), reason=reason)
    reason = lacking or _not_permitted(exchange, operation, contract)
    if reason:
        return Finding(case.requirement, "error", evidence, expected=expectation.says, reason=reason)
    return Finding(
        case.requirement, "fail", evidence, expected=expectation.says, observed=_seen(exchange), where="status"
    )


def left_over(earlier: Exchange | None) -> str:
    """Say what an earlier request left in the project that nobody can delete: what it does not name, or does not delete."""
    if earlier is None:
        return "an earlier request left what nobody can delete"
    if earlier.method == "DELETE":
        return f"what {earlier.id} was to delete is still there (see {earlier.operation})"
    return f"what {earlier.id} made is not named by its answer, so that nobody can delete it"


def _lacking(exchange: Exchange, contract: Contract) -> str:
    """Say that a code tells of what the project or region lacks; nothing where none does."""
    lacking = [code for code in codes_of(exchange.response_body) if code in contract.environment_codes]
    return f"the project or region lacks what the request needs ({', '.join(lacking)})" if lacking else ""


def _not_permitted(exchange: Exchange, operation: Operation | None, contract: Contract) -> str:
    """Say that the user may lack the right to do it; nothing where the user was seen to have it, or no right is at stake."""
    case = exchange.case
    assert case is not None
    granted = contract.requirements[case.requirement].kind == "permission"
    denied = exchange.status == 403 or set(codes_of(exchange.response_body)) & set(
        contract.expectation("forbidden", "ecs").codes
    )
    if granted or not denied:
        return ""
    needed = f" ({operation.permission})" if operation is not None and operation.permission else ""
    return f"the credentials may lack the right to do this{needed}: {exchange.answer}"


def _full(exchange: Exchange, operation: Operation | None, contract: Contract, corpus: Corpus) -> str:
    """Say that the project has as many as it may have of what a refused request creates; nothing where that is not known."""
    quota = operation.quota if operation is not None else None
    if quota is None or quota.used is None or exchange.case is None or exchange.status not in contract.quota_statuses:
        return ""
    shown = corpus.get(exchange.case.limits or "")
    try:
        limits = pointer(shown.response_body if shown is not None and shown.accepted else None, ("limits", "absolute"))
        most, used = pointer(limits, (quota.most,)), pointer(limits, (quota.used,))
    except LookupError:
        return ""
    counted = type(most) is int and type(used) is int and 0 <= most <= used
    return f"the project has all that it may have: {quota.used} is {used}, {quota.most} is {most}" if counted else ""


def _seen(exchange: Exchange) -> JSON:
    body = exchange.response_body if exchange.response_body is not None else exchange.response_text or "(no body)"
    return {"status": exchange.status, "body": body}


def _rejection(
    exchange: Exchange, expectation: Expectation, evidence: tuple[str, ...], contract: Contract, corpus: Corpus
) -> Finding:
    case = exchange.case
    assert case is not None
    fitting = {*expectation.codes, *case.codes}
    statuses = " or ".join(map(str, expectation.statuses))
    expected = f"{expectation.says} ({case.change}): HTTP {statuses}"
    if expectation.codes:
        expected += f", where there is a code, with {' or '.join(sorted(fitting))}"
        expected += "".join(f", or {status} with any" for status in expectation.any_code)
    if exchange.accepted:
        return _late(exchange, expectation, expected, evidence, corpus)
    codes = codes_of(exchange.response_body)
    fits = says_why(exchange, fitting, contract)
    if not documented(exchange, contract):
        return Finding(case.requirement, "not_tested", evidence, expected=expected, reason=unlisted_status(exchange))
    # A.2 warns that its statuses may be inaccurate, so where the code says why, the status is left to the code's row.
    where = "" if exchange.status in expectation.statuses or fits else "status"
    free = not expectation.codes or exchange.status in expectation.any_code
    if codes and codes[0] in contract.errors and not free and not fits:
        where = where or "error.code"
    if where and (lacking := _lacking(exchange, contract)):
        return Finding(case.requirement, "error", evidence, expected=expected, reason=lacking)
    if where:
        return Finding(case.requirement, "fail", evidence, expected=expected, observed=_seen(exchange), where=where)
    return Finding(
        case.requirement, "pass", evidence, expected=expected, observed={"status": exchange.status, "codes": codes}
    )


def says_why(exchange: Exchange, fitting: Collection[str], contract: Contract) -> bool:
    """Whether a refusal has one of the codes that are *fitting*; an error of the server only where A.2 has its status."""
    codes = codes_of(exchange.response_body)
    rows = (contract.errors[code].statuses for code in codes if code in contract.errors)
    return bool({*fitting} & {*codes}) and (exchange.status < 500 or any(exchange.status in row for row in rows))


def _late(
    exchange: Exchange, expectation: Expectation, expected: str, evidence: tuple[str, ...], corpus: Corpus
) -> Finding:
    """The request was accepted; where the appendix allows it, its job may still refuse it by ending in FAIL."""
    case = exchange.case
    assert case is not None
    body = exchange.response_body
    job = body.get("job_id") if isinstance(body, Mapping) else None
    queries = corpus.job(job, exchange.part) if expectation.late and isinstance(job, str) else ()
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
