"""The suite is shown to bite: for each named deviation of the mock it is known which requirements fail, and no other does."""

import gzip
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ecs._contract import load
from pytest_ecs._mock import DEVIATIONS

from .expectations import EXPECTED, MAYBE, MODULES, fitting


def _certify(folder: Path, *options: str) -> tuple[int, dict[str, dict[str, str]], str]:
    # One seed, since what is compared here must not depend on what generated requests happen to meet.
    command = [sys.executable, "-m", "pytest_ecs", "run", f"--ecs-report={folder}", "--hypothesis-seed=1", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    certificate = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return done.returncode, {r["requirement"]: r for r in certificate["results"]}, certificate["verdict"]


def test_every_deviation_has_its_requirements_and_nothing_else_has() -> None:
    """A new deviation without expectations, or expectations without a deviation, is a mistake."""
    assert set(EXPECTED) == set(DEVIATIONS)
    for name, expected in MODULES.items():  # beside their texts: a file here for each module there
        module = importlib.import_module(f"pytest_ecs._mock.deviations.{name}")
        assert set(expected) == set(getattr(module, name.upper()))
    assert all(EXPECTED.values())
    assert all(not expected[0].startswith(MAYBE) for expected in EXPECTED.values() if isinstance(expected, list))


def test_every_expected_requirement_exists() -> None:
    """A pattern that fits no requirement of the contract could never be seen to fail."""
    known = list(load().requirements)
    for patterns in EXPECTED.values():
        for pattern in patterns if isinstance(patterns, list) else ():
            assert fitting(known, pattern), pattern


def test_the_conforming_mock_fails_nothing(clean_run: tuple[int, Path]) -> None:
    """Without a deviation there is no failure and no error; what is not tested has a reason."""
    code, folder = clean_run
    certificate = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    results = certificate["results"]
    assert (code, certificate["verdict"]) == (0, "pass")
    assert {r["verdict"] for r in results} == {"pass", "not_tested", "not_applicable"}
    assert all(r["reason"] for r in results if r["verdict"] != "pass")
    assert all(r["evidence"] for r in results if r["verdict"] == "pass")
    musts = [r["verdict"] for r in results if r["level"] == "must"]
    assert musts.count("pass") >= 0.98 * len(musts)
    assert certificate["cost"]["servers_created"] < 76


def test_two_workers_come_to_the_same_certificate(tmp_path: Path) -> None:
    """With xdist the same requirements have the same verdicts, in one certificate written by the controller.

    The evidence of both workers together gives them again.
    """
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    # Generated queries show what other tests of the same worker happen to have left behind.
    options = ("--ecs-deviation=job-total-wrong", "--ecs-section=5.1", "--ecs-section=5.8", "--ecs-properties=off")
    alone = _certify(tmp_path / "one", *options)
    shared = _certify(tmp_path / "two", *options, "-n", "2")

    def verdicts(results: dict[str, dict[str, str]]) -> dict[str, tuple[str, str | None]]:
        """Verdicts, and why something was not tested."""
        return {k: (v["verdict"], v["reason"] if v["verdict"] == "not_tested" else None) for k, v in results.items()}

    assert verdicts(alone[1]) == verdicts(shared[1])
    assert alone[2] == shared[2] == "fail"
    report = tmp_path / "two" / "report.json"
    assert _verify(report) == (0, f"{report}: verified")


def test_a_run_verifies_and_a_changed_one_does_not(clean_run: tuple[int, Path], tmp_path: Path) -> None:
    """The evidence alone gives the same verdicts; a flipped verdict and an edited body are found."""
    folder = shutil.copytree(clean_run[1], tmp_path / "copy")
    report, evidence = folder / "report.json", folder / "evidence.jsonl.gz"
    assert _verify(report) == (0, f"{report}: verified")
    text = report.read_text(encoding="utf-8")
    flipped = json.loads(text)
    next(r for r in flipped["results"] if r["requirement"] == "nova.servers.update/rule/name-changed")["verdict"] = (
        "fail"
    )
    report.write_text(json.dumps(flipped), encoding="utf-8")
    code, said = _verify(report)
    assert code == 1
    assert "nova.servers.update/rule/name-changed is fail in the certificate and pass by its evidence" in said
    report.write_text(text, encoding="utf-8")
    evidence.write_bytes(gzip.compress(gzip.decompress(evidence.read_bytes()).replace(b"SHUTOFF", b"ACTIVE", 1)))
    code, said = _verify(report)
    assert code == 1
    assert "was changed after it was written" in said


def _verify(report: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest_ecs", "report", "verify", str(report)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip()


@pytest.mark.parametrize("secret", ["password", "sk"])
def test_no_file_of_a_report_holds_a_secret(clean_run: tuple[int, Path], secret: str) -> None:
    """Passwords, keys and tokens of the mock are in no file that a run leaves."""
    from pytest_ecs._mock import MockCloud

    about = MockCloud().describe("")
    secrets = [about[secret], about["other_project"][secret], about["restricted_user"][secret], "Conform-2025!Test"]
    files = [file for file in clean_run[1].rglob("*") if file.is_file()]
    assert len(files) > 4
    for file in files:
        data = file.read_bytes()
        text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode()
        assert not [s for s in secrets if s in text], file.name
