"""What is shown elsewhere: summaries and annotations of CI servers, badges, and fleets."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from pytest_ecs._report import command
from pytest_ecs._report.annotations import github, gitlab
from pytest_ecs._report.badge import badge
from pytest_ecs._report.fleet import differences, page
from pytest_ecs._report.fleet import markdown as fleet
from pytest_ecs._report.model import Report
from pytest_ecs._report.needs import needs, why
from pytest_ecs._report.summary import markdown

from .reports import QUOTAS, header, written


def _with(report: Report, verdict: str, reason: str, many: int, level: str = "must") -> Report:
    """Return *report* with so many rows of a verdict and a reason, and the sums of that."""
    row = report["results"][0]
    rows: list[Any] = [
        {**row, "requirement": f"{QUOTAS}{n}", "verdict": verdict, "reason": reason, "level": level}
        for n in range(many)
    ]
    sums = {**dict.fromkeys(report["summary"]["total"], 0), verdict: many}
    summary: Any = {"total": sums, "sections": {"5.7": sums}, "levels": {level: sums}}
    return {**report, "results": rows, "summary": summary}


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        ("it was not seen in this run", "Circumstances that did not come about in this run"),
        (
            "No test begins any more. Seen: --ecs-max-minutes have passed. raise --ecs-max-minutes or select less.",
            "A run that may go on for longer, or with more servers",
        ),
        ("no option names a Xen flavor", "Credentials or a name, given with an option"),
        ("credentials of another project are needed: --ecs-other-cloud", "Credentials or a name, given with an option"),
        ("the flavor of the run supports recovery", "Another flavor, image or project"),
        ("more than 1,000 servers would have to be bought", "More servers, disks or requests than a test should buy"),
        ("only the network service shows external networks", "Access to another service"),
        ("no operation makes a BMS", "Nothing, since the document offers no way to do it or to see it"),
        ("a refusal is accepted as well (ruling x)", "Nothing, since a ruling accepts either behaviour"),
        ("no check exercised it in this run", "A check that is part of the selection"),
        ("the endpoint does not accept reboot", "An endpoint that does what the check begins with"),
        ("zzz", "Something else"),
    ],
)
def test_what_was_not_tested_is_grouped_by_what_it_would_take(tmp_path: Path, reason: str, title: str) -> None:
    """In the page, in summary.md and in the paragraph that says why."""
    report: Report = {**_with(written(tmp_path), "not_tested", reason, 3), "verdict": "partial"}
    (need,) = needs(report)
    assert (need.title, need.binding) == (title, 3)
    assert f"- **{title}**: 3, 3 binding\n  - {reason}: 3" in markdown(report)
    assert f"{title[1:]} (3)" in why(report)


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("pass", "that apply was tested and holds"),
        ("partial", "Nothing binding failed"),
        ("error", "Something was in the way"),
    ],
)
def test_the_paragraph_says_what_the_verdict_rests_on(tmp_path: Path, verdict: str, said: str) -> None:
    """One sentence for each verdict; a run that did not end is said as well."""
    report: Report = {**_with(written(tmp_path), "pass", "", 3), "verdict": verdict, "complete": False}
    assert said in why(report)
    assert "did not end in order" in why(report)


def test_the_summary_is_short_and_begins_with_what_is_wrong(tmp_path: Path) -> None:
    """However much failed: what does not fit is counted, and CI servers show it whole (they cut at 1 MiB and less)."""
    many = _with(written(tmp_path), "fail", "expected | <b> observed " + "x" * 5000, 4000)
    text = markdown(many)
    assert len(text) < 40_000
    assert "- and 3,950 more, in report.html" in text
    assert "<b>" not in text
    assert text.index("## Failed (4,000)") < text.index("By section")


def test_recommendations_not_met_are_named(tmp_path: Path) -> None:
    """They change no verdict, and somebody has to see them."""
    text = markdown(_with(written(tmp_path), "fail", "", 2, level="should"))
    assert f"## Recommendations not met (2)\n\n- `{QUOTAS}0`" in text
    assert "## Failed" not in text


def test_github_commands_are_one_line_each_and_few(tmp_path: Path) -> None:
    """What an endpoint answered ends no command and begins none; GitHub shows ten of a sort."""
    report = _with(written(tmp_path), "fail", "a\n::warning::b\r%0A", 25)
    lines = list(github(report))
    assert all(line.startswith(("::error title=", "::notice title=")) and len(line.splitlines()) == 1 for line in lines)
    assert len([line for line in lines if line.startswith("::error")]) == 10
    assert lines[0].endswith("%0Aa%0A::warning::b%0D%250A")
    assert "16 more" in lines[9]
    assert "Verdict: FAIL" in lines[-1]
    (advice, _) = github(_with(report, "fail", "", 1, level="should"))
    assert advice.startswith("::warning title=")


def test_gitlab_gets_one_issue_for_each_broken_requirement(tmp_path: Path) -> None:
    """With the fields that it requires; the fingerprint stays the same from run to run."""
    report = written(tmp_path)
    issues = json.loads(gitlab(report, "out"))
    broken = [r["requirement"] for r in report["results"] if r["verdict"] in {"fail", "error"}]
    assert [issue["check_name"] for issue in issues] == broken
    assert {issue["severity"] for issue in issues} <= {"info", "minor", "major", "critical", "blocker"}
    assert {issue["location"]["path"] for issue in issues} == {"out/report.json"}
    assert len({issue["fingerprint"] for issue in issues}) == len(broken)
    again = json.loads(gitlab(_with(report, "fail", "otherwise", 1), "elsewhere"))
    same = json.loads(gitlab(_with(report, "fail", "", 1), "out"))
    assert again[0]["fingerprint"] == same[0]["fingerprint"]


def test_a_badge_says_verdict_and_marks(tmp_path: Path) -> None:
    """As text in a picture that is well-formed, whatever the names are; SIMULATED can never be left out."""
    target = {**header().target, "simulated": True, "verified_tls": False}
    report = written(tmp_path, target=target)
    picture = ET.fromstring(badge(report))
    assert picture.get("aria-label") == "ECS full: FAIL, simulated"
    unverified: Any = {**report, "complete": False, "target": {**target, "simulated": False}}
    assert ET.fromstring(badge(unverified)).get("aria-label") == "ECS full: FAIL, incomplete, TLS unverified"


def test_a_fleet_shows_what_endpoints_differ_in(tmp_path: Path) -> None:
    """A column for each, binding and common failures first, blank what one was not asked for."""
    first = _with(written(tmp_path), "fail", "", 3)
    second: Report = {**_with(first, "fail", "", 1), "target": {**first["target"], "name": "other | <b>"}}
    rows = differences([first, second])
    assert [row.verdicts for row in rows] == [("fail", "fail"), ("fail", None), ("fail", None)]
    text = fleet([first, second])
    assert "other \\| &lt;b> (r)" in text
    assert f"| `{QUOTAS}0` (must) | " in text
    shown = page([first, second])
    assert "other | &lt;b&gt; (r)" in shown
    assert shown.count("✗ failed") == 4


def test_a_fleet_of_different_contracts_says_so(tmp_path: Path) -> None:
    """Equal verdicts need not mean the same there."""
    first = written(tmp_path)
    second: Report = {**first, "contract": {**first["contract"], "sha256": "0" * 64}}
    assert "different contracts" in fleet([first, second])
    assert "different contracts" in page([first, second])
    assert "different contracts" not in fleet([first, first])
    assert "cloud (r) #2" in fleet([first, first])


def test_the_command_writes_badges_and_overviews(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the report or into the folder that is named."""
    written(tmp_path)
    assert command("badge", [tmp_path]) == 0
    assert (tmp_path / "badge-full.svg").is_file()
    assert command("fleet", [tmp_path, tmp_path], output=tmp_path / "out") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["fleet.html", "fleet.md"]
    capsys.readouterr()
    assert command("fleet", [tmp_path]) == 0
    assert capsys.readouterr().out.startswith("# Fleet of 1\n")
