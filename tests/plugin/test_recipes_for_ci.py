"""The shell steps of docs/ci.md do what they say, on the embedded mock; nothing is installed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_ecs import load_contract
from pytest_ecs._report.verify import read_certificate
from pytest_ecs._run.shards import home_of

_PAGE = Path(__file__).parents[2] / "docs" / "ci.md"
_TEXT = _PAGE.read_text(encoding="utf-8")
_ASKED = "ecs.quotas.show/status"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", _TEXT, flags=re.DOTALL)


_SINGLE, _SHARDS, _GITLAB = (yaml.safe_load(block) for block in _blocks("yaml"))
(_JENKINS,) = _blocks("groovy")


def _steps(job: dict[str, Any]) -> list[str]:
    """The steps of a job of GitHub Actions that are for a shell."""
    return [step["run"] for step in job["steps"] if "run" in step]


def _one_for_each_shard() -> set[str]:
    """A query for each of two shards; the contract decides which shard a section is in."""
    contract = load_contract()
    queries = [f"ecs.{name}/status" for name in ("quotas.show", "flavors.list", "server-groups.list", "disks.list")]
    known = [name for name in queries if name in contract.requirements]
    found = {home_of([name], [], contract, 2): name for name in known}
    assert found.keys() == {1, 2}, found
    return set(found.values())


@pytest.fixture
def shell(tmp_path: Path) -> Any:
    """Run lines as a CI server does, with the smallest selection; returns the process."""
    tools = tmp_path / "tools"
    tools.mkdir()
    ours = f'#!/bin/sh\nexec "{sys.executable}" -m pytest_ecs "$@"\n'
    activate = "mkdir -p .venv/bin && : > .venv/bin/activate"
    for name, text in (("pytest-ecs", ours), ("pip", "#!/bin/sh\n"), ("python3", f"#!/bin/sh\n{activate}\n")):
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    root = str(Path(__file__).parents[2])
    environment = {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]),
        "PYTEST_ECS_REQUIREMENT": _ASKED,
        "PYTEST_ECS_PROPERTIES": "off",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "ECS_TARGET": "",
    }

    def run(lines: list[str], **variables: str) -> None:
        script = "\n".join(["set -e", *lines])
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=tmp_path,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def _tested(folder: Path, *asked: str) -> bool:
    """Whether the report says PASS of what was asked for."""
    report = read_certificate(folder)
    return report["verdict"] == "pass" and [row["requirement"] for row in report["results"]] == list(asked or [_ASKED])


def test_github_actions(shell: Any, tmp_path: Path) -> None:
    """The summary is the job's; the report is where it is uploaded from."""
    job = _SINGLE["jobs"]["ecs"]
    shell(_steps(job))
    assert (tmp_path / "summary").read_text(encoding="utf-8").startswith("# embedded mock: PASS")
    (upload,) = [step["with"]["path"] for step in job["steps"] if "upload" in step.get("uses", "")]
    assert _tested(tmp_path / upload)


def test_shards_of_github_actions(shell: Any, tmp_path: Path) -> None:
    """The last job puts together what the others left."""
    part, whole = _SHARDS["jobs"]["part"], _SHARDS["jobs"]["whole"]
    assert part["env"]["SHARD"] == "${{ matrix.shard }}"
    asked = sorted(_one_for_each_shard())
    for number in part["strategy"]["matrix"]["shard"]:
        shell(_steps(part), SHARD=str(number), PYTEST_ECS_REQUIREMENT=" ".join(asked))
        assert len(read_certificate(tmp_path / "parts" / str(number))["results"]) == 1
    shell(_steps(whole))
    assert _tested(tmp_path / "ecs-report", *asked)


def test_gitlab(shell: Any, tmp_path: Path) -> None:
    """What it reads is there and in its form."""
    shell(_GITLAB["ecs"]["script"])
    reports = _GITLAB["ecs"]["artifacts"]["reports"]
    assert json.loads((tmp_path / reports["codequality"]).read_text(encoding="utf-8")) == []
    assert "<testsuites" in (tmp_path / reports["junit"]).read_text(encoding="utf-8")
    assert _tested(tmp_path / _GITLAB["ecs"]["artifacts"]["paths"][0])


def test_jenkins(shell: Any, tmp_path: Path) -> None:
    """Its step leaves the file that it reads."""
    (script,) = re.findall(r"sh '''(.*?)'''", _JENKINS, flags=re.DOTALL)
    shell([script])
    (file,) = re.findall(r"junit '(.*?)'", _JENKINS)
    assert "<testsuites" in (tmp_path / file).read_text(encoding="utf-8")
    assert _tested(tmp_path / "ecs-report")
