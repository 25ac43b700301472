"""How the verbs start pytest: quietly, and with the ini file of the current folder."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pytest_ecs._run.inifile import check_file, the_file
from pytest_ecs._run.profiles import PROFILES
from pytest_ecs._text import closest
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["NO_CACHE", "cache", "ini", "quiet", "with_profile"]

#: The table and the certificate say what there is to say; these are options of pytest's terminal.
_QUIET = ("-q", "--no-header", "-rN", "--tb=short")
_QUICK = (
    # Nothing in the package needs rewritten assertions, and what Python says of a broken destructor it says by itself:
    # preparing for the ones makes each import slower, and looking for the other goes through all that a run keeps.
    "--assert=plain",
    "-p",
    "no:unraisableexception",
)
#: What comes with httpx and starts an event loop's whole machinery; nothing here is asynchronous.
_ANYIO = "anyio"
_NO_ANYIO = ("-p", f"no:{_ANYIO}")
#: For verbs that run no tests: there is nothing to remember for --lf and --sw, which are the cache's.
NO_CACHE = ("-p", "no:cacheprovider")


def quiet(arguments: Sequence[str]) -> list[str]:
    """Return what lets pytest say and do little; its terminal has no options where *arguments* leave it out."""
    return [*(() if "no:terminal" in _plugins(arguments) else _QUIET), *_QUICK]


def _plugins(arguments: Sequence[str]) -> list[str]:
    asked = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    asked.add_argument("-p", dest="plugins", action="append", default=[])
    found: list[str] = asked.parse_known_args(list(arguments))[0].plugins
    return found


def ini(arguments: Sequence[str]) -> list[str]:
    """Let the ini file of the current folder speak, wherever the suites are installed, or the one that *arguments* name.

    Raises `ConfigurationError` for one, or for ``PYTEST_ADDOPTS``, at which pytest would break.
    """
    try:
        shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    except ValueError as error:
        raise ConfigurationError("PYTEST_ADDOPTS cannot be read", seen=str(error), hint="correct or unset it") from None
    asked = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    asked.add_argument("-c", "--config-file", dest="file", nargs="?")
    if named := asked.parse_known_args(list(arguments))[0].file:
        check_file(Path(named))
        return []
    if (file := the_file(Path.cwd())) is not None:
        check_file(file)
        # A file that sets one of its options would be told that there is none.
        text = file.read_text(encoding="utf-8", errors="replace")
        return ["-c", str(file), *(() if _ANYIO in text else _NO_ANYIO)]
    return ["-c", os.devnull, f"--rootdir={Path.cwd()}", *_NO_ANYIO]


def cache(arguments: Sequence[str] = ()) -> list[str]:
    """Let pytest remember for ``--lf``, ``--ff`` and ``--sw`` where runs from this folder keep what they have to know.

    A folder that cannot be written is no reason not to run; nothing is remembered then, or where *arguments* leave it out.
    """
    if "no:cacheprovider" in _plugins(arguments):
        return []  # without it, pytest knows none of its options and warns of them
    state = Path.cwd() / ".pytest-ecs"
    with suppress(OSError):
        state.mkdir(mode=0o700, exist_ok=True)
    return ["-o", f"cache_dir={state / 'cache'}", "-W", "ignore::pytest.PytestCacheWarning"]


def with_profile(arguments: Sequence[str]) -> list[str]:
    """Return the options of pytest for what follows a verb: an optional profile or list of requirements comes first.

    Raises `ConfigurationError` for a first word that is neither.
    """
    options = list(arguments)
    if not options or options[0].startswith("-"):
        return options
    word = options.pop(0)
    if word not in PROFILES and not os.path.isfile(word):
        raise ConfigurationError(
            f"There is no profile {word!r} and no file of that name{closest(word, PROFILES)}",
            seen=f"the profiles are {', '.join(PROFILES)}",
            hint="a file lists ids of requirements, one in each line; options of pytest come after it",
        )
    return [f"--ecs-profile={word}", *options]
