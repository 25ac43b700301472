"""What a run creates beside servers: written down before, found by name, deleted in the end; on the embedded mock."""

from collections.abc import Iterator
from typing import Any

import pytest

from pytest_ecs._resources.resource_types import (
    SERVER,
    created_by,
    discard,
    identify,
    name_of,
    resource_type_of,
    resource_types,
)
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import Session, open_session

from ..exchanges import exchange

_V2 = "/v2.1/{project_id}"
_GROUP = {"server_group": {"name": "mine", "policies": ["anti-affinity"]}}
_CREATES: dict[str, tuple[str, dict[str, Any]]] = {
    "ECS group": ("/v1/{project_id}/cloudservers/os-server-groups", _GROUP),
    "server group": (f"{_V2}/os-server-groups", _GROUP),
    "disk": (f"{_V2}/os-volumes", {"volume": {"size": 10, "display_name": "mine", "availability_zone": "eu-test-1a"}}),
    "security group": (f"{_V2}/os-security-groups", {"security_group": {"name": "mine", "description": "x"}}),
    "floating IP address": (f"{_V2}/os-floating-ips", {}),
}


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on the conforming mock."""
    opened = open_session(Settings(run="unit"))
    yield opened
    opened.close()


def _resource_type(name: str) -> Any:
    return resource_types()[name]


def _listed(session: Session, name: str) -> list[Any]:
    resource_type = _resource_type(name)
    found: list[Any] = session.client.get(resource_type.all).response_body[resource_type.listed[0]]
    return found


@pytest.mark.parametrize("name", sorted(_CREATES))
def test_what_a_request_made_is_deleted(session: Session, name: str) -> None:
    """That and nothing else: what was there before stays."""
    before = _listed(session, name)
    path, body = _CREATES[name]
    made = session.client.post(path, body)
    assert made.status < 300, made.response_body
    assert len(_listed(session, name)) == len(before) + 1
    (resource,) = session.ledger.resources("unit")
    assert (resource.type, resource.path is not None) == (name, True)
    deleted, problems = session.clean()
    assert (len(deleted), problems) == (1, [])
    assert _listed(session, name) == before
    assert session.ledger.resources("unit") == []


#: A name as the run gives them.
_OWN = "ecs-conformance-unit-main-x-1"
_NAMED: dict[str, tuple[str, dict[str, Any]]] = {
    "disk": (f"{_V2}/os-volumes", {"volume": {"size": 10, "display_name": _OWN, "availability_zone": "eu-test-1a"}}),
    "security group": (f"{_V2}/os-security-groups", {"security_group": {"name": _OWN, "description": "x"}}),
    "key pair": (f"{_V2}/os-keypairs", {"keypair": {"name": _OWN}}),
    "server group": (f"{_V2}/os-server-groups", {"server_group": {"name": _OWN, "policies": ["anti-affinity"]}}),
    "ECS group": (
        "/v1/{project_id}/cloudservers/os-server-groups",
        {"server_group": {"name": _OWN, "policies": ["anti-affinity"]}},
    ),
}


def _forget(session: Session) -> None:
    """As if somebody else had made what is there."""
    for resource in session.ledger.resources("unit"):
        session.ledger.gone_resource(resource.key)


def _same(name: str, other: str) -> dict[str, Any]:
    ((wrapper, fields),) = _NAMED[name][1].items()
    return {wrapper: {key: other if value == _OWN else value for key, value in fields.items()}}


@pytest.mark.parametrize("name", sorted(_NAMED))
def test_a_request_whose_answer_never_came_is_found_by_its_name(session: Session, name: str) -> None:
    """Only what has that very name is taken for what it made."""
    path, body = _NAMED[name]
    for sent in (body, _same(name, f"{_OWN}-too")):
        made = session.client.post(path, sent)
        assert made.status < 300, made.response_body
    there = len(_listed(session, name))
    _forget(session)
    session.ledger.intend_resource("primary", name, _OWN, 0.0)
    assert session.clean() == ([f"{name} {_OWN}"], [])
    assert len(_listed(session, name)) == there - 1
    assert f"{_OWN}-too" in str(_listed(session, name))


@pytest.mark.parametrize("name", sorted(_NAMED))
def test_what_may_be_somebody_elses_is_left_alone(session: Session, name: str) -> None:
    """A name that others may give too proves nothing: it is reported and not deleted, and kept in the ledger."""
    made = session.client.post(_NAMED[name][0], _same(name, "web"))
    assert made.status < 300, made.response_body
    _forget(session)
    there = _listed(session, name)
    session.ledger.intend_resource("primary", name, "web", 0.0)
    deleted, (problem,) = session.clean()
    assert deleted == []
    assert problem.startswith(f"{name} web: ")
    assert "by hand" in problem
    assert _listed(session, name) == there
    assert len(session.ledger.resources("unit")) == 1


def test_what_an_endpoint_has_no_api_for_is_a_problem() -> None:
    """Not found says nothing where the whole API is discarded (11.2): the image may be there all the same."""
    opened = open_session(Settings(run="unit", deviation=("deprecated-gone",)))
    key = opened.ledger.intend_resource("primary", "image", _OWN, 0.0)
    opened.ledger.made_resource(key, f"{_V2}/images/11111111-2222-4333-8444-555555555555")
    deleted, (problem,) = opened.clean()
    assert deleted == []
    assert problem.startswith(f"image {_OWN}: the endpoint has no API to delete or list it")
    assert len(opened.ledger.resources("unit")) == 1
    opened.close()


def test_what_no_refusal_tells_the_list_does() -> None:
    """A group that was deleted already is refused with 400; without its code only the list says that it is gone."""
    session = open_session(Settings(run="unit", deviation=("envelope-flat",)))
    path, body = _CREATES["ECS group"]
    made = session.client.post(path, body)
    session.client.delete(f"{path}/{made.response_body['server_group']['id']}")
    assert session.clean() == ([], [])
    session.close()


def test_what_nobody_wants_is_deleted_at_once(session: Session) -> None:
    """What a request made that should have been refused would use up quotas until the end of the run."""
    path, body = _CREATES["server group"]
    before = _listed(session, "server group")
    made = session.client.post(path, body)
    discard(made, session.client)
    assert _listed(session, "server group") == before
    discard(session.client.post(path, {"server_group": {}}), session.client)  # a refused one made nothing
    assert session.clean() == ([], [])


def test_several_of_one_name_are_all_the_runs(session: Session) -> None:
    """A request that somebody on the way sent twice made two; only this run gives such a name."""
    path, body = _NAMED["disk"]
    for _ in range(2):
        session.client.post(path, body)
    _forget(session)
    session.ledger.intend_resource("primary", "disk", _OWN, 0.0)
    deleted, problems = session.clean()
    assert (len(deleted), problems) == (2, [])


@pytest.mark.parametrize(("resource_type", "name"), [("floating IP address", None), ("snapshot", _OWN)])
def test_what_cannot_be_found_is_a_problem(session: Session, resource_type: str, name: str | None) -> None:
    """A floating IP address has no name, and snapshots have no list."""
    session.ledger.intend_resource("primary", resource_type, name, 0.0)
    deleted, (problem,) = session.clean()
    assert deleted == []
    assert problem.startswith(
        f"{resource_type} {name or 'without a name'}: a request whose answer did not say what it made"
    )


def test_the_pool_is_not_the_name_of_a_floating_ip_address() -> None:
    """11.5.3: the request names the pool, which others draw from too."""
    resource_type = resource_type_of("POST", "/v2.1/p/os-floating-ips", {"pool": "net"})
    assert resource_type is not None
    assert name_of(resource_type, {"pool": "net"}) is None


def test_what_was_asked_for_and_is_not_there_is_no_problem(session: Session) -> None:
    """The request never arrived, or was refused."""
    session.ledger.intend_resource("primary", "security group", "web", 0.0)
    assert session.clean() == ([], [])
    assert session.ledger.resources("unit") == []


def test_what_was_deleted_already_is_no_problem_and_a_refused_request_nothing(session: Session) -> None:
    """Neither is counted as deleted by the clean-up."""
    path, body = _CREATES["disk"]
    made = session.client.post(path, body).response_body["volume"]["id"]
    session.target.clock.sleep(60)
    session.client.delete(f"{path}/{made}")
    session.target.clock.sleep(60)
    session.client.post(path, {"volume": {"size": -1}})
    assert len(session.ledger.resources("unit")) == 1
    assert session.clean() == ([], [])


def test_what_stays_is_a_problem_that_names_it(session: Session) -> None:
    """The resource is kept in the ledger, so that a later sweep tries again."""
    path, _ = _CREATES["security group"]
    default = next(group for group in _listed(session, "security group") if group["name"] == "default")
    key = session.ledger.intend_resource("primary", "security group", "default", 0.0)
    session.ledger.made_resource(key, f"{path}/{default['id']}")
    deleted, problems = session.clean()
    assert deleted == []
    (problem,) = problems
    assert problem.startswith("security group default is still there (HTTP 400")
    assert "delete it by hand or run pytest-ecs sweep again" in problem
    assert len(session.ledger.resources("unit")) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "resource_type", "name"),
    [
        ("POST", "/v2.1/p/os-keypairs", {"keypair": {"name": "k"}}, "key pair", "k"),
        ("POST", "/v2/p/os-server-groups", {"server_group": {"name": "g"}}, "server group", "g"),
        ("POST", "/v1/p/cloudservers/os-server-groups", {"server_group": {}}, "ECS group", None),
        ("POST", "/v2.1/p/servers/s/action", {"createImage": {"name": "i"}}, "image", "i"),
        ("POST", "/v2.1/p/servers/s/action", {"lock": None}, None, None),
        ("GET", "/v2.1/p/os-keypairs", None, None, None),
        ("POST", "/v2.1/p/os-keypairs/k", None, None, None),
        ("POST", "/v1/p/cloudservers/os-server-groups/g/action", {}, None, None),
    ],
)
def test_a_request_is_known_by_its_path_and_body(
    method: str, path: str, body: Any, resource_type: str | None, name: str | None
) -> None:
    """Whatever creates something is noticed, and nothing else."""
    found = resource_type_of(method, path, body)
    assert (found and found.name) == resource_type
    if found is not None:
        assert name_of(found, body) == name


@pytest.mark.parametrize(
    "path",
    ["/v1/p/cloudservers", "/v2/p/servers", "/v2.1/p/servers", "/v2/p/os-volumes_boot", "/v2.1/p/os-volumes_boot"],
)
def test_each_url_that_creates_servers_is_known(path: str) -> None:
    """Also those that the document has under another version only: no server is created without the ledger."""
    operation = created_by("POST", path, None)
    assert operation is not None
    assert operation.creates is not None
    assert operation.creates.resource_type == SERVER
    assert created_by("GET", path, None) is None
    assert resource_type_of("POST", path, None) is None


def test_an_image_is_named_by_a_header_or_by_the_body() -> None:
    """6.3.7: Location below 2.44, image_id from 2.45 on."""
    image = _resource_type("image")
    old = exchange(response_headers={"location": "https://ecs.example.com/v2/images/i-1"})
    assert identify(image, old) == identify(image, exchange(body={"image_id": "i-1"})) == f"{_V2}/images/i-1"
    assert identify(image, exchange(body={})) is None


def test_an_id_in_a_url_is_quoted() -> None:
    """The name of a key pair is its id, and may have characters that a URL reads otherwise."""
    made = exchange(body={"keypair": {"name": "a/b?c d"}})
    assert identify(_resource_type("key pair"), made) == f"{_V2}/os-keypairs/a%2Fb%3Fc%20d"
