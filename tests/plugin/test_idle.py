"""Installed but unused, the plugin costs nothing and shows nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ecs._cli.suites import ini

_HEAVY = ("httpx", "jsonschema", "hypothesis", "yaml", "werkzeug", "jinja2", "cryptography", "sqlite3")


def test_an_unrelated_run_imports_nothing_heavy(tmp_path: Path) -> None:
    """A test run of somebody who has the plugin installed loads none of the packages that it needs when used."""
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "def test_other():\n"
        f"    heavy = {_HEAVY!r}\n"
        "    assert 'pytest_ecs.plugin' in sys.modules\n"
        "    assert not [name for name in heavy if name in sys.modules]\n"
    )
    # hypothesis has a pytest plugin of its own; it is not ours to count.
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:hypothesispytest",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "test_other.py",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ecs" not in done.stdout.lower()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__") == ["test_other.py"]


def test_nothing_is_autouse(pytester: pytest.Pytester) -> None:
    """A test that asks for no fixture of ours gets none."""
    pytester.makepyfile("def test_other(request): assert not [n for n in request.fixturenames if n.startswith('ecs_')]")
    pytester.runpytest("-q").assert_outcomes(passed=1)


def test_every_option_has_an_ini_key_and_a_help_text(pytester: pytest.Pytester) -> None:
    """Options are in the help under one heading, all with the same prefix."""
    shown = pytester.runpytest("--help")
    shown.stdout.fnmatch_lines(["Elastic Cloud Server conformance:", "*--ecs-profile=PROFILE*"])
    text = shown.stdout.str()
    assert "ecs_profile (string)" in text
    assert "--ecs-max-servers" in text


def test_the_marker_is_registered(pytester: pytest.Pytester) -> None:
    """Users run with --strict-markers."""
    pytester.makepyfile("import pytest\n@pytest.mark.ecs_requirement('x')\ndef test_x(): pass")
    pytester.runpytest("--strict-markers", "-q").assert_outcomes(passed=1)


def test_collecting_the_suites_imports_nothing_that_only_a_run_needs(tmp_path: Path) -> None:
    """Each process of a run collects first, so that it takes time as often as there are processes."""
    code = (
        "import sys\n"
        "from pytest_ecs.__main__ import main\n"
        "assert main(['run', '-p', 'pytest_ecs.plugin', '--collect-only', '-q']) == 0\n"
        "found = {'hypothesis', 'asyncio', 'werkzeug', 'jsonschema', 'jinja2'} & set(sys.modules)\n"
        "assert not found, found\n"
    )
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("said", "spared"), [("", True), ("anyio_mode = auto\n", False)])
def test_an_ini_file_may_set_options_of_anyio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, spared: bool
) -> None:
    """Its plugin is left out of a run only where nothing is said to it: pytest complains of options that nobody knows."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\necs_profile = smoke\n{said}")
    assert ("no:anyio" in ini(())) is spared
