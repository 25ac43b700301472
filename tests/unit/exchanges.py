"""Exchanges made by hand, for tests of judgement."""

from __future__ import annotations

from typing import Any

from pytest_ecs._http.exchange import Case, Exchange

__all__ = ["exchange"]


def exchange(
    operation: str | None = None,
    status: int = 200,
    body: Any = None,
    *,
    id: str = "main-00001",  # noqa: A002 - the field's name
    case: Case | None = None,
    request: Any = None,
    **fields: Any,
) -> Exchange:
    """Return an exchange with plain values for everything that is not given."""
    values: dict[str, Any] = {
        "id": id,
        "operation": operation,
        "method": "GET",
        "base": "https://ecs.example.com",
        "path": "/v1/p/x",
        "query": (),
        "request_headers": {},
        "request_body": request,
        "status": status,
        "response_headers": {"content-type": "application/json"},
        "response_body": body,
        "response_text": None,
        "started": 0.0,
        "seconds": 0.01,
        "auth": "token",
        "identity": "primary",
        "microversion": None,
        "case": case,
    }
    return Exchange(**{**values, **fields})
