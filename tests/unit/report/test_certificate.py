"""From findings to verdicts: all five, the whole, waivers, and the files."""

import dataclasses
import itertools
import json
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from pytest_ecs._checks import Assertion, Finding
from pytest_ecs._contract.model import Requirement, Ruling
from pytest_ecs._http.exchange import Case, Exchange
from pytest_ecs._report.certificate import Result, decide, overall
from pytest_ecs._report.diff import as_text, diff
from pytest_ecs._report.evidence import read_evidence
from pytest_ecs._report.failure import explain
from pytest_ecs._report.files import ReportError, prepare, write_all
from pytest_ecs._report.html import html
from pytest_ecs._report.junit import junit
from pytest_ecs._report.model import Footer, Report
from pytest_ecs._report.summary import markdown, table
from pytest_ecs._report.waiving import weigh_waivers

from ..exchanges import exchange
from .reports import QUOTAS, contract, header, write, written

_TODAY = date(2026, 6, 1)
_EVIL = "</pre><script>alert('x')</script>&\x00"


def _requirement(name: str, level: Any = "must", ruling: str | None = None) -> Requirement:
    return Requirement(f"op.{name}/status", f"op.{name}", "5.1.1, table 5-3", "status", level, f"{name} holds", ruling)


def _finding(name: str, outcome: Any, **fields: Any) -> Finding:
    return Finding(f"op.{name}/status", outcome, ("main-00001",), **fields)


def _waiver(name: str, expires: str = "2026-12-31") -> dict[str, Any]:
    return {
        "requirement": f"op.{name}/status",
        "owner": "QA lead",
        "reason": "known",
        "expires": expires,
        "ticket": None,
    }


def _verdicts(findings: list[Finding], waivers: Any = ()) -> dict[str, str]:
    names = ["a", "b"]
    results = decide([_requirement(n) for n in names], findings, waivers, today=_TODAY)
    return {result.requirement.id[3]: result.verdict for result in results}


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (["pass"], "pass"),
        (["pass", "not_tested"], "pass"),
        (["pass", "error"], "error"),
        (["pass", "error", "fail"], "fail"),
        (["not_tested"], "not_tested"),
        ([], "not_tested"),
    ],
)
def test_the_worst_finding_decides_a_requirement(outcomes: list[str], verdict: str) -> None:
    """Any failure is a failure, any error hides a success, and no finding is not tested."""
    for order in itertools.permutations(outcomes):
        assert _verdicts([_finding("a", outcome) for outcome in order])["a"] == verdict


@pytest.mark.parametrize(
    ("seen", "path", "verdict"),
    [
        ([500], ("status",), "not_tested"),
        ([{"status": 400, "body": None}], ("status",), "not_tested"),
        ([500], ("body", "name"), "fail"),
        ([500, 200], ("status",), "fail"),
        ([500, 203], ("status",), "fail"),
        ([{"status": 300, "body": None}], ("status",), "fail"),
        ([200], ("status",), "fail"),
        ([], ("status",), "fail"),
    ],
)
def test_an_operation_that_accepts_nothing_fails_once(seen: list[Any], path: tuple[str, ...], verdict: str) -> None:
    """How it answers to one form of its request says nothing of that form then; what an answer showed, it showed.

    A success with a status that is not documented is no refusal.
    """
    status = _requirement("a")
    rule = dataclasses.replace(status, id="op.a/rule/form", kind="rule")
    found = [Finding(status.id, "pass" if one == 200 else "fail", ("main-00001",), observed=one) for one in seen]
    claim = Assertion("main-00002", path, "at_most", 299)
    found.append(Finding(rule.id, "fail", ("main-00002",), "e", 500, "status", assertion=claim))
    results = {one.requirement.id: one for one in decide([status, rule], found, today=_TODAY)}
    assert results[rule.id].verdict == verdict
    assert (f"see {status.id}" in results[rule.id].reason) is (verdict == "not_tested")


def test_what_no_check_looked_at_has_a_reason() -> None:
    """The reason is never empty; a failure's says what was expected and what was observed."""
    finding = _finding("b", "fail", expected="HTTP 200", observed=299, where="status")
    results = decide([_requirement("a"), _requirement("b")], [finding], (), today=_TODAY)
    assert [r.reason for r in results] == [
        "no check exercised it in this run",
        "expected HTTP 200; observed 299 at status",
    ]


@pytest.mark.parametrize(
    ("waiver", "outcome", "verdict", "state"),
    [
        (_waiver("a"), "fail", "waived", "applied"),
        (_waiver("a"), "pass", "pass", "stale"),
        (_waiver("a", "2026-05-31"), "fail", "fail", "expired"),
        (_waiver("zzz"), "fail", "fail", "unknown"),
        (_waiver("a", "2026-06-01"), "fail", "waived", "applied"),
        (_waiver("*"), "fail", "waived", "applied"),
        (_waiver("z*"), "fail", "fail", "unmatched"),
        (_waiver("a"), "not_tested", "not_tested", "idle"),
        (_waiver("a"), "error", "error", "idle"),
    ],
)
def test_a_waiver_counts_until_its_date_and_only_for_a_failure(
    waiver: Any, outcome: str, verdict: str, state: str
) -> None:
    """Applied, stale, expired and unknown waivers are told apart."""
    results = decide([_requirement("a")], [_finding("a", outcome)], [waiver], today=_TODAY)
    assert results[0].verdict == verdict
    (weighed,) = weigh_waivers([waiver], {"op.a/status": verdict}, today=_TODAY, known={"op.a/status"})
    assert (weighed["state"], weighed["waived"]) == (state, ["op.a/status"] if state == "applied" else [])


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        (["pass"], "pass"),
        (["pass", "not_tested"], "partial"),
        (["pass", "not_applicable"], "pass"),
        (["not_applicable"], "partial"),
        (["pass", "waived"], "partial"),
        (["pass", "error", "not_tested"], "error"),
        (["pass", "error", "fail"], "fail"),
    ],
)
def test_the_worst_binding_verdict_decides_the_whole(verdicts: list[Any], whole: str) -> None:
    """fail, error, partial, pass, in this order."""
    results = [Result(_requirement(str(n)), v, "", (), None) for n, v in enumerate(verdicts)]
    assert overall(results) == whole


def test_a_recommendation_changes_no_verdict() -> None:
    """A failed or untested should is listed and does not count."""
    results = [Result(_requirement("a", "should"), v, "", (), None) for v in ("fail", "not_tested")]
    assert overall([*results, Result(_requirement("b"), "pass", "", (), None)]) == "pass"


@pytest.mark.parametrize("results", [[], [Result(_requirement("a", "should"), "pass", "", (), None)]])
def test_nothing_binding_is_nothing_to_pass(results: list[Result]) -> None:
    """A selection without a binding requirement certifies nothing."""
    assert overall(results) == "partial"


def test_troubles_and_wrong_waivers_spoil_a_clean_certificate() -> None:
    """A leaked server is an error, a stale waiver makes the certificate partial."""
    results = [Result(_requirement("a"), "pass", "", (), None)]
    assert overall(results, troubles=["server x is still there"]) == "error"
    assert overall(results, [_weighed("stale")]) == "partial"
    assert overall(results, [_weighed("applied")]) == "pass"


def _weighed(state: str) -> Any:
    return {**_waiver("a"), "state": state, "waived": []}


def test_what_is_declared_as_not_offered_is_not_applicable() -> None:
    """Unless it is there after all: what was seen counts more than what was declared."""
    both = [_requirement("a"), _requirement("b")]
    absent = dict.fromkeys(("op.a", "op.b"), "declared as not offered: no such service")
    results = decide(both, [_finding("b", "fail")], (), today=_TODAY, absent=absent)
    assert [(r.verdict, r.reason[:32]) for r in results] == [
        ("not_applicable", "declared as not offered: no such"),
        ("fail", "expected b holds; observed null"),
    ]


def test_a_single_requirement_can_be_declared() -> None:
    """By its id, where its operation is offered."""
    first, second = _requirement("a"), _requirement("b")
    results = decide([first, second], [], (), today=_TODAY, absent={first.id: "declared as not offered: none"})
    assert [result.verdict for result in results] == ["not_applicable", "not_tested"]


def _exchange(**fields: Any) -> Exchange:
    case = Case(QUOTAS, "invalid", "name is left out", "main-00000")
    return exchange("ecs.quotas.show", 200, {"bad": _EVIL}, case=case, **fields)


def _report(folder: Path, **fields: Any) -> Report:
    """A failure, an error, a success and something not tested, all with hostile texts."""
    target = {
        "name": f"cloud {_EVIL}",
        "endpoint": "https://ecs.example.com",
        "region": "r",
        "simulated": True,
        "verified_tls": False,
        "tls": "in process",
    }
    failed = Finding(QUOTAS, "fail", ("main-00001",), "refused", {"status": 200, "body": _EVIL}, "status")
    findings = [
        failed,
        Finding(f"{_BASE}/error/status", "error", ("main-00001",), reason=f"the gateway {_EVIL}"),
        Finding(f"{_BASE}/error/envelope", "pass", ("main-00001",)),
    ]
    ids = [f.requirement for f in findings]
    about = header(*ids, _UNTESTED, target=target, **fields)
    return write(folder, about, [_exchange()], findings)


_BASE = "ecs.quotas.show"
_UNTESTED = f"{_BASE}/auth/no-token"


def test_the_files_are_written_and_agree(tmp_path: Path) -> None:
    """The certificate names the evidence by its digest; all files are there under their names and nothing else."""
    report = _report(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "evidence.jsonl.gz",
        "junit.xml",
        "report.html",
        "report.json",
        "summary.md",
    ]
    evidence = read_evidence(tmp_path / "evidence.jsonl.gz")
    assert evidence.info == report["evidence"]
    assert evidence.exchanges == (_exchange(),)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == json.loads(json.dumps(report))


@pytest.mark.parametrize("text", ["a\u2028b\u0085c\x1dd", "\ud800 alone", "\r\n", "\x00", "\x1b[2J"])
def test_whatever_an_endpoint_answers_is_read_back(tmp_path: Path, text: str) -> None:
    """Line separators and broken surrogates in an answer make no file unreadable."""
    seen = exchange("ecs.quotas.show", 200, {"name": text})
    findings = [Finding(QUOTAS, "fail", (seen.id,), observed=text)]
    report = write(tmp_path, header(QUOTAS), [seen], findings)
    evidence = read_evidence(tmp_path / "evidence.jsonl.gz")
    assert (evidence.exchanges, evidence.record.findings) == ((seen,), findings)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["verdict"] == "fail"
    ET.parse(tmp_path / "junit.xml")
    assert "\x1b" not in table(report) + markdown(report)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The message has the path and the way out, and no half file stays."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"file cannot be written.*--ecs-report"):
        prepare(tmp_path / "file")
    report = written(tmp_path)
    with pytest.raises(ReportError, match=r"junit\.xml cannot be written.*--ecs-report"):
        write_all(tmp_path / "file", report, {}, {})


def test_hostile_answers_stay_text_in_the_page(tmp_path: Path) -> None:
    """What an endpoint answers can never run in the browser of who reads the report."""
    page = html(_report(tmp_path), {QUOTAS: _EVIL}, {"main-00001": _exchange()})
    assert "<script>alert" not in page
    assert page.count("\\u003c/pre\\u003e\\u003cscript\\u003ealert") >= 3
    assert "SIMULATED" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_junit_has_a_case_for_each_requirement(tmp_path: Path) -> None:
    """Failures, errors and skips are counted as the certificate counts them, whatever characters are in the texts."""
    root = ET.fromstring(junit(_report(tmp_path), {QUOTAS: _EVIL}, {QUOTAS: 1.25}))
    run, suite = root
    assert suite.attrib | {"timestamp": ""} == {
        "name": "5.7",
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
        "timestamp": "",
        "time": "1.250",
    }
    tags = {case.get("name"): [child.tag for child in case if child.tag != "properties"] for case in suite}
    assert tags == {
        QUOTAS: ["failure"],
        f"{_BASE}/error/status": ["error"],
        f"{_BASE}/error/envelope": [],
        _UNTESTED: ["skipped"],
    }
    about = {one.get("name"): one.get("value") for one in run.iter("property")}
    assert (about["reached"], about["simulated"]) == ("in process", "yes")


def test_the_table_and_the_summary_say_the_same(tmp_path: Path) -> None:
    """Both have the line of each section group, the total and the verdict."""
    report = _report(tmp_path)
    assert table(report).splitlines()[2].split() == ["5.7", "1", "1", "1", "0", "0", "1"]
    assert "Verdict: FAIL SIMULATED" in table(report)
    assert "| 5.7 | 1 | 1 | 1 | 0 | 0 | 1 |" in markdown(report)
    assert f"- `{QUOTAS}` [5.7.1" in markdown(report)


def test_a_run_that_did_not_end_in_order_says_so_everywhere(tmp_path: Path) -> None:
    """In all files and on the terminal, and it is an error although nothing failed."""
    good = exchange("ecs.quotas.show", 200, {"absolute": {}})
    trouble = "the run was interrupted"
    end = Footer("2026-06-02T00:01:00Z", 1.0, False)
    report = write(tmp_path, header(QUOTAS), [good], [Finding(QUOTAS, "pass", (good.id,))], end=end, troubles=[trouble])
    assert (report["verdict"], report["complete"], report["troubles"]) == ("error", False, [trouble])
    for name in ("report.html", "summary.md", "report.json", "junit.xml"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert trouble in text, name
        assert "incomplete" in text.lower() or '"complete": false' in text, name
    assert "INCOMPLETE" in table(report)
    assert trouble in table(report)


def test_an_endpoint_that_did_not_prove_its_name_is_said_everywhere(tmp_path: Path) -> None:
    """Whoever reads any of the files has to know it."""
    tls = "TLS certificate not verified (--ecs-insecure): the endpoint did not prove its name"
    about = header(QUOTAS)
    report = written(tmp_path, target={**about.target, "verified_tls": False, "tls": tls})
    for name in ("report.html", "summary.md", "report.json", "junit.xml"):
        assert tls in (tmp_path / name).read_text(encoding="utf-8"), name
    assert tls in table(report)


@pytest.mark.parametrize(("level", "title"), [("must", "Failed"), ("should", "Recommendations not met")])
def test_what_failed_is_named_on_the_terminal(tmp_path: Path, level: str, title: str) -> None:
    """Without a test that failed, of a recommendation or at a later look, nothing else would show it there."""
    name = next(r.id for r in contract().requirements.values() if r.level == level)
    report = write(tmp_path, header(name), [_exchange()], [Finding(name, "fail", ("main-00001",))])
    assert f"{title} (1):\n  {name}" in table(report)


def _with(report: Report, **verdicts: str) -> Any:
    """A report with nothing but requirements of those verdicts."""
    rows = [
        {"requirement": name, "verdict": verdict, "level": "should" if name.startswith("s") else "must", "reason": ""}
        for name, verdict in verdicts.items()
    ]
    return {**report, "results": rows}


def test_a_diff_sorts_changes_by_what_they_mean(tmp_path: Path) -> None:
    """What newly fails comes first, and neither what stayed nor what was asked for only once is named."""
    report = written(tmp_path)
    old = _with(report, a="pass", b="fail", c="not_tested", d="pass", e="pass", g="pass", s="pass", w="fail")
    new = _with(report, a="fail", b="pass", c="pass", d="not_tested", f="pass", g="pass", s="fail", w="waived")
    changes = {kind: [row["requirement"] for row in rows] for kind, rows in diff(old, new).items() if rows}
    assert changes == {
        "newly failing": ["a"],
        "recommendations newly not met": ["s"],
        "fixed": ["b"],
        "newly not tested": ["d"],
        "newly tested": ["c"],
        "newly waived": ["w"],
    }
    text = as_text(old, new)
    assert "newly failing (1)\n  a: pass -> fail" in text
    assert "1 requirements were asked for only in the old one" in text
    assert "Nothing changed." in as_text(old, old)


def test_a_diff_speaks_of_drift_and_cost(tmp_path: Path) -> None:
    """Undocumented things that came, servers, and operations that became much slower; seconds alone say nothing."""
    report = written(tmp_path)
    slow = {**report["cost"]["latency"]["ecs.quotas.show"], "p90": 500.0}
    cost: Any = {**report["cost"], "servers_created": 9, "seconds": 77.0, "latency": {"ecs.quotas.show": slow}}
    text = as_text(report, {**report, "cost": cost, "drift": []})
    assert "drift gone (1)\n  ecs.quotas.show field absolute.unheard" in text
    assert "  servers created: 1 -> 9" in text
    assert "  ecs.quotas.show: 90 % within 20 ms -> 500 ms" in text
    assert "77" not in text


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("HTTP 503 after 3 attempts: the gateway could not reach the service", "environment"),
        ("environment: no room", "environment"),
        ("credentials: they ended", "credentials"),
        ("configuration: name --ecs-image", "configuration"),
        ("harness: the check itself broke: KeyError: 'x'", "harness"),
    ],
)
def test_an_error_begins_with_whose_fault_it_is(reason: str, fault: str) -> None:
    """Once, and the message says the same as the verdict."""
    finding = _finding("a", "error", reason=reason)
    (result,) = decide([_requirement("a")], [finding], (), today=_TODAY)
    assert result.reason.startswith(f"{fault}: ")
    assert result.reason.count(f"{fault}: ") == 1
    assert f"Blame     {fault}: " in explain(finding, _requirement("a"))


def test_a_failure_reads_like_a_bug_report() -> None:
    """Requirement, claim with its place, request to repeat, the one change, control, expected, observed, ruling and blame."""
    finding = _finding("a", "fail", expected="HTTP 400", observed={"status": 200}, where="status")
    control = exchange("op.a", 200, {}, id="main-00000", method="POST")
    case = Case("op.a/status", "invalid", "name is left out", "main-00000")
    shown = exchange(
        "op.a",
        200,
        {"bad": _EVIL},
        case=case,
        method="POST",
        request={"server": {}},
        response_headers={"x-request-id": "req-7"},
    )
    text = explain(finding, _requirement("a", ruling="r1"), shown, control, Ruling("r1", "5", "w", ("x",), "both", "y"))
    for part in (
        "op.a/status (must)",
        "a holds [5.1.1, table 5-3]",
        "POST /v1/p/x",
        "name is left out",
        "(main-00000)",
        "HTTP 400",
        '"status": 200',
        "(at status)",
        "request id req-7",
        "curl -i -X POST 'https://ecs.example.com/v1/p/x'",
        "r1: both",
        "product",
    ):
        assert part in text, part
