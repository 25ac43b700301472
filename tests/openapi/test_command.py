"""``pytest-ecs openapi``: the document for every target, and for one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs.__main__ import main
from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve


def _for(url: str, about: dict[str, Any], folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "HUAWEI", "ECS_"))}
    environ |= {
        "OS_AUTH_URL": f"{about['iam']}/v3",
        "OS_USERNAME": about["username"],
        "OS_PASSWORD": about["password"],
        "OS_USER_DOMAIN_NAME": about["domain"],
        "OS_PROJECT_ID": about["project_id"],
    }
    command = [sys.executable, "-m", "pytest_ecs", "openapi", "--for", url, *options]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120)


def test_the_ids_of_a_target_are_filled_in(tmp_path: Path) -> None:
    """Only by reading, and nothing stays behind in the user's folder but the document."""
    cloud = MockCloud()
    cloud.control("PUT", "/_mock/servers", {"count": 1})
    with serve(cloud) as server:
        about = cloud.describe(server.url)
        done = _for(server.url, about, tmp_path, "--output", "ecs.json")
        asked = cloud.control("GET", "/_mock/requests", None)
    assert done.returncode == 0, done.stderr
    assert "server_id" in done.stderr
    document = json.loads((tmp_path / "ecs.json").read_text(encoding="utf-8"))
    assert document["servers"] == [{"url": server.url, "description": document["servers"][0]["description"]}]
    rows = document["paths"]["/v2.1/{project_id}/servers/{server_id}"]["parameters"]
    values = {row["name"]: row["schema"]["enum"] for row in rows}
    assert values["project_id"] == [about["project_id"]]
    (server_id,) = values["server_id"]
    assert len(server_id) == 36
    body = document["paths"]["/v1/{project_id}/cloudservers"]["post"]["requestBody"]["content"]["application/json"]
    assert body["examples"]["ecs.servers.create"]["value"]["server"]["flavorRef"] == about["resources"]["flavor_id"]
    assert isinstance(asked, dict)
    changed = [row for row in asked["requests"] if row["method"] != "GET" and row["path"] != "/v3/auth/tokens"]
    assert not changed
    assert os.listdir(tmp_path) == ["ecs.json"]
    assert about["password"] not in done.stdout + done.stderr


def test_nobody_at_the_url_is_one_sentence(tmp_path: Path) -> None:
    """The user learns what was tried, without a traceback."""
    cloud = MockCloud()
    with serve(cloud) as server:
        about = cloud.describe(server.url)
    done = _for(server.url, about, tmp_path)
    assert done.returncode == 4
    assert done.stderr.startswith("pytest-ecs: ")
    assert "Traceback" not in done.stderr


def test_options_of_a_target_need_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt option is not taken for one of pytest's."""
    assert main(["openapi", "--outptu", "ecs.json"]) == 4
    assert "has no option '--outptu' without --for" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do."""
    assert main(["openapi", "--output", str(tmp_path / "none" / "ecs.json")]) == 4
    assert "cannot be written" in capsys.readouterr().err


def test_without_a_target_it_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """So that it can be piped."""
    assert main(["openapi"]) == 0
    assert json.loads(capsys.readouterr().out)["openapi"] == "3.1.0"
