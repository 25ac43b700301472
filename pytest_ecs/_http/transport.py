"""Bounds on every answer: one total time for each attempt and one size for each body, whatever the endpoint sends."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterable, Iterator

import httpx

from pytest_ecs._http.limits import BODY

__all__ = ["ENCODED", "AnswerTooLarge", "Bounded", "bound", "left"]

#: Key of ``response.extensions``: the Content-Encoding that the answer came with; its body is decoded already.
ENCODED = "ecs_content_encoding"
_STEP = 2**16


class AnswerTooLarge(httpx.TransportError):
    """More came than is read of any answer."""


def bound(http: httpx.Client, total: float) -> None:
    """Let no attempt of *http* take longer than *total* seconds, and no body be longer than `BODY`.

    The time-outs of the HTTP library are for each read, so that an answer which comes a byte at a time never ends.
    The library has no public place for this: its transports and their connection pools are taken as they are.
    """
    for transport in (http._transport, *http._mounts.values()):
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            from pytest_ecs._http.backend import Backend  # the mock is asked without sockets

            pool._network_backend = Backend(pool._network_backend)
    http._transport = Bounded(http._transport, total)
    http._mounts = {
        pattern: None if transport is None else Bounded(transport, total) for pattern, transport in http._mounts.items()
    }


class _Time(threading.local):
    #: When the attempt of this thread has to be over, on the monotonic clock.
    ends: float | None = None


_TIME = _Time()


def left(timeout: float | None) -> float | None:
    """Return the part of *timeout* that the attempt still has; raises `httpx.ReadTimeout` when it has none."""
    if _TIME.ends is None:
        return timeout
    seconds = _TIME.ends - time.monotonic()
    if seconds <= 0:
        raise httpx.ReadTimeout("the time for the whole request is over")
    return seconds if timeout is None else min(timeout, seconds)


class Bounded(httpx.BaseTransport):
    """A transport whose every attempt has one time as a whole, and whose bodies are decoded in small steps."""

    def __init__(self, inner: httpx.BaseTransport, total: float) -> None:
        self._inner = inner
        #: Seconds that an attempt may take.
        self.total = total

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        ends = _TIME.ends = time.monotonic() + self.total
        try:
            response = self._inner.handle_request(request)
        finally:
            _TIME.ends = None
        # Decoded here, in small steps: the library would decompress without a bound.
        encoded = response.headers.get("content-encoding", "")
        if encoded:
            del response.headers["content-encoding"]
        body = response.stream = _Body(response.stream, encoded, ends)  # type: ignore[arg-type]
        extensions = response.extensions = {**response.extensions, ENCODED: encoded}
        if not response.has_redirect_location:
            return response
        return _Answer(response.status_code, headers=response.headers, stream=body, extensions=extensions)

    def close(self) -> None:
        self._inner.close()


class _Answer(httpx.Response):
    """An answer that leads nowhere: redirects are not followed, and the library trips over places that are none."""

    @property
    def has_redirect_location(self) -> bool:
        return False


class _Body(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, encoded: str, ends: float) -> None:
        self._inner = inner
        self._codings = [coding.strip().lower() for coding in encoded.split(",")]
        self._ends = ends

    def __iter__(self) -> Iterator[bytes]:
        parts: Iterable[bytes] = _counted(self._inner)
        for coding in reversed(self._codings):
            if coding in {"gzip", "x-gzip", "deflate"}:
                parts = _inflated(parts, 31 if "gzip" in coding else 15)
        _TIME.ends = self._ends
        try:
            for part in _counted(parts):
                yield part
                left(None)
        except zlib.error as error:
            raise httpx.DecodingError(f"the body is not compressed as its header says: {error}") from None
        finally:
            _TIME.ends = None

    def close(self) -> None:
        self._inner.close()


def _counted(parts: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        if size > BODY:
            raise AnswerTooLarge(f"the answer is longer than {BODY // 2**20} MiB")
        yield part


def _inflated(parts: Iterable[bytes], window: int) -> Iterator[bytes]:
    """Decompress in steps of a bounded size; several streams may follow each other (RFC 1952, 2.2)."""
    stream, begun = zlib.decompressobj(window), False
    for part in parts:
        while part:
            try:
                piece = stream.decompress(part, _STEP)
            except zlib.error:
                if begun or window != 15:
                    raise
                stream, window = zlib.decompressobj(-15), -15  # deflate without its frame, as some send it
                continue
            begun = True
            if piece:
                yield piece
            part = stream.unconsumed_tail
            if stream.eof:
                part, stream, begun = stream.unused_data, zlib.decompressobj(window), False
    if begun and not stream.eof:
        yield stream.flush()
        raise httpx.ReadError("the compressed body ends before its end")
