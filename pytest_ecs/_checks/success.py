"""An accepted request: its status, its headers, its body, and what became of the job that it started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_ecs._checks.body import exists, judge_body
from pytest_ecs._checks.corpus import Corpus, told
from pytest_ecs._checks.finding import Finding, verdict
from pytest_ecs._checks.seen import Seen
from pytest_ecs._contract import Contract
from pytest_ecs._contract.fields import plainest
from pytest_ecs._contract.model import Operation, Schema
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.job import OVER, job_error_codes

__all__ = ["success_findings"]


def success_findings(
    exchange: Exchange, operation: Operation, contract: Contract, corpus: Corpus, seen: Seen | None = None
) -> list[Finding]:
    """Return what an accepted request says of its operation; of a body in which all is as was *seen* before, nothing."""
    documented = exchange.status in operation.statuses
    wanted = f"the status is one of {', '.join(map(str, operation.statuses))}"
    found = [verdict(f"{operation.id}/status", documented, exchange, wanted, exchange.status, "status")]
    if operation.optional and plainest(operation, exchange.request_body) is not exchange.request_body:
        found.append(Finding(f"{operation.id}/optional", "pass", (exchange.id,)))
    found += _headers(exchange, operation)
    found += _outcome(exchange, operation, contract, corpus)
    if operation.response_body is not None and not _checked_only(exchange, operation):
        found += _body(exchange, operation, operation.response_body, contract, seen)
    return found


def _headers(exchange: Exchange, operation: Operation) -> Iterator[Finding]:
    for name, schema in operation.response_headers.items():
        if not exists(schema, exchange.microversion):
            continue
        value = exchange.response_headers.get(name.lower())
        holds = value is not None and not any(judge_body(schema, value, exchange.microversion).broken)
        expected = f"the header {name} is there and valid"
        yield verdict(f"{operation.id}/header/{name}", holds, exchange, expected, value or "(missing)", name)


def _body(
    exchange: Exchange, operation: Operation, schema: Schema, contract: Contract, seen: Seen | None
) -> list[Finding]:
    body, base, evidence = exchange.response_body, f"{operation.id}/response", (exchange.id,)
    if body is None and not _expected(schema, exchange.microversion):
        # At this microversion no body is documented, so that its fields are rightly absent.
        held = judge_body(schema, {}, exchange.microversion, base).held
        return [Finding(said.id, "pass", evidence) for said in held if said.keyword in {"since", "until"}]
    if body is None:
        text, wanted = exchange.response_text or "(no body)", "the answer has a JSON body"
        return [Finding(f"{base}/body/type", "fail", evidence, wanted, observed=text, where="body")]
    judged = judge_body(schema, body, exchange.microversion, base)
    if seen is not None and judged.is_known(seen):
        seen.plain = exchange.id
        return []
    held = judged.held
    if seen is not None:
        # Of what is no requirement nobody hears, so that it is as good as said.
        seen.passed.update(said.id for said in held if said.id not in contract.requirements)
        judged.note(seen)
    found = [Finding(said.id, "pass", evidence) for said in held]
    for said, value in judged.broken:
        found.append(Finding(said.id, "fail", evidence, said.wanted, observed=value, where=said.path))
    return found


def _expected(schema: Schema, microversion: str | None) -> bool:
    """Whether a body is documented at that microversion: one without fields, or with one that exists there."""
    fields = schema.get("properties", {}).values()
    return not fields or any(exists(field, microversion) for field in fields)


def _outcome(exchange: Exchange, operation: Operation, contract: Contract, corpus: Corpus) -> Iterator[Finding]:
    """What became of the job that a recipe's valid request started."""
    body = exchange.response_body
    job = body.get("job_id") if isinstance(body, Mapping) else None
    if operation.job is None or exchange.case is None or not isinstance(job, str):
        return
    queries = told(corpus.job(job, exchange.part))
    last = queries[-1].response_body if queries else {}
    if last.get("status") not in OVER:
        return
    requirement, evidence = f"{operation.id}/job", (exchange.id, queries[-1].id)
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
