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


def test_options_of_the_environment_that_cannot_be_read_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pytest would break at them."""
    monkeypatch.setenv("PYTEST_ADDOPTS", '-k "a')
    assert main(["plan", "core"]) == 4
    assert "PYTEST_ADDOPTS cannot be read" in capsys.readouterr().err
