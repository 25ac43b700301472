"""Tools that do not know our files accept the OpenAPI document; whatever they remark is explained in ``explained.yaml``."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from pytest_ecs._contract import load
from pytest_ecs._contract.openapi import Known, openapi
from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve
from pytest_ecs._mock.state.clock import ScaledClock

from .explained import EXPLAINED, is_explained, unexplained

#: How long schemathesis sends requests.
_SECONDS = os.environ.get("SCHEMATHESIS_SECONDS", "180")


def _run(tool: str, *arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool, or skip the test where it is not installed."""
    program = shutil.which(tool)
    if program is None:
        pytest.skip(f"{tool} is not installed")
    return subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=int(_SECONDS) + 300
    )


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """Return the file with the document."""
    file = tmp_path / "ecs.json"
    file.write_text(json.dumps(openapi(load())), encoding="utf-8")
    return file


def test_redocly_finds_no_error(document: Path, tmp_path: Path) -> None:
    """And no warning that is not explained; an explanation that nothing needs is struck out."""
    done = _run("redocly", "lint", document, "--format=json", folder=tmp_path)
    problems = json.loads(done.stdout)["problems"]
    assert [row for row in problems if row["severity"] == "error"] == []
    assert {row["ruleId"] for row in problems} == set(EXPLAINED["redocly"])


def test_spectral_finds_no_error(document: Path, tmp_path: Path) -> None:
    """Likewise."""
    (tmp_path / ".spectral.yaml").write_text('extends: ["spectral:oas"]\n', encoding="utf-8")
    done = _run("spectral", "lint", document, "--format=json", "--quiet", folder=tmp_path)
    problems = json.loads(done.stdout)
    assert [row for row in problems if row["severity"] == 0] == []
    assert {row["code"] for row in problems} == set(EXPLAINED["spectral"])


def test_types_for_typescript_compile(document: Path, tmp_path: Path) -> None:
    """openapi-typescript makes them, and the strict compiler takes them."""
    made = _run("openapi-typescript", document, "--output", "ecs.ts", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    compiled = _run("tsc", "--noEmit", "--strict", "ecs.ts", folder=tmp_path)
    assert compiled.returncode == 0, compiled.stdout


def test_prism_answers_with_the_examples(document: Path, tmp_path: Path) -> None:
    """It serves the document, and refuses a request without a token as the document says."""
    program = shutil.which("prism")
    if program is None:
        pytest.skip("prism is not installed")
    command = [program, "mock", str(document), "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as prism:
        try:
            assert prism.stdout is not None
            lines = iter(prism.stdout.readline, "")
            url = next(found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\d+$", line.strip())))
            path = f"{url}/v1/{'a' * 32}/cloudservers/flavors"
            assert httpx.get(path).status_code == 401
            answer = httpx.get(path, headers={"X-Auth-Token": "token"})
        finally:
            prism.terminate()
    assert answer.status_code == 200
    assert answer.json()["flavors"]


def test_schemathesis_reports_nothing_unexplained(tmp_path: Path) -> None:
    """With a valid token, on the mock, with the ids that are there."""
    if shutil.which("schemathesis") is None:
        pytest.skip("schemathesis is not installed")
    cloud = MockCloud(clock=ScaledClock(100))
    cloud.control("PUT", "/_mock/servers", {"count": 3})
    aged = cloud.control("POST", "/_mock/token", {"seconds": 86_000})
    assert isinstance(aged, dict)
    with serve(cloud) as server:
        about = cloud.describe(server.url)
        token = {"X-Auth-Token": str(aged["token"])}
        listed = httpx.get(f"{server.url}/v2.1/{about['project_id']}/servers", headers=token).json()["servers"]
        parameters = {"project_id": about["project_id"], "server_id": listed[0]["id"], "api_version": "v2.1"}
        references = {"image": about["resources"]["image_id"], "flavor": about["resources"]["flavor_id"]}
        known = Known(server.url, server.url, parameters, references, "2.60")
        file = tmp_path / "ecs.json"
        file.write_text(json.dumps(openapi(load(), known)), encoding="utf-8")
        options = ["--max-time", _SECONDS, "--seed", "7", "--no-color", "--report", "junit"]
        place = ["--report-junit-path", str(tmp_path / "report.xml")]
        header = f"X-Auth-Token: {aged['token']}"
        done = _run("schemathesis", "run", file, "--url", server.url, "-H", header, *options, *place, folder=tmp_path)
    assert "107" in done.stdout, done.stdout + done.stderr
    found = unexplained(tmp_path / "report.xml")
    assert not found, "\n\n".join(f"{name}\n{text}" for name, text in found)


@pytest.mark.parametrize(
    ("message", "explained"),
    [
        ("The VPC does not exist.", True),
        ("body.volume.size is less than 1", True),
        ("the number of items of body.os-start.servers is less than 1", True),
        ("The mock does not exist.", False),
        ("body.volume.size is less than 1 and something else", False),
        ("is missing", False),
        ("The VPC\ndoes not exist.", False),
    ],
)
def test_explanations_are_of_whole_messages(message: str, explained: bool) -> None:
    """A word in common explains nothing."""
    assert is_explained(f'ST202: [400] `{{"badRequest": {{"message": "{message}", "code": 400}}}}`') is explained
