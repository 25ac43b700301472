"""One contract file: its bytes, its values, and the line of anything in it.

Values are built straight from the nodes of the C parser. That is faster than PyYAML's own constructor, finds duplicate
keys on the way, and refuses what YAML 1.1 would silently turn into something else (``on``, ``010``, ``2025-01-07``).
Lines are not kept: a file that has a mistake is composed a second time to find them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

from pytest_ecs._text import near
from pytest_ecs.exceptions import ContractError

__all__ = ["Mistake", "Source", "Steps", "dotted", "one_of", "ordered", "raise_first"]

#: Keys and indices that lead to a value.
Steps = tuple[str | int, ...]

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_STR, _INT, _FLOAT, _BOOL, _NULL = (_TAG + name for name in ("str", "int", "float", "bool", "null"))
_PLAIN = {_INT: re.compile(r"-?(0|[1-9][0-9]*)"), _FLOAT: re.compile(r"-?[0-9]+\.[0-9]+")}
_BOOLS = {"true": True, "false": False}


class _Loader(_Base):  # type: ignore[misc]
    """Finds out once what a word without quotes is: the same few stand in all files."""

    #: Word -> tag.
    _known: ClassVar[dict[str, str]] = {}

    def resolve(self, node: type[yaml.Node], value: Any, implicit: Any) -> Any:
        """Return the tag of a node that has none."""
        if node is not yaml.ScalarNode or not implicit[0]:
            return super().resolve(node, value, implicit)
        tag = self._known.get(value)
        if tag is None:
            tag = self._known[value] = super().resolve(node, value, implicit)
        return tag


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a contract file, said so that it can be put right without reading the code."""

    file: str
    line: int
    what: str
    #: What is allowed, and what was probably meant.
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.what}" + (f" ({self.hint})" if self.hint else "")


def ordered(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Return *mistakes* by file and line, each once; those of one line stay as they were found."""
    return sorted(dict.fromkeys(mistakes), key=lambda mistake: (mistake.file, mistake.line))


def raise_first(mistakes: Iterable[Mistake]) -> None:
    """Raise `ContractError` for the first of *mistakes* and mention where the others are."""
    found = ordered(mistakes)
    if not found:
        return
    first, *others = found
    hint = first.hint
    if others:
        places = ", ".join(f"{other.file} line {other.line}" for other in others[:5])
        more = f"{len(others)} more mistake{'s' * (len(others) > 1)}: {places}" + (", ..." if len(others) > 5 else "")
        hint = f"{hint}. {more}" if hint else more
    raise ContractError(f"{first.file}, line {first.line}: {first.what}", hint=hint)


def one_of(name: str, allowed: Iterable[str], limit: int = 12) -> str:
    """Return a hint: the allowed name that *name* was probably meant to be, then what is allowed."""
    names = list(allowed)
    close = near(name, names, 1)
    listed = ", ".join(names[:limit]) + (", ..." if len(names) > limit else "")
    return (f"did you mean {close[0]!r}? " if close else "") + f"allowed: {listed or 'nothing'}"


def dotted(steps: Steps) -> str:
    """Return *steps* as people write them: ``operations[0].request.method``."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


class Source:
    """A contract file that was read."""

    def __init__(self, file: str, content: bytes) -> None:
        #: Path below the root, with forward slashes.
        self.file = file
        self.content = content
        self.data: Any = None
        #: What is wrong with it as YAML; the data is incomplete then.
        self.mistakes: list[Mistake] = []
        #: Mappings and lists that were built, to find those that stand in several places.
        self._built: set[yaml.Node] = set()
        try:
            node = self._compose()
            self.data = None if node is None else self._value(node)
        except yaml.YAMLError as error:
            self.mistakes.append(self._syntax(error))
        except RecursionError:
            self.mistakes.append(Mistake(file, 1, "it is nested deeper than anything here can be"))
        self._built.clear()

    @classmethod
    def read(cls, root: Path, path: Path) -> Source:
        """Return the file at *path*."""
        return cls(path.relative_to(root).as_posix(), path.read_bytes())

    @property
    def holds_rulings(self) -> bool:
        """Whether it is a list of rulings: one such file per folder."""
        return self.file.rpartition("/")[2] == "rulings.yaml"

    @property
    def holds_operations(self) -> bool:
        """Whether it describes operations, as every other file in the folder of a chapter does."""
        return "/" in self.file and not self.holds_rulings

    def mistake(self, steps: Steps, what: str, hint: str = "") -> Mistake:
        """Return a mistake at the place that *steps* lead to; a last step that is missing means its parent."""
        return Mistake(self.file, self.line(steps), what, hint)

    def line(self, steps: Steps) -> int:
        """Return the line of the key, or of the element, that *steps* lead to."""
        node = self._compose()
        line = node.start_mark.line if node is not None else 0
        for step in steps:
            if isinstance(node, yaml.MappingNode):
                pair = next(((key, value) for key, value in node.value if key.value == str(step)), None)
                if pair is None:
                    break
                line, node = pair[0].start_mark.line, pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line
            else:
                break
        return int(line) + 1

    def _compose(self) -> yaml.Node | None:
        loader = _Loader(self.content)
        try:
            node: yaml.Node | None = loader.get_single_node()
        finally:
            loader.dispose()
        return node

    def _syntax(self, error: yaml.YAMLError) -> Mistake:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        context = getattr(error, "context", None)
        what = f"this is not YAML: {problem}" + (f" {context}" if context else "")
        return Mistake(self.file, mark.line + 1 if mark is not None else 1, what)

    def _at(self, node: yaml.Node, what: str, hint: str) -> None:
        self.mistakes.append(Mistake(self.file, node.start_mark.line + 1, what, hint))

    def _value(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.CollectionNode):
            if node in self._built:  # which may have no end, or grow without bounds
                self._at(node, "an alias (*) means this again", "write it out where it is meant")
                return None
            self._built.add(node)
        if isinstance(node, yaml.MappingNode):
            values: dict[str, Any] = {}
            for key, value in node.value:
                name = key.value
                if key.tag != _STR or not isinstance(name, str):
                    self._at(key, f"the key {name!r} is not a word", "quote it")
                elif name in values:
                    self._at(key, f"the key {name!r} stands here twice", "keep one of them")
                else:
                    values[name] = self._value(value)
            return values
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item) for item in node.value]
        tag = node.tag
        if tag == _STR:
            return node.value
        return self._scalar(node, tag, node.value)

    def _scalar(self, node: yaml.Node, tag: str, text: str) -> Any:
        if tag == _NULL:
            return None
        if tag == _BOOL and text in _BOOLS:
            return _BOOLS[text]
        if tag in _PLAIN and _PLAIN[tag].fullmatch(text):
            return int(text) if tag == _INT else float(text)
        type_ = tag.removeprefix(_TAG)
        self._at(node, f"YAML reads {text!r} as a value of type {type_}", "quote it if the text is meant")
        return text
