"""A server of the pool in somebody's hands."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from pytest_ecs._http.exchange import Exchange

__all__ = ["Lease"]


class Lender(Protocol):
    """Who lent a server, and takes it back."""

    def show(self, server: str) -> Exchange:
        """Query a server (6.2.6)."""
        ...

    def give_back(self, lease: Lease) -> None:
        """End a lease."""
        ...

    def leave(self, lease: Lease) -> None:
        """End a lease of a server that is only there to be deleted now."""
        ...


@dataclass
class Lease:
    """A server of the pool in somebody's hands; as a context manager it is given back however the block ends."""

    id: str
    name: str | None
    exclusive: bool
    #: Status it was handed out in.
    status: str
    pool: Lender = field(repr=False)
    #: Something was done to it that could not be taken back: nobody else gets it.
    spoilt: bool = False
    _released: bool = field(default=False, repr=False)

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    @property
    def released(self) -> bool:
        """Whether it was given back."""
        return self._released

    def show(self) -> Exchange:
        """Query the server (6.2.6)."""
        return self.pool.show(self.id)

    def release(self) -> None:
        """Give the server back to the pool; its state is looked at again before anybody else gets it.

        One that is spoilt goes to somebody who deletes it, if it still fits.
        """
        if not self._released:
            self._released = True
            if self.spoilt:
                self.pool.leave(self)
            else:
                self.pool.give_back(self)
