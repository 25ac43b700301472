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


@pytest.mark.parametrize("named", [False, True])
def test_a_run_needs_no_terminal(named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate is written all the same."""
    monkeypatch.chdir(tmp_path)
    with serve_mock() as mock:
        for name, value in (("AK", "ak"), ("SK", "sk"), ("PROJECT_ID", "project_id")):
            monkeypatch.setenv(f"HUAWEICLOUD_SDK_{name}", mock.about[value])
        target = [f"--ecs-endpoint={mock.url}", f"--ecs-iam={mock.url}", f"--ecs-region={mock.about['region']}"]
        asked = ["run", "-p", "no:terminal", "--ecs-operation=ecs.quotas.show", "--ecs-properties=off"]
        assert main([*asked, *(target if named else ()), "--ecs-report=out"]) == 0
    assert (tmp_path / "out" / "report.json").exists()


@pytest.mark.parametrize("options", [["-k=no_test_is_called_so"], ["-k=not ("], ["-n=1", "-k=no_test_is_called_so"]])
def test_a_run_of_nothing_costs_nothing(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No key pair is made on a named target, and the certificate of an earlier run stays."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.json").write_text("of an earlier run")
    with serve_mock() as mock:
        for name, value in (("AK", "ak"), ("SK", "sk"), ("PROJECT_ID", "project_id")):
            monkeypatch.setenv(f"HUAWEICLOUD_SDK_{name}", mock.about[value])
        target = [f"--ecs-endpoint={mock.url}", f"--ecs-iam={mock.url}", f"--ecs-region={mock.about['region']}"]
        made: list[str] = []
        monkeypatch.setattr("pytest_ecs._run.discovery._use_key_pair", lambda *_: made.append("key pair"))
        code = main(["run", "native", *target, *options, "--ecs-report=out"])
    assert code in {pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.USAGE_ERROR}, capsys.readouterr()
    assert made == []
    assert (tmp_path / "out" / "report.json").read_text() == "of an earlier run"


@pytest.mark.parametrize("verb", [["plan"], ["doctor"], ["replay", "main-00001"]])
def test_every_verb_reads_the_edition(
    verb: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What none would have read would be taken for what counts."""
    monkeypatch.chdir(tmp_path)
    assert main([*verb, "--ecs-endpoint=http://127.0.0.1:9", "--ecs-edition=nowhere.yaml"]) == 4
    assert "nowhere.yaml cannot be read" in capsys.readouterr().err


def test_a_requirement_is_explained_and_listed_as_an_edition_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Where only the URL is another one, too."""
    edition = f"--ecs-edition={Path(__file__).parents[2] / 'examples' / 'editions' / 'open-telekom-cloud.yaml'}"
    assert main(["explain", "ecs.tags.list/status", edition]) == 0
    assert "GET /v1/{project_id}/cloudservers/{server_id}/tags" in capsys.readouterr().out
    assert main(["list", "requirements", edition]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if " ecs.tags.list/status " in line)
    assert row.startswith("moved ")
    assert row.endswith("(at GET /v1/{project_id}/cloudservers/{server_id}/tags)")


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


def test_a_run_without_the_cache_warns_of_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its folder is an option that pytest knows only with it. A profile after the options is said to come first."""
    monkeypatch.chdir(tmp_path)
    assert main(["run", "-p", "no:cacheprovider", "smoke"]) == pytest.ExitCode.USAGE_ERROR
    out, err = capfd.readouterr()
    assert "cache_dir" not in out + err
    assert "where smoke is meant as the profile, it comes first" in err


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
