"""``pytest-ecs doctor``: is everything there that a run needs; nothing is created."""

from __future__ import annotations

import configparser
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ecs._cli.instead import with_target
from pytest_ecs._run.options import Settings
from pytest_ecs.exceptions import ConfigurationError

if TYPE_CHECKING:
    from pytest_ecs._run.doctor import Line

__all__ = ["doctor"]

#: What it writes beside the keys.
_SECTIONS = {"[tool.pytest.ini_options]", "[pytest]"}
_LINE = re.compile(r"(ecs_\w+) *= *[^#]*$")
_SIGNS = {"ok": "ok", "warn": "!", "fail": "FAIL", "none": "-"}


def doctor(arguments: Sequence[str]) -> int:
    """Look at a target and print what was found and where; ``--write FILE`` keeps what a run needs as TOML or ini.

    Returns 0, 1 when something does not work, 4 for a user's mistake.
    """
    options, file = _take_write(list(arguments))
    return with_target("doctor", options, lambda settings: _examine(settings, file))


def _take_write(options: list[str]) -> tuple[list[str], Path | None]:
    for number, option in enumerate(options):
        if option == "--write" and number + 1 < len(options):
            return options[:number] + options[number + 2 :], _writable(options[number + 1])
        if option.startswith("--write="):
            return options[:number] + options[number + 1 :], _writable(option.partition("=")[2])
        if option == "--write":
            raise ConfigurationError("--write needs the name of a file", hint="--write ecs.toml or --write ecs.ini")
    return options, None


def _writable(name: str) -> Path:
    if Path(name).suffix not in {".toml", ".ini"}:
        raise ConfigurationError(
            f"--write {name}: the form is not known", hint="the name ends in .toml or .ini; ecs.toml is read by itself"
        )
    from pytest_ecs._run.inifile import NAMES, keys, the_file

    file, here = Path(name), Path.cwd()
    read = the_file(here) if file.parent.resolve() == here and file.name in NAMES else None
    if read is not None and read.name != file.name and keys(read):
        raise ConfigurationError(
            f"--write {name}: {read.name} has keys for this plugin, and only one file is read",
            hint="write to a file of another name, and move its keys there",
        )
    try:
        _keeps_all(file)
    except (OSError, ValueError) as error:
        seen = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(
            f"--write {name}: the file cannot be written",
            seen=seen or "",
            hint="name a new file in a folder that is there",
        ) from None
    return file


def _keeps_all(file: Path) -> None:
    """Raise `OSError` or `ValueError` where *file* cannot be written, or holds what would be lost: anything that was not found."""
    if not file.exists():
        if not file.parent.is_dir():
            raise ValueError("there is no such folder")
        return
    if not file.is_file() and not file.is_dir():
        return  # a device or a pipe has nothing to lose
    from pytest_ecs._run.doctor import options

    known = set(map(_key, options()))
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        found = _LINE.match(line)
        if line.strip() and line.strip() not in _SECTIONS and (found is None or found[1] not in known):
            raise ValueError(f"line {number} of it is nothing that doctor finds, and would be lost")


def _key(option: str) -> str:
    return f"ecs_{option.replace('-', '_')}"


def _examine(settings: Settings, file: Path | None) -> int:
    from pytest_ecs._run.doctor import examine
    from pytest_ecs._run.session import open_session
    from pytest_ecs._run.target import one_sentence

    session = open_session(settings, creates=False)
    lines: list[Line] = []
    try:
        with one_sentence():
            for line in examine(session, settings):
                lines.append(line)
                source = f"   [{line.source}]" if line.source else ""
                print(f"{_SIGNS[line.state]:>4}  {line.what:<22} {line.said}{source}")  # noqa: T201
    finally:
        session.close()
    if file is not None:
        _write(file, {line.option: line.value for line in lines if line.option and line.value})
    return 1 if any(line.state == "fail" for line in lines) else 0


def _write(file: Path, values: dict[str, str]) -> None:
    rows = {_key(name): value for name, value in values.items()}
    if file.suffix == ".toml":
        body = "".join(f"{name} = {json.dumps(value)}\n" for name, value in rows.items())
        text = f"[tool.pytest.ini_options]\n{body}"
    else:
        parser = configparser.RawConfigParser()
        parser["pytest"] = rows
        stream = io.StringIO()
        parser.write(stream)
        text = stream.getvalue()
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written", seen=error.strerror or str(error)) from None
    print(f"\nWritten to {file}: pytest-ecs run -c {file} reads it; an option on the command line goes before.")  # noqa: T201
