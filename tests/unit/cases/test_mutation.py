"""Negative cases: exactly one thing differs, and it is the thing that the requirement is about."""

from typing import Any

import pytest

from pytest_ecs._cases.mutation import excluding, mutate_body, mutate_query
from pytest_ecs._contract import load, sample
from pytest_ecs._contract.fields import fields_of
from pytest_ecs._contract.model import Operation, Requirement

_CREATE = "ecs.servers.create"


def _operation(name: str) -> Operation:
    return load().operations[name]


def _requirement(name: str) -> Requirement:
    return load().requirements[name]


def _mutations(path: str, body: Any, operation: str = _CREATE) -> list[Any]:
    requirement = _requirement(f"{operation}/request/{path}")
    return [m.value for m in mutate_body(_operation(operation), requirement, body)]


def _server(**server: Any) -> dict[str, Any]:
    return {"server": {"name": "a", "imageRef": "i", **server}}


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("server.name/required", _server(), [{"server": {"imageRef": "i"}}]),
        ("server.name/type", _server(), [_server(name={"unexpected": "object"})]),
        ("server.name/minLength", _server(), [_server(name="")]),
        ("server.name/maxLength", _server(), [_server(name="a" * 129)]),
        ("server.name/pattern", _server(), [_server(name="a<")]),
        (
            "server.count/type",
            _server(count=1),
            [_server(count={"unexpected": "object"}), _server(count="unexpected text")],
        ),
        ("server.count/maximum", _server(count=1), [_server(count=501)]),
        (
            "server.root_volume.volumetype/enum",
            _server(root_volume={"volumetype": "SSD"}),
            [_server(root_volume={"volumetype": "NO_SUCH_VALUE"})],
        ),
        ("server.vpcid/format", _server(vpcid="x"), [_server(vpcid="not-a-uuid")]),
        ("server.nics/maxItems", _server(nics=[{"subnet_id": "s"}]), [_server(nics=[{"subnet_id": "s"}] * 13)]),
        ("server.nics[].subnet_id/required", _server(nics=[{"subnet_id": "s"}]), [_server(nics=[{}])]),
        (
            "server.metadata/maxProperties",
            _server(metadata={}),
            [_server(metadata={f"extra-{n}": "value" for n in range(11)})],
        ),
        (
            "server.root_volume.cluster_type/dependentRequired",
            _server(root_volume={"volumetype": "SSD"}),
            [_server(root_volume={"volumetype": "SSD", "cluster_type": "DSS"})],
        ),
        (
            "server.root_volume.cluster_type/dependentRequired",
            _server(root_volume={"cluster_type": "DSS", "cluster_id": "c"}),
            [_server(root_volume={"cluster_type": "DSS"})],
        ),
    ],
)
def test_one_thing_is_changed(path: str, before: Any, after: list[Any]) -> None:
    """Left out, of another type, over and under each bound, outside a set, without its companion."""
    assert _mutations(path, before) == after


def test_the_accepted_body_is_never_touched() -> None:
    """A mutation is a copy, however deep the change."""
    body = _server(nics=[{"subnet_id": "s"}])
    _mutations("server.nics[].subnet_id/required", body)
    assert body == _server(nics=[{"subnet_id": "s"}])


def test_a_field_that_the_body_lacks_gives_no_case() -> None:
    """Nothing is made up: without the field there is nothing to change."""
    assert _mutations("server.count/maximum", _server()) == []


def test_a_secret_is_not_in_the_words_of_its_change() -> None:
    """The change is recorded in plain text, so it must not quote a password."""
    (mutation,) = mutate_body(
        _operation(_CREATE),
        _requirement(f"{_CREATE}/request/server.adminPass/maxLength"),
        _server(adminPass="Hidden-1234!"),
    )
    assert mutation.change == "server.adminPass is a secret that breaks its maxLength"


def test_what_excludes_each_other_is_taken_from_valid_requests() -> None:
    """A made-up value might be refused for itself; that of another valid request is refused for its company alone."""
    operation = _operation("nova.nics.add")
    requirement = _requirement("nova.nics.add/request/interfaceAttachment/exclusive")
    network, port = ({"interfaceAttachment": {name: "real"}} for name in ("net_id", "port_id"))
    assert excluding(operation, requirement, network) == {"net_id"}
    assert excluding(operation, requirement, port) == {"port_id"}
    (made_up,) = mutate_body(operation, requirement, network)
    assert made_up.value["interfaceAttachment"].keys() == {"net_id", "port_id"}
    (taken,) = mutate_body(operation, requirement, network, [{"interfaceAttachment": {}}, port])
    assert taken.value == {"interfaceAttachment": {"net_id": "real", "port_id": "real"}}
    other = _requirement("nova.nics.add/request/interfaceAttachment/required")
    assert excluding(operation, other, network) == set()


def test_queries_are_changed_alike() -> None:
    """A query parameter has its wrong values too."""
    (mutation,) = mutate_query(_operation("nova.servers.list"), _requirement("nova.servers.list/query/limit/type"))
    assert mutation.value == {"limit": "not-a-number"}


@pytest.mark.parametrize("operation", [o for o in load().operations.values() if o.body], ids=lambda o: o.id)
def test_every_request_field_has_a_sample_that_its_schema_allows(operation: Operation) -> None:
    """Samples stand in for fields that a recipe does not set, so they have to be right."""
    from jsonschema import Draft202012Validator

    for field in fields_of(operation.body or {}).values():
        Draft202012Validator(dict(field.schema)).validate(sample(field.schema))
