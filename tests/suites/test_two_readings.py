"""The mock and the contract are two readings of one document: neither knows the other, and both have its operations."""

import re
from collections.abc import Iterator

import pytest

from pytest_ecs._contract import Operation, load, sample
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import Session, open_session


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A session on the conforming mock."""
    opened = open_session(Settings(run="readings"))
    yield opened
    opened.close()


@pytest.mark.parametrize("operation", load().operations.values(), ids=lambda operation: operation.id)
def test_the_mock_serves_every_operation_of_the_contract(session: Session, operation: Operation) -> None:
    """Whatever it says to a request with unknown ids: the URL exists, takes the method and knows the action."""
    path = re.sub(r"\{(?!project_id)\w+\}", "6f70656e-6170-4931-8e31-000000000001", operation.path)
    path = "/v2.1" if operation.path == "/{api_version}" else path
    version = operation.microversions.since if operation.dialect == "nova" else None
    body = sample(operation.body) if operation.body is not None else None
    answer = session.client.request(operation.method, path, json=body, microversion=version)
    shown = str(answer.response_body or answer.response_text)
    assert answer.failure is None
    assert answer.status not in {405, 501}, shown
    assert not re.search("nothing at this URL|not one action that is known|no such API", shown), shown
