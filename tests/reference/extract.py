"""Reads headings and JSON examples out of the text of the API reference, independently of ``schemas/``.

The document is not part of the repository, so what is found in it is: rerun by hand with

    python tests/reference/extract.py PATH-OF-DOCUMENT

which rewrites ``sections.json`` and ``examples.json`` beside this file. Prose is never written, sample texts only.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: What was wrong, in one word; a pattern; what to put in the place of its one match.
Repair = tuple[str, str, str]

#: Examples that are not JSON as they stand. Each pattern matches once, or the script stops.
REPAIRS: dict[str, tuple[Repair, ...]] = {
    "4.1/request/1": (("comment", r"//You [^{}\"]*?\.\n", "\n"),),
    "4.2/request/1": (
        ("comment", r"//IAM user name\n", "\n"),
        ("comment", r"//IAM user password\.[^{}\"]*?\.\n", "\n"),
        ("comment", r"//Name of[^{}\"]*?\n", "\n"),
        ("comment", r"// Project name\n", "\n"),
    ),
    "4.3/response/1": (("ellipsis", r",\s*\.{6}\n", "}]}]}}"),),
    "6.2.1/request/2": (("comment", r"//Specifies [^{}\"]*?\.\n", "\n"),),
    "6.13.1/response/1": (("comma", r",(?=\s*\]\s*\}\s*\Z)", ""),),
    "10.2/response/1": (
        ("value", r"(?<=\"is_domain\": )(?=,)", "null"),
        ("comment", r"// Project ID\n", "\n"),
        ("ellipsis", r",\s*\.\.\.", ""),
    ),
    "10.3.1/error/1": (("quotes", r"XXX,\"\"", '"XXX"'),),
    "11.3.6/response/1": (("fragment", r"\A.*\Z", r'{"security_group_rule": {\g<0>}}'),),
}

#: Examples that stand outside the section of their operation and name no URL: the section that they belong to.
#: None stands for operations that the document mentions and does not describe.
BELONGS: dict[str, str | None] = {
    "3/response/3": "6.1.1",
    "4.2/request/1": "4.1",
    "4.3/response/1": "4.1",
    "4.3/error/1": "4.1",
    "10.3.1/response/1": "5.1.2",
    "10.3.1/error/1": "5.1.2",
    "10.3.1/error/2": "5.1.2",
    "10.4.1/response/1": None,
    "10.4.1/error/1": None,
}

_METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE"
_CHAPTER = re.compile(r"(\d+) [A-Z]\S*.*")
_SECTION = re.compile(r"(\d+(?:\.\d+){1,2}) ([A-Z].*)")
_PAGE = re.compile(r"Elastic Cloud Server|API Reference \d+ .*|Issue \d+ \(.*")
_URI = re.compile(rf"({_METHODS}) (/\S*)")
_CALL = re.compile(rf"({_METHODS}):? https?://\S+")
#: Outside of chapters 5, 6 and 11 an operation is documented where the text says which call obtains something.
_OBTAINS = re.compile(
    rf"\bAPI (?:used to obtain|for obtaining)\b[^:]{{0,120}}?(?:follows:\s*|is )({_METHODS}) https?://(\S+)"
)
_NAMES = re.compile(r"(?:(?<=[?&])|(?<=\{\?)|(?<=,))([\w-]+)(?==|\}|,|$)")
#: A line that an example begins with, and a field that stands alone in running text.
_OPENS = re.compile(r"\s*[{\[](?![\w-]+\}|\?|\d)")
_FRAGMENT = re.compile(r"\s*\"[\w-]+\": \{")
_FIELD = re.compile(r"\"[\w:.-]+\"\s*:")
#: Words that say what the next example is, the most telling first.
_MARKERS = (
    ("error", re.compile(r"^ ?(?:[●–] )?Abnormal response|error response body")),
    ("response", re.compile(r"example response|normal response|response body|response example", re.IGNORECASE)),
    ("request", re.compile(r"example request|in the request(?: body)?$|Content-Type: ", re.IGNORECASE)),
)
_KEY = re.compile(r"(-----BEGIN [A-Z ]+-----).*?(-----END [A-Z ]+-----)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Heading:
    """A numbered heading; *line* counts from 1."""

    number: str
    title: str
    line: int
    #: Last line of the text below it.
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one example, both counted from 1."""

    first: int
    last: int
    text: str


class Document:
    """The text, line by line."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.headings = list(_headings(self.lines))
        #: Lines of page headers and footers, which stand in the middle of what they interrupt.
        self.noise = {
            number
            for number, line in enumerate(self.lines, start=1)
            if _PAGE.fullmatch(line) and any(mark.startswith("Issue ") for mark in self.lines[number - 1 : number + 4])
        }

    def heading(self, line: int) -> Heading:
        """Return the heading that *line* stands under."""
        return next(heading for heading in reversed(self.headings) if heading.line <= line)

    def below(self, heading: Heading) -> list[tuple[int, str]]:
        """Return the lines below *heading* with their numbers, without page headers."""
        return [
            (number, self.lines[number - 1])
            for number in range(heading.line + 1, heading.end + 1)
            if number not in self.noise
        ]


def _headings(lines: Sequence[str]) -> Iterator[Heading]:
    """Yield chapters and sections. A number is a heading when it is the next one; rows of tables look alike."""
    found: list[tuple[str, str, int]] = []
    last: tuple[int, ...] = (0,)
    for number, line in enumerate(lines, start=1):
        match = _SECTION.fullmatch(line.strip()) or _CHAPTER.fullmatch(line.strip())
        if match is None:
            continue
        key = tuple(map(int, match[1].split(".")))
        if key in _next(last) and (len(key) > 1 or line.startswith(" ")):
            title = line.strip().partition(" ")[2]
            if len(key) > 1:
                title = " ".join((title, *_rest(lines, number)))
            found.append((match[1], title, number))
            last = key
    ends = [first - 1 for _, _, first in found[1:]] + [len(lines)]
    for (name, title, first), end in zip(found, ends, strict=True):
        yield Heading(name, title, first, end)


def _next(last: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield the numbers that may follow *last*: its first part, and what comes next at its level and those above."""
    yield (*last, 1)
    for length in range(1, len(last) + 1):
        yield (*last[: length - 1], last[length - 1] + 1)


def _rest(lines: Sequence[str], number: int) -> Iterator[str]:
    """Yield the lines that a title goes on in: one more at most, before a blank line."""
    if lines[number].strip() and not lines[number + 1].strip() and len(lines[number - 1]) > 45:
        yield lines[number].strip()


def sections(document: Document) -> list[dict[str, Any]]:
    """Return the sections that document an operation, with method, path and names of the query as they stand."""
    found = []
    for heading in document.headings:
        below = document.below(heading)
        chapter = heading.number.partition(".")[0]
        uri = _uri(below) if chapter in {"5", "6", "11"} else _obtains(below) if chapter in {"4", "10"} else None
        if uri is not None:
            method, whole = uri
            path = re.split(r"\{?\?", whole, maxsplit=1)[0]
            found.append(
                {
                    "section": heading.number,
                    "title": heading.title,
                    "line": heading.line,
                    "method": method,
                    "path": path,
                    "query": _NAMES.findall(whole),
                    "calls": [f"{method} {path}" for method, path in _calls(below)],
                }
            )
    return found


def _uri(below: Sequence[tuple[int, str]]) -> tuple[str, str] | None:
    for index, (_, line) in enumerate(below):
        if line.strip() == "URI":
            text = ""
            for _, part in below[index + 1 :]:
                if part.strip().startswith("Table ") or (text and not part.strip()):
                    break
                text += part.strip()
            match = _URI.fullmatch(text)
            if match is not None:
                return match[1], match[2]
            raise SystemExit(f"line {below[index][0]}: no method and path below URI: {text!r}")
    return None


def _obtains(below: Sequence[tuple[int, str]]) -> tuple[str, str] | None:
    text = re.sub(r"(?<=-)\n", "", "\n".join(line for _, line in below))
    match = _OBTAINS.search(text)
    return None if match is None else (match[1], "/" + match[2].partition("/")[2].rstrip("."))


def _calls(below: Sequence[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Yield method and path of each request that is written out."""
    for index, (_, line) in enumerate(below):
        match = _CALL.search(line)
        if match is not None and match.end() == len(line.rstrip()):
            whole = match[0]
            for _, part in below[index + 1 :]:
                if not whole.endswith(("-", "/", "?", "&", "=")) or " " in part.strip():
                    break
                whole += part.strip()
            address = whole.partition("://")[2]
            yield match[1], "/" + address.partition("/")[2].rstrip(".")


def blocks(document: Document) -> Iterator[Block]:
    """Yield what begins with a bracket, up to the bracket that closes it, and fields in running text."""
    number, end = 1, len(document.lines)
    while number <= end:
        line = document.lines[number - 1]
        if number not in document.noise and (_OPENS.match(line) or _FRAGMENT.match(line)):
            block = _block(document, number)
            yield block
            number = block.last
        number += 1


def _block(document: Document, first: int) -> Block:
    """Join the lines from *first* on. A string that goes on in the next line goes on without a gap."""
    text, depth, inside, escaped = "", 0, False, False
    for number in range(first, document.heading(first).end + 1):
        if number in document.noise:
            continue
        line = document.lines[number - 1]
        line = line.lstrip() if inside else line
        for place, sign in enumerate(line):
            if escaped:
                escaped = False
            elif inside and sign == "\\":
                escaped = True
            elif sign == '"':
                inside = not inside
            elif not inside:
                depth += (sign in "{[") - (sign in "}]")
                if depth == 0 and sign in "}]":
                    return Block(first, number, text + line[: place + 1])
        text += line if inside else line + "\n"
        if depth and re.fullmatch(r"\.{6}", line):
            return Block(first, number, text)
    raise SystemExit(f"line {first}: the example does not end")


def examples(document: Document, operations: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return every example with its direction; what cannot be parsed has a reason in the place of its JSON."""
    found: list[dict[str, Any]] = []
    seen: Counter[str] = Counter()
    inside: set[int] = set()
    used: set[str] = set()
    own = {row["section"] for row in operations}
    for block in blocks(document):
        if _FIELD.search(block.text) is None and "null" not in block.text:
            raise SystemExit(f"line {block.first}: an example without a field: {block.text!r}")
        heading = document.heading(block.first)
        direction, url = _direction(document, heading, block, inside)
        inside.update(range(block.first, block.last + 1))
        section = heading.number
        value, why, repairs = None, None, []
        try:
            value = _parse(block.text)
        except ValueError as error:
            # Whether an answer is an error decides its id, and an answer that needs repair has words that say it.
            name = f"{section}/{direction}/{seen[f'{section}/{direction}'] + 1}"
            why = f"not JSON: {error}"
            if name in REPAIRS:
                value, why = _parse(_repaired(name, block.text)), None
                repairs = sorted({word for word, _, _ in REPAIRS[name]})
                used.add(name)
        # After "Or" stands an error as well as another success; only its form tells them apart.
        if direction == "response" and isinstance(value, dict) and value.keys() == {"error"}:
            direction = "error"
        seen[f"{section}/{direction}"] += 1
        name = f"{section}/{direction}/{seen[f'{section}/{direction}']}"
        row = {
            "id": name,
            "section": section,
            "line": block.first,
            "direction": direction,
            "of": section if section in own else BELONGS[name] if name in BELONGS else _of(url, operations, name),
            "repairs": repairs,
            "json": value,
        }
        found.append(row if why is None else {**row, "why": why})
    for number, line in enumerate(document.lines, start=1):
        if number not in inside and _FIELD.search(line):
            raise SystemExit(f"line {number}: a field outside of every example: {line!r}")
    idle = (REPAIRS.keys() - used) | (BELONGS.keys() - {row["id"] for row in found})
    if idle:
        raise SystemExit(f"repairs or places of examples that nobody needs: {', '.join(sorted(idle))}")
    return found


def _direction(document: Document, heading: Heading, block: Block, inside: set[int]) -> tuple[str, str | None]:
    """Return what the text above says the example is, and the request that was written out last."""
    below = [(number, line) for number, line in document.below(heading) if number < block.first]
    calls = [f"{method} {path}" for method, path in _calls(below)]
    fragment = _FRAGMENT.match(block.text)
    for number, line in reversed(below):
        # Fields in the text of a table stand below the headings of the tables.
        if fragment and line.strip() in {"Request", "Response"}:
            return line.strip().lower(), None
        for direction, marker in _MARKERS:
            if not fragment and number not in inside and marker.search(line):
                return direction, calls[-1] if calls else None
    raise SystemExit(f"line {block.first}: nothing says whether this is a request or a response")


def _of(url: str | None, operations: Sequence[dict[str, Any]], name: str) -> str:
    """Return the section of the operation that *url* is of; V2 and V2.1 are the same operations (3)."""
    method, _, path = (url or "").partition(" ")
    path = re.sub(r"\A/v2/", "/v2.1/", path)
    fitting = [row for row in operations if row["method"] == method and _template(row["path"]).fullmatch(path)]
    # A URL without parameters comes before one with a parameter in the same place.
    fewest = min((row["path"].count("{") for row in fitting), default=0)
    found = [str(row["section"]) for row in fitting if row["path"].count("{") == fewest]
    if len(found) != 1:
        raise SystemExit(f"{name}: {url} is a request of {', '.join(found) or 'no operation'}")
    return found[0]


def _template(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, re.split(r"\{\w+\}", path))))


def _repaired(name: str, text: str) -> str:
    for word, pattern, instead in REPAIRS[name]:
        text, count = re.subn(pattern, instead, text, flags=re.DOTALL)
        if count != 1:
            raise SystemExit(f"{name}: the repair {word!r} fits {count} times")
    return text


def _parse(text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
        if twice:
            raise ValueError(f"{', '.join(twice)} twice")
        return dict(pairs)

    # What a private key consists of is nobody's business, even when the document has masked most of it.
    return json.loads(_KEY.sub(r"\1\\n***\\n\2", text), object_pairs_hook=unique)


def main(path: str) -> None:
    """Rewrite the two files."""
    document = Document(Path(path).read_text(encoding="utf-8"))
    here = Path(__file__).parent
    operations = sections(document)
    for name, rows in (("sections", operations), ("examples", examples(document, operations))):
        text = json.dumps(rows, indent=1, ensure_ascii=False)
        (here / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tests/reference/extract.py PATH-OF-DOCUMENT")
    main(sys.argv[1])
