"""The verbs of pytest are those of ``pytest-ecs run``."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ecs import serve_mock
from pytest_ecs.__main__ import main
from pytest_ecs._cli.suites import cache


@pytest.mark.parametrize("verb", ["--lf", "--ff", "--sw", "--durations=3", "-k=quotas"])
def test_a_run_takes_the_options_of_pytest(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of its cache, too."""
    monkeypatch.chdir(tmp_path)
    assert main(["run", "smoke", verb, "--help"]) == 0
    assert "--ecs-last-failed=REPORT" in capsys.readouterr().out


def test_a_run_of_nothing_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has no verdict, and writes no report."""
    monkeypatch.chdir(tmp_path)
    assert (
        main(["run", "smoke", "-q", "-k=no_test_is_called_so", "--ecs-report=out"])
        == pytest.ExitCode.NO_TESTS_COLLECTED
    )
    assert "No test was selected" in capsys.readouterr().err
    assert not [*(tmp_path / "out").glob("*")]


def test_what_failed_last_is_remembered_beside_the_ledger(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the folder is for its owner alone."""
    monkeypatch.chdir(pytester.path)
    pytester.makepyfile("""
        import pytest

        @pytest.mark.ecs_requirement("ecs.quotas.show/status")
        def test_breaks(ecs_client): raise KeyError("a bug of the test")

        @pytest.mark.ecs_requirement("ecs.flavors.list/rule/az-filter")
        def test_passes(ecs_client, ecs_check): ecs_check.not_tested("ecs.flavors.list/rule/az-filter", "no zone")
    """)
    asked = (
        *cache(),
        "-q",
        "--ecs-report=out",
        "--ecs-requirement=ecs.*/rule/az-filter",
        "--ecs-requirement=ecs.quotas.show/status",
    )
    pytester.runpytest(*asked).assert_outcomes(failed=1, passed=1)
    assert (pytester.path / ".pytest-ecs").stat().st_mode & 0o777 == 0o700
    pytester.runpytest(*asked, "--lf").assert_outcomes(failed=1)


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is remembered then, and nobody is warned of it."""
    monkeypatch.chdir(pytester.path)
    (pytester.path / ".pytest-ecs").write_text("a file is in the way", encoding="utf-8")
    pytester.makepyfile("def test_passes(): pass")
    shown = pytester.runpytest(*cache())
    shown.assert_outcomes(passed=1, warnings=0)


def test_the_doctor_says_why_it_finds_no_vpc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With AK/SK alone there is no catalogue; a server of the project shows its own."""
    monkeypatch.chdir(tmp_path)
    with serve_mock() as mock:
        about = mock.about
        for name, value in (("AK", "ak"), ("SK", "sk"), ("PROJECT_ID", "project_id")):
            monkeypatch.setenv(f"HUAWEICLOUD_SDK_{name}", about[value])
        asked = ["doctor", f"--ecs-endpoint={mock.url}", f"--ecs-iam={mock.url}", f"--ecs-region={about['region']}"]
        main(asked)
        said = capsys.readouterr().out
        assert "vpc                    not found, since only the catalogue of a login names the VPC service" in said
        assert "give --ecs-vpc" in said
