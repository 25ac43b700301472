"""What a contract answers: operations by request, schemas by microversion, statuses by state, expectations by case."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._contract import Contract, schema_at
from pytest_ecs._contract.versions import covers
from pytest_ecs.exceptions import ContractError

from .tiny_contract import FILES, contract, group, operation, write

ACTION = "/v2.1/{project_id}/servers/{server_id}/action"


def selected(key: str) -> dict[str, str]:
    """Return what an action is made of whose body has *key*."""
    return {"body": f"{{type: object, required: ['{key}'], properties: {{'{key}': {{}}}}}}", "selects": key}


def chosen(value: str) -> dict[str, str]:
    """Return what an action is made of whose body has a key with *value*."""
    return {"body": "{type: object, required: [action], properties: {action: {}}}", "selects": f"action={value}"}


@pytest.fixture
def native(tmp_path: Path) -> Contract:
    """Return a contract with URLs that overlap."""
    operations = [
        operation("nova.versions.list", "GET /"),
        operation("nova.versions.show", "GET /{api_version}"),
        operation("nova.servers.show", "GET /v2.1/{project_id}/servers/{server_id}"),
        operation("nova.servers.detail", "GET /v2.1/{project_id}/servers/detail"),
        operation("nova.servers.create", "POST /v2.1/{project_id}/servers"),
        operation("nova.servers.start", f"POST {ACTION}", **selected("os-start")),
        operation("nova.servers.resize", f"POST {ACTION}", **selected("resize")),
        operation("nova.tags.add", "POST /v2.1/{project_id}/tags/action", **chosen("create")),
        operation("nova.tags.remove", "POST /v2.1/{project_id}/tags/action", **chosen("delete")),
        operation(
            "nova.boot.create",
            "POST /v2.1/{project_id}/boot",
            aliases='[{id: other, path: "/v2.1/{project_id}/other", level: should, section: "6.2.1"}]',
        ),
        operation("nova.metadata.show", "GET /v2.1/{project}/servers/{id}/metadata/{key}"),
    ]
    return contract(tmp_path, {"nova/all.yaml": group(*operations, chapter="nova")})


@pytest.mark.parametrize(
    ("method", "path", "body", "found", "parameters"),
    [
        ("GET", "/", None, "nova.versions.list", {}),
        ("GET", "/v2.1", None, "nova.versions.show", {"api_version": "v2.1"}),
        ("GET", "/v2.1/", None, "nova.versions.show", {"api_version": "v2.1"}),
        ("GET", "/v2.1/p/servers/s", None, "nova.servers.show", {"project_id": "p", "server_id": "s"}),
        ("GET", "/v2.1/p/servers/detail", None, "nova.servers.detail", {"project_id": "p"}),
        ("get", "/v2.1/p/servers/detail?limit=1", None, "nova.servers.detail", {"project_id": "p"}),
        ("GET", "/v2/p/servers/s", None, "nova.servers.show", {"project_id": "p", "server_id": "s"}),
        (
            "GET",
            "/v2.1/p/servers/s/metadata/a%20b",
            None,
            "nova.metadata.show",
            {"project": "p", "id": "s", "key": "a b"},
        ),
        (
            "POST",
            "/v2.1/p/servers/s/action",
            {"os-start": {}},
            "nova.servers.start",
            {"project_id": "p", "server_id": "s"},
        ),
        ("POST", "/v2.1/p/servers/s/action", {"x": 1, "resize": None}, "nova.servers.resize", None),
        ("POST", "/v2.1/p/tags/action", {"action": "delete"}, "nova.tags.remove", None),
        ("POST", "/v2.1/p/tags/action", {"tags": [], "action": "create"}, "nova.tags.add", None),
        ("POST", "/v2.1/p/other", {}, "nova.boot.create", {"project_id": "p"}),
        ("POST", "/v1/p/cloudservers", {"server": {}}, "ecs.servers.create", {"project_id": "p"}),
    ],
)
def test_a_request_is_matched_to_its_operation(
    native: Contract, method: str, path: str, body: Any, found: str, parameters: dict[str, str] | None
) -> None:
    """Literals win over parameters, the body's key selects on a shared URL, and /v2/ counts as /v2.1/."""
    match = native.match(method, path, body)
    assert match is not None
    assert match[0].id == found
    assert parameters is None or match[1] == parameters


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/v2.1/p/servers/s", None),
        ("GET", "/v2.1/p/servers/s/t", None),
        ("GET", "/v2.1/p/servers//", None),
        ("POST", "/v2.1/p/servers/s/action", {"os-stop": {}}),
        ("POST", "/v2.1/p/servers/s/action", None),
        ("POST", "/v2.1/p/servers/s/action", ["os-start"]),
        ("POST", "/v2.1/p/tags/action", {"action": "read"}),
        ("POST", "/v2.1/p/tags/action", {"action": None}),
        ("PURGE", "/", None),
    ],
)
def test_an_undocumented_request_matches_nothing(native: Contract, method: str, path: str, body: Any) -> None:
    """No guess is made."""
    assert native.match(method, path, body) is None


def test_the_permission_of_an_operation_is_the_row_of_its_url(tmp_path: Path) -> None:
    """One action binds several URLs, each with dependencies of its own."""
    row = FILES["permissions.yaml"].replace("/cloudservers", "/others").replace("[]", "['ecs:cloudServers:get']")
    found = contract(tmp_path, {"permissions.yaml": row + FILES["permissions.yaml"]})
    create = found.operation("ecs.servers.create")
    assert found.permission_of(create).path == "/v1/{tenant_id}/cloudservers"
    with pytest.raises(ContractError, match=r"9\.2 has no permission for ecs\.servers\.create"):
        found.permission_of(replace(create, permission=None))


def test_a_shared_url_may_have_a_row_for_each_of_its_operations(tmp_path: Path) -> None:
    """Where two need the same action, the body's key says which row is whose."""
    row = '- {{section: "9.2.6", method: POST, path: "{}", permission: x, action: "ecs:a:use", dependencies: [{}]{}}}\n'
    rows = [
        row.format(ACTION, "ecs:a:get", ", selects: add"),
        row.format(ACTION, "ecs:b:get", ", selects: remove"),
        row.format(ACTION, "ecs:c:get", ""),
    ]
    operations = [
        operation(f"nova.x.{key}", f"POST {ACTION}", permission="ecs:a:use", **selected(key))
        for key in ("add", "remove", "other")
    ]
    files = {"nova/x.yaml": group(*operations, chapter="nova")}
    found = contract(tmp_path, files | {"permissions.yaml": FILES["permissions.yaml"] + "".join(rows)})
    assert [
        found.permission_of(found.operation(f"nova.x.{key}")).dependencies for key in ("add", "remove", "other")
    ] == [("ecs:a:get",), ("ecs:b:get",), ("ecs:c:get",)]


def test_operations_stand_in_the_order_of_the_document(tmp_path: Path) -> None:
    """Across files too, and by number."""
    files = {
        "ecs/a.yaml": group(operation("ecs.a.list", "GET /v1/a", section="5.10.1")),
        "ecs/b.yaml": group(operation("ecs.b.list", "GET /v1/b", section="5.9.1")),
        "iam/z.yaml": group(operation("iam.z.list", "GET /v3/z", section="4.1"), chapter="iam"),
    }
    assert list(contract(tmp_path, files).operations) == [
        "iam.z.list",
        "ecs.servers.create",
        "ecs.b.list",
        "ecs.a.list",
    ]


def test_an_operation_has_what_its_file_says(tmp_path: Path) -> None:
    """References are in place."""
    found = contract(tmp_path).operation("ecs.servers.create")
    assert found.statuses == (200, 202)
    assert found.response_body is not None
    assert found.response_body["properties"]["job_id"]["type"] == "string"
    assert found.rules[0].id == "name-suffix"


@pytest.mark.parametrize(
    ("version", "since", "until", "covered"),
    [
        ("2.1", None, None, True),
        ("2.8", "2.9", None, False),
        ("2.9", "2.9", None, True),
        ("2.10", "2.9", None, True),
        ("2.46", None, "2.47", True),
        ("2.47", None, "2.47", False),
        ("2.100", None, "2.47", False),
    ],
)
def test_microversions_compare_by_number(version: str, since: str | None, until: str | None, covered: bool) -> None:
    """The first version counts, the last does not."""
    assert covers(since, until, version) is covered


BODY: dict[str, Any] = {
    "type": "object",
    "required": ["server"],
    "properties": {
        "server": {
            "type": "object",
            "required": ["id", "locked"],
            "x-expected": ["flavor", "tags"],
            "dependentRequired": {"id": ["tags"], "tags": ["id"]},
            "x-exclusive": [["id", "tags"], ["id", "locked", "flavor"]],
            "properties": {
                "id": {"type": "string"},
                "locked": {"type": "boolean", "x-since": "2.9"},
                "tags": {"items": {"type": "string"}, "x-since": "2.26"},
                "flavor": {"properties": {"id": {"x-until": "2.47"}, "vcpus": {"x-since": "2.47"}}},
            },
        },
        "list": {"items": {"properties": {"new": {"x-since": "2.9"}}}},
        "map": {"additionalProperties": {"properties": {"new": {"x-since": "2.9"}}}},
        "either": {"anyOf": [{"properties": {"new": {"x-since": "2.9"}}}, {"type": "null"}]},
    },
}


@pytest.mark.parametrize(
    ("version", "fields", "flavor"),
    [
        ("2.1", ["id", "flavor"], ["id"]),
        ("2.8", ["id", "flavor"], ["id"]),
        ("2.9", ["id", "locked", "flavor"], ["id"]),
        ("2.25", ["id", "locked", "flavor"], ["id"]),
        ("2.26", ["id", "locked", "tags", "flavor"], ["id"]),
        ("2.46", ["id", "locked", "tags", "flavor"], ["id"]),
        ("2.47", ["id", "locked", "tags", "flavor"], ["vcpus"]),
    ],
)
def test_a_schema_has_the_fields_of_its_microversion(version: str, fields: list[str], flavor: list[str]) -> None:
    """On both sides of every boundary."""
    server = schema_at(BODY, version)["properties"]["server"]
    assert list(server["properties"]) == fields
    assert list(server["properties"]["flavor"]["properties"]) == flavor


def test_a_field_that_does_not_exist_is_not_demanded() -> None:
    """Nor expected, nor part of any other keyword that names fields."""
    server = schema_at(BODY, "2.1")["properties"]["server"]
    assert server["required"] == ["id"]
    assert server["x-expected"] == ["flavor"]
    assert server["dependentRequired"] == {"id": []}
    assert server["x-exclusive"] == [["id", "flavor"]]


def test_elements_values_and_branches_are_pruned_as_well() -> None:
    """Wherever a schema can stand."""
    properties = schema_at(BODY, "2.1")["properties"]
    assert properties["list"]["items"]["properties"] == {}
    assert properties["map"]["additionalProperties"]["properties"] == {}
    assert properties["either"]["anyOf"] == [{"properties": {}}, {"type": "null"}]


def test_the_schema_itself_never_changes() -> None:
    """It is shared; and what does not depend on the version is handed out as it is."""
    before = repr(BODY)
    assert schema_at(BODY, "2.1") is schema_at(BODY, "2.1")
    assert repr(BODY) == before
    plain: dict[str, Any] = {"properties": {"a": {"items": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}}
    assert schema_at(plain, "2.1") is plain


def test_a_pair_of_states_shows_as_its_row_says_whatever_its_case(tmp_path: Path) -> None:
    """Unlisted pairs show as UNKNOWN."""
    tiny = contract(tmp_path)
    assert tiny.status_of("Building", "SPAWNING") == "BUILD"
    assert tiny.status_of("ACTIVE", None) == "ACTIVE"
    assert tiny.status_of("active", "spawning") == "UNKNOWN"
    assert tiny.status_of("nonsense", None) == "UNKNOWN"
    assert tiny.tolerated_states == {"paused"}


def test_an_expectation_has_the_statuses_of_its_chapter(tmp_path: Path) -> None:
    """Chapter 11 counts as native unless the operation says otherwise."""
    tiny = contract(tmp_path)
    state = tiny.expectation("wrong-state", "nova")
    assert (state.statuses, state.codes, state.late, state.says) == ((409,), (), True, "Refused")
    assert tiny.expectation("wrong-state", "deprecated") == state
    assert tiny.expectation("invalid", "ecs").codes == ("Ecs.0005",)
    assert not tiny.expectation("invalid", "ecs").late


def test_an_envelope_says_where_its_code_is(tmp_path: Path) -> None:
    """None where the body has no code of A.2."""
    tiny = contract(tmp_path)
    assert tiny.envelope("ecs").code == ("error", "code")
    assert tiny.envelope("nova").code is None
    assert tiny.envelope("deprecated") is tiny.envelope("nova")
    assert tiny.envelopes["ecs"] is tiny.envelope("ecs").body
    assert tiny.gateway_statuses == {401, 429}


def test_codes_of_the_environment_are_optional(tmp_path: Path) -> None:
    """They say that a project lacks something, not that a request is wrong."""
    assert contract(tmp_path / "a").environment_codes == frozenset()
    more = {"general.yaml": FILES["general.yaml"] + "environment_codes: [Ecs.0114]\n"}
    assert contract(tmp_path / "b", more).environment_codes == {"Ecs.0114"}


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (
            lambda tiny: tiny.operation("ecs.server.create"),
            "no operation 'ecs.server.create'. did you mean 'ecs.servers.create'",
        ),
        (lambda tiny: tiny.requirement("A.2/Ecs.0004"), "no requirement 'A.2/Ecs.0004'. did you mean 'A.2/Ecs.0005'"),
        (lambda tiny: tiny.expectation("wrong-stat", "ecs"), "no expectation 'wrong-stat'. did you mean 'wrong-state'"),
        (lambda tiny: tiny.expectation("wrong-state", "iam"), "no expectation 'wrong-state' for the chapter 'iam'"),
    ],
)
def test_asking_for_what_is_not_there_names_the_closest(tmp_path: Path, ask: Any, text: str) -> None:
    """A misspelt id in a suite reads like one in a file."""
    with pytest.raises(ContractError) as caught:
        ask(contract(tmp_path))
    assert text in str(caught.value)


def test_the_digest_is_that_of_the_files_in_order(tmp_path: Path) -> None:
    """So that anybody can repeat it with common tools."""
    root = write(tmp_path)
    content = b"".join((root / name).read_bytes() for name in sorted(FILES))
    assert contract(tmp_path).digest == hashlib.sha256(content).hexdigest()


def test_a_requirement_leads_to_its_field(tmp_path: Path) -> None:
    """In the request or in the answer; others speak of none."""
    tiny = contract(tmp_path)
    name = tiny.field(tiny.requirement("ecs.servers.create/request/server.name/maxLength"))
    assert (name.path, name.schema["maxLength"]) == ("server.name", 128)
    job = tiny.field(tiny.requirement("ecs.servers.create/response/job_id/minLength"))
    assert (job.path, job.schema["minLength"]) == ("job_id", 1)
    with pytest.raises(ContractError, match=r"ecs\.servers\.create/status speaks of no field of a body"):
        tiny.field(tiny.requirement("ecs.servers.create/status"))
    with pytest.raises(ContractError, match=r"A-4/unknown speaks of no field"):
        tiny.field(tiny.requirement("A-4/unknown"))
