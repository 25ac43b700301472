"""The file with the mock's state: what ``pytest-ecs mock --state`` goes on from, and writes while it runs."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ecs._text import text_of
from pytest_ecs.exceptions import ConfigurationError

if TYPE_CHECKING:
    from pytest_ecs._mock import MockCloud

__all__ = ["kept"]


@contextmanager
def kept(cloud: MockCloud, file: Path | None) -> Iterator[Callable[[], None]]:
    """Let *cloud* go on from *file*, and keep its state there at the end of the block.

    What it gives is to be called now and then: it writes what has changed since, without stopping anything. None as
    *file* does nothing. Raises `ConfigurationError` where the file cannot be read or written.
    """
    if file is None:
        yield lambda: None
        return
    _restore(cloud, file)
    writer, written, trouble = 0, cloud.changes, False

    def look(options: int = os.WNOHANG) -> None:
        """Start to write what has changed, unless somebody writes; the first of some failures is said."""
        nonlocal writer, written, trouble
        if writer:
            done, status = os.waitpid(writer, options)
            if not done:
                return
            if status and not trouble:
                sys.stderr.write(f"--state {file}: the state cannot be kept at the moment; it is tried again\n")
            writer, trouble = 0, bool(status)
        if options and (trouble or cloud.changes != written):
            changes = cloud.changes
            with suppress(OSError):  # no process can be made: tried again
                writer = _write_beside(cloud, file)
                written = changes

    try:
        yield look if hasattr(os, "fork") else lambda: None
    finally:
        look(0)  # waits for who writes
    _keep(cloud, file)


def _write_beside(cloud: MockCloud, file: Path) -> int:
    """Return the id of a process that writes the state as it is now.

    It has the state to itself, so that what is under way can come to its end there and goes on here.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that there are threads: it needs none of them
        process = cloud.fork()
    if process:
        return process
    status = 1
    try:
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # port and connections are not its own
        _keep(cloud, file)
        status = 0
    finally:
        os._exit(status)


def _restore(cloud: MockCloud, file: Path) -> None:
    """Let *cloud* go on from a file, or make the file where there is none yet."""
    try:
        if file.exists():
            cloud.restore(json.loads(text_of(file)))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"--state {file}: the state cannot be restored", seen=str(error), hint="name a file that the mock has kept"
        ) from None
    _keep(cloud, file)  # one that cannot be written is better known at once


def _keep(cloud: MockCloud, file: Path) -> None:
    """Write the state, for the owner only, so that the file is whole at any time."""
    new = file.with_name(file.name + ".new")
    try:
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        new.write_text(json.dumps(cloud.keep()), encoding="utf-8")
        os.replace(new, file)
    except OSError as error:
        raise ConfigurationError(
            f"--state {file}: the state cannot be kept", seen=str(error), hint="name a file in a folder that is there"
        ) from None
