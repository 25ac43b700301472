"""The profile native uses chapter 6 alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs import Exchange
from pytest_ecs._report.evidence import NAME, read_evidence

from .certify import example
from .conftest import ROOT, Command

_REFUSING = """
from pathlib import Path

from pytest_ecs._mock import MockCloud

answer = MockCloud.__call__


def refuse(cloud, environ, start_response):
    if not environ["PATH_INFO"].startswith("/v1/"):
        return answer(cloud, environ, start_response)
    with Path("chapter-5.txt").open("a") as file:
        file.write(environ["REQUEST_METHOD"] + " " + environ["PATH_INFO"] + "\\\\n")
    start_response("404 Not Found", [("Content-Type", "application/json")])
    return [b"{}"]


MockCloud.__call__ = refuse
"""
_SECTIONS = ("6.2.3", "6.3.1", "6.3.3", "6.3.8", "6.10.1", "6.15.1")


def _report(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "ecs-report" / "report.json").read_text(encoding="utf-8"))
    return read


def _sent(folder: Path) -> list[Exchange]:
    return list(read_evidence(folder / "ecs-report" / NAME).exchanges)


def test_nothing_is_sent_to_chapter_5(command: Command, tmp_path: Path) -> None:
    """Servers are made, started, stopped, resized and deleted all the same."""
    (tmp_path / "refusing.py").write_text(_REFUSING)
    sections = [f"--ecs-section={section}" for section in _SECTIONS]
    done = command(
        "run", "native", "-p", "refusing", "--ecs-properties=off", *sections, PYTHONPATH=f"{ROOT}:{tmp_path}"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "chapter-5.txt").exists()
    report = _report(tmp_path)
    verdicts = {row["requirement"]: row["verdict"] for row in report["results"]}
    assert {"pass", "not_tested", "not_applicable"} >= set(verdicts.values())
    for row in report["results"]:
        if row["verdict"] == "not_applicable":
            assert "which is not in the profile native" in row["reason"]
    for name in ("delete", "start", "stop", "resize"):
        assert verdicts[f"nova.servers.{name}/status"] == "pass"
    for name in ("cores-counted", "memory-counted", "server-counted"):
        assert verdicts[f"nova.limits.show/rule/{name}"] == "pass"
    assert report["cost"]["servers_created"] > 0
    sent = _sent(tmp_path)
    assert not [one.path for one in sent if one.path.startswith("/v1/")]
    created = [one for one in sent if one.operation == "nova.servers.create"]
    assert any("return_reservation_id" in one.request_body["server"] for one in created)


def test_properties_stay_in_chapter_6(command: Command, tmp_path: Path) -> None:
    """What a server was like is looked at and put back by 6.15, and the same servers serve one property after the other."""
    names = ("nova.servers.lock", "nova.tags.set", "nova.servers.update")
    chosen = [f"--ecs-operation={name}" for name in names]
    done = command("run", "native", "-k", "test_properties", "--ecs-properties=quick", *chosen)
    report = _report(tmp_path)
    verdicts = {row["requirement"]: row["verdict"] for row in report["results"]}
    assert "fail" not in verdicts.values()
    assert {verdicts[f"{name}/status"] for name in names} == {"pass"}
    assert "6 passed" in done.stdout
    assert report["cost"]["servers_created"] <= 3
    sent = _sent(tmp_path)
    assert [one for one in sent if one.operation == "nova.tags.set" and one.accepted]
    assert not [one.path for one in sent if one.path.startswith("/v1/")]


def test_a_check_of_chapter_5_says_why_it_was_not_made(command: Command, tmp_path: Path) -> None:
    """It is the profile, and neither the endpoint nor an option."""
    done = command("run", "native", "--ecs-requirement=nova.servers.lock/rule/refuses-ecs")
    (row,) = _report(tmp_path)["results"]
    assert row["verdict"] == "not_applicable", done.stdout
    assert "chapter 5" in row["reason"]


def test_core_uses_of_chapter_6_the_queries_of_servers_alone(command: Command, tmp_path: Path) -> None:
    """Chapter 5 has no query of a server, and a cloud with it may lack the rest of chapter 6."""
    command("run", "core", "--ecs-section=5.3.1", "--ecs-section=5.1.2", "--ecs-properties=off")
    asked = {one.operation for one in _sent(tmp_path)}
    native = {name for name in asked if name and name.startswith("nova.")}
    assert native <= {"nova.servers.list", "nova.servers.list-detail", "nova.servers.show"}
    assert "ecs.servers.batch-start" in asked


@pytest.mark.usefixtures("clouds")
@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one", "two"])
def test_a_run_of_nothing_leaves_the_certificate_before_it(
    command: Command, tmp_path: Path, processes: list[str]
) -> None:
    """What is sent before the tests are chosen is no run; nothing that was made for it is left."""
    command("run", "native", "--ecs-cloud=first", "--ecs-section=6.6.3", "-k=http", "--ecs-properties=off")
    before = (tmp_path / "ecs-report" / "report.json").read_bytes()
    done = command("run", "native", "--ecs-cloud=first", "-k=no_test_is_called_so", *processes)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, done.stdout + done.stderr
    assert "No test was selected" in done.stderr
    assert "Verdict" not in done.stdout
    assert (tmp_path / "ecs-report" / "report.json").read_bytes() == before
    assert "0 thing(s)" in command("sweep", "--ecs-cloud=first", "--dry-run").stdout


@pytest.mark.usefixtures("clouds")
def test_the_endpoint_is_found_in_the_catalogue_and_what_a_run_needs_too(command: Command) -> None:
    """Two names on the command line are enough: a cloud and a profile."""
    done = command("plan", "native", "--ecs-cloud=first")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Plan for first (http://127.0.0.1:" in done.stdout
    assert "each of flavor unknown" not in done.stdout


def test_a_second_identity_that_cannot_log_in_stops_before_the_first_test(command: Command, clouds: Path) -> None:
    """Its option and its cloud are in the message, and nothing was made."""
    text = json.loads(clouds.read_text())
    text["clouds"]["third"]["auth"]["password"] = "wrong-one-17"
    clouds.write_text(json.dumps(text))
    done = command("run", "native", "--ecs-cloud=first", "--ecs-restricted-cloud=third")
    said = done.stdout + done.stderr
    assert done.returncode == 4, said
    assert "--ecs-restricted-cloud: cloud 'third'" in said
    assert said.count("--ecs-restricted-cloud") == 1
    assert "refuses user 'restricted'" in said
    assert "wrong-one-17" not in said
    assert "Traceback" not in said


@pytest.mark.usefixtures("clouds")
@pytest.mark.parametrize("ending", ["/v2.1", "/v2.1/{project_id}", "/v1/%(project_id)s", "/"])
def test_a_url_is_taken_in_whatever_form_it_was_copied(command: Command, mock: dict[str, Any], ending: str) -> None:
    """Version and project are the suite's to add."""
    url = mock["endpoint"] + ending.replace("{project_id}", mock["project_id"])
    done = command("plan", "native", "--ecs-cloud=first", f"--ecs-endpoint={url}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"({mock['endpoint']})" in done.stdout


@pytest.mark.usefixtures("clouds")
def test_a_url_of_another_project_is_refused(command: Command, mock: dict[str, Any]) -> None:
    """Nobody knows which of the two is meant."""
    url = f"{mock['endpoint']}/v2.1/{mock['other_project']['project_id']}"
    done = command("run", "native", "--ecs-cloud=first", f"--ecs-endpoint={url}")
    assert done.returncode == 4
    assert "names another project than the credentials" in done.stdout + done.stderr


def test_the_example_of_the_readme_is_one_test_with_fixtures() -> None:
    """The session of Nova runs it, with the name of a cloud alone."""
    shown = example()
    compile(shown, "README.md", "exec")
    assert shown.count("def test_") == 1
    assert "ecs_server" in shown


@pytest.mark.usefixtures("clouds")
def test_doctor_speaks_of_chapter_6_alone(command: Command) -> None:
    """Nothing native is made in a VPC or a subnet (chapter 5)."""
    said = command("doctor", "native", "--ecs-cloud=first").stdout
    assert "network" in said
    assert not [line for line in said.splitlines() if "vpc" in line.lower() or "subnet" in line.lower()], said
