"""The record of everything a run creates: written before the request leaves, read by the pool, the clean-up and `sweep`.

A SQLite file (WAL) that all processes of a run share. Four tables: runs, intents (a request that may create
servers), servers (what such a request is known to have made, and who uses it) and things (a request that may create
something else, and the URL of what it made). Nothing is ever deleted in the cloud that does not stand here.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pytest_ecs.exceptions import BudgetExceeded, LedgerError

__all__ = ["Intent", "Ledger", "Run", "Server", "Thing"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
  id TEXT PRIMARY KEY, target TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, started REAL NOT NULL, finished REAL
);
CREATE TABLE IF NOT EXISTS intents (
  key INTEGER PRIMARY KEY, run TEXT NOT NULL, target TEXT NOT NULL, identity TEXT NOT NULL, name TEXT,
  count INTEGER NOT NULL, at REAL NOT NULL, state TEXT NOT NULL, job TEXT
);
CREATE TABLE IF NOT EXISTS servers (
  id TEXT NOT NULL, target TEXT NOT NULL, run TEXT NOT NULL, identity TEXT NOT NULL, intent INTEGER, name TEXT,
  state TEXT NOT NULL, status TEXT, word TEXT NOT NULL DEFAULT '', mode TEXT NOT NULL DEFAULT 'free',
  users INTEGER NOT NULL DEFAULT 0, worker TEXT, PRIMARY KEY (id, target)
);
CREATE TABLE IF NOT EXISTS things (
  key INTEGER PRIMARY KEY, run TEXT NOT NULL, target TEXT NOT NULL, identity TEXT NOT NULL, kind TEXT NOT NULL, name TEXT,
  path TEXT, state TEXT NOT NULL
);
"""


#: Word of a server that a test made in its own way: it may have other disks, groups or data than those of the pool.
_SPECIAL = "special"
#: Word of such a server when its test is over: nobody needs it, so whoever wants to delete one gets it.
_SPARE = "spare"


@dataclass(frozen=True, slots=True)
class Run:
    """One test run, from whatever process."""

    id: str
    target: str
    pid: int
    host: str
    started: float
    finished: float | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A request that may create servers. States: sent, accepted, refused, settled (its servers are known)."""

    key: int
    run: str
    identity: str
    name: str | None
    count: int
    state: str
    job: str | None


@dataclass(frozen=True, slots=True)
class Server:
    """A server that a request of ours made. States: alive, gone."""

    id: str
    run: str
    identity: str
    name: str | None
    state: str
    #: Last stable status seen, None when unknown.
    status: str | None
    #: Properties that a lease asked for, as one word.
    word: str
    #: free, shared or exclusive.
    mode: str
    users: int

    @property
    def special(self) -> bool:
        """Whether a test made it for itself, so that nobody else gets it."""
        return self.word == _SPECIAL


@dataclass(frozen=True, slots=True)
class Thing:
    """What a request of ours may have created beside servers. States: sent, alive, gone."""

    key: int
    run: str
    identity: str
    kind: str
    name: str | None
    #: Its URL, with ``{project_id}``; None while the answer has not told.
    path: str | None


class Ledger:
    """One connection to the file, for one process and one target."""

    def __init__(self, path: Path | None, *, target: str, run: str, limit: int | None = None) -> None:
        """Open or create *path* (None keeps it in memory); *limit* is the most servers this run may create."""
        self._path, self.target, self.run, self._limit = path, target, run, limit
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path or ":memory:", timeout=30.0, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.executescript(_SCHEMA)
            self._lock: IO[bytes] | None = None
        except (OSError, sqlite3.Error) as error:
            raise self._trouble(error) from error

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

    # Runs

    def start(self) -> None:
        """Write down that this run works on this target, and hold a lock as long as this process lives."""
        lock = self._lock_file(self.run)
        if lock is not None and self._lock is None:
            try:
                self._lock = lock.open("ab")
                fcntl.flock(self._lock, fcntl.LOCK_SH)
            except OSError as error:
                raise self._trouble(error) from error
        with self._write() as db:
            db.execute(
                "INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?, NULL)",
                (self.run, self.target, os.getpid(), socket.gethostname(), time.time()),
            )

    def finish(self, run: str | None = None) -> None:
        """Write down that *run* (this one unless given) is over and nothing of it is left."""
        with self._write() as db:
            db.execute("UPDATE runs SET finished = ? WHERE id = ?", (time.time(), run or self.run))
        lock = self._lock_file(run or self.run)
        if lock is not None:
            lock.unlink(missing_ok=True)

    def alive(self, run: Run) -> bool:
        """Whether a process of *run* may still be working; on another host that cannot be known, so it may."""
        lock = self._lock_file(run.id)
        if run.finished is not None or lock is None or not lock.exists():
            return False
        if run.host != socket.gethostname():
            return True
        with lock.open("ab") as file:
            try:
                # Every process of a run holds a shared lock, which the system gives up when the process dies.
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def runs(self) -> list[Run]:
        """Return the runs on this target, oldest first."""
        rows = self._db.execute(
            "SELECT id, target, pid, host, started, finished FROM runs WHERE target = ? ORDER BY started",
            (self.target,),
        )
        return [Run(*row) for row in rows]

    # Intents

    def intend(self, identity: str, name: str | None, count: int, at: float) -> int:
        """Write down a request that may create *count* servers and return its key.

        Raises `BudgetExceeded` when this run would pass its limit, `LedgerError` when it cannot be written.
        """
        with self._write() as db:
            if self._limit is not None:
                (used,) = db.execute(
                    "SELECT COALESCE(SUM(count), 0) FROM intents WHERE run = ? AND state != 'refused'", (self.run,)
                ).fetchone()
                if used + count > self._limit:
                    raise BudgetExceeded(
                        f"Creating {count} more server(s) would pass --ecs-max-servers={self._limit}",
                        seen=f"{used} created or asked for in this run",
                        hint="raise --ecs-max-servers or select less",
                    )
            cursor = db.execute(
                "INSERT INTO intents (run, target, identity, name, count, at, state) VALUES (?, ?, ?, ?, ?, ?, 'sent')",
                (self.run, self.target, identity, name, count, at),
            )
            return int(cursor.lastrowid or 0)

    def answer(self, key: int, state: str, job: str | None = None) -> None:
        """Write down what became of an intent."""
        with self._write() as db:
            db.execute("UPDATE intents SET state = ?, job = COALESCE(?, job) WHERE key = ?", (state, job, key))

    def intents(self, run: str, *, job: str | None = None) -> list[Intent]:
        """Return the intents of *run* whose servers are not known yet, or those of *job*."""
        where, values = (
            ("state IN ('sent', 'accepted')", (run, self.target))
            if job is None
            else ("job = ?", (run, self.target, job))
        )
        rows = self._db.execute(
            f"SELECT key, run, identity, name, count, state, job FROM intents WHERE run = ? AND target = ? AND {where} ORDER BY key",  # noqa: S608 - the condition is one of the two above
            values,
        )
        return [Intent(*row) for row in rows]

    def created(self) -> int:
        """Return how many servers this run is known to have made."""
        (count,) = self._db.execute(
            "SELECT COUNT(*) FROM servers WHERE run = ? AND target = ?", (self.run, self.target)
        ).fetchone()
        return int(count)

    # Servers

    def add(
        self, server: str, *, run: str, identity: str, intent: int | None, name: str | None, status: str | None = None
    ) -> None:
        """Write down a server that an intent made; doing it again changes nothing. Nobody leases it until it is `plain`."""
        with self._write() as db:
            db.execute(
                "INSERT OR IGNORE INTO servers (id, target, run, identity, intent, name, state, status, word) VALUES (?, ?, ?, ?, ?, ?, 'alive', ?, ?)",
                (server, self.target, run, identity, intent, name, status, _SPECIAL),
            )

    def plain(self, server: str) -> None:
        """Write down that *server* is like every other one of the pool, so that it may be leased."""
        with self._write() as db:
            db.execute("UPDATE servers SET word = '' WHERE id = ? AND target = ?", (server, self.target))

    def spare(self, server: str) -> None:
        """Write down that nobody needs a special *server* any more; it is looked at before its next use.

        One that was not seen well, and one of the pool, stay what they are.
        """
        with self._write() as db:
            db.execute(
                "UPDATE servers SET word = ?, status = NULL WHERE id = ? AND target = ? AND word = ? AND status IN ('ACTIVE', 'SHUTOFF')",
                (_SPARE, server, self.target, _SPECIAL),
            )

    def gone(self, server: str) -> None:
        """Write down that the endpoint does not have *server* any more."""
        with self._write() as db:
            db.execute("UPDATE servers SET state = 'gone' WHERE id = ? AND target = ?", (server, self.target))

    def servers(self, run: str) -> list[Server]:
        """Return the servers of *run* that are not known to be gone."""
        rows = self._db.execute(
            "SELECT id, run, identity, name, state, status, word, mode, users FROM servers "
            "WHERE run = ? AND target = ? AND state = 'alive' ORDER BY rowid",
            (run, self.target),
        )
        return [Server(*row) for row in rows]

    def take(self, worker: str, *, status: str, exclusive: bool, word: str) -> Server | None:
        """Lease a server of this run: one in *status*, else one in an unknown one, else any free one of the same *word*.

        Return None when there is none. The caller brings it into the state it needs.
        """
        with self._write() as db:
            columns = "id, run, identity, name, state, status, word, mode, users"
            shared = "" if exclusive else " OR (mode = 'shared' AND status = ?1)"
            row = db.execute(
                f"SELECT {columns} FROM servers WHERE run = ?2 AND target = ?3 AND state = 'alive' AND (word = ?4 OR word = '' AND ?4 != 'spare') "  # noqa: S608 - constant text
                f"AND (mode = 'free'{shared}) ORDER BY (mode = 'shared') DESC, (word = ?4) DESC, COALESCE(status = ?1, 0.5) DESC, rowid LIMIT 1",
                (status, self.run, self.target, word),
            ).fetchone()
            if row is None:
                return None
            server = Server(*row)
            db.execute(
                "UPDATE servers SET mode = ?, users = users + 1, worker = ?, word = ? WHERE id = ? AND target = ?",
                ("exclusive" if exclusive else "shared", worker, word, server.id, self.target),
            )
            return server

    def take_spare(self, worker: str, *, status: str) -> Server | None:
        """Lease a spare server to somebody who deletes it; None when there is none."""
        return self.take(worker, status=status, exclusive=True, word=_SPARE)

    def hold(self, server: str, worker: str) -> None:
        """Lease one particular server exclusively, such as one that was made just now."""
        with self._write() as db:
            db.execute(
                "UPDATE servers SET mode = 'exclusive', users = users + 1, worker = ? WHERE id = ? AND target = ?",
                (worker, server, self.target),
            )

    def give_back(self, server: str, *, status: str | None) -> None:
        """End one use of *server*, last seen in *status* (None: unknown, so it is looked at before its next use)."""
        with self._write() as db:
            db.execute(
                "UPDATE servers SET users = MAX(users - 1, 0), status = ?, "
                "mode = CASE WHEN users <= 1 THEN 'free' ELSE mode END, "
                "word = CASE WHEN users <= 1 AND word NOT IN (?, ?) THEN '' ELSE word END WHERE id = ? AND target = ?",
                (status, _SPECIAL, _SPARE, server, self.target),
            )

    def note(self, server: str, status: str | None) -> None:
        """Write down the status in which *server* was seen."""
        with self._write() as db:
            db.execute("UPDATE servers SET status = ? WHERE id = ? AND target = ?", (status, server, self.target))

    # Things

    def want(self, identity: str, kind: str, name: str | None) -> int:
        """Write down a request that may create a thing of *kind* and return its key; raises `LedgerError`."""
        with self._write() as db:
            cursor = db.execute(
                "INSERT INTO things (run, target, identity, kind, name, state) VALUES (?, ?, ?, ?, ?, 'sent')",
                (self.run, self.target, identity, kind, name),
            )
            return int(cursor.lastrowid or 0)

    def got(self, key: int, path: str | None) -> None:
        """Write down the URL of what a request created; None leaves it to be found by its name."""
        with self._write() as db:
            db.execute("UPDATE things SET path = ?, state = 'alive' WHERE key = ?", (path, key))

    def lost(self, key: int) -> None:
        """Write down that a request created nothing, or that what it created is gone."""
        with self._write() as db:
            db.execute("UPDATE things SET state = 'gone' WHERE key = ?", (key,))

    def things(self, run: str) -> list[Thing]:
        """Return what *run* created, or may have, and what is not known to be gone; oldest first."""
        rows = self._db.execute(
            "SELECT key, run, identity, kind, name, path FROM things WHERE run = ? AND target = ? AND state != 'gone' ORDER BY key",
            (run, self.target),
        )
        return [Thing(*row) for row in rows]


def unfinished(ledger: Ledger) -> Sequence[str]:
    """Return the ids of runs on this target that ended without cleaning up and are not alive."""
    return [run.id for run in ledger.runs() if run.finished is None and not ledger.alive(run)]
