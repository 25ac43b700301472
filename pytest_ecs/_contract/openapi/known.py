"""What is known of the target that an OpenAPI document is written for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Known"]


@dataclass(frozen=True, slots=True)
class Known:
    """A target: where it is, and ids of what exists there. Empty for a document that is for every target."""

    #: Base URL of the service; None where a document names none.
    endpoint: str | None = None
    #: Base URL of IAM.
    iam: str | None = None
    #: Values of the parameters of paths, by name: ``project_id``, ``server_id``.
    parameters: Mapping[str, str] = field(default_factory=dict)
    #: Values that requests may refer to, by the type that ``x-reference`` names: ``image``, ``flavor``.
    references: Mapping[str, str] = field(default_factory=dict)
    #: The last microversion of native APIs, such as "2.60".
    microversion: str | None = None
