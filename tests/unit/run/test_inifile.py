"""Files that pytest would break at, or read nothing of, are one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ecs.__main__ import main

_TOML = b"[tool.pytest.ini_options]\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ecs.toml", _TOML + b'ecs_cloud = "a" # gr\xfc\xdfe\n', "ecs.toml is not UTF-8 text. Seen: line 2. save"),
        ("ecs.ini", b"# gr\xfc\xdfe\n[pytest]\necs_cloud = a\n", "ecs.ini is not UTF-8 text. Seen: line 1. save"),
        ("ecs.toml", b"\xef\xbb\xbf" + _TOML + b'ecs_cloud = "a"\n', "begins with a byte order mark"),
        ("ecs.toml", b'[ecs]\necs_cloud = "a"\n', "where pytest does not look for them. put them below [tool.pytest."),
        ("ecs.ini", b"[ecs]\necs_cloud = a\n", "where pytest does not look for them. put them below [pytest]"),
        ("ecs.toml", _TOML + b'ecs_flavour = "a"\n', "there is no option ecs_flavour; did you mean ecs_flavor"),
        ("ecs.ini", b"[pytest]\r\necs_flavour = a\r\n", "there is no option ecs_flavour; did you mean ecs_flavor"),
        ("ecs.toml", _TOML + b'ecs_password = "geheim"\n', "there is no option ecs_password"),
        ("ecs.toml", _TOML + b'ecs_cloud = ["a"]\n', "ecs_cloud in the ini file: a list cannot be used"),
        ("ecs.ini", b"[pytest]\necs_batch = many\n", "'many' cannot be used: must be a whole number"),
        ("ecs.ini", b"[pytest]\necs-image = a\n", "there is no option ecs-image; did you mean ecs_image"),
        ("pytest.ini", b"[pytest]\nECS-IMAGE = a\n", "there is no option ECS-IMAGE; did you mean ecs_image"),
        ("ecs.ini", b"[pytest]\nECS_IMAGE = a\n", "there is no option ECS_IMAGE; did you mean ecs_image"),
        ("ecs.ini", b"[pytest]\nimage = a\n", "there is no option image; did you mean ecs_image"),
        ("ecs.ini", b"[pytest]\necs_image = a # mine\n", "ecs_image in the ini file: '#' behind a value"),
        ("ecs.toml", _TOML + b"ecs_image = {a = 1}\n", "ecs_image in the ini file: dict cannot be used; put"),
        ("ecs.toml", _TOML + b"ecs_image = true\n", "ecs_image in the ini file: bool cannot be used; put"),
        ("ecs.toml", _TOML + b"ecs_batch = true\n", "ecs_batch in the ini file: bool cannot be used; put"),
        ("ecs.toml", _TOML + b"ecs_not_offered = 7\n", "ecs_not_offered in the ini file: int cannot be used; put"),
        ("ecs.toml", _TOML + b"ecs_not_offered = [1]\n", "ecs_not_offered in the ini file: int cannot be used; put"),
    ],
)
@pytest.mark.parametrize("options", [[], ["-c", "{name}"]], ids=["found", "named"])
def test_a_file_that_cannot_be_used_is_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes,
    said: str,
    options: list[str],
) -> None:
    """Whether it was found or named; values, which may be secrets, are not said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    assert main(["plan", "core", *(one.format(name=name) for one in options)]) == 4
    shown = capsys.readouterr()
    text = shown.out + shown.err
    assert said in text
    assert "geheim" not in text
    assert len(text.strip().splitlines()) <= 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ecs.ini", b"\xef\xbb\xbf[pytest]\necs_batch = 2\n"),
        ("ecs.toml", (_TOML + b"ecs_batch = 2\n").replace(b"\n", b"\r\n")),
        ("pyproject.toml", b"[tool.pytest]\necs_batch = '2'\n[tool.other]\necs_cluster = 'b'\n"),
        ("ecs.toml", _TOML + b"ecs_batch = 2\necs_max_minutes = 1.5\necs_insecure = true\n"),
        ("ecs.toml", _TOML + b"ecs_availability_zone = 'a # b'\naddopts = '-q'\nfrobnicate = 1\n"),
        ("setup.cfg", b"[tool:pytest]\necs_batch = 2\n[other]\necs_cluster = b\n"),
    ],
)
def test_a_file_that_is_odd_and_right_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, content: bytes
) -> None:
    """What other sections have is the business of others."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    assert main(["plan", "core"]) == 4
    assert "plan needs a target" in capsys.readouterr().err


@pytest.mark.parametrize("other", ["ecs.ini", "pytest.ini", "tox.ini"])
def test_two_files_with_options_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], other: str
) -> None:
    """Pytest reads one of them: a limit or a target in the other one would not count."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ecs.toml").write_bytes(_TOML + b"ecs_batch = 2\n")
    (tmp_path / other).write_text("[pytest]\necs_max_servers = 1\n", encoding="utf-8")
    assert main(["plan", "core"]) == 4
    assert f"ecs.toml and {other} have keys for this plugin, and only one file is read" in capsys.readouterr().err
    assert main(["plan", "core", "-c", "ecs.toml"]) == 4
    assert "plan needs a target" in capsys.readouterr().err


def test_options_of_the_environment_that_cannot_be_read_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pytest would break at them."""
    monkeypatch.setenv("PYTEST_ADDOPTS", '-k "a')
    assert main(["plan", "core"]) == 4
    assert "PYTEST_ADDOPTS cannot be read" in capsys.readouterr().err
