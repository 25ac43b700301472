"""What an endpoint does not offer: discarded operations that are not found, whatever is asked of them."""

from pathlib import Path
from typing import Any

from pytest_ecs._checks import Assertion, Finding, evaluate
from pytest_ecs._http.exchange import Case, Exchange
from pytest_ecs._report.verify import verify

from ..exchanges import exchange
from .reports import contract, header, write

_LIST, _CREATE, _SHOW = (f"deprecated.floating-ips.{name}" for name in ("list", "create", "show"))
_ASKED = [r.id for r in contract().requirements.values() if r.operation in {_LIST, _CREATE, _SHOW}]


def _gone(number: int, operation: str) -> list[Exchange]:
    """A valid request that was not found, after the query of its collection was not found either."""
    probe = exchange(None, 404, {"itemNotFound": {"message": "none", "code": 404}}, id=f"main-{number:05}")
    case = Case(f"{operation}/status", "accepted", control=probe.id)
    return [probe, exchange(operation, 404, probe.response_body, id=f"main-{number + 1:05}", case=case)]


def _verdicts(folder: Path, exchanges: list[Exchange], operation: str) -> dict[str, str]:
    """Return the verdicts on an operation; every one is verified."""
    report = write(folder, header(*_ASKED), exchanges)
    assert verify(folder, contract()) == []
    return {r["requirement"]: r["verdict"] for r in report["results"] if r["operation"] == operation}


def test_a_discarded_operation_that_is_never_found_is_not_applicable_with_all_it_claims(tmp_path: Path) -> None:
    """Those that need what the others make were never sent, and are not there either; what was seen to hold stays."""
    seen = [
        *_gone(1, _LIST),
        *_gone(3, _CREATE),
        exchange(_LIST, 404, {"itemNotFound": {"message": "none", "code": 404}}, id="main-00009"),
    ]
    verdicts = _verdicts(tmp_path, seen, _LIST)
    assert verdicts.pop(f"{_LIST}/error/status") == "pass"
    assert verdicts.pop(f"{_LIST}/error/envelope") == "pass"
    assert set(verdicts.values()) == {"not_applicable"}
    assert set(_verdicts(tmp_path, seen, _SHOW).values()) == {"not_applicable"}


def test_one_that_answers_otherwise_once_is_there(tmp_path: Path) -> None:
    """Then what was not tested says so, of it and of the others of its section that were never sent."""
    refused: Any = exchange(_CREATE, 409, {"conflictingRequest": {"message": "no", "code": 409}}, id="main-00009")
    seen = [*_gone(1, _LIST), refused]
    assert _verdicts(tmp_path, seen, _CREATE)[f"{_CREATE}/status"] == "not_tested"
    assert set(_verdicts(tmp_path, seen, _SHOW).values()) == {"not_tested"}
    assert _verdicts(tmp_path, seen, _LIST)[f"{_LIST}/status"] == "not_applicable"


def test_an_operation_that_binds_is_never_not_applicable(tmp_path: Path) -> None:
    """Chapter 6 has to be there: the same answers are a failure."""
    name = "nova.servers.list"
    case = Case(f"{name}/status", "accepted", control="main-00001")
    seen = [exchange(None, 404, id="main-00001"), exchange(name, 404, id="main-00002", case=case)]
    (row,) = write(tmp_path, header(f"{name}/status"), seen)["results"]
    assert row["verdict"] == "fail"


def test_what_nobody_saw_to_be_missing_does_not_verify(tmp_path: Path) -> None:
    """That something is not offered has to be what the exchanges show."""
    seen = exchange(_LIST, 200, {"floating_ips": []}, id="main-00001")
    finding = Finding(f"{_LIST}/auth/no-token", "not_applicable", (seen.id,), reason="none")
    write(tmp_path, header(*_ASKED), [seen], [finding])
    assert any("not_applicable of" in one or "is not_applicable by" in one for one in verify(tmp_path, contract()))


def test_a_claim_that_showed_late_or_looks_at_something_broken_verifies(tmp_path: Path) -> None:
    """Its finding is the one that the exchange gives, but for the remark."""
    rule, other = [r.id for r in contract().requirements.values() if r.operation == "ecs.quotas.show"][:2]
    seen = exchange("ecs.quotas.show", 200, {"absolute": {"maxTotalCores": "many"}})
    operation = contract().operations["ecs.quotas.show"]
    late = evaluate(rule, Assertion(seen.id, ("status",), "equals", 200), seen, (), operation)
    late.reason = "it showed 2 s after the first look"
    broken = evaluate(
        other, Assertion(seen.id, ("body", "absolute", "maxTotalCores"), "equals", 1), seen, (), operation
    )
    assert (late.outcome, broken.outcome) == ("pass", "not_tested")
    write(tmp_path, header(rule, other), [seen], [late, broken])
    assert [one for one in verify(tmp_path, contract()) if "drift" not in one] == []
