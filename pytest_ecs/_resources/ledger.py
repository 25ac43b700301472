"""The record of everything a run creates: written before the request leaves, read by the pool, the clean-up and `sweep`.

A SQLite file (WAL) that all processes of a run share. Four tables: runs, intents (a request that may create
servers), servers (what such a request is known to have made, and who uses it) and ``things`` (a request that may create
something else, and the URL of what it made). Nothing is ever deleted in the cloud that does not stand here.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from pytest_ecs._resources.endpoint import one_spelling
from pytest_ecs._resources.records import GOING, Intent, Resource, Run, Server
from pytest_ecs.exceptions import BudgetExceeded, LedgerError

__all__ = ["Ledger"]

#: Number of this schema, in the file's ``user_version``.
_VERSION = 3
_SCHEMA = f"""
CREATE TABLE runs (
  id TEXT PRIMARY KEY, target TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, started REAL NOT NULL, finished REAL,
  project TEXT
);
CREATE TABLE intents (
  key INTEGER PRIMARY KEY, run TEXT NOT NULL, target TEXT NOT NULL, identity TEXT NOT NULL, name TEXT,
  count INTEGER NOT NULL, at REAL NOT NULL, accepted INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
  settled INTEGER NOT NULL DEFAULT 0, job TEXT
);
CREATE TABLE servers (
  id TEXT NOT NULL, target TEXT NOT NULL, run TEXT NOT NULL, identity TEXT NOT NULL, intent INTEGER, name TEXT,
  gone INTEGER NOT NULL DEFAULT 0, status TEXT, word TEXT NOT NULL DEFAULT '', exclusive INTEGER NOT NULL DEFAULT 0,
  users INTEGER NOT NULL DEFAULT 0, worker TEXT, special INTEGER NOT NULL DEFAULT 1, spare INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (id, target)
);
CREATE TABLE things (
  key INTEGER PRIMARY KEY, run TEXT NOT NULL, target TEXT NOT NULL, identity TEXT NOT NULL, kind TEXT NOT NULL, name TEXT,
  at REAL NOT NULL, path TEXT, gone INTEGER NOT NULL DEFAULT 0, before TEXT
);
PRAGMA user_version = {_VERSION};
"""
_SERVER = "id, run, identity, name, status, word, exclusive, users, special"


class Ledger:
    """One connection to the file, for one process and one target."""

    def __init__(self, path: Path | None, *, target: str, run: str, limit: int | None = None) -> None:
        """Open or create *path* (None keeps it in memory); *limit* is the most servers this run may create."""
        self._one_at_a_time = threading.RLock()
        self._path, self.target, self.run, self._limit = path, one_spelling(target), run, limit
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The clean-up deletes in threads, one transaction at a time.
            self._db = sqlite3.connect(path or ":memory:", timeout=30.0, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._prepare()
            self._lock: IO[bytes] | None = None
        except (OSError, sqlite3.Error) as error:
            raise self._trouble(error) from error

    def _prepare(self) -> None:
        """Make the tables in a new file; raise `LedgerError` for a file that somebody else made."""
        with self._write() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version == _VERSION:
                return
            if db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() != (0,):
                raise LedgerError(
                    f"The ledger {self._path or 'in memory'} was not written by this version, so nothing will be created",
                    seen=f"schema {version} instead of {_VERSION}",
                    hint="sweep with the version that wrote it, or name another file with --ecs-ledger",
                )
            for statement in _SCHEMA.split(";"):
                db.execute(statement)

    def close(self) -> None:
        """Close the file and say that this process does not work on its run any more."""
        self._db.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _lock_file(self, run: str) -> Path | None:
        return None if self._path is None else self._path.with_name(f"{self._path.name}-{run}.lock")

    def _trouble(self, error: Exception) -> LedgerError:
        return LedgerError(
            f"The ledger {self._path or 'in memory'} cannot be used, so nothing will be created",
            seen=str(error),
            hint="free some disk space or name another file with --ecs-ledger",
        )

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._one_at_a_time:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise self._trouble(error) from error
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _set(self, statement: str, *values: object) -> None:
        with self._write() as db:
            db.execute(statement, values)

    def _read(self, statement: str, *values: object) -> list[Any]:
        try:
            with self._one_at_a_time:
                return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    # Runs

    def start(self, project: str | None = None) -> float:
        """Write down that this run works on this target, and hold a lock as long as this process lives.

        Return when its first process did so, in seconds since the epoch on this computer's clock.
        """
        lock = self._lock_file(self.run)
        if lock is not None and self._lock is None:
            try:
                self._lock = lock.open("ab")
                fcntl.flock(self._lock, fcntl.LOCK_SH)
            except OSError as error:
                raise self._trouble(error) from error
        self._set(
            "INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?, NULL, ?)",
            *(self.run, self.target, os.getpid(), socket.gethostname(), time.time(), project),
        )
        ((started,),) = self._read("SELECT started FROM runs WHERE id = ?", self.run)
        return float(started)

    def finish(self, run: str | None = None) -> None:
        """Write down that *run* (this one unless given) is over and nothing of it is left."""
        self._set("UPDATE runs SET finished = COALESCE(finished, ?) WHERE id = ?", time.time(), run or self.run)
        lock = self._lock_file(run or self.run)
        if lock is not None:
            lock.unlink(missing_ok=True)

    def runs(self, *, everywhere: bool = False) -> list[Run]:
        """Return the runs on this target, or *everywhere*, oldest first."""
        rows = self._read(
            "SELECT id, target, pid, host, started, finished, project FROM runs WHERE target = ? OR ? ORDER BY started",
            *(self.target, everywhere),
        )
        return [Run(*row) for row in rows]

    def state(self, run: Run) -> Literal["alive", "unknown", "dead"]:
        """Whether a process of *run* still works. Of another computer's run that is only known while it does."""
        lock = self._lock_file(run.id)
        if lock is None or run.finished is not None:
            return "dead"
        if lock.exists():
            with lock.open("rb") as file:
                try:
                    # Every process of a run holds a shared lock, which the system gives up when the process dies.
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    return "alive"
        return "dead" if run.host == socket.gethostname() else "unknown"

    # Intents

    def intend(self, identity: str, name: str | None, count: int, at: float) -> int:
        """Write down a request that may create *count* servers and return its key.

        Raises `BudgetExceeded` when this run would pass its limit, `LedgerError` when it cannot be written.
        """
        with self._write() as db:
            if self._limit is not None:
                (used,) = db.execute(
                    "SELECT COALESCE(SUM(count), 0) FROM intents WHERE run = ? AND NOT refused", (self.run,)
                ).fetchone()
                if used + count > self._limit:
                    raise BudgetExceeded(
                        f"Creating {count} more server(s) would pass --ecs-max-servers={self._limit}",
                        seen=f"{used} created or asked for in this run",
                        hint="raise --ecs-max-servers or select less",
                    )
            cursor = db.execute(
                "INSERT INTO intents (run, target, identity, name, count, at) VALUES (?, ?, ?, ?, ?, ?)",
                (self.run, self.target, identity, name, count, at),
            )
            return int(cursor.lastrowid or 0)

    def accepted(self, key: int, job: str | None = None) -> None:
        """Write down that the service does what a request asked for, by this *job*."""
        self._set("UPDATE intents SET accepted = 1, job = COALESCE(?, job) WHERE key = ?", job, key)

    def refused(self, key: int) -> None:
        """Write down that the service does not do what a request asked for, so that it counts for nothing."""
        self._set("UPDATE intents SET refused = 1, settled = 1 WHERE key = ?", key)

    def settled(self, key: int) -> None:
        """Write down that everything that a request made is known."""
        self._set("UPDATE intents SET settled = 1 WHERE key = ?", key)

    def intents(self, run: str, *, job: str | None = None) -> list[Intent]:
        """Return the intents of *run* whose servers are not known yet, or those of *job*."""
        rows = self._read(
            "SELECT key, run, identity, name, count, at, accepted, job FROM intents WHERE run = ? AND target = ? "
            "AND CASE WHEN ?3 IS NULL THEN NOT settled ELSE job = ?3 END ORDER BY key",
            run,
            self.target,
            job,
        )
        return [Intent(*row) for row in rows]

    def made_by(self, intent: int | None, *, run: str = "") -> set[str]:
        """Return the ids of the servers that an intent made, or all of *run* for None, also of those that are gone."""
        rows = self._read(
            "SELECT id FROM servers WHERE target = ?1 AND CASE WHEN ?2 IS NULL THEN run = ?3 ELSE intent = ?2 END",
            *(self.target, intent, run),
        )
        return {str(server) for (server,) in rows}

    def began(self, run: str) -> float | None:
        """Return when *run* sent its first creation of servers, in seconds of the target's clock; None for never."""
        ((at,),) = self._read("SELECT MIN(at) FROM intents WHERE run = ? AND target = ?", run, self.target)
        return None if at is None else float(at)

    def names(self, run: str) -> dict[int, str]:
        """Return the names that requests of *run* asked for, by the keys of the intents."""
        rows = self._read(
            "SELECT key, name FROM intents WHERE run = ? AND target = ? AND NOT refused AND name IS NOT NULL",
            *(run, self.target),
        )
        return {int(key): str(name) for key, name in rows}

    def identities(self, run: str) -> set[str]:
        """Return the identities that asked for servers in *run*."""
        return {str(one) for (one,) in self._read("SELECT DISTINCT identity FROM intents WHERE run = ?", run)}

    def created(self, *, there: bool = False) -> int:
        """Return how many servers this run is known to have made, or how many of them are *there* and were not asked to go."""
        counted = "SELECT COUNT(*) FROM servers WHERE run = ?1 AND target = ?2 AND NOT (?3 AND (gone OR status IS ?4))"
        ((count,),) = self._read(counted, self.run, self.target, there, GOING)
        return int(count)

    # Servers

    def add(
        self, server: str, *, run: str, identity: str, intent: int | None, name: str | None, status: str | None = None
    ) -> None:
        """Write down a server that an intent made; doing it again changes nothing. Nobody leases it until it is `plain`."""
        self._set(
            "INSERT OR IGNORE INTO servers (id, target, run, identity, intent, name, status) VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(server, self.target, run, identity, intent, name, status),
        )

    def plain(self, server: str) -> None:
        """Write down that *server* is like every other one of the pool, so that it may be leased."""
        self._set("UPDATE servers SET special = 0, spare = 0 WHERE id = ? AND target = ?", server, self.target)

    def spare(self, server: str, *, alike: bool = True) -> None:
        """Write down that nobody needs a special *server* any more, and whether it may be *alike* those of the pool.

        It is looked at before its next use. One that was not seen well, and one of the pool, stay what they are.
        """
        self._set(
            "UPDATE servers SET spare = ?, status = NULL "
            "WHERE id = ? AND target = ? AND special AND status IN ('ACTIVE', 'SHUTOFF')",
            *(1 if alike else 2, server, self.target),
        )

    def leave(self, server: str) -> None:
        """Write down that *server* is not like the others any more, and that its user is done with it."""
        self._set(
            "UPDATE servers SET special = 1, spare = 2, users = 0, exclusive = 0, status = NULL WHERE id = ? AND target = ?",
            *(server, self.target),
        )

    def gone(self, server: str) -> None:
        """Write down that the endpoint does not have *server* any more."""
        self._set("UPDATE servers SET gone = 1 WHERE id = ? AND target = ?", server, self.target)

    def servers(self, run: str) -> list[Server]:
        """Return the servers of *run* that are not known to be gone."""
        rows = self._read(
            f"SELECT {_SERVER} FROM servers WHERE run = ? AND target = ? AND NOT gone ORDER BY rowid",  # noqa: S608 - constant
            *(run, self.target),
        )
        return [Server(*row) for row in rows]

    def take(self, worker: str, *, status: str, exclusive: bool, word: str) -> Server | None:
        """Lease a server of this run: one in *status*, else one in an unknown one, else any free one of the same *word*.

        Return None when there is none. The caller brings it into the state it needs.
        """
        which = (
            "NOT special AND word IN (:word, '') AND (users = 0 OR (NOT :alone AND NOT exclusive AND status = :status))"
        )
        return self._take(worker, which, status=status, alone=exclusive, word=word)

    def take_spare(self, worker: str, *, status: str, most: int = 2) -> Server | None:
        """Lease a spare server to somebody who deletes it, or with *most* of 1 one that was not left; None when there is none."""
        which = "spare BETWEEN 1 AND :most AND users = 0"
        return self._take(worker, which, status=status, alone=True, word="", most=most)

    def _take(self, worker: str, which: str, **values: str | int) -> Server | None:
        with self._write() as db:
            row = db.execute(
                f"SELECT {_SERVER} FROM servers WHERE run = :run AND target = :target AND NOT gone AND {which} "  # noqa: S608 - constants
                "ORDER BY users > 0 DESC, word = :word DESC, COALESCE(status = :status, 0.5) DESC, rowid LIMIT 1",
                {**values, "run": self.run, "target": self.target},
            ).fetchone()
            if row is None:
                return None
            db.execute(
                "UPDATE servers SET exclusive = ?, users = users + 1, worker = ?, word = ? WHERE id = ? AND target = ?",
                (values["alone"], worker, values["word"], row[0], self.target),
            )
            return Server(*row)

    def hold(self, server: str, worker: str) -> None:
        """Lease one particular server exclusively, such as one that was made just now."""
        self._set(
            "UPDATE servers SET exclusive = 1, users = users + 1, worker = ? WHERE id = ? AND target = ?",
            *(worker, server, self.target),
        )

    def give_back(self, server: str, *, status: str | None) -> None:
        """End one use of *server*, last seen in *status* (None: unknown, so it is looked at before its next use)."""
        self._set(
            "UPDATE servers SET users = MAX(users - 1, 0), status = ?, exclusive = exclusive AND users > 1, "
            "word = CASE WHEN users <= 1 THEN '' ELSE word END WHERE id = ? AND target = ?",
            *(status, server, self.target),
        )

    def note(self, server: str, status: str | None) -> None:
        """Write down the status in which *server* was seen."""
        self._set("UPDATE servers SET status = ? WHERE id = ? AND target = ?", status, server, self.target)

    # Resources beside servers

    def intend_resource(
        self,
        identity: str,
        resource_type: str,
        name: str | None,
        at: float,
        *,
        run: str | None = None,
        before: Sequence[str] | None = None,
    ) -> int:
        """Write down a request (of this run unless given) that may create a resource of a type, and return its key.

        *before* are the URLs of those that were there already, where nothing but that tells them from the new one.
        """
        with self._write() as db:
            cursor = db.execute(
                "INSERT INTO things (run, target, identity, kind, name, at, before) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(run or self.run, self.target, identity, resource_type, name, at),
                    None if before is None else "\n".join(before),
                ),
            )
            return int(cursor.lastrowid or 0)

    def made_resource(self, key: int, path: str) -> None:
        """Write down the URL of what a request created."""
        self._set("UPDATE things SET path = ? WHERE key = ?", path, key)

    def gone_resource(self, key: int) -> None:
        """Write down that a request created nothing, or that what it created is gone."""
        self._set("UPDATE things SET gone = 1 WHERE key = ?", key)

    def paths(self, run: str) -> set[str]:
        """Return the URLs of what *run* created, as far as they are known."""
        rows = self._read("SELECT path FROM things WHERE run = ? AND target = ? AND path IS NOT NULL", run, self.target)
        return {str(path) for (path,) in rows}

    def resources(self, run: str, *, gone: bool = False) -> list[Resource]:
        """Return what *run* created, or may have, oldest first; those that are not known to be gone, or all of them."""
        rows = self._read(
            "SELECT key, run, identity, kind, name, at, path, before FROM things "
            "WHERE run = ? AND target = ? AND (? OR NOT gone) ORDER BY key",
            *(run, self.target, gone),
        )
        return [Resource(*row) for row in rows]
