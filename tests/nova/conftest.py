from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve

Command = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def mock() -> Iterator[dict[str, Any]]:
    """What a mock on a port of its own says of itself."""
    cloud = MockCloud()
    with serve(cloud) as server:
        yield {**cloud.describe(server.url), "endpoint": server.url, "iam": server.url}


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs ``pytest-ecs`` in an empty folder with no variables but those that are given."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), **variables}
        return subprocess.run(
            [sys.executable, "-m", "pytest_ecs", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def clouds(tmp_path: Path, mock: dict[str, Any]) -> Path:
    """A clouds.yaml with the mock's three identities, in the folder of the command."""

    def entry(who: dict[str, Any]) -> dict[str, Any]:
        auth = {
            "auth_url": f"{mock['iam']}/v3",
            "username": who["username"],
            "password": who["password"],
            "user_domain_name": who["domain"],
            "project_name": who["project_name"],
        }
        return {"region_name": mock["region"], "auth": auth}

    names = {"first": mock, "second": mock["other_project"], "third": mock["restricted_user"]}
    file = tmp_path / "clouds.yaml"
    file.write_text(json.dumps({"clouds": {name: entry(who) for name, who in names.items()}}))
    return file
