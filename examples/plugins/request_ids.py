"""A check of one's own: each answer of this company's cloud has a request id that its support can find.

Use it with ``pytest -p request_ids``, or write the hook into a ``conftest.py``.
"""

from collections.abc import Iterator

from pytest_ecs import Exchange


def pytest_ecs_check(exchange: Exchange) -> Iterator[str]:
    """Each new sentence fails the test that sent the request, once."""
    if exchange.failure is None and exchange.request_id is None:
        yield f"an answer to {exchange.operation} has no request id"
