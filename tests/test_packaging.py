"""What is in the wheel, and that version and changelog agree."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import pytest_ecs

_ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(_ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_has_what_git_has(names: set[str]) -> None:
    """Package, suites and contract, under one name, and nothing that lies around on the builder's disk."""
    listed = subprocess.run(
        ["git", "ls-files", "pytest_ecs", "suites", "schemas"], cwd=_ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    wanted = {file if file.startswith("pytest_ecs/") else f"pytest_ecs/{file}" for file in listed}
    assert names == wanted


def test_the_wheel_says_that_it_is_typed(names: set[str]) -> None:
    """py.typed is there, so that users' type checkers read our annotations."""
    assert "pytest_ecs/py.typed" in names


def test_the_version_stands_in_one_form_everywhere() -> None:
    """pyproject, package and the newest entry of the changelog."""
    project = re.search(r'^version = "(.+)"$', (_ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    entry = re.search(r"^## ([0-9.]+)", (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert project is not None
    assert entry is not None
    assert project[1] == entry[1] == pytest_ecs.__version__


def test_nox_and_ci_do_the_same() -> None:
    """What `nox` runs by itself is the README's command and the sessions that `.ci/run` runs by their tag."""
    text = (_ROOT / "noxfile.py").read_text(encoding="utf-8")
    tagged = re.findall(r'^@nox\.session\(tags=\["ci"\]\)\ndef (\w+)', text, re.MULTILINE)
    named = re.search(r"^nox\.options\.sessions = \[(.+)\]$", text, re.MULTILINE)
    assert named is not None
    assert re.findall(r'"(\w+)"', named[1]) == ["tests", *tagged]
    command = "pip install -e '.[dev]' && pytest -n 2"
    assert command in (_ROOT / "README.md").read_text(encoding="utf-8")
    assert command.removeprefix("pip install ") in (_ROOT / ".ci" / "run").read_text(encoding="utf-8")
