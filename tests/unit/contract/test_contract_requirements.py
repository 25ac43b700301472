"""Every kind of requirement follows from the contract, with the level, the section and the sentence it should have."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ecs._contract.model import Requirement
from pytest_ecs.exceptions import ContractError

from .tiny_contract import GENERAL, contract, group, operation

OP = "ecs.things.do"


def derived(root: Path, part: str, **parts: str) -> dict[str, Requirement]:
    """Return the requirements of one operation whose ids go on with *part*, by the rest of the id."""
    request = parts.pop("request", "POST /v1/{project_id}/things")
    rulings = contract(root, {"ecs/things.yaml": group(operation(OP, request, **parts))})
    prefix = f"{OP}/{part}"
    return {name[len(prefix) :]: found for name, found in rulings.requirements.items() if name.startswith(prefix)}


def says(requirements: dict[str, Requirement]) -> dict[str, str]:
    """Return the claims alone."""
    return {name: requirement.says for name, requirement in requirements.items()}


def test_ids_are_unique_and_sorted(tmp_path: Path) -> None:
    """Reports and coverage walk requirements by id."""
    requirements = contract(tmp_path).requirements
    assert list(requirements) == sorted(requirements)
    assert all(name == requirement.id for name, requirement in requirements.items())


def test_an_operation_has_a_status_and_its_headers(tmp_path: Path) -> None:
    """The claim about a header includes its schema."""
    headers = (
        "{X-Subject-Token: {type: string, minLength: 1}, Location: {x-levels: {required: should}, x-section: '8.1'}}"
    )
    found = derived(tmp_path, "", headers=headers)
    assert found["status"].says == "Success is answered with 200"
    assert (found["status"].kind, found["status"].level, found["status"].section) == ("status", "must", "5.1.1")
    token, location = found["header/X-Subject-Token"], found["header/Location"]
    assert token.says == "The header X-Subject-Token is there and is a string and has at least 1 character"
    assert (token.kind, token.level, location.level) == ("header", "must", "should")
    assert (location.says, location.section) == ("The header Location is there", "8.1")


@pytest.mark.parametrize(
    ("schema", "keyword", "claim"),
    [
        ("type: string", "type", "is a string"),
        ('type: [string, "null"]', "type", "is a string or null"),
        (
            "anyOf: [{type: string}, {type: integer, minimum: 1}]",
            "type",
            "is a string or an integer that is at least 1",
        ),
        ("enum: [a, b, 3]", "enum", "is a, b or 3"),
        ("const: v1", "const", "is v1"),
        ("minimum: 1", "minimum", "is at least 1"),
        ("maximum: 9", "maximum", "is at most 9"),
        ("minLength: 1", "minLength", "has at least 1 character"),
        ("maxLength: 128", "maxLength", "has at most 128 characters"),
        ("minItems: 1", "minItems", "has at least 1 element"),
        ("maxItems: 12", "maxItems", "has at most 12 elements"),
        ("pattern: ^a+$", "pattern", "matches ^a+$"),
        ("format: uuid", "format", "is a UUID"),
        ("format: date-time", "format", "is a date and time of RFC 3339"),
        ("format: ipv4", "format", "is an IPv4 address"),
        ("format: uri", "format", "is a URI"),
    ],
)
def test_a_response_field_has_one_claim_per_keyword(tmp_path: Path, schema: str, keyword: str, claim: str) -> None:
    """Each keyword that a value can break is a requirement of its own, a must."""
    found = derived(tmp_path, "response/", success=f"{{properties: {{thing: {{{schema}}}}}}}")
    assert says(found) == {f"thing/{keyword}": f"thing {claim}"}
    only = found[f"thing/{keyword}"]
    level = (
        "note" if keyword in {"minLength", "minimum"} else "must"
    )  # no text says that one is not empty, or not negative
    assert (only.kind, only.level, only.operation, only.ruling) == ("response", level, OP, None)


def test_presence_is_a_must_where_required_and_a_should_where_expected(tmp_path: Path) -> None:
    """The example decides: what it shows is required, what it lacks is expected."""
    body = "{required: [a], x-expected: [b], properties: {a: {}, b: {}, c: {}}}"
    found = derived(tmp_path, "response/", success=body)
    assert {name: requirement.level for name, requirement in found.items()} == {
        "a/required": "must",
        "b/required": "should",
    }
    assert found["a/required"].says == "a is present"


def test_a_level_can_be_lowered_at_the_field(tmp_path: Path) -> None:
    """x-levels speaks of one keyword."""
    schema = "{type: string, maxLength: 5, x-levels: {maxLength: should, required: note}}"
    found = derived(tmp_path, "response/", success=f"{{required: [a], properties: {{a: {schema}}}}}")
    levels = {name: requirement.level for name, requirement in found.items()}
    assert levels == {"a/type": "must", "a/maxLength": "should", "a/required": "note"}


def test_microversions_of_a_field_are_claims_of_their_own(tmp_path: Path) -> None:
    """Absent before and after; and present between, where it is required."""
    body = "{required: [a], properties: {a: {x-since: '2.9', x-until: '2.47'}, b: {x-since: '2.26'}}}"
    assert says(derived(tmp_path, "response/", success=body)) == {
        "a/required": "a is present from 2.9 on before 2.47",
        "a/since": "a is absent below 2.9 and present from 2.9 on",
        "a/until": "a is absent from 2.47 on and present below 2.47",
        "b/since": "b is absent below 2.26",
    }


def test_paths_name_elements_and_values(tmp_path: Path) -> None:
    """Brackets are the elements of an array, braces the values of a map; the body itself is called body."""
    body = """{
      type: object, properties: {
        list: {items: {type: object, properties: {id: {type: string}}}},
        map: {additionalProperties: {type: string}},
        deep: {items: {items: {type: integer}}}}}"""
    found = derived(tmp_path, "response/", success=body)
    assert sorted(found) == ["body/type", "deep[][]/type", "list[].id/type", "list[]/type", "map{}/type"]
    assert found["body/type"].says == "The body is an object"
    assert found["list[].id/type"].says == "list[].id is a string"


def test_the_branches_of_a_choice_are_not_claimed_one_by_one(tmp_path: Path) -> None:
    """A body follows one reading, so the only claim is that it follows one."""
    body = (
        "{properties: {a: {anyOf: [{type: object, required: [x], properties: {x: {type: string}}}, {type: string}]}}}"
    )
    assert says(derived(tmp_path, "response/", success=body)) == {"a/type": "a is an object that has x or a string"}


def test_sections_and_tables_are_inherited(tmp_path: Path) -> None:
    """A new section ends the table of the section around it."""
    body = """{
      x-table: 5-2, properties: {
        a: {type: string},
        b: {x-table: 5-3, properties: {c: {type: string}}},
        d: {x-section: '8.1', properties: {e: {type: string}}},
        f: {x-section: '8.2', x-table: 8-1, type: string}}}"""
    found = derived(tmp_path, "response/", success=body)
    assert {name: requirement.section for name, requirement in found.items()} == {
        "a/type": "5.1.1, table 5-2",
        "b.c/type": "5.1.1, table 5-3",
        "d.e/type": "8.1",
        "f/type": "8.2, table 8-1",
    }


def test_a_shared_structure_stands_in_its_place(tmp_path: Path) -> None:
    """What stands beside a reference adds to it."""
    body = '{$ref: "general.yaml#/$defs/job", required: [extra], properties: {extra: {type: integer}}}'
    found = derived(tmp_path, "response/", success=body)
    assert sorted(found) == [
        "body/type",
        "extra/required",
        "extra/type",
        "job_id/minLength",
        "job_id/required",
        "job_id/type",
    ]
    assert found["job_id/type"].section == "10.3.1"


@pytest.mark.parametrize(
    ("schema", "keyword", "breach"),
    [
        ("type: string", "type", "is not a string"),
        ("anyOf: [{type: string}, {type: integer}]", "type", "is not a string or an integer"),
        ("enum: [a, b]", "enum", "is none of a and b"),
        ("enum: [a]", "enum", "is not a"),
        ("const: true", "const", "is not true"),
        ("minimum: 1", "minimum", "is below 1"),
        ("maximum: 9", "maximum", "is above 9"),
        ("minLength: 1", "minLength", "has fewer than 1 character"),
        ("maxLength: 128", "maxLength", "has more than 128 characters"),
        ("minItems: 1", "minItems", "has fewer than 1 element"),
        ("maxItems: 12", "maxItems", "has more than 12 elements"),
        ("minProperties: 1", "minProperties", "has fewer than 1 entry"),
        ("maxProperties: 10", "maxProperties", "has more than 10 entries"),
        (
            "propertyNames: {maxLength: 3}",
            "propertyNames",
            "has a name other than one that has at most 3 characters",
        ),
        ("pattern: ^a+$", "pattern", "does not match ^a+$"),
        ("format: uuid", "format", "is not a UUID"),
        ("x-reference: security_group", "reference", "names an unknown security group"),
    ],
)
def test_a_request_field_has_one_refusal_per_keyword(tmp_path: Path, schema: str, keyword: str, breach: str) -> None:
    """A request that breaks that keyword alone is refused."""
    found = derived(tmp_path, "request/", body=f"{{properties: {{server: {{properties: {{a: {{{schema}}}}}}}}}}}")
    assert says(found) == {f"server.a/{keyword}": f"A request in which server.a {breach} is refused"}
    assert found[f"server.a/{keyword}"].kind == "request"


def test_a_mandatory_field_cannot_be_left_out(tmp_path: Path) -> None:
    """The type of the body itself is left to malformed and empty bodies."""
    body = "{type: object, required: [a], properties: {a: {}, b: {}}}"
    assert says(derived(tmp_path, "request/", body=body)) == {"a/required": "A request without a is refused"}


def test_elements_of_a_request_are_claimed_too(tmp_path: Path) -> None:
    """An array of a wrong element type is refused."""
    body = "{properties: {nics: {items: {type: object}}}}"
    assert says(derived(tmp_path, "request/", body=body)) == {
        "nics[]/type": "A request in which nics[] is not an object is refused",
    }


def test_exclusive_and_dependent_fields_are_claimed_at_their_object(tmp_path: Path) -> None:
    """A second group has a number; a dependency stands at the field that depends."""
    body = """{properties: {o: {
      x-exclusive: [[a, b], [b, c]], dependentRequired: {a: [c]}, properties: {a: {}, b: {}, c: {}}}}}"""
    assert says(derived(tmp_path, "request/", body=body)) == {
        "o/exclusive": "A request that sets more than one of a and b in o is refused",
        "o/exclusive-2": "A request that sets more than one of b and c in o is refused",
        "o.a/dependentRequired": "A request with o.a and without c beside it is refused",
    }


def test_exclusive_fields_of_the_body_itself_are_claimed(tmp_path: Path) -> None:
    """Their path is body."""
    found = derived(tmp_path, "request/", body="{x-exclusive: [[a, b]], properties: {a: {}, b: {}}}")
    assert says(found) == {"body/exclusive": "A request that sets more than one of a and b in the body is refused"}


def test_what_an_endpoint_may_accept_is_not_claimed(tmp_path: Path) -> None:
    """x-lenient takes the keywords out; the others stay and name the ruling."""
    lenient = "x-lenient: [maxLength, required, reference], x-ruling: name-length"
    schema = f"{{type: string, maxLength: 64, x-reference: image, {lenient}}}"
    found = derived(tmp_path, "request/", body=f"{{required: [a], properties: {{a: {schema}}}}}")
    assert {name: requirement.ruling for name, requirement in found.items()} == {"a/type": "name-length"}


def test_a_query_parameter_is_a_string_whatever_is_sent(tmp_path: Path) -> None:
    """So the type of a string cannot be broken, that of an integer can."""
    query = (
        "{limit: {type: integer, minimum: 0, x-table: 5-9}, marker: {type: string, maxLength: 3, x-reference: server}}"
    )
    found = derived(tmp_path, "query/", query=query)
    assert says(found) == {
        "limit/type": "A request in which the query parameter limit is not an integer is refused",
        "limit/minimum": "A request in which the query parameter limit is below 0 is refused",
        "marker/maxLength": "A request in which the query parameter marker has more than 3 characters is refused",
        "marker/reference": "A request in which the query parameter marker names an unknown server is refused",
    }
    assert {requirement.section for name, requirement in found.items() if "limit" in name} == {"5.1.1, table 5-9"}


def test_every_parameter_of_the_path_but_the_project_can_be_unknown(tmp_path: Path) -> None:
    """A foreign project is a matter of authentication."""
    found = derived(tmp_path, "not-found/", request="GET /v1/{project_id}/things/{thing_id}/parts/{part}")
    assert says(found) == {
        "thing_id": "An unknown thing_id in the URL is answered as not found",
        "part": "An unknown part in the URL is answered as not found",
    }


def test_an_unknown_value_of_a_lenient_parameter_is_not_judged(tmp_path: Path) -> None:
    """Where the document lets the answer be another one."""
    url = "/v1/{project_id}/things/{thing_id}/{part}"
    things = group(operation(OP, f"GET {url}", ruling="name-length")).replace(url + '"', url + '", lenient: [part]')
    found = contract(tmp_path, {"ecs/things.yaml": things}).requirements
    assert f"{OP}/not-found/thing_id" in found
    assert f"{OP}/not-found/part" not in found


def test_an_unknown_job_is_refused_where_jobs_have_an_expectation(tmp_path: Path) -> None:
    """Its codes are others than those of unknown resources, so another row says what fits."""
    plain = derived(tmp_path / "a", "not-found/", request="GET /v1/{project_id}/jobs/{job_id}")
    assert says(plain) == {"job_id": "An unknown job_id in the URL is answered as not found"}
    row = '  unknown-job: {section: "A.2, Common.0011", says: Refused, statuses: {ecs: [400]}, codes: []}\n'
    row += "parameters: {job_id: {unknown: {expectation: unknown-job, says: refused}}}\n"
    things = group(operation(OP, "GET /v1/{project_id}/jobs/{job_id}"))
    tiny = contract(tmp_path / "b", {"general.yaml": GENERAL + row, "ecs/things.yaml": things})
    found = tiny.requirement(f"{OP}/not-found/job_id")
    assert (found.says, found.section) == ("An unknown job_id in the URL is refused", "A.2, Common.0011")


def test_a_native_operation_has_its_url_under_v2_and_those_that_its_section_names(tmp_path: Path) -> None:
    """Not so one that begins at a microversion, since v2 has none, nor one of another service."""
    named = '[{id: boot, path: "/v2/{project_id}/boot", level: should, section: "6.2.1", x-ruling: name-length}]'
    operations = [
        operation("nova.x.list", "GET /v2.1/{project_id}/x", aliases=named),
        operation("nova.y.list", "GET /v2.1/{project_id}/y", microversion='{since: "2.26", until: null}'),
        operation("nova.z.list", "GET /v1.0/{project_id}/z"),
    ]
    tiny = contract(tmp_path, {"nova/all.yaml": group(*operations, chapter="nova")})
    found = {name: r for name, r in tiny.requirements.items() if r.kind == "alias"}
    assert says(found) == {
        "nova.x.list/alias/boot": "The same request to /v2/{project_id}/boot is accepted",
        "nova.x.list/alias/v2": "The same request to /v2/{project_id}/x is accepted",
    }
    assert [(r.level, r.section, r.ruling) for r in found.values()] == [
        ("should", "6.2.1", "name-length"),
        ("must", "6.16", None),
    ]


def test_microversions_that_an_operation_begins_and_ends_with_are_claims(tmp_path: Path) -> None:
    """Both sides, where the document names them."""
    limited = operation("nova.x.list", "GET /v2.1/x", microversion='{since: "2.9", until: "2.36"}')
    tiny = contract(tmp_path, {"nova/all.yaml": group(limited, chapter="nova")})
    found = {name: r for name, r in tiny.requirements.items() if r.kind == "microversion"}
    assert says(found) == {
        "nova.x.list/microversion/since": "Below microversion 2.9 the operation is refused",
        "nova.x.list/microversion/until": "From microversion 2.36 on the operation is refused",
    }


def test_a_response_claims_nothing_about_the_names_in_a_map(tmp_path: Path) -> None:
    """They are the client's own."""
    body = "{properties: {map: {minProperties: 1, maxProperties: 9, propertyNames: {maxLength: 3}}}}"
    assert derived(tmp_path, "response/", success=body) == {}


@pytest.mark.parametrize(
    ("body", "cases"),
    [
        ("null", ["wrong-method"]),
        ("{type: object, properties: {a: {}}}", ["malformed-json", "wrong-method"]),
        ("{type: object, required: [a], properties: {a: {}}}", ["empty-body", "malformed-json", "wrong-method"]),
    ],
)
def test_http_cases_depend_on_the_body(tmp_path: Path, body: str, cases: list[str]) -> None:
    """An empty body is only wrong where the body has to hold something."""
    assert sorted(derived(tmp_path, "http/", body=body)) == cases


def test_an_operation_that_is_not_bound_to_credentials_has_no_such_cases(tmp_path: Path) -> None:
    """The login needs no token, versions are told to anybody: the contract says of which operations that is true."""
    free = operation("nova.x.list", "GET /v2.1/x").replace("permission: null", "permission: null\n  x-anonymous: true")
    tiny = contract(tmp_path, {"nova/things.yaml": group(free, chapter="nova")})
    assert not [one for one in tiny.requirements.values() if one.kind == "auth" and one.operation == "nova.x.list"]


@pytest.mark.parametrize("owned", [True, False])
def test_another_project_is_refused_where_the_url_names_what_belongs_to_one(tmp_path: Path, owned: bool) -> None:
    """Flavors and images may be everybody's: the contract says which parameters name what is somebody's."""
    more = '  foreign-id: {section: "10.1", says: Refused, statuses: {ecs: [404]}, codes: []}\n'
    more += "parameters: {thing_id: {owned: true}}\n" if owned else ""
    things = group(operation(OP, "GET /v1/{project_id}/things/{thing_id}"))
    tiny = contract(tmp_path, {"general.yaml": GENERAL + more, "ecs/things.yaml": things})
    assert (f"{OP}/auth/foreign-id" in tiny.requirements) is owned


@pytest.mark.parametrize(
    ("chapter", "id_", "request_", "cases"),
    [
        ("ecs", OP, "GET /v1/{project_id}/x", ["garbage-token", "no-token", "other-project", "other-token"]),
        ("nova", "nova.x.list", "GET /v2.1/x", ["garbage-token", "no-token"]),
        ("iam", "iam.projects.list", "GET /v3/projects", ["garbage-token", "no-token"]),
        ("iam", "iam.x.list", "GET /v3/{project_id}/x", ["garbage-token", "no-token"]),
    ],
)
def test_authentication_cases_depend_on_the_url(
    tmp_path: Path, chapter: str, id_: str, request_: str, cases: list[str]
) -> None:
    """IAM has no expectation for foreign projects."""
    tiny = contract(tmp_path, {f"{chapter}/things.yaml": group(operation(id_, request_), chapter=chapter)})
    assert (
        sorted(name.removeprefix(f"{id_}/auth/") for name in tiny.requirements if name.startswith(f"{id_}/auth/"))
        == cases
    )


def test_a_permission_is_claimed_with_the_section_of_its_row(tmp_path: Path) -> None:
    """The row is found although 9.2 calls the parameter by another name."""
    found = contract(tmp_path).requirement("ecs.servers.create/permission")
    assert (found.section, found.kind, found.level) == ("9.2.1", "permission", "must")
    assert found.says == "A user without ecs:cloudServers:create is denied"


def test_errors_are_claimed_in_parts_and_only_the_vendor_api_has_codes(tmp_path: Path) -> None:
    """The native API documents no codes."""
    assert sorted(derived(tmp_path / "a", "error/")) == ["code", "envelope", "status"]
    native = contract(tmp_path / "b", {"nova/x.yaml": group(operation("nova.x.list", "GET /v2.1/x"), chapter="nova")})
    assert sorted(name for name in native.requirements if name.startswith("nova.x.list/error/")) == [
        "nova.x.list/error/envelope",
        "nova.x.list/error/status",
    ]


def test_a_discarded_operation_answers_like_the_service_of_its_url(tmp_path: Path) -> None:
    """Chapter 11 has operations of both services."""
    text = group(
        operation("deprecated.a.show", "GET /v1/{project_id}/a"),
        operation("deprecated.b.list", "GET /v2.1/{project_id}/b"),
        chapter="deprecated",
    )
    tiny = contract(tmp_path, {"deprecated/x.yaml": text})
    assert [tiny.operation(name).dialect for name in ("deprecated.a.show", "deprecated.b.list")] == ["ecs", "nova"]
    assert "deprecated.a.show/error/code" in tiny.requirements
    assert "deprecated.b.list/error/code" not in tiny.requirements
    assert "deprecated.b.list/auth/other-token" in tiny.requirements


def test_a_rule_is_a_requirement(tmp_path: Path) -> None:
    """With its own level, section and ruling."""
    rules = "[{id: quiet, level: should, says: Nothing happens, section: '5.1.1, table 5-4', x-ruling: name-length}]"
    assert derived(tmp_path, "rule/", rules=rules) == {
        "quiet": Requirement(
            f"{OP}/rule/quiet", OP, "5.1.1, table 5-4", "rule", "should", "Nothing happens", "name-length", case="quiet"
        ),
    }


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("status", ("", "", "")),
        ("header/X-Total", ("X-Total", "", "")),
        ("request/thing.tags[].key/maxLength", ("thing.tags[].key", "maxLength", "")),
        ("request/thing/exclusive", ("thing", "exclusive", "")),
        ("request/thing/exclusive-2", ("thing", "exclusive", "2")),
        ("response/body/type", ("", "type", "")),
        ("response/id/required", ("id", "required", "")),
        ("query/limit/minimum", ("limit", "minimum", "")),
        ("not-found/server_id", ("server_id", "", "")),
        ("http/wrong-method", ("", "", "wrong-method")),
        ("auth/no-token", ("", "", "no-token")),
        ("alias/other", ("", "", "other")),
        ("error/envelope", ("", "", "envelope")),
        ("rule/quiet", ("", "", "quiet")),
    ],
)
def test_a_requirement_knows_what_its_id_is_made_of(tmp_path: Path, name: str, parts: tuple[str, str, str]) -> None:
    """Field, keyword and case, so that nobody has to take the id apart."""
    tags = "{type: array, items: {type: object, properties: {key: {type: string, maxLength: 3}}}}"
    fields = f"{{tags: {tags}, a: {{type: string}}, b: {{type: string}}, c: {{type: string}}}}"
    thing = f"{{type: object, x-exclusive: [[a, b], [b, c]], properties: {fields}}}"
    found = derived(
        tmp_path,
        "",
        request="POST /v1/{project_id}/things/{server_id}",
        body=f"{{type: object, required: [thing], properties: {{thing: {thing}}}}}",
        success="{type: object, required: [id], properties: {id: {type: string}}}",
        headers="{X-Total: {type: string}}",
        query="{limit: {type: integer, minimum: 1}}",
        aliases='[{id: other, path: "/v1/{project_id}/other/{server_id}", level: must, section: "5.1"}]',
        rules="[{id: quiet, level: should, says: Nothing happens, section: '5.1.1'}]",
    )
    requirement = found[name]
    assert requirement.id == f"{OP}/{name}"
    assert (requirement.field, requirement.keyword, requirement.case) == parts
    assert requirement.subject == requirement.operation == OP


def test_the_appendix_and_the_general_file_are_requirements_of_no_operation(tmp_path: Path) -> None:
    """States are a must; codes a should, since the appendix doubts its own statuses."""
    requirements = contract(tmp_path).requirements
    apart = {name: found for name, found in requirements.items() if found.operation is None}
    assert {name: (found.kind, found.level) for name, found in apart.items()} == {
        "4.2/token-reuse": ("auth", "must"),
        "A-4/active+null": ("state", "must"),
        "A-4/building+spawning": ("state", "must"),
        "A-4/stopped+powering-on": ("state", "must"),
        "A-4/unknown": ("state", "should"),
        "A.2/Ecs.0005": ("code", "should"),
        "A.2/Ecs.0114": ("code", "should"),
    }
    assert {name: (found.subject, found.case) for name, found in apart.items() if "+" not in name} == {
        "4.2/token-reuse": ("4.2", "token-reuse"),
        "A-4/unknown": ("A-4", "unknown"),
        "A.2/Ecs.0005": ("A.2", "Ecs.0005"),
        "A.2/Ecs.0114": ("A.2", "Ecs.0114"),
    }
    assert (apart["A-4/active+null"].subject, apart["A-4/active+null"].case) == ("A-4", "active+null")
    assert apart["A-4/active+null"].says == "vm_state active with task_state null shows as ACTIVE"
    assert apart["A.2/Ecs.0114"].says == "Ecs.0114 comes with 400 or 404, or in a job that failed"


def test_two_requirements_of_one_id_are_refused(tmp_path: Path) -> None:
    """A general requirement could take the id of a derived one."""
    text = "- {id: A-4/unknown, section: A.3, kind: state, level: must, says: Mine}\n"
    with pytest.raises(ContractError, match=r"Two requirements are called A-4/unknown\. Seen: 'Mine' and 'A pair of"):
        contract(tmp_path, {"general-requirements.yaml": text})
