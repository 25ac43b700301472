"""``pytest-ecs sweep``: delete what runs left behind, from their ledger."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from pytest_ecs._cli.suites import NO_CACHE, ini, quiet
from pytest_ecs._run.options import Settings, read_settings
from pytest_ecs.exceptions import ConfigurationError, EcsError

if TYPE_CHECKING:
    from pytest_ecs._resources.ledger import Ledger
    from pytest_ecs._resources.records import Run
    from pytest_ecs._run.session import Session

__all__ = ["sweep"]

#: Seconds after the end of a run in which it is looked at once more: what it asked for may have appeared late.
_AGAIN = 24 * 3600.0


def sweep(arguments: Sequence[str]) -> int:
    """Delete what runs on the named target left behind: those that ended without cleaning up, and late arrivals of others.

    Returns 0 when nothing is left, 1 when something is or may be, 4 when nothing could be tried. ``--dry-run`` only
    lists; ``--force`` takes runs for dead that may still be alive.
    """
    own = {"--dry-run", "--force"}
    plugin = _Sweep(dry_run="--dry-run" in arguments, force="--force" in arguments)
    return int(
        pytest.main(
            [*quiet(arguments), *NO_CACHE, *ini(arguments), *(a for a in arguments if a not in own)], plugins=[plugin]
        )
    )


class _Sweep:
    """A plugin that does something else than running tests, with pytest's own options and ini file."""

    def __init__(self, *, dry_run: bool, force: bool) -> None:
        self._dry_run = dry_run
        self._force = force

    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        """Sweep and return the exit code."""
        try:
            settings = read_settings(config)
            if settings.embedded:
                raise ConfigurationError(
                    "There is nothing to sweep on the embedded mock",
                    seen="no --ecs-cloud, --ecs-endpoint or --ecs-iam was given",
                    hint="name the target that a killed run worked on",
                )
            return _sweep(settings, dry_run=self._dry_run, force=self._force)
        except EcsError as error:
            print(f"pytest-ecs: {error}", file=sys.stderr)  # noqa: T201
            return 4


def _sweep(settings: Settings, *, dry_run: bool, force: bool) -> int:
    from pytest_ecs._run.session import open_session

    if not settings.ledger_file.exists():
        raise ConfigurationError(
            f"There is no ledger at {settings.ledger_file}, so nothing is known to sweep",
            hint="name the ledger of the run with --ecs-ledger, or sweep where the run was started",
        )
    session = open_session(settings, creates=False)
    try:
        left = _Left(session, dry_run=dry_run, force=force)
        left.clean()
        _remove_files(settings, session.ledger)
    finally:
        session.close()
    left.tell()
    return 1 if left.problems else 0


class _Left:
    """What runs left on one target."""

    def __init__(self, session: Session, *, dry_run: bool, force: bool) -> None:
        self._session = session
        self._dry_run = dry_run
        self._force = force
        self._unfinished: list[Run] = []
        self._done: list[str] = []
        #: What is or may be left, one sentence each.
        self.problems: list[str] = []

    def clean(self) -> None:
        """Delete what is left of the runs that are over."""
        ledger = self._session.ledger
        again = [run for run in ledger.runs() if run.finished is not None and run.finished > time.time() - _AGAIN]
        self._unfinished = [run for run in ledger.runs() if run.finished is None and self._is_over(run)]
        for run in (*self._unfinished, *again):
            if not self._is_ours(run):
                continue
            done, problems = self._session.sweep(run.id, dry_run=self._dry_run)
            self._done += done
            self.problems += problems
            if not self._dry_run and not problems:
                ledger.finish(run.id)

    def _is_over(self, run: Run) -> bool:
        state = self._session.ledger.state(run)
        if state == "dead" or (state == "unknown" and self._force):
            return True
        if self._force:
            self.problems.append(
                f"run {run.id} is alive (process {run.pid} on {run.host} or a worker of it); end it first"
            )
        elif state == "alive":
            self.problems.append(
                f"run {run.id} is still alive (process {run.pid} on {run.host} or a worker of it): nothing of it was touched; "
                "sweep again when it is over"
            )
        else:
            self.problems.append(
                f"run {run.id} may still be alive (process {run.pid} on {run.host}, which is not this computer): nothing of "
                "it was touched; sweep with --force if it is over"
            )
        return False

    def _is_ours(self, run: Run) -> bool:
        """Whether these credentials see the project of a run: in another one everything would look deleted."""
        client = self._session.client
        given = self._session.target.identities["primary"]
        if run.project in {None, given.project_id, given.project_name} or run.project == client.project_id:
            return True
        if run.finished is None:
            self.problems.append(
                f"run {run.id} worked in the project {run.project}, and these credentials are for {client.project_id}: "
                "nothing of it was touched; sweep with the credentials of that run"
            )
        return False

    def tell(self) -> None:
        """Print what was done and what is left."""
        ledger, word = self._session.ledger, "would be deleted" if self._dry_run else "deleted"
        lines = [f"{len(self._unfinished)} unfinished run(s) on {ledger.target}: {len(self._done)} thing(s) {word}."]
        lines += [f"  {one}" for one in (*self._done, *self.problems)]
        if ledger.target != self._session.target.endpoint:
            lines.append(f"{self._session.target.endpoint} stands in the ledger as {ledger.target}.")
        print("\n".join(lines))  # noqa: T201


def _remove_files(settings: Settings, ledger: Ledger) -> None:
    """Remove what processes of runs that are over shared, on whatever target: locks, tokens, and how fast they may go."""
    for run in ledger.runs(everywhere=True):
        if ledger.state(run) == "dead":
            shared = [settings.state_folder.glob(f"{name}-{run.id}*") for name in ("tokens", "pace")]
            for file in (*chain(*shared), *settings.ledger_file.parent.glob(f"*-{run.id}.lock")):
                file.unlink(missing_ok=True)
