"""A proxy that disturbs what goes through it: ``python -m tests.faults.proxy --to URL --fault TYPE[@METHOD:PATH][=RATE]``.

It speaks real HTTP on 127.0.0.1 and a free port, in front of any server. Each fault has a type (`fault_types.FAULT_TYPES`), a place
(a regular expression that fits the whole method, one that is found in the path), a rate and, if wanted, a number of
times. Chance comes from the seed, by the number of the request. What was done is written down, one entry a request.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import BinaryIO, TextIO
from urllib.parse import urlsplit

from tests.faults.fault_types import FAULT_TYPES, Answer, Call

__all__ = ["Entry", "Fault", "Proxy", "disturbing", "parse"]

#: Headers that belong to one connection and are not passed on.
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "proxy-connection"})


@dataclass(frozen=True)
class Fault:
    """One type of fault, where, and how often."""

    type: str
    #: Which methods; the whole name has to fit.
    method: str = ".*"
    #: Found anywhere in path and query.
    path: str = ""
    #: Share of the requests there that are disturbed.
    rate: float = 1.0
    #: How many times at most; None without end.
    times: int | None = None
    #: Length of what has one: pause, time-out, Retry-After.
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.type not in FAULT_TYPES:
            raise ValueError(f"there is no fault {self.type!r}; there are {', '.join(FAULT_TYPES)}")

    def is_at(self, method: str, path: str) -> bool:
        """Whether the fault may hit such a request."""
        return re.fullmatch(self.method, method) is not None and re.search(self.path, path) is not None


@dataclass(frozen=True)
class Entry:
    """What the proxy did with one request."""

    number: int
    method: str
    path: str
    #: Type of the fault; None for a request that went through untouched.
    fault: str | None
    #: How often the server behind got it.
    forwarded: int
    #: Names in lower case; never written to a log file, since they hold secrets.
    headers: dict[str, str] = field(repr=False)


class Proxy:
    """The running proxy; made by `disturbing`."""

    def __init__(self, to: str, faults: Sequence[Fault], seed: int, log: TextIO | None) -> None:
        self.to(to)
        self.faults = list(faults)
        #: Asked about each request, by its number, method and path, before any fault: what happens to it, None for nothing.
        self.intercept: Callable[[int, str, str], Callable[[Call], None] | None] = lambda *request: None
        self._log: list[Entry] = []
        #: Request lines and headers that reached the other host of redirects.
        self.strayed: list[str] = []
        self.over = threading.Event()
        self._seed = seed
        self._file = log
        self._lock = threading.Condition()
        #: Requests that are under way.
        self._busy = 0
        self._number = 0
        self._hits: dict[Fault, int] = {}
        self._listener, self._stranger = _listen(), _listen()
        #: Where the proxy listens.
        self.url = _url(self._listener)
        #: The other host of redirects.
        self.elsewhere = _url(self._stranger)
        for listener, serve in ((self._listener, self._serve), (self._stranger, self._serve_stranger)):
            threading.Thread(target=self._accept, args=(listener, serve), daemon=True).start()

    def to(self, url: str) -> None:
        """From now on forward to the server at *url*."""
        parts = urlsplit(url)
        self._behind = (str(parts.hostname), parts.port or 80)

    @property
    def log(self) -> list[Entry]:
        """What was done so far; waits a moment for requests under way, since an answer arrives before its entry is made."""
        with self._lock:
            self._lock.wait_for(lambda: self._busy == 0, timeout=5.0)
            return list(self._log)

    @property
    def disturbed(self) -> int:
        """How many requests a fault has hit."""
        return sum(entry.fault is not None for entry in self.log)

    def close(self) -> None:
        """Stop listening, end whatever lasts, and wait until the log is complete."""
        self.over.set()
        with self._lock:
            self._lock.wait_for(lambda: self._busy == 0, timeout=5.0)
        for listener in (self._listener, self._stranger):
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
            listener.close()

    def _accept(self, listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        while not self.over.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    def _serve_stranger(self, client: socket.socket) -> None:
        with closing(client), suppress(OSError):
            self.strayed.append(client.recv(65536).decode("latin-1"))
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    def _serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ends = suppress(OSError, ValueError, http.client.HTTPException)
        with closing(client), ends, client.makefile("rb") as reader:
            while not self.over.is_set() and self._one(client, reader):
                pass

    def _one(self, client: socket.socket, reader: BinaryIO) -> bool:
        """Serve one request of a connection; False when it was the last."""
        line = reader.readline(65537)
        if not line.strip():
            return False
        method, path, _ = line.decode("latin-1").split(" ", 2)
        headers = http.client.parse_headers(reader)
        body = reader.read(int(headers.get("Content-Length") or 0))
        sent = {name: value for name, value in headers.items() if name.lower() not in _HOP}

        def forward() -> Answer:
            return _ask(self._behind, method, path, body, sent)

        number, fault = self._draw(method, path)
        seconds = fault.seconds if fault else 0.0
        call = Call(method, path, client, forward, self.elsewhere, seconds, self.over)
        fault_type = fault.type if fault else None
        try:
            if (own := self.intercept(number, method, path)) is not None:
                fault_type = "intercepted"
                own(call)
            elif fault is not None:
                FAULT_TYPES[fault.type](call)
            else:
                call.reply(call.ask())
        finally:
            lower = {name.lower(): value for name, value in headers.items()}
            self._note(Entry(number, method, path, fault_type, call.forwarded, lower))
        return call.keep and headers.get("Connection", "").lower() != "close"

    def _draw(self, method: str, path: str) -> tuple[int, Fault | None]:
        with self._lock:
            self._busy += 1
            self._number += 1
            for place, fault in enumerate(self.faults):
                if not fault.is_at(method, path):
                    continue
                if fault.times is not None and self._hits.get(fault, 0) >= fault.times:
                    continue
                if random.Random(f"{self._seed} {place} {self._number}").random() < fault.rate:
                    self._hits[fault] = self._hits.get(fault, 0) + 1
                    return self._number, fault
            return self._number, None

    def _note(self, entry: Entry) -> None:
        with self._lock:
            self._busy -= 1
            self._log.append(entry)
            self._lock.notify_all()
            if self._file is not None:
                known = {name: value for name, value in asdict(entry).items() if name != "headers"}
                print(json.dumps(known), file=self._file, flush=True)


def _listen() -> socket.socket:
    # IPPROTO_TCP is named, since else TCP_NODELAY has no effect on accepted connections.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


def _url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _ask(behind: tuple[str, int], method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    # A new connection for each: what is left of an old one must not disturb by accident.
    with closing(http.client.HTTPConnection(*behind, timeout=120)) as connection:
        connection.request(method, path, body or None, headers)
        with connection.getresponse() as answer:
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
            return Answer(answer.status, answer.reason, kept, answer.read())


@contextmanager
def disturbing(to: str, faults: Sequence[Fault] = (), *, seed: int = 0, log: TextIO | None = None) -> Iterator[Proxy]:
    """Run a proxy in front of the server at *to* until the block ends."""
    proxy = Proxy(to, faults, seed, log)
    try:
        yield proxy
    finally:
        proxy.close()


def parse(text: str) -> Fault:
    """Read ``TYPE[@METHOD:PATH][=RATE][~SECONDS][*TIMES]``; raises `ValueError` for anything else."""
    form = r"(?P<type>[a-z0-9-]+)(@(?P<method>[^:]*):(?P<path>[^=~]*))?(=(?P<rate>[\d.]+))?(~(?P<seconds>[\d.]+))?(\*(?P<times>\d+))?"
    found = re.fullmatch(form, text)
    if found is None:
        raise ValueError(f"{text!r} is not TYPE[@METHOD:PATH][=RATE][~SECONDS][*TIMES]")
    given = {name: value for name, value in found.groupdict().items() if value}
    return Fault(
        given["type"],
        given.get("method", ".*"),
        given.get("path", ""),
        float(given.get("rate", 1)),
        int(given["times"]) if "times" in given else None,
        float(given.get("seconds", 1)),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run by hand: print the URL as one line of JSON, then one line for each request, until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.proxy", description=__doc__)
    parser.add_argument("--to", required=True, help="URL of the server behind")
    parser.add_argument("--fault", action="append", default=[], type=parse, help=f"types: {', '.join(FAULT_TYPES)}")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    with disturbing(options.to, options.fault, seed=options.seed, log=sys.stdout) as proxy:
        print(json.dumps({"endpoint": proxy.url}), flush=True)  # noqa: T201 - that is its output
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
    return 0


if __name__ == "__main__":
    sys.exit(main())
