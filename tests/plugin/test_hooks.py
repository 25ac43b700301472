"""Checks, reports and targets of somebody else's: each example of a plugin does what it says, and what breaks is said."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve

_PLUGINS = Path(__file__).parents[2] / "examples" / "plugins"
_TEST = 'def test_flavors(ecs_client): assert ecs_client.get("/v2.1/{project_id}/flavors").accepted\n'


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with one test of a client."""
    pytester.makepyfile(_TEST)
    pytester.makeini("[pytest]\necs_operation = nova.flavors.list")
    pytester.syspathinsert()
    pytester.syspathinsert(_PLUGINS)
    return pytester


def _report(folder: Path) -> dict[str, object]:
    report: dict[str, object] = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
    return report


def test_a_check_of_ones_own_fails_the_test_and_not_the_certificate(run: pytest.Pytester) -> None:
    """The certificate speaks of the document alone; the exit code of the run speaks of both."""
    run.makepyfile(strange="def pytest_ecs_check(exchange): return [f'{exchange.method} is old']")
    done = run.runpytest("-p", "strange", "--ecs-report=out", "-q")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        ["*Own check: * is old", "*Request * /v2.1/*", "*Repeat *curl *", "*another reason than*"]
    )
    assert done.ret == 1
    assert _report(run.path)["verdict"] != "fail"


def test_the_same_is_said_once(run: pytest.Pytester) -> None:
    """What is wrong in every answer fails the first test that sees it, not each."""
    run.makepyfile(strange="def pytest_ecs_check(exchange): return [f'{exchange.method} is old']")
    run.makepyfile(_TEST + _TEST.replace("test_flavors", "test_again"))
    run.runpytest("-p", "strange", "--ecs-report=out").assert_outcomes(failed=1, passed=1)


def test_what_a_test_sent_that_ended_early_is_checked_too(run: pytest.Pytester) -> None:
    """Like a broken requirement, it turns a skip into a failure."""
    run.makepyfile(strange="def pytest_ecs_check(exchange): return [f'{exchange.method} is old']")
    run.makepyfile("import pytest\n" + _TEST.rstrip() + "; pytest.skip('enough')\n")
    run.runpytest("-p", "strange", "--ecs-report=out").assert_outcomes(failed=1)


def test_a_check_that_breaks_is_said(run: pytest.Pytester) -> None:
    """It is not the endpoint's fault, and no reason to lose the run."""
    run.makepyfile(strange="def pytest_ecs_check(exchange): return [1 / 0]")
    done = run.runpytest("-p", "strange", "--ecs-report=out")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*a check of exchanges broke: ZeroDivisionError: *"])
    assert (run.path / "out" / "report.json").exists()


def test_the_example_of_a_check_is_content_with_the_mock(run: pytest.Pytester) -> None:
    """Its answers have a request id."""
    run.runpytest("-p", "request_ids", "--ecs-report=out").assert_outcomes(passed=1)


def test_the_example_of_a_report_has_a_row_for_each_requirement(run: pytest.Pytester) -> None:
    """The run names the file with its own."""
    done = run.runpytest("-p", "csv_report", "--ecs-report=out")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["Report: *report.json*report.csv*"])
    with (run.path / "out" / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    results = _report(run.path)["results"]
    assert isinstance(results, list)
    assert [row["requirement"] for row in rows] == [row["requirement"] for row in results]


def test_a_report_that_breaks_takes_nothing_from_the_certificate(run: pytest.Pytester) -> None:
    """All other files are there by then; the run says what broke, and does not end well."""
    run.makepyfile(strange="def pytest_ecs_report(report): report.clear(); raise OSError('no paper')")
    done = run.runpytest("-p", "strange", "--ecs-report=out")
    done.stdout.fnmatch_lines(["*A report of another form could not be written*OSError: no paper*"])
    assert done.ret != 0
    assert _report(run.path)["results"]


def test_the_example_of_a_target_is_used_and_keeps_its_secret(
    run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says where `--ecs-cloud` leads; nothing of it but the address gets into the report."""
    cloud = MockCloud()
    with serve(cloud) as server:
        about = cloud.describe(server.url)
        secret = {name: about[name] for name in ("domain", "username", "password", "project_id", "region", "resources")}
        vault = {"staging": {**secret, "endpoint": server.url, "iam": server.url}}
        (run.path / "vault.json").write_text(json.dumps(vault), encoding="utf-8")
        monkeypatch.setenv("VAULT_FILE", str(run.path / "vault.json"))
        options = ("--ecs-ledger=ledger.sqlite", "--ecs-report=out", "-p", "vault")
        run.runpytest("--ecs-cloud=vault:staging", *options).assert_outcomes(passed=1)
        unknown = run.runpytest("--ecs-cloud=vault:other", *options)
    report = _report(run.path)
    assert report["target"]["name"] == "staging"  # type: ignore[index]
    assert about["password"] not in (run.path / "out" / "report.json").read_text(encoding="utf-8")
    assert "the vault has no target 'other'" in unknown.stderr.str() + unknown.stdout.str()


def test_a_name_that_no_plugin_knows_is_looked_for_in_clouds_yaml(run: pytest.Pytester) -> None:
    """The hook takes nothing from those who do not use it."""
    done = run.runpytest("--ecs-cloud=nowhere", "--ecs-report=out", "-p", "vault")
    assert "nowhere" in done.stderr.str()
    assert done.ret != 0
