"""What an ini file has for this plugin: keys that nothing is called, and files that pytest would not read or not understand."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path

from pytest_ecs.exceptions import ConfigurationError

__all__ = ["NAMES", "check_file", "keys", "the_file"]

#: Where a run looks for its options, in this order.
NAMES = ("ecs.toml", "ecs.ini", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")

_SECTIONS = {".toml": "[tool.pytest.ini_options]", ".cfg": "[tool:pytest]"}
#: Files of this name are about this plugin alone.
_OWN = "ecs"
_OURS = re.compile(r"^\s*ecs[_-][\w-]+\s*[=:]", re.MULTILINE | re.IGNORECASE)


def the_file(folder: Path) -> Path | None:
    """Return the one file of *folder* that has something for this plugin; raises `ConfigurationError` for two, of which pytest would read one."""
    files = [folder / name for name in NAMES if _has_something(folder / name)]
    read = [file for file in files if keys(file)]
    if len(read) > 1:
        raise ConfigurationError(
            f"{' and '.join(file.name for file in read)} have keys for this plugin, and only one file is read",
            seen=str(folder),
            hint="put the keys into one of them, or name one with -c FILE",
        )
    return next(iter(files), None)


def _has_something(file: Path) -> bool:
    if not file.is_file():
        return False
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read", seen=error.strerror or "", hint="correct its permissions, or name a file with -c"
        ) from None
    return bool(text.strip()) if file.stem == _OWN else "ecs_" in text or _OURS.search(text) is not None


def check_file(file: Path) -> None:
    """Raise `ConfigurationError` for what pytest would break at, or read nothing of, without a word; no such file is its own matter."""
    try:
        text = file.read_bytes().decode("utf-8")
    except OSError:
        return
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        # Not chained: that exception carries the file's content.
        raise ConfigurationError(
            f"{file} is not UTF-8 text", seen=f"line {line}", hint="save the file as UTF-8"
        ) from None
    if file.suffix == ".toml" and text.startswith("\ufeff"):
        raise ConfigurationError(
            f"{file} begins with a byte order mark, which TOML does not have", hint="save it as UTF-8 without one"
        )
    found = keys(file)
    if found is not None and not found and _OURS.search(text):
        raise ConfigurationError(
            f"{file} has keys for this plugin where pytest does not look for them",
            hint=f"put them below {_SECTIONS.get(file.suffix, '[pytest]')}",
        )


def keys(file: Path) -> dict[str, object] | None:
    """Return the keys for this plugin that pytest reads in *file*, with their values; None where that cannot be parsed, of which pytest speaks.

    In a file that is about this plugin alone they are all keys, also those that others have.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix == ".toml":
            data = tomllib.loads(text)
            tool = data.get("tool", {}).get("pytest", {})
            sections = [data.get("pytest", {}), tool, tool.get("ini_options", {})]
        else:
            parser = configparser.RawConfigParser(strict=False)
            parser.optionxform = str  # type: ignore[assignment,method-assign]  # pytest tells ECS_IMAGE from ecs_image
            parser.read_string(text)
            sections = [dict(parser[name]) for name in ("pytest", "tool:pytest") if parser.has_section(name)]
    except (OSError, ValueError, configparser.Error, AttributeError):
        return None
    return {key: value for one in sections for key, value in one.items() if file.stem == _OWN or _is_ours(key)}


def _is_ours(key: str) -> bool:
    """Whether somebody who wrote *key* meant this plugin, however it is spelled."""
    return key.lower().replace("-", "_").startswith("ecs_")
