"""Which operation a request is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from pytest_ecs._contract.model import Operation, Permission
from pytest_ecs._types import JSON

__all__ = ["Permissions", "Router", "parameters", "same_url"]

_PARAMETER = re.compile(r"\{(\w+)\}")


def parameters(path: str) -> tuple[str, ...]:
    """Return the names of the parameters of a path template, from left to right."""
    return tuple(_PARAMETER.findall(path))


def same_url(path: str) -> str:
    """Return *path* with the names of its parameters left out, since the document calls one parameter many names."""
    return _PARAMETER.sub("{}", path)


def _depth(path: str) -> int:
    return path.removesuffix("/").count("/")


class Permissions:
    """Finds the row of 9.2 that binds an operation."""

    def __init__(self, rows: Iterable[Permission]) -> None:
        self._rows: dict[tuple[str, str, str | None, str | None], Permission] = {}
        for row in rows:
            self._rows.setdefault((row.method, same_url(row.path), row.action, row.selects), row)

    def of(self, operation: Operation) -> Permission | None:
        """Return the first row of its URL and action, None when it has none."""
        key = (operation.method, same_url(operation.path), operation.permission)
        return self._rows.get((*key, operation.selects)) or self._rows.get((*key, None))


class _Url:
    """The operations that share one method and one template."""

    def __init__(self, template: str) -> None:
        segments = template.strip("/").split("/")
        #: Templates with a literal where another has a parameter are tried first, from left to right.
        self.rank = tuple(_PARAMETER.fullmatch(segment) is not None for segment in segments)
        self.depth = _depth(template)
        self.pattern = re.compile("/" + "/".join(_segment(segment) for segment in segments) + "/?")
        self.selected: dict[str, Operation] = {}
        self.plain: Operation | None = None

    def operation(self, body: JSON) -> Operation | None:
        if isinstance(body, Mapping):
            for key, value in body.items():
                for selector in (key, f"{key}={value}"):
                    if selector in self.selected:
                        return self.selected[selector]
        return self.plain


def _segment(segment: str) -> str:
    """Return the pattern of one segment; a literal may have a parameter inside it."""
    parts = _PARAMETER.split(segment)
    return "".join("([^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))


class Router:
    """Finds operations by method, path and body."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        table: dict[str, dict[str, _Url]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        for operation in operations:
            self._names[operation.id] = parameters(operation.path)
            urls = table.setdefault(operation.method, {})
            for path in (operation.path, *(alias.path for alias in operation.aliases)):
                template = same_url(path)
                url = urls.get(template) or urls.setdefault(template, _Url(path))
                if operation.selects is None:
                    url.plain = url.plain or operation
                else:
                    url.selected.setdefault(operation.selects, operation)
        #: By method and depth: no parameter has a slash in it.
        self._urls: dict[tuple[str, int], list[_Url]] = {}
        for method, urls in table.items():
            for url in sorted(urls.values(), key=lambda url: url.rank):
                self._urls.setdefault((method, url.depth), []).append(url)
        #: One request is looked up several times, and one URL is asked for again and again.
        self._hits = lru_cache(1024)(self._matching)

    def match(self, method: str, path: str, body: JSON = None) -> tuple[Operation, dict[str, str]] | None:
        """Return the operation that a request is and the values of its path's parameters."""
        path = urlsplit(path).path
        found = self._find(method.upper(), path, body)
        if found is None and path.startswith("/v2/"):
            found = self._find(method.upper(), "/v2.1/" + path.removeprefix("/v2/"), body)
        return found

    def _find(self, method: str, path: str, body: JSON) -> tuple[Operation, dict[str, str]] | None:
        for url, values in self._hits(method, path):
            operation = url.operation(body)
            if operation is not None:
                return operation, dict(zip(self._names[operation.id], values, strict=True))
        return None

    def _matching(self, method: str, path: str) -> list[tuple[_Url, list[str]]]:
        """Return the templates that a path fits, the best first, each with the values of its parameters."""
        urls = self._urls.get((method, _depth(path)), ())
        hits = ((url, url.pattern.fullmatch(path)) for url in urls)
        return [(url, [unquote(value) for value in hit.groups()]) for url, hit in hits if hit is not None]
