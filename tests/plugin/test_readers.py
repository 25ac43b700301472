"""What others read of a report: junit.xml by a reader of its own, the code quality of GitLab by its documented form."""

import json
import re

import pytest

_BREAKS = ("-q", "--ecs-report=out", "--ecs-section=5.7", "--ecs-deviation=quota-null", "--ecs-annotations=gitlab")
#: https://docs.gitlab.com/ci/testing/code_quality/
_SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


@pytest.fixture(autouse=True)
def _run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""def test_it(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")""")
    pytester.runpytest(*_BREAKS)


def test_junit_is_read_by_a_reader(pytester: pytest.Pytester) -> None:
    """Each suite adds up, each failure has a message and a text, and properties are there."""
    junitparser = pytest.importorskip("junitparser", reason="junitparser is not installed (the extra 'readers')")
    out = pytester.path / "out"
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    read = junitparser.JUnitXml.fromfile(str(out / "junit.xml"))
    assert (read.tests, read.failures) == (len(report["results"]), report["summary"]["total"]["fail"])
    failed = []
    for suite in read:
        cases = list(suite)
        assert suite.tests == len(cases)
        assert suite.failures == sum(any(isinstance(one, junitparser.Failure) for one in c.result) for c in cases)
        assert suite.skipped == sum(any(isinstance(one, junitparser.Skipped) for one in c.result) for c in cases)
        failed += [case for case in cases if any(isinstance(one, junitparser.Failure) for one in case.result)]
    assert failed
    for case in failed:
        assert case.result[0].message
        assert "5.7" in case.result[0].text
        assert case.name in {row["requirement"] for row in report["results"] if row["verdict"] == "fail"}
        assert {"level", "section", "evidence"} <= {one.attrib["name"] for one in case._elem.iter("property")}


def test_code_quality_has_the_documented_form(pytester: pytest.Pytester) -> None:
    """Description, name of the check, a fingerprint that is no other's, a known severity, and a place."""
    issues = json.loads((pytester.path / "out" / "gl-code-quality-report.json").read_text(encoding="utf-8"))
    assert issues
    for issue in issues:
        assert issue["description"]
        assert issue["check_name"]
        assert re.fullmatch(r"[0-9a-f]{32,64}", issue["fingerprint"])
        assert issue["severity"] in _SEVERITIES
        assert not issue["location"]["path"].startswith(("/", "./"))
        assert isinstance(issue["location"]["lines"]["begin"], int)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
