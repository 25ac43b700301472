"""The evidence of a run: one JSON line for each thing seen, written as it comes, chained by digests and closed by a footer.

``evidence.jsonl.gz`` is one gzip stream that is flushed after each test, so that a killed run keeps all that was judged.
A *link* closes what was written since the last one: its digest is SHA-256 over the one before and the lines between.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pytest_ecs._checks import Finding
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report.model import FORMAT, EvidenceInfo, Footer, Header
from pytest_ecs._report.record import Record
from pytest_ecs._report.rows import line
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import EcsError

__all__ = ["NAME", "Evidence", "EvidenceError", "Writer", "exchanges_of", "read_evidence"]

NAME = "evidence.jsonl.gz"
_GZIP = b"\x1f\x8b"
#: How hard to compress: one less takes 7 % more room, one more a third more time.
_LEVEL = 5
_START = "0" * 64
_LINK, _EXCHANGE = b'{"kind":"link",', b'{"kind":"exchange",'
#: Where the body of an answer begins and ends in the line of an exchange.
_BODY, _AFTER = b'"response_body":', b',"response_text":'
#: What `json.loads` does and more of it costs as much again for short lines.
_DECODER = json.JSONDecoder()


class EvidenceError(EcsError):
    """The evidence file is incomplete, was changed, or is none."""


class Writer:
    """Appends to a new file. Raises `OSError` when the disk is full or the file cannot be written."""

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self._file: BinaryIO = path.open("wb")
        self._packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        self._packed = hashlib.sha256()
        self._head = _START
        self._block = hashlib.sha256(self._head.encode())
        self._lines = self._exchanges = self._findings = 0
        self.write([line("header", header.to_json())])

    def write(self, lines: Iterable[str]) -> None:
        """Append lines that `pytest_ecs._report.rows.line` made; they are safe after the next `link`."""
        written = []
        for text in lines:
            self._lines += 1
            self._exchanges += text.startswith('{"kind":"exchange"')
            self._findings += text.startswith('{"kind":"finding"')
            written.append(f"{text}\n")
        data = "".join(written).encode("ascii")
        self._block.update(data)
        self._put(self._packer.compress(data))

    def link(self) -> None:
        """Close the lines since the last link and hand everything to the system."""
        if not self._lines:
            return
        self._head = self._block.hexdigest()
        text = line("link", {"lines": self._lines, "sha256": self._head})
        self._block, self._lines = hashlib.sha256(self._head.encode()), 0
        self._put(self._packer.compress(text.encode("ascii") + b"\n"))
        self._put(self._packer.flush(zlib.Z_SYNC_FLUSH))
        self._file.flush()

    def close(self, footer: Footer) -> EvidenceInfo:
        """Write the footer and return what a certificate says of the file."""
        self.write([line("footer", {**footer.to_json(), "exchanges": self._exchanges, "findings": self._findings})])
        self.link()
        self._put(self._packer.flush(zlib.Z_FINISH))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self.info()

    def abandon(self) -> EvidenceInfo:
        """Close the file as it is, without a footer, and return what a certificate says of it."""
        with suppress(OSError):  # what could not be written before cannot be now
            self._file.close()
        return self.info()

    def info(self) -> EvidenceInfo:
        """Return what a certificate says of the file as far as it was written."""
        return {
            "file": self.path.name,
            "sha256": self._head,
            "file_sha256": self._packed.hexdigest(),
            "exchanges": self._exchanges,
            "findings": self._findings,
        }

    def _put(self, data: bytes) -> None:
        self._packed.update(data)
        self._file.write(data)


@dataclass(frozen=True)
class Evidence:
    """What a file holds."""

    header: Header
    exchanges: tuple[Exchange, ...]
    record: Record
    #: None where the run that wrote it did not come to its end.
    footer: Footer | None
    info: EvidenceInfo
    #: Whether the file is the stream that the run wrote, not its text.
    packed: bool

    @property
    def findings(self) -> Sequence[Finding]:
        """The findings as they were recorded."""
        return self.record.findings


def read_evidence(path: Path, *, unfinished: bool = False) -> Evidence:
    """Read and check a file, compressed or not; raises `EvidenceError` that says what is wrong with it.

    With *unfinished* the file of a killed run is read as far as it is closed by links; its footer is None.
    """
    data = _bytes(path)
    packed = data.startswith(_GZIP)
    text = _text(path, _unpacked(path, data, unfinished=unfinished) if packed else data, unfinished=unfinished)
    rows, head = _chained(path, text, unfinished=unfinished)
    return _read(path, rows, head, file_sha256=hashlib.sha256(data).hexdigest(), packed=packed, unfinished=unfinished)


def exchanges_of(path: Path, ids: frozenset[str]) -> dict[str, Exchange]:
    """Return the exchanges of those ids from a file that this process just wrote."""
    found: dict[str, Exchange] = {}
    starts = tuple(f'{{"kind":"exchange","id":{json.dumps(one)},'.encode() for one in ids)
    # A file that could not be written to its end has no end; what is there is as good as any.
    with suppress(OSError, EOFError, zlib.error), gzip.open(path, "rb") as file:
        for text in file if starts else ():
            if text.startswith(starts):
                row = json.loads(text)
                del row["kind"]
                found[row["id"]] = Exchange.from_json(row)
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise EvidenceError(
            f"The evidence {path} cannot be read", seen=str(error), hint="keep it beside report.json"
        ) from None


def _unpacked(path: Path, data: bytes, *, unfinished: bool) -> bytes:
    stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        text = stream.decompress(data)
    except zlib.error as error:
        raise EvidenceError(f"{path} was changed after it was written", seen=str(error)) from None
    if not stream.eof and not unfinished:
        raise EvidenceError(f"{path} has no footer: the run that wrote it did not finish", hint="certify again")
    if stream.unused_data:
        raise EvidenceError(
            f"{path} was changed after it was written", seen=f"{len(stream.unused_data)} bytes after its end"
        )
    return text


def _text(path: Path, data: bytes, *, unfinished: bool) -> list[bytes]:
    if not data.endswith(b"\n"):
        if not unfinished:
            raise EvidenceError(f"{path} has no footer: its last line is cut", hint="certify again")
        data = data[: data.rfind(b"\n") + 1]
    return data.split(b"\n")[:-1]


def _chained(path: Path, lines: Sequence[bytes], *, unfinished: bool) -> tuple[list[tuple[int, dict[str, JSON]]], str]:
    """Decode the lines up to the last link and follow the chain; returns them with their numbers, and its end."""
    rows: list[tuple[int, dict[str, JSON]]] = []
    bodies: dict[bytes, JSON] = {}
    open_rows: list[tuple[int, dict[str, JSON]]] = []
    head = _START
    block = hashlib.sha256(head.encode())
    for number, text in enumerate(lines, 1):
        if text.startswith(_LINK):
            head = block.hexdigest()
            if text != line("link", {"lines": len(open_rows), "sha256": head}).encode():
                raise EvidenceError(
                    f"{path} was changed after it was written",
                    seen=f"lines {number - len(open_rows)} to {number}: the digest is {head}, their link is {text[:200]!r}",
                )
            rows += open_rows
            open_rows, block = [], hashlib.sha256(head.encode())
            continue
        row = _exchange(path, number, text, bodies) if text.startswith(_EXCHANGE) else _row(path, number, text)
        block.update(text + b"\n")
        open_rows.append((number, row))
    if open_rows and not unfinished:
        raise EvidenceError(f"{path} has no footer: its last lines are closed by no link", hint="certify again")
    return rows, head


def _exchange(path: Path, number: int, text: bytes, bodies: dict[bytes, JSON]) -> dict[str, JSON]:
    """Decode the line of an exchange; equal bodies of answers are decoded once and are one object.

    What is taken out of the line may be more than the body where another name in it is the same, and is never less: then
    what is left is no JSON, and the line is decoded as it is.
    """
    start, end = text.find(_BODY), text.rfind(_AFTER)
    body = text[start:end]
    if body in bodies:
        try:
            row = _row(path, number, text[:start] + _BODY + b"null" + text[end:])
        except EvidenceError:
            return _row(path, number, text)
        row["response_body"] = bodies[body]
        return row
    row = _row(path, number, text)
    if 0 <= start < end:
        bodies[body] = row.get("response_body")
    return row


def _row(path: Path, number: int, text: bytes) -> dict[str, JSON]:
    try:
        row, end = _DECODER.raw_decode(text.decode("ascii"))
        if end != len(text):
            raise ValueError(f"{len(text) - end} characters after its end")
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"{path}:{number} is not JSON", seen=str(error)) from None
    if not isinstance(row, dict) or not isinstance(row.get("kind"), str):
        raise EvidenceError(f"{path}:{number} is no line of evidence", seen=repr(text[:80]))
    return row


def _read(
    path: Path,
    rows: list[tuple[int, dict[str, JSON]]],
    head: str,
    *,
    file_sha256: str,
    packed: bool,
    unfinished: bool,
) -> Evidence:
    if not rows or rows[0][1].get("kind") != "header":
        raise EvidenceError(
            f"{path} does not begin with a header", hint="it is no evidence of pytest-ecs, or its first line is gone"
        )
    closed = rows[-1][1]["kind"] == "footer"
    if not closed and not unfinished:
        raise EvidenceError(f"{path} has no footer: the run that wrote it did not finish", hint="certify again")
    ending = rows.pop()[1] if closed else None
    record, exchanges = Record(), []
    header = _header(path, rows[0][1])
    for number, row in rows[1:]:
        row_type = row["kind"]
        try:
            exchange = record.take(row)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise EvidenceError(f"{path}:{number} is no {row_type}", seen=str(error)) from None
        if exchange is not None:
            exchanges.append(exchange)
    if len({exchange.id for exchange in exchanges}) != len(exchanges):
        raise EvidenceError(f"{path} has two exchanges of one id", hint="it was put together from several runs")
    info: EvidenceInfo = {
        "file": path.name,
        "sha256": head,
        "file_sha256": file_sha256,
        "exchanges": len(exchanges),
        "findings": len(record.findings),
    }
    footer = _footer(path, ending, info) if ending is not None else None
    return Evidence(header, tuple(exchanges), record, footer, info, packed)


def _header(path: Path, row: dict[str, JSON]) -> Header:
    del row["kind"]
    if row.get("format") != FORMAT:
        raise EvidenceError(
            f"{path} has the format {row.get('format')}, and this version reads {FORMAT}",
            hint="check it with the version that wrote it",
        )
    try:
        return Header.from_json(row)
    except TypeError as error:
        raise EvidenceError(f"{path}:1 is no header", seen=str(error)) from None


def _footer(path: Path, row: dict[str, JSON], info: EvidenceInfo) -> Footer:
    del row["kind"]
    if (info["exchanges"], info["findings"]) != (row.pop("exchanges", None), row.pop("findings", None)):
        raise EvidenceError(f"{path} does not have as many lines as its footer says")
    try:
        return Footer(**row)
    except TypeError as error:
        raise EvidenceError(f"{path} has no right footer", seen=str(error)) from None
