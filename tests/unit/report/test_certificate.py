"""From findings to verdicts: all five, the whole, waivers, and the files."""

import itertools
import json
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from pytest_ecs._checks import Finding
from pytest_ecs._contract.model import Requirement, Ruling
from pytest_ecs._http.exchange import Case, Exchange
from pytest_ecs._report.certificate import Result, build, decide, overall, weigh_waivers
from pytest_ecs._report.diff import diff, wording
from pytest_ecs._report.evidence import EvidenceError, lines, read_evidence
from pytest_ecs._report.failure import explain
from pytest_ecs._report.files import ReportError, write_all
from pytest_ecs._report.html import html
from pytest_ecs._report.junit import junit
from pytest_ecs._report.summary import markdown, table

from ..exchanges import exchange

_TODAY = date(2026, 6, 1)
_EVIL = "</pre><script>alert('x')</script>&\x00"


def _requirement(name: str, level: Any = "must", ruling: str | None = None) -> Requirement:
    return Requirement(f"op.{name}/status", f"op.{name}", "5.1.1, table 5-3", "status", level, f"{name} holds", ruling)


def _finding(name: str, outcome: Any, **fields: Any) -> Finding:
    return Finding(f"op.{name}/status", outcome, ("main-00001",), **fields)


def _waiver(name: str, expires: str = "2026-12-31") -> dict[str, Any]:
    return {"requirement": f"op.{name}/status", "owner": "QA lead", "reason": "known", "expires": expires}


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


def test_what_no_check_looked_at_has_a_reason() -> None:
    """The reason is the caller's where there is one, and never empty."""
    results = decide(
        [_requirement("a"), _requirement("b")], [], (), today=_TODAY, uncovered={"op.a/status": "no recipe"}
    )
    assert [r.reason for r in results] == ["no recipe", "no check exercised it in this run"]


@pytest.mark.parametrize(
    ("waiver", "outcome", "verdict", "state"),
    [
        (_waiver("a"), "fail", "waived", "applied"),
        (_waiver("a"), "pass", "pass", "stale"),
        (_waiver("a", "2026-05-31"), "fail", "fail", "expired"),
        (_waiver("zzz"), "fail", "fail", "unknown"),
        (_waiver("a", "2026-06-01"), "fail", "waived", "applied"),
    ],
)
def test_a_waiver_counts_until_its_date_and_only_for_a_failure(
    waiver: Any, outcome: str, verdict: str, state: str
) -> None:
    """Applied, stale, expired and unknown waivers are told apart."""
    results = decide([_requirement("a")], [_finding("a", outcome)], [waiver], today=_TODAY)
    assert results[0].verdict == verdict
    assert weigh_waivers([waiver], results, today=_TODAY)[0]["state"] == state


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        (["pass"], "pass"),
        (["pass", "not_tested"], "partial"),
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
    assert overall(results, [{"state": "stale"}]) == "partial"
    assert overall(results, [{"state": "applied"}]) == "pass"


def _exchange(**fields: Any) -> Exchange:
    case = Case("op.a/status", "invalid", "name is left out", "main-00000")
    return exchange("op.a", 200, {"bad": _EVIL}, case=case, **fields)


def _certificate(**fields: Any) -> dict[str, Any]:
    results = decide(
        [
            _requirement("a", ruling="r1"),
            _requirement("b"),
            _requirement("c", "should"),
            _requirement("d"),
            _requirement("e"),
        ],
        [
            _finding("a", "fail", expected="refused", observed={"status": 200, "body": _EVIL}, where="status"),
            _finding("b", "pass"),
            _finding("c", "fail", expected="x", observed="y"),
            _finding("d", "error", reason="the gateway"),
        ],
        (),
        today=_TODAY,
    )
    certificate = build(
        results,
        contract={
            "title": "Reference",
            "issue": "01",
            "date": "2025-01-07",
            "sha256": "f" * 64,
            "operations": 5,
            "requirements": 5,
        },
        target={"name": f"cloud {_EVIL}", "endpoint": "https://ecs.example.com", "region": "r", "simulated": True},
        started="2026-06-01T00:00:00Z",
        finished="2026-06-01T00:01:00Z",
        cost={"requests": 1, "servers_created": 0, "seconds": 1.0, "simulated_seconds": 60},
        rulings={"r1": Ruling("r1", "5.1.1", "table", ("one", "two"), "both", "because")},
        drift=[("op.a", "field", f"x{_EVIL}")],
        waivers=[],
        more={"tool": "pytest-ecs 0", "selection": {"text": "profile full", "command": "pytest-ecs run full"}},
    )
    return {**certificate, **fields}


def _write(folder: Path) -> dict[str, Any]:
    certificate = _certificate()
    texts = {"op.a/status": _EVIL}
    write_all(folder, certificate, [_exchange()], [_finding("a", "fail")], texts)
    return certificate


def test_five_files_are_written_and_agree(tmp_path: Path) -> None:
    """The certificate names the evidence by its digest; all files are there under their names and nothing else."""
    certificate = _write(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "evidence.jsonl",
        "junit.xml",
        "report.html",
        "report.json",
        "summary.md",
    ]
    evidence = read_evidence(tmp_path / "evidence.jsonl")
    assert evidence.sha256 == certificate["evidence"]["sha256"]
    assert evidence.exchanges == (_exchange(),)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == json.loads(json.dumps(certificate))


@pytest.mark.parametrize("text", ["a\u2028b\u0085c\x1dd", "\ud800 alone", "\r\n", "\x00"])
def test_whatever_an_endpoint_answers_is_read_back(tmp_path: Path, text: str) -> None:
    """Line separators and broken surrogates in an answer make no file unreadable."""
    seen = exchange("op.a", 200, {"name": text})
    write_all(tmp_path, _certificate(), [seen], [_finding("a", "fail", observed=text)], {"op.a/status": text})
    evidence = read_evidence(tmp_path / "evidence.jsonl")
    assert (evidence.exchanges, evidence.findings[0].observed) == ((seen,), text)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["verdict"] == "fail"
    ET.parse(tmp_path / "junit.xml")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The message has the path and the way out, and no half file stays."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"evidence\.jsonl cannot be written.*--ecs-report"):
        _write(tmp_path / "file")


def test_hostile_answers_stay_text_in_the_page() -> None:
    """What an endpoint answers can never run in the browser of who reads the report."""
    page = html(
        _certificate(evidence={"file": "e", "sha256": "0", "exchanges": 1, "findings": 1}),
        {"op.a/status": _EVIL},
        {"main-00001": _exchange()},
    )
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 3
    assert "SIMULATED" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_junit_loses_no_result() -> None:
    """Requirements of no operation are in the group that the summary counts them in."""
    loose = [Requirement("A-4/active+none", None, "A.3", "state", "must", "x"), _requirement("a")]
    results = decide(loose, [], (), today=_TODAY)
    parts: dict[str, Any] = {key: {} for key in ("contract", "target", "cost", "rulings")}
    certificate = build(results, **parts, started="", finished="", drift=[], waivers=[], homes={"op.a": "9.9"})
    suites = {suite.get("name"): len(suite) for suite in ET.fromstring(junit(certificate, {}))}
    assert suites == {"9.9": 1, "A-4": 1} == dict.fromkeys(certificate["summary"]["sections"], 1)


def test_junit_has_a_case_for_each_requirement() -> None:
    """Failures, errors and skips are counted as the certificate counts them, whatever characters are in the texts."""
    root = ET.fromstring(junit(_certificate(), {"op.a/status": _EVIL}))
    (suite,) = root
    assert suite.attrib | {"timestamp": ""} == {
        "name": "5.1",
        "tests": "5",
        "failures": "2",
        "errors": "1",
        "skipped": "1",
        "timestamp": "",
    }
    assert [len(list(case)) for case in suite] == [1, 0, 1, 1, 1]


def test_the_table_and_the_summary_say_the_same() -> None:
    """Both have the line of each section group, the total and the verdict."""
    certificate = _certificate()
    assert table(certificate).splitlines()[2].split() == ["5.1", "1", "2", "1", "0", "1"]
    assert "Verdict: FAIL SIMULATED" in table(certificate)
    assert "| 5.1 | 1 | 2 | 1 | 0 | 1 |" in markdown(certificate)
    assert "- `op.a/status` [5.1.1, table 5-3] a holds" in markdown(certificate)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda rows: rows[:-1], "has no footer"),
        (lambda rows: rows[1:], "does not begin with a header"),
        (lambda rows: [rows[0], rows[1].replace("200", "201"), *rows[2:]], "was changed after it was written"),
        (lambda rows: [rows[0], "garbage", *rows[1:]], ":2 is not JSON"),
        (lambda rows: [rows[0], "[]", *rows[1:]], ":2 is no line of evidence"),
        (lambda rows: [rows[0], *rows[2:]], "was changed after it was written"),
        (lambda rows: [], ":1 is not JSON"),
    ],
)
def test_changed_evidence_is_found(tmp_path: Path, change: Any, text: str) -> None:
    """A cut, edited, garbled or shortened file is named as what it is."""
    rows, _ = lines({"format": 1}, [_exchange()], [_finding("a", "fail")])
    file = tmp_path / "evidence.jsonl"
    file.write_text("\n".join(change(rows)) + "\n", encoding="utf-8")
    with pytest.raises(EvidenceError, match=text):
        read_evidence(file)


def test_two_exchanges_of_one_id_are_found(tmp_path: Path) -> None:
    """Evidence that was put together from two runs is refused, although its digest is right."""
    rows, _ = lines({"format": 1}, [_exchange(), _exchange()], [])
    file = tmp_path / "evidence.jsonl"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    with pytest.raises(EvidenceError, match="two exchanges of one id"):
        read_evidence(file)


def test_a_diff_sorts_changes_by_what_they_mean() -> None:
    """Regressions come first and nothing that stayed is named."""

    def certificate(**verdicts: str) -> dict[str, Any]:
        rows = [{"requirement": name, "verdict": verdict} for name, verdict in verdicts.items()]
        return {"verdict": "fail", "contract": {"sha256": "a"}, "results": rows}

    old = certificate(a="pass", b="fail", c="not_tested", d="pass", e="pass", g="pass")
    new = certificate(a="fail", b="pass", c="pass", d="not_tested", f="pass", g="pass")
    changes = {kind: [row["requirement"] for row in rows] for kind, rows in diff(old, new).items() if rows}
    assert changes == {
        "regressed": ["a"],
        "fixed": ["b"],
        "untested": ["d"],
        "tested": ["c"],
        "appeared": ["f"],
        "vanished": ["e"],
    }
    assert "regressed (1)\n  a: pass -> fail" in wording(old, new)
    assert "Nothing changed." in wording(old, old)


def test_a_failure_reads_like_a_bug_report() -> None:
    """Requirement, claim with its place, request to repeat, the one change, control, expected, observed, ruling and blame."""
    finding = _finding("a", "fail", expected="HTTP 400", observed={"status": 200}, where="status")
    control = exchange("op.a", 200, {}, id="main-00000", method="POST")
    shown = _exchange(method="POST", request={"server": {}}, response_headers={"x-request-id": "req-7"})
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
