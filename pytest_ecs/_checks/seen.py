"""What was seen to hold before, so that judging a long run need not say it again and again."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Seen"]


@dataclass
class Seen:
    """The memory of one who judges many exchanges and only wants to hear of what is new; it begins empty."""

    #: Whether all exchanges are kept and equal bodies are one object, so that answers can be known by it.
    recorded: bool = False
    #: Requirements that an exchange was seen to keep.
    passed: set[str] = field(default_factory=set)
    #: Places of bodies, as `pytest_ecs._checks.body` compiles them, of which everything claimed is among these.
    places: set[Any] = field(default_factory=set)
    #: Places and names of members there that are undocumented.
    extras: set[Any] = field(default_factory=set)
    #: Queries whose answers kept everything, by all that judging looks at.
    answers: set[Hashable] = field(default_factory=set)
    #: The exchange that was judged last, where its body has nothing undocumented that is new.
    plain: str = ""
