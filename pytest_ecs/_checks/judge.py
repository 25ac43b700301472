"""The judge: everything that one exchange says about the requirements, from the exchange alone.

The same function serves a running test, the clean-up and a recorded run that is judged again offline.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace

from pytest_ecs._checks.answers import LABELS, answer_findings
from pytest_ecs._checks.assertions import evaluate
from pytest_ecs._checks.body import undocumented
from pytest_ecs._checks.cases import NOT_OFFERED, case_findings, not_offered
from pytest_ecs._checks.codes import codes_of
from pytest_ecs._checks.corpus import Corpus, RecordedCorpus, told
from pytest_ecs._checks.errors import error_findings
from pytest_ecs._checks.finding import Finding, verdict
from pytest_ecs._checks.jobs import job_claims
from pytest_ecs._checks.seen import Seen
from pytest_ecs._checks.states import state_findings
from pytest_ecs._checks.success import success_findings
from pytest_ecs._contract import Contract
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.job import job_error_codes
from pytest_ecs._types import JSON

__all__ = ["Corpus", "Drift", "drift", "judge", "rejudge"]


def judge(exchange: Exchange, contract: Contract, corpus: Corpus, seen: Seen | None = None) -> list[Finding]:
    """Return every finding that *exchange* gives; none where no answer came and nothing was tested.

    With *seen* only what is new: the successes of requirements that no exchange was seen to keep before are added to it,
    the others are left out.
    """
    known = contract.requirements
    answer = _answer(exchange, contract, corpus) if seen is not None and seen.recorded else None
    if seen is not None and answer is not None and answer in seen.answers:
        seen.plain = exchange.id
        return []
    found = [finding for finding in _judge(exchange, contract, corpus, seen) if finding.requirement in known]
    if seen is None:
        return found
    if answer is not None and all(finding.outcome == "pass" for finding in found):
        seen.answers.add(answer)
    new = [finding for finding in found if finding.outcome != "pass" or finding.requirement not in seen.passed]
    seen.passed.update(finding.requirement for finding in new if finding.outcome == "pass")
    return new


def _answer(exchange: Exchange, contract: Contract, corpus: Corpus) -> Hashable | None:
    """Return all that judging looks at in the answer to a query, bodies as objects; None where it looks at more."""
    operation = contract.operations.get(exchange.operation or "")
    if operation is None or exchange.case is not None or exchange.failure is not None:
        return None
    if exchange.method != "GET" or exchange.request_body is not None:
        return None
    before = _before(exchange, corpus) if operation.id == contract.roles.get("job") else None
    headers = exchange.response_headers
    shown = (*map(headers.get, LABELS), *(headers.get(name.lower()) for name in operation.response_headers))
    about = (operation.id, exchange.path, exchange.microversion, *exchange.parameters.items())
    return about, exchange.status, shown, id(exchange.response_body), exchange.response_text, id(before)


def _judge(exchange: Exchange, contract: Contract, corpus: Corpus, seen: Seen | None) -> list[Finding]:
    case = exchange.case
    if exchange.failure is not None or _throttled(exchange):
        if case is None:
            return []
        reason = exchange.failure or "the request was throttled (Common.0024)"
        return [Finding(case.requirement, "error", (exchange.id,), reason=reason)]
    operation = contract.operations.get(exchange.operation or "")
    if case is not None and not_offered(exchange, operation, corpus):
        return [Finding(case.requirement, "not_applicable", (exchange.id, str(case.control)), reason=NOT_OFFERED)]
    found = [*answer_findings(exchange, operation), *state_findings(exchange, contract)]
    if case is not None:
        found += case_findings(exchange, operation, contract, corpus)
    if operation is None:
        return found
    if exchange.refused:
        found += error_findings(exchange, operation, contract)
    elif exchange.accepted and (case is None or case.expects == "accepted"):
        found += success_findings(exchange, operation, contract, corpus, seen)
        if operation.id == contract.roles.get("job") and isinstance(exchange.response_body, Mapping):
            found += _job(exchange, exchange.response_body, contract, corpus)
    return found


def _throttled(exchange: Exchange) -> bool:
    # A.2: a 202 with Common.0024 says "over the flow limit", which is no success.
    return exchange.status == 202 and codes_of(exchange.response_body) == ["Common.0024"]


def _job(exchange: Exchange, body: Mapping[str, JSON], contract: Contract, corpus: Corpus) -> Iterator[Finding]:
    asked, before = exchange.parameters.get("job_id"), _before(exchange, corpus)
    if body.get("status") == "FAIL":
        # A.2: codes are shown in the messages of the query of a task too.
        for code in sorted(job_error_codes(body) & contract.errors.keys()):
            yield Finding(f"A.2/{code}", "pass", (exchange.id,))
    for rule, holds, expected, observed in job_claims(body, asked, before, contract.errors):
        yield verdict(f"{exchange.operation}/rule/{rule}", holds, exchange, expected, observed, rule)


def _before(exchange: Exchange, corpus: Corpus) -> Mapping[str, JSON] | None:
    """Return what the query before this one was told of the same job, None for the first one."""
    asked = exchange.parameters.get("job_id")
    before: Mapping[str, JSON] | None = None
    for query in told(corpus.job(asked, exchange.part)) if asked else ():
        if query.id == exchange.id:
            break
        before = query.response_body
    return before


# Drift: what is not documented is reported and never a failure.

#: Operation, part of the answer and what was seen.
Drift = tuple[str, str, str]


def drift(exchange: Exchange, contract: Contract, seen: Seen | None = None) -> Iterator[Drift]:
    """Yield (operation, part of the answer, what) for undocumented fields of a successful answer.

    With *seen*, which has just judged the exchange, nothing where all of them were yielded before.
    """
    if seen is not None and seen.plain == exchange.id:
        return
    operation = contract.operations.get(exchange.operation or "")
    if operation is None or operation.response_body is None or not exchange.accepted:
        return
    for path in undocumented(operation.response_body, exchange.response_body):
        yield operation.id, "field", path


# Offline


def rejudge(exchanges: Sequence[Exchange], findings: Sequence[Finding], contract: Contract) -> Iterator[Finding]:
    """Yield the findings that a recorded run gives when it is judged again, of a whole run a million.

    What the judge derives from exchanges is derived anew; the rules' claims are evaluated anew on the recorded
    answers; only "error", "not_tested" and "not_applicable" findings are taken over, since they speak of what is not recorded.
    """
    corpus = RecordedCorpus(exchanges)
    for exchange in corpus.exchanges:
        yield from judge(exchange, contract, corpus)
    for finding in findings:
        if finding.assertion is not None:
            shown = corpus.get(finding.assertion.exchange)
            if shown is not None:
                operation = contract.operations.get(shown.operation or "")
                codes = contract.environment_codes
                yield evaluate(finding.requirement, finding.assertion, shown, codes, operation, contract.statuses)
        elif finding.outcome in {"error", "not_tested", "not_applicable"}:
            yield replace(finding)
