"""Where the tokens of a run are kept and shared; nothing here ever sees a password."""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NoReturn, Protocol

from pytest_ecs._http.access import Access, access_of
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["SENDABLE", "FileTokenStore", "MemoryTokenStore", "StoredToken", "TokenStore"]

#: What a token must look like to travel in a header.
SENDABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token and its times, in seconds since the epoch on the target's clock."""

    #: What goes into X-Auth-Token; a secret, so not part of the ``repr``.
    value: str = field(repr=False)
    #: When IAM says that it ends (4.3, ``expires_at``).
    expires_at: float
    #: When it was asked for.
    obtained_at: float
    #: What it gives access to, as far as IAM said so.
    access: Access | None = None

    def is_fresh(self, now: float, margin: float) -> bool:
        """Whether the token can still be used at *now*, that is, ends more than *margin* seconds later.

        For a token of short life the margin is at most half of that life; it would else be replaced at every request.
        """
        life = max(self.expires_at - self.obtained_at, 0.0)
        return now < self.expires_at - min(margin, life / 2)


class TokenStore(Protocol):
    """Where the tokens of a run are kept, by key. It never sees a password."""

    def get(self, key: str) -> StoredToken | None:
        """Return the token under *key*, ended or not; None when there is none or it cannot be read."""
        ...

    def put(self, key: str, token: StoredToken) -> None:
        """Keep *token* under *key* in place of an older one. Call it inside `lock`."""
        ...

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Return a context in which nobody else obtains a token for *key*; entering it may wait."""
        ...


class MemoryTokenStore:
    """Tokens of one process; its threads share them, and they end with it."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredToken] = {}
        # Not an RLock: httpx may close a flow in another thread than the one that started it.
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"MemoryTokenStore({len(self._tokens)} tokens)"

    def get(self, key: str) -> StoredToken | None:
        """Return the token under *key*, or None."""
        return self._tokens.get(key)

    def put(self, key: str, token: StoredToken) -> None:
        """Keep *token* under *key*."""
        self._tokens[key] = token

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the store's one lock; the few keys of a run need no more."""
        with self._lock:
            yield


class FileTokenStore:
    """Tokens in one JSON file that the processes of a run share, so that N of them obtain one token (4.2: cache it).

    File and lock file (the same name plus ``.lock``) have mode 0600; a missing folder is made with mode 0700. Each
    change replaces the whole file at once, so a reader never sees half of one. What cannot be read as a token is no
    token. The lock dies with its process. Raises `ConfigurationError` when file or lock file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self.path)!r})"

    def get(self, key: str) -> StoredToken | None:
        """Return the token under *key*; None when the file is missing, damaged or has none."""
        match self._entries().get(key):
            case {"value": str(value), "expires_at": expires, "obtained_at": obtained, **rest}:
                times = [float(t) for t in (expires, obtained) if type(t) in {int, float} and math.isfinite(t)]
                if len(times) == 2 and SENDABLE.fullmatch(value):
                    return StoredToken(value, times[0], times[1], access_of(rest.get("access")))
        return None

    def put(self, key: str, token: StoredToken) -> None:
        """Write *token* under *key*; the other keys stay. Call it inside `lock`, else a change may be lost."""
        try:
            # mkstemp makes the file with mode 0600 whatever the umask says.
            descriptor, draft = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    # Not through a variable: pytest --showlocals would print the token should this fail.
                    file.write(json.dumps({**self._entries(), key: asdict(token)}))
                Path(draft).replace(self.path)
            except BaseException:
                with suppress(OSError):
                    Path(draft).unlink()
                raise
        except OSError as error:
            self._unwritable(error)

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the lock of the whole file, whatever the key; other processes and threads wait."""
        import fcntl  # not on Windows, where MemoryTokenStore still serves

        descriptor = -1
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            # flock and not lockf: it also excludes another thread of this process.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            if descriptor >= 0:
                os.close(descriptor)
            self._unwritable(error)
        try:
            yield
        finally:
            os.close(descriptor)

    def _entries(self) -> dict[str, JSON]:
        try:
            data = json.loads(self.path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}

    def _unwritable(self, error: OSError) -> NoReturn:
        raise ConfigurationError(
            f"the token file {self.path} cannot be written",
            seen=error.strerror or type(error).__name__,
            hint="Let the run write to that folder, or give it another one",
        ) from error
