"""The mock over HTTP: threaded, on 127.0.0.1 only, quiet, and stopped cleanly by a signal."""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from pytest_ecs._mock.app import MockCloud
from pytest_ecs._mock.clock import ScaledClock

__all__ = ["Server", "run", "serve"]


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    #: Without it each answer waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the log is at /_mock/requests."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


class _Server(ThreadedWSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no event."""


def _listener(port: int) -> socket.socket:
    # IPPROTO_TCP is named so that TCP_NODELAY takes effect on accepted connections.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


@contextmanager
def serve(cloud: MockCloud, port: int = 0) -> Iterator[Server]:
    """Serve *cloud* until the block ends; port 0 takes a free one. Raises `OSError` when the port cannot be had."""
    with _listener(port) as listener:
        server = _Server("127.0.0.1", listener.getsockname()[1], cloud, handler=_Handler, fd=listener.fileno())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield Server(f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.shutdown()
            thread.join()
            server.socket.close()


def run(*, port: int, speed: float, deviations: Sequence[str]) -> int:
    """Serve a new mock, print one JSON line when it is ready, and return 0 after SIGINT or SIGTERM."""
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    cloud = MockCloud(deviations=deviations, clock=ScaledClock(speed))
    with serve(cloud, port) as server:
        print(json.dumps(cloud.describe(server.url)), flush=True)
        while not over.wait(1.0):
            pass
    sys.stdout.flush()
    return 0
