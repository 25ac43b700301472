"""The mock over HTTP: threaded, on 127.0.0.1 only, keep-alive, quiet, and stopped cleanly by a signal."""

from __future__ import annotations

import io
import json
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import unquote_to_bytes

from pytest_ecs._mock.app import MockCloud
from pytest_ecs._mock.weather import Application

__all__ = ["Server", "run", "serve"]

#: More than any body that the application looks at.
_MAX_BODY = 32 * 1024 * 1024


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str


class _BodyError(Exception):
    """A body whose end cannot be known, so that the connection cannot go on."""


class _Handler(BaseHTTPRequestHandler):
    """Reads whole requests and writes whole answers, so that a connection can serve one after another."""

    protocol_version = "HTTP/1.1"
    #: Without it each answer waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    #: Buffered, so that head and body leave in one packet.
    wbufsize = -1
    server: _Server

    def __getattr__(self, name: str) -> Callable[[], None]:
        # Which methods there are is the application's to say.
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the log is at /_mock/requests."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no HTTP in the gateway's form (4.3) and hang up."""
        body = json.dumps({"error_code": f"APIGW.0{code}", "error_msg": message or "The request is malformed."})
        self.close_connection = True
        self._write(
            f"{int(code)} Error",
            [("Content-Type", "application/json"), ("Connection", "close")],
            body.encode(),
        )

    def _serve(self) -> None:
        try:
            body = self._body()
        except (_BodyError, ValueError):
            self.send_error(400, "The length of the body is unknown.")
            return
        given: list[Any] = []
        chunks = self.server.app(self._environ(body), lambda status, headers: given.extend([status, headers]))
        status, headers = given
        self._write(status, headers, b"".join(chunks))

    def _write(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        names = {name.lower() for name, _ in headers}
        if "content-length" not in names and not status.startswith("204"):
            lines.append(f"Content-Length: {len(body)}")
        if self.close_connection and "connection" not in names:
            lines.append("Connection: close")
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body)
        self.wfile.flush()

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length")
        if length is None:
            return b""
        if not (length.isascii() and length.isdigit()) or int(length[:12]) > _MAX_BODY:
            raise _BodyError
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise _BodyError
        return body

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(64).partition(b";")[0], 16):
            if size < 0 or len(body) + size > _MAX_BODY:
                raise _BodyError
            body += self.rfile.read(size)
            self.rfile.readline(64)
        while self.rfile.readline(4096).strip():
            pass  # trailers
        return body

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "RAW_URI": self.path,
            "QUERY_STRING": query,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path.encode("latin-1", "replace")).decode("latin-1"),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            if "_" in name:
                continue  # it would hide the header with a dash
            key = "HTTP_" + name.upper().replace("-", "_")
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
        environ.pop("HTTP_CONTENT_LENGTH", None)
        environ["CONTENT_LENGTH"] = str(len(body)) if body else ""
        return environ


class _Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, app: Application, port: int) -> None:
        self.app = app
        super().__init__(("127.0.0.1", port), _Handler, bind_and_activate=False)
        # Made again with IPPROTO_TCP named: without it TCP_NODELAY has no effect on accepted connections.
        self.socket.close()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.server_bind()
            self.server_activate()
        except BaseException:
            self.server_close()
            raise

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no event."""


@contextmanager
def serve(app: Application, port: int = 0) -> Iterator[Server]:
    """Serve a mock until the block ends; port 0 takes a free one. Raises `OSError` for a busy port."""
    with _Server(app, port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield Server(f"http://127.0.0.1:{server.server_address[1]}")
        finally:
            server.shutdown()
            thread.join()


def run(
    cloud: MockCloud,
    *,
    port: int = 0,
    around: Callable[[Application], Application] = lambda app: app,
    ready: Callable[[Mapping[str, Any]], None] = lambda about: None,
    meanwhile: Callable[[], None] = lambda: None,
) -> int:
    """Serve *cloud*, tell *ready* about it, print one JSON line, and return 0 after SIGINT or SIGTERM.

    *around* may put something between the clients and the mock; *meanwhile* is called every second.
    """
    over = threading.Event()
    before = {number: signal.signal(number, lambda *_: over.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with serve(around(cloud), port) as server:
            about = cloud.describe(server.url)
            ready(about)
            print(json.dumps(about), flush=True)
            while not over.wait(1.0):
                meanwhile()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0
