"""Ansible's collection openstack.cloud, unmodified: a play that builds a server and takes it away."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pytest_ecs._cli.access import write
from tests.clients.conftest import Described

_PLAYBOOK = Path(__file__).with_name("playbook.yaml")


def test_a_play_runs_to_its_end(endpoint: Described, tmp_path: Path) -> None:
    """Nothing fails, and what a second task asks for again is not changed."""
    program = os.environ.get("ANSIBLE_PLAYBOOK") or shutil.which("ansible-playbook")
    if program is None:
        pytest.skip("ansible-playbook is not installed; ANSIBLE_PLAYBOOK may say where it is")
    write(tmp_path, endpoint)
    own = endpoint["resources"]
    words = {"clouds": tmp_path / "clouds.yaml", "image": own["image_id"], "flavor": own["flavor_id"]}
    words["ansible_python_interpreter"] = Path(program).with_name("python")
    options = [part for name, value in words.items() for part in ("-e", f"{name}={value}")]
    done = subprocess.run(
        [program, "-i", "localhost,", *options, str(_PLAYBOOK)],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path / "ansible"), "ANSIBLE_LOCALHOST_WARNING": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "failed=0" in done.stdout
