"""What a handler gets and gives, and the table of routes that the resource modules fill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_ecs._mock.state.cloud import Project, State
    from pytest_ecs._mock.state.records import User

__all__ = ["ROUTES", "Handler", "Request", "Response", "Route", "route"]


@dataclass
class Request:
    """A request that was routed, authenticated and permitted."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    #: Scheme and host, for links.
    base: str
    parameters: Mapping[str, str]
    #: Decoded body; an empty object where there is none.
    json: dict[str, Any] = field(default_factory=dict)
    #: What X-Request-Id says in the answer.
    id: str = ""
    #: Nova microversion as numbers; (2, 1) for v2 and where none was asked for.
    microversion: tuple[int, int] = (2, 1)
    user: User = None  # type: ignore[assignment]  # set for every route that is not public
    project: Project = None  # type: ignore[assignment]  # likewise, unless the token is for a domain

    def arg(self, name: str) -> str | None:
        """Return the last value of a query parameter."""
        return next((value for key, value in reversed(self.query) if key == name), None)

    def args(self, name: str) -> list[str]:
        """Return all values of a query parameter."""
        return [value for key, value in self.query if key == name]


@dataclass
class Response:
    """An answer; a body that is text is sent as HTML."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request, "State"], Response]


@dataclass(frozen=True)
class Route:
    """Where a handler is and who may call it."""

    method: str
    path: str
    handler: Handler
    #: iam, ecs or nova: which form errors have.
    family: str
    #: No credentials are needed.
    public: bool
    #: Row of the permission table; None where chapter 9 has none.
    permission: str | None
    #: The body key that selects this handler among those on one URL.
    selects: str | None
    #: The method usually has a body, this operation has none.
    bodiless: bool = False


ROUTES: list[Route] = []


def route(
    method: str,
    path: str,
    *,
    family: str,
    public: bool = False,
    permission: str | None = None,
    selects: str | None = None,
    bodiless: bool = False,
) -> Callable[[Handler], Handler]:
    """Register the decorated function for a method and path."""

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, path, handler, family, public, permission, selects, bodiless))
        return handler

    return register
