"""The mock over HTTP: threaded, on 127.0.0.1 only, keep-alive, quiet, and stopped cleanly by a signal."""

from __future__ import annotations

import io
import json
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedIOBase
from socketserver import StreamRequestHandler, TCPServer, ThreadingMixIn
from typing import Any
from urllib.parse import unquote_to_bytes

from pytest_ecs._mock.app import MockCloud
from pytest_ecs._mock.weather import Application

__all__ = ["Server", "run", "serve"]

#: More than any body that the application looks at.
_MAX_BODY = 32 * 1024 * 1024
#: Bytes of a line of a request's head, and lines of it.
_LINE, _MOST_HEADERS = 65_536, 200
_BLANK = (b"\r\n", b"\n")
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_ABSOLUTE = re.compile(r"https?://[^/?]*", re.IGNORECASE)


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str


class _MalformedError(Exception):
    """What is no HTTP, so that the connection cannot go on; says what is wrong."""


@dataclass(frozen=True)
class _Head:
    """The first lines of a request."""

    method: str
    target: str
    #: By names in lower case, the characters being bytes; those of a name that is there twice are joined.
    headers: Mapping[str, str]
    #: Whether the connection goes on afterwards.
    lasts: bool


def _head(stream: BufferedIOBase) -> _Head | None:
    """Read the first lines of a request, None at the end of the connection; the reader of `http.server` is slow, and splits at NEL."""
    line = stream.readline(_LINE)
    if line in _BLANK:  # RFC 9112, 2.2
        line = stream.readline(_LINE)
    if not line:
        return None
    words = line.rstrip(b"\r\n").decode("latin-1").split(" ")
    if len(words) != 3 or words[2] not in {"HTTP/1.1", "HTTP/1.0"}:
        raise _MalformedError("The request is malformed.")
    headers: dict[str, str] = {}
    for _ in range(_MOST_HEADERS):
        line = stream.readline(_LINE)
        if line in _BLANK:
            kept = headers.get("connection", "keep-alive" if words[2] == "HTTP/1.1" else "close").lower()
            return _Head(words[0], words[1], headers, "close" not in kept)
        name, colon, value = line.partition(b":")
        if not (colon and line.endswith(b"\n") and _TOKEN.fullmatch(name)):
            break
        key, text = name.decode().lower(), value.strip(b" \t\r\n").decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    raise _MalformedError("The headers are malformed, or too many.")


def _environ(head: _Head, body: bytes, port: int) -> dict[str, Any]:
    # An absolute form names this host too (RFC 9112, 3.2.2).
    target = _ABSOLUTE.sub("", head.target) or "/"
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": head.method,
        "RAW_URI": target,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": head.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in head.headers.items():
        # With an underscore it would hide the header with a dash.
        if "_" not in name and name not in {"content-type", "content-length"}:
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ


class _Handler(StreamRequestHandler):
    """Reads whole requests and writes whole answers, so that a connection can serve one after another."""

    #: Without it each answer waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        """Serve requests until the client or what is no HTTP ends the connection."""
        with suppress(OSError):  # a client that hangs up is no event
            while self._serve():
                pass

    def _serve(self) -> bool:
        """Answer one request, and return whether there may be another one."""
        try:
            head = _head(self.rfile)
            if head is None:
                return False
            body = self._body(head)
        except (_MalformedError, ValueError) as wrong:
            message = str(wrong) if isinstance(wrong, _MalformedError) else "The length of the body is unknown."
            content = json.dumps({"error_code": "APIGW.0400", "error_msg": message}).encode()
            self._write("400 Bad Request", [("Content-Type", "application/json")], content, lasts=False)
            return False
        given: list[Any] = []
        environ = _environ(head, body, self.server.server_address[1])
        chunks = self.server.app(environ, lambda status, headers: given.extend([status, headers]))
        self._write(given[0], given[1], b"".join(chunks), lasts=head.lasts)
        return head.lasts

    def _write(self, status: str, headers: list[tuple[str, str]], body: bytes, *, lasts: bool) -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        names = {name.lower() for name, _ in headers}
        if "content-length" not in names and not status.startswith("204"):
            lines.append(f"Content-Length: {len(body)}")
        if not lasts and "connection" not in names:
            lines.append("Connection: close")
        # At once, so that head and body leave in one packet.
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body)

    def _body(self, head: _Head) -> bytes:
        if "100-continue" in head.headers.get("expect", "").lower():
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in head.headers.get("transfer-encoding", "").lower():
            return self._chunks()
        length = head.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length[:12]) > _MAX_BODY:
            raise ValueError(length)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ValueError(length)
        return body

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(64).partition(b";")[0], 16):
            if size < 0 or len(body) + size > _MAX_BODY:
                raise ValueError(size)
            body += self.rfile.read(size)
            self.rfile.readline(64)
        while self.rfile.readline(4096).strip():
            pass  # trailers
        return body


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
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
