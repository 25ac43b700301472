"""Waiting on the target's clock for what an endpoint shows; on the embedded mock it costs no time."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from pytest_ecs._checks import TESTS
from pytest_ecs._http.client import Client
from pytest_ecs._http.durations import Durations
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._resources.lease import Lease
from pytest_ecs._resources.lookup import GONE
from pytest_ecs._testing.reading import read
from pytest_ecs._types import JSON, UNSET, Clock
from pytest_ecs.exceptions import PrerequisiteMissing

__all__ = ["TRIES", "Wait"]

#: Seconds that something may take to show up, or that something which was deleted may still be shown.
TRIES = 120
#: Statuses of 10.1: of what is not there, and the first one that is an error of the server.
_NOT_FOUND, _SERVER = 404, 500
#: Seconds in which what was made may show.
_LATE = 10.0
#: What differs between URLs of one operation: ids have a digit in them.
_NUMBERED = re.compile(r"[^/]*[0-9][^/]*")
#: The shortest and the longest pause between two looks, and how it grows, in seconds.
_FIRST, _LONGEST, _GROWTH = 0.1, 1.0, 1.6


@dataclass(frozen=True)
class Wait:
    """Waits for what GET answers show. All times are seconds of the target's clock."""

    client: Client
    clock: Clock

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self.clock.sleep(seconds)

    def polls(self, seconds: float = TRIES, *, until: Hashable = None) -> Iterator[None]:
        """Yield for each look at something that takes time: at once, after short pauses that grow to a second, after *seconds*.

        ``for _ in wait.polls(): ...`` looks in its body, and ends early with ``break`` or ``return``. After the first look
        comes none before what is waited *until*, where that is said, was ever so in this process.
        """
        began, pause = self.clock.now(), _FIRST
        durations = self.client.connection.durations if until is not None else Durations()
        try:
            yield
            while (left := began + seconds - self.clock.now()) > 0:
                self.clock.sleep(min(durations.pause(until, seconds - left, pause), left))
                pause = min(pause * _GROWTH, _LONGEST)
                yield
            began = math.inf  # it never was so
        finally:
            durations.add(until, self.clock.now() - began)

    def until(
        self,
        path: str,
        *steps: str | int,
        equals: JSON = None,
        contains: JSON = None,
        microversion: str | None = UNSET,
    ) -> None:
        """Wait until what stands at *steps* of the answer to GET *path* is *equals*, or a list with *contains*.

        What was made may show late: that it is not found counts after ten seconds. Raises `PrerequisiteMissing` if it never
        does, and what `read` raises.
        """
        test, wanted = ("equals", equals) if contains is None else ("contains", contains)
        fits, seen, began = TESTS[test][0], None, self.clock.now()
        for _ in self.polls(until=(_NUMBERED.sub("*", path), steps, str(wanted))):
            answer = self.client.get(path, microversion=microversion)
            if answer.status == _NOT_FOUND and self.clock.now() - began < _LATE:
                continue
            seen = read(answer, *steps)
            if fits(seen, wanted):
                return
        raise PrerequisiteMissing(f"{wanted} is needed at {'.'.join(map(str, steps))} of {path}", seen=repr(seen))

    def gone(self, path: str, seconds: float = TRIES, *, microversion: str | None = UNSET) -> bool:
        """Wait until what *path* shows is not found any more, at most *seconds*; return whether it went.

        A server that shows as deleted (A-1) has gone; an error of the server (5xx) says nothing.
        """
        for _ in self.polls(seconds, until=(_NUMBERED.sub("*", path), "gone")):
            answer = self.client.get(path, microversion=microversion)
            server = answer.json_object.get("server")
            if (answer.refused and answer.status < _SERVER) or (
                isinstance(server, dict) and str(server.get("status")) in GONE
            ):
                return True
        return False

    def change(self, lease: Lease, status: str) -> Exchange | None:
        """Look at a server until it shows another status than *status*; return what shows that.

        Return None after 30 seconds: the change was too quick to be seen, or did not come.
        """
        for _ in self.polls(30):
            exchange = lease.show()
            shown = exchange.json_object.get("server")
            if isinstance(shown, dict) and shown.get("status") != status:
                return exchange
        return None
