"""The URL of an operation by its id: what tests send requests to."""

import pytest

from pytest_ecs import url_of
from pytest_ecs.exceptions import ContractError


def test_parameters_are_put_in_and_quoted() -> None:
    """The project is the client's business; what is no plain text cannot begin another segment or a query."""
    assert url_of("nova.servers.list") == "/v2.1/{project_id}/servers"
    assert url_of("nova.servers.show", server_id="s-1") == "/v2.1/{project_id}/servers/s-1"
    assert (
        url_of("nova.keypairs.show", keypair_name="a b/../c?d") == "/v2.1/{project_id}/os-keypairs/a%20b%2F..%2Fc%3Fd"
    )
    assert url_of("nova.servers.list", project_id="other") == "/v2.1/other/servers"


@pytest.mark.parametrize(
    ("operation", "given", "said"),
    [
        ("nova.servers.shwo", {}, "did you mean 'nova.servers.show'"),
        ("nova.servers.show", {}, "without server_id"),
        ("nova.servers.list", {"server_id": "s"}, "with the unknown server_id"),
    ],
)
def test_what_leads_nowhere_is_said(operation: str, given: dict[str, str], said: str) -> None:
    """At once, and not by a 404 that looks like the endpoint's fault."""
    with pytest.raises(ContractError, match=operation[:12].replace(".", r"\.")) as caught:
        url_of(operation, **given)
    assert said in str(caught.value)


def test_an_empty_id_leads_to_no_collection() -> None:
    """Whoever deletes by it would delete nothing, or everything."""
    with pytest.raises(LookupError, match="needs the server_id of something"):
        url_of("nova.servers.delete", server_id="")
