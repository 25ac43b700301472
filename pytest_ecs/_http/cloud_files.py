"""Finds and reads the files of clouds; what is no YAML or JSON is named with its line, never with its text, since it holds secrets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_ecs._text import by_likeness
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["at_home", "clouds_in", "existing", "find", "profiles_in"]

_ENDINGS = ("yaml", "yml", "json")


def at_home(text: str) -> Path:
    """Return the path that *text* names; a ``~`` of nobody stays, where `Path.expanduser` would raise."""
    return Path(os.path.expanduser(text))


def profiles_in(path: Path) -> dict[str, Any]:
    """Return the entries below ``public-clouds`` of a file that is there; raises `ConfigurationError` for one that is none."""
    return _mapping_in(path, "public-clouds", "public clouds, whose values a profile may name") or {}


def existing(folder: Path, stem: str) -> Iterator[Path]:
    """Yield the files of that name that are in *folder*, whichever ending they have."""
    for ending in _ENDINGS:
        file = folder / f"{stem}.{ending}"
        try:
            present = file.exists()
        except OSError:
            present = False
        if present:
            yield file


def find(name: str, search: Sequence[Path], environ: Mapping[str, str]) -> tuple[Path, Any]:
    """Return the file that has the cloud *name*, and its entry; raises `ConfigurationError` when none has."""
    names: dict[str, None] = {}
    files: list[Path] = []
    given = environ.get("OS_CLIENT_CONFIG_FILE", "").strip()
    named = [at_home(given)] if given else []
    for path in (*named, *(file for folder in search for file in existing(folder, "clouds"))):
        clouds = clouds_in(path)
        if clouds is None:
            raise ConfigurationError(
                f"OS_CLIENT_CONFIG_FILE names {path}, and there is no such file", hint="Correct or unset the variable"
            )
        files.append(path)
        if name in clouds:
            return path, clouds[name]
        names.update(dict.fromkeys(clouds))
    if not files:
        raise ConfigurationError(
            f"cloud {name!r} is asked for, but there is no clouds.yaml",
            seen=f"nothing in {', '.join(str(folder) for folder in search) or 'no folder at all'}",
            hint="Put clouds.yaml into one of these folders, or name it by OS_CLIENT_CONFIG_FILE",
        )
    close = by_likeness(name, names)
    raise ConfigurationError(
        f"cloud {name!r} is not in {' or '.join(map(str, files))}",
        seen=f"the clouds {', '.join(close)}" if close else "no cloud at all",
        hint="Use one of these names, or add the cloud to the file",
    )


def clouds_in(path: Path) -> dict[str, Any] | None:
    """Return the entries below ``clouds``; None when there is no such file."""
    return _mapping_in(path, "clouds", "clouds")


def _mapping_in(path: Path, key: str, what: str) -> dict[str, Any] | None:
    text = _text(path)
    if text is None:
        return None
    data = _parsed(path, text)
    entries = data.get(key) if isinstance(data, dict) else None
    if not isinstance(entries, dict):
        raise ConfigurationError(
            f"{path} is not a file of {what}",
            seen="nothing" if data is None else f"no mapping named {key} at its top",
            hint=f"It starts with {key}:, below which each cloud has its name and an auth block",
        )
    return {str(name): entry for name, entry in entries.items()}


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read",
            seen=error.strerror or type(error).__name__,
            hint="Correct the file's permissions, or take it away",
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        # Not chained: that exception carries the file's content.
        raise ConfigurationError(
            f"{path} is not YAML", seen=f"line {line} is not UTF-8 text", hint="Save the file as UTF-8"
        ) from None


def _parsed(path: Path, text: str) -> Any:
    import yaml

    try:
        if path.suffix == ".json":
            return json.loads(text, object_pairs_hook=lambda pairs: _pairs(path, pairs))
        _each_once(path, yaml.compose(text, Loader=yaml.SafeLoader), yaml.MappingNode, set())
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        at = getattr(error, "position", None)  # of a character that YAML does not allow
        if mark is not None:
            where = f"line {mark.line + 1}, column {mark.column + 1}"
        elif isinstance(error, json.JSONDecodeError):
            where = f"line {error.lineno}, column {error.colno}"
        elif isinstance(at, int):
            where = f"line {text.count(chr(10), 0, at) + 1}, a character that YAML does not allow"
        else:
            where = "a value that cannot be read"
        # Neither chained nor quoted: YAML's own text shows the line or word it stumbled over, in a file of secrets.
        raise ConfigurationError(
            f"{path} is not {'JSON' if path.suffix == '.json' else 'YAML'}",
            seen=where,
            hint="Check indentation there, and put values with special characters into quotes",
        ) from None


def _pairs(path: Path, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _twice(path, name)
        found[name] = value
    return found


def _twice(path: Path, name: str, line: int | None = None) -> ConfigurationError:
    return ConfigurationError(
        f"{path} has {name!r} twice in one mapping",
        seen=f"again in line {line}" if line else "",
        hint="Keep one of them: which one counts cannot be seen",
    )


def _each_once(path: Path, node: Any, mapping: type, done: set[int]) -> None:
    """Raise `ConfigurationError` for a key that a mapping has twice: YAML would take the last one, and say nothing.

    What an alias repeats is *done* once: aliases of aliases would take minutes.
    """
    if not isinstance(getattr(node, "value", None), list) or id(node) in done:
        return
    done.add(id(node))
    seen: set[str] = set()
    for part in node.value:
        if not isinstance(node, mapping):
            _each_once(path, part, mapping, done)
            continue
        key, value = part
        name = str(key.value)
        if name in seen and name != "<<":
            raise _twice(path, name, key.start_mark.line + 1)
        seen.add(name)
        _each_once(path, value, mapping, done)
