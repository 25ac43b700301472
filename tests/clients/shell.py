"""Commands of other projects, run in this process, so that they start once."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import yaml

__all__ = ["OUTSIDE", "Said", "run", "variables"]

#: Client -> what it asks for and does not get -> why.
OUTSIDE: Mapping[str, Mapping[str, str]] = yaml.safe_load(
    Path(__file__).with_name("outside.yaml").read_text(encoding="utf-8")
)
#: Exit code, and what was printed, standard error last.
Said = tuple[object, str]


@contextlib.contextmanager
def variables(wanted: Mapping[str, str]) -> Iterator[None]:
    """Let the environment have these variables and no other ones of OpenStack."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    with mock.patch.dict(os.environ, {**kept, **wanted}, clear=True):
        yield


def run(main: Callable[[list[str]], Any], line: str) -> Said:
    """Run a command line and return what came of it; an exception is what it says."""
    out = io.StringIO()
    before = logging.getLogger().handlers[:]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            code: object = main(shlex.split(line))
        except SystemExit as end:
            code = end.code
        except Exception as error:  # noqa: BLE001 - whatever a client raises is what it says
            code = f"{type(error).__name__}: {error}"
    logging.getLogger().handlers[:] = before
    return code, out.getvalue()
