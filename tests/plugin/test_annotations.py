"""``--ecs-annotations``: what CI servers show beside a change."""

import json

import pytest

_BREAKS = ("-q", "--ecs-report=out", "--ecs-section=5.7", "--ecs-deviation=quota-null")


@pytest.fixture(autouse=True)
def _one_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""def test_it(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")""")


def test_github_reads_them_from_what_is_printed(pytester: pytest.Pytester) -> None:
    """Each at the beginning of a line; without the option there is none."""
    assert pytester.runpytest(*_BREAKS).stdout.str().count("::error") == 0
    shown = pytester.runpytest(*_BREAKS, "--ecs-annotations=github")
    lines = [line for line in shown.stdout.lines if line.startswith("::")]
    assert lines[0].startswith("::error title=ecs.quotas.show/response/")
    assert lines[-1].startswith("::notice title=ECS conformance::Verdict: FAIL SIMULATED")
    certificate = json.loads((pytester.path / "out" / "report.json").read_text(encoding="utf-8"))
    assert "annotations" not in certificate["selection"]["command"]


def test_gitlab_reads_them_from_a_file(pytester: pytest.Pytester) -> None:
    """It is named with the others, and a later run without the option leaves no old one."""
    shown = pytester.runpytest(*_BREAKS, "--ecs-annotations=gitlab")
    shown.stdout.fnmatch_lines(["Report: *gl-code-quality-report.json*"])
    file = pytester.path / "out" / "gl-code-quality-report.json"
    issues = json.loads(file.read_text(encoding="utf-8"))
    assert issues[0]["location"] == {"path": "out/report.json", "lines": {"begin": 1}}
    pytester.runpytest(*_BREAKS)
    assert not file.exists()
