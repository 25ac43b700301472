"""Each mistake in a contract file is named with its file, its line, what is wrong and what is allowed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_ecs._contract import check, load
from pytest_ecs.exceptions import ContractError

from .tiny_contract import ERRORS, HOME, RULINGS, SERVERS, broken, contract, line_of, write

NAME = "name: {type: string, maxLength: 128}"


@pytest.mark.parametrize(
    ("old", "new", "at", "what"),
    [
        pytest.param(
            "maxLength: 128",
            "maxlength: 128",
            "maxlength",
            ["(schema) has no 'maxlength'", "did you mean 'maxLength'?", "allowed: $ref, type, properties"],
            id="a keyword that is not in the vocabulary",
        ),
        pytest.param(
            NAME,
            "name: {type: string, not: {const: a}}",
            "not:",
            ["request.body.properties.server.properties.name (schema) has no 'not'", "allowed: "],
            id="a keyword of JSON Schema that we do not use",
        ),
        pytest.param(
            "  summary: Create servers\n",
            "",
            "- id: ecs.servers",
            ["operations[0] (operation) lacks 'summary'", "needed: id, section, summary, request"],
            id="a key that is missing",
        ),
        pytest.param(
            "  summary: Create",
            "  sumary: Create",
            "sumary",
            ["has no 'sumary'", "did you mean 'summary'?"],
            id="a key that is misspelt",
        ),
        pytest.param(
            "method: POST",
            "method: POTS",
            "method",
            ["operations[0].request.method is 'POTS'", "did you mean 'POST'?"],
            id="a value that is none of those listed",
        ),
        pytest.param(
            "type: string,",
            "type: strin,",
            NAME.split(":")[0] + ": {",
            ["name.type is 'strin'", "did you mean 'string'?", "allowed: null, boolean, integer"],
            id="a type that does not exist",
        ),
        pytest.param(
            "minimum: 1",
            'minimum: "1"',
            "minimum",
            ["count.minimum is '1'", "allowed: number"],
            id="a value of a wrong type",
        ),
        pytest.param(
            "statuses: [200, 202]",
            "statuses: []",
            "statuses",
            ["statuses is an empty list", "allowed: minItems 1"],
            id="an empty list",
        ),
        pytest.param(
            "general.yaml#/$defs/job",
            "general.yaml#/$defs/jobs",
            "$ref",
            ["'general.yaml#/$defs/jobs' refers to nothing", "did you mean 'general.yaml#/$defs/job'?"],
            id="a reference to nothing",
        ),
        pytest.param(
            NAME,
            "name: {type: string, x-ruling: name-lenght}",
            "x-ruling",
            ["no rulings.yaml has 'name-lenght'", "did you mean 'name-length'?"],
            id="an unknown ruling at a field",
        ),
        pytest.param(
            'section: "5.1.1, table 5-3"}',
            'section: "5.1.1", x-ruling: other}',
            "x-ruling",
            ["no rulings.yaml has 'other'", "allowed: name-length"],
            id="an unknown ruling at a rule",
        ),
        pytest.param(
            NAME,
            "name: {type: string, x-errors: [Ecs.9999]}",
            "x-errors",
            ["errors.yaml has no 'Ecs.9999'"],
            id="an unknown code at a field",
        ),
        pytest.param(
            "permission: ecs:cloudServers:create",
            "permission: ecs:cloudServers:made",
            "permission",
            [
                "permissions.yaml has no 'ecs:cloudServers:made' for POST /v1/{project_id}/cloudservers",
                "did you mean 'ecs:cloudServers:create'?",
            ],
            id="an action that 9.2 does not have for the URL",
        ),
        pytest.param(
            "required: [name]",
            "required: [nam]",
            "required: [nam]",
            ["properties has no 'nam'", "did you mean 'name'?"],
            id="a required field that is not among the properties",
        ),
        pytest.param(
            "required: [name]",
            "x-expected: [nam]",
            "x-expected",
            ["properties has no 'nam'", "allowed: count, name"],
            id="an expected field that is not among the properties",
        ),
        pytest.param(
            "required: [name]",
            "x-exclusive: [[name, cuont]]",
            "x-exclusive",
            ["no 'cuont'", "did you mean 'count'?"],
            id="a group of exclusive fields with an unknown one",
        ),
        pytest.param(
            "required: [name]",
            "dependentRequired: {name: [size]}",
            "dependent",
            ["properties has no 'size'"],
            id="a field that depends on an unknown one",
        ),
        pytest.param(
            NAME,
            "name: {type: string, x-rule: nothing}",
            "request:",
            ["x-rule: there is no rule 'nothing'"],
            id="a rule of a field that the operation does not have",
        ),
        pytest.param(
            NAME,
            "name: {type: string, x-lenient: [maxLength]}",
            "x-lenient",
            ["x-lenient needs an x-ruling that says why", "add x-ruling: <id>"],
            id="leniency without a ruling",
        ),
        pytest.param(
            NAME,
            "name: {type: string, x-levels: {maxlength: should}}",
            "x-levels",
            ["name.x-levels has no 'maxlength'", "did you mean 'maxLength'?"],
            id="a level for a keyword that does not exist",
        ),
        pytest.param(
            NAME,
            "name: {type: string, x-since: newest}",
            "x-since",
            ["name.x-since is 'newest'", "A microversion such as 2.26", "allowed: what matches ^[0-9]+"],
            id="a version that is not one",
        ),
        pytest.param(
            NAME,
            "name: {type: string, x-since: 2.10}",
            "x-since",
            ["name.x-since is 2.1", "allowed: a text; quote it"],
            id="a version that lost its last digit because nobody quoted it",
        ),
        pytest.param(
            NAME,
            "name: {type: string, pattern: '('}",
            "pattern",
            ["'(' is not a regular expression: missing ), unterminated subpattern"],
            id="a pattern that does not compile",
        ),
        pytest.param(
            "selects: null",
            "selects: os-start",
            "selects",
            ["the body has no 'os-start' to select by", "allowed: server"],
            id="a selector that the body does not have",
        ),
        pytest.param(
            "selects: null",
            "selects: os-start=null",
            "selects",
            ["the body has no 'os-start' to select by", "allowed: server"],
            id="a selector with a value that the body does not have",
        ),
        pytest.param(
            "    query: {}",
            "    query: {}\n    lenient: [server]",
            "lenient",
            ["the path has no 'server'", "allowed: project_id"],
            id="a lenient parameter that the path does not have",
        ),
        pytest.param(
            "    query: {}",
            "    query: {}\n    lenient: [project_id]",
            "lenient",
            ["lenient needs an x-ruling of the operation that says why"],
            id="a lenient parameter without a ruling",
        ),
        pytest.param(
            "selects: null",
            'selects: null\n  aliases: [{id: a, path: "/v1/{server_id}/x", level: must, section: "5.1"}]',
            "aliases",
            ["the parameters of /v1/{server_id}/x are not those of /v1/{project_id}/cloudservers"],
            id="an alias with other parameters",
        ),
        pytest.param(
            "selects: null",
            'selects: null\n  aliases: [{id: a, path: "/v1/{project_id}/x", level: must, section: "5.1", x-ruling: none-such}]',
            "aliases",
            ["no rulings.yaml has 'none-such'"],
            id="an alias with an unknown ruling",
        ),
        pytest.param(
            "selects: null",
            "x-creates: {kind: server, deleted: ecs.servers.destroy}\n  selects: null",
            "x-creates",
            ["no operation is called 'ecs.servers.destroy'", "did you mean 'ecs.servers.create'?"],
            id="what is created and deleted by no operation",
        ),
        pytest.param(
            "selects: null",
            "x-creates: {kind: thing, deleted: ecs.servers.create}\n  selects: null",
            "x-creates",
            ["/v1/{project_id}/cloudservers does not end in a parameter"],
            id="what is created and deleted by an operation that names none",
        ),
        pytest.param(
            "selects: null",
            "x-creates: {kind: server, name: server.nmae, deleted: ecs.servers.create}\n  selects: null",
            "x-creates",
            ["the request of ecs.servers.create has no 'server.nmae'", "did you mean 'server.name'?"],
            id="what is created and named in a field that the request does not have",
        ),
        pytest.param(
            "selects: null",
            "x-creates: {kind: server, answer: server.id, deleted: ecs.servers.create}\n  selects: null",
            "x-creates",
            ["the answer of ecs.servers.create has no 'server.id'", "allowed: job_id"],
            id="what is created and identified in a field that the answer does not have",
        ),
        pytest.param(
            "selects: null",
            "x-creates: {kind: server, deleted: ecs.servers.create, absent: Ecs.9999}\n  selects: null",
            "x-creates",
            ["errors.yaml has no 'Ecs.9999'"],
            id="what is created and absent by an unknown code",
        ),
        pytest.param(
            "selects: null",
            "x-creates: {kind: server, deleted: ecs.servers.create, listed: {operation: ecs.servers.create, items: all, id: id}}"
            "\n  selects: null",
            "x-creates",
            ["the answer of ecs.servers.create has no 'all'"],
            id="what is created and listed in a field that the list does not have",
        ),
        pytest.param(
            "path: /v1/{project_id}/cloudservers",
            "path: /v1/{project_id/cloudservers",
            "path",
            ["the braces in /v1/{project_id/cloudservers do not enclose names"],
            id="a path with an open brace",
        ),
        pytest.param(
            "/v1/{project_id}/cloudservers",
            "/v1/{project_id}/cloudservers/{project_id}",
            "path",
            ["a parameter is twice in /v1/{project_id}/cloudservers/{project_id}"],
            id="a path with one parameter twice",
        ),
        pytest.param(
            "id: ecs.servers.create",
            "id: nova.servers.create",
            "id: nova",
            ["the id 'nova.servers.create' does not begin with its chapter", "ecs.<resource>.<verb>"],
            id="an id of another chapter",
        ),
        pytest.param(
            "  job: createServer",
            "  job: createServer\n  job: null",
            "job: null",
            ["the key 'job' stands here twice", "keep one of them"],
            id="a key that is there twice",
        ),
        pytest.param(
            "count: {type: integer",
            "on: {type: integer",
            "on: {",
            ["the key 'on' is not a word", "quote it"],
            id="a key that YAML does not read as text",
        ),
        pytest.param(
            NAME,
            "name: {enum: [on, off]}",
            "enum",
            ["YAML reads 'on' as a value of type bool", "quote it if the text is"],
            id="a word that YAML does not read as text",
        ),
        pytest.param(
            NAME,
            "name: {const: 010}",
            "const",
            ["YAML reads '010' as a value of type int"],
            id="a number that YAML reads as octal",
        ),
        pytest.param(
            NAME,
            "name: {const: 2025-01-07}",
            "const",
            ["YAML reads '2025-01-07' as a value of type timestamp"],
            id="a date that YAML does not read as text",
        ),
        pytest.param(
            "  job: createServer", "  job: [createServer", "permission", ["this is not YAML: "], id="not YAML"
        ),
    ],
)
def test_a_mistake_in_an_operation_is_named(tmp_path: Path, old: str, new: str, at: str, what: list[str]) -> None:
    """The text has the file, the line, what is wrong, what is allowed and the closest spelling."""
    said, text = broken(tmp_path, old, new)
    if "not YAML" in what[0]:
        assert said.startswith(f"{HOME}, line ")
    else:
        assert said.startswith(f"{HOME}, line {line_of(text, at)}: "), said
    for part in what:
        assert part in said, said


@pytest.mark.parametrize(
    ("file", "old", "new", "at", "what"),
    [
        pytest.param(
            "errors.yaml",
            "code: Ecs.0114",
            "code: Ecs.0005",
            "[400, 404]",
            "the code 'Ecs.0005' is there twice. First in line 3",
            id="a code twice",
        ),
        pytest.param(
            "errors.yaml", "status: 400", "status: '400'", "0005", "codes[0].status is '400'", id="a status as text"
        ),
        pytest.param(
            "errors.yaml",
            "status: 400}",
            "status: 400, x-ruling: none}",
            "0005",
            "no rulings.yaml has 'none'",
            id="a code with an unknown ruling",
        ),
        pytest.param(
            "statuses.yaml",
            "vm_state: stopped,",
            "vm_state: stoped,",
            "stoped",
            "the list of vm_state has no 'stoped'. Did you mean 'stopped'?",
            id="a state that no table lists",
        ),
        pytest.param(
            "statuses.yaml",
            "{vm_state: stopped, task_state: powering-on,",
            "{vm_state: active, task_state: null,",
            "SHUTOFF}",
            "the pair active + null is there twice",
            id="a pair twice",
        ),
        pytest.param(
            "statuses.yaml",
            "{status: 400,",
            "{status: 200,",
            "A.1",
            "the status 200 is there twice",
            id="an HTTP status twice",
        ),
        pytest.param(
            "general.yaml",
            "codes: [Ecs.0005]",
            "codes: [Ecs.0007]",
            "Ecs.0007",
            "errors.yaml has no 'Ecs.0007'",
            id="an expectation with an unknown code",
        ),
        pytest.param(
            "general.yaml",
            "job_id: {type: string, minLength: 1}",
            "job_id: {$ref: 'general.yaml#/$defs/job'}",
            "$ref",
            "the reference leads back to itself: general.yaml#/$defs/job -> general.yaml#/$defs/job",
            id="a circle",
        ),
        pytest.param(
            "general.yaml",
            "  ecs: {section",
            "  esc: {section",
            "esc",
            "envelopes has no 'esc'",
            id="an unknown envelope",
        ),
        pytest.param(
            "permissions.yaml", "method: POST", "methd: POST", "methd", "[0] (row) has no 'methd'", id="a wrong key"
        ),
        pytest.param(
            "general-requirements.yaml",
            "kind: auth",
            "kind: auht",
            "auht",
            "[0].kind is 'auht'. Did you mean 'auth'?",
            id="a requirement of an unknown kind",
        ),
    ],
)
def test_a_mistake_in_a_general_file_is_named(
    tmp_path: Path, file: str, old: str, new: str, at: str, what: str
) -> None:
    """The same holds for the files that are no operations."""
    said, text = broken(tmp_path, old, new, file)
    assert said.startswith(f"{file}, line "), said
    assert f"{file}, line {line_of(text, at)}: " in said, said
    assert what.lower() in said.lower(), said


def test_an_id_of_another_file_cannot_be_used_again(tmp_path: Path) -> None:
    """Operation ids are unique over all files; the message says where the other one is."""
    with pytest.raises(ContractError) as caught:
        contract(tmp_path, {"ecs/zzz.yaml": SERVERS})
    assert "ecs/zzz.yaml, line 5: the id 'ecs.servers.create' is there twice" in str(caught.value)
    assert "first in ecs/servers.yaml" in str(caught.value)


def test_a_ruling_cannot_be_there_twice(tmp_path: Path) -> None:
    """Ruling ids are unique."""
    twice = r"ecs/rulings\.yaml, line 7: the id 'name-length' is there twice\. first in ecs/rulings\.yaml, line 1"
    with pytest.raises(ContractError, match=twice):
        contract(tmp_path, {"ecs/rulings.yaml": RULINGS * 2})


def test_a_ruling_of_one_chapter_cannot_be_there_again_in_another(tmp_path: Path) -> None:
    """Ids are unique over all files; the message says where the other one is."""
    again = RULINGS.replace("5.1.1, table 5-3", "6.2.1")
    with pytest.raises(
        ContractError, match=r"nova/rulings\.yaml, line 1: .* twice\. first in ecs/rulings\.yaml, line 1"
    ):
        contract(tmp_path, {"nova/rulings.yaml": again})


@pytest.mark.parametrize(
    ("section", "home"),
    [("6.2.1", "nova/rulings.yaml"), ("10.2", "iam/rulings.yaml"), ("A.2, Ecs.0005", "rulings.yaml")],
)
def test_a_ruling_stands_in_the_folder_of_its_chapter(tmp_path: Path, section: str, home: str) -> None:
    """Chapter 10 has one section of IAM; what binds every chapter is in no folder."""
    text = RULINGS.replace("5.1.1, table 5-3", section)
    with pytest.raises(
        ContractError, match=rf"ecs/rulings\.yaml, line 2: section \S+ belongs in {home}\. move it"
    ) as caught:
        contract(tmp_path, {"ecs/rulings.yaml": text})
    assert str(tmp_path) not in str(caught.value)


def test_rulings_stand_in_the_order_of_the_document(tmp_path: Path) -> None:
    """By number, so that 5.1.10 stands after 5.1.9."""
    other = RULINGS.replace("name-length", "other").replace("5.1.1, table 5-3", "5.1.10")
    last = RULINGS.replace("name-length", "last").replace("5.1.1, table 5-3", "5.1.9")
    with pytest.raises(ContractError, match=r"line 14: section 5\.1\.9 stands after section 5\.1\.10"):
        contract(tmp_path, {"ecs/rulings.yaml": RULINGS + other + last})
    files = {
        "ecs/rulings.yaml": RULINGS + last + other,
        "rulings.yaml": RULINGS.replace("name-length", "a").replace("5.1.1, table 5-3", "A.2"),
    }
    assert list(contract(tmp_path / "right", files).rulings) == ["name-length", "last", "other", "a"]


def test_a_rule_cannot_be_there_twice(tmp_path: Path) -> None:
    """Rule ids are unique inside their operation."""
    rule = SERVERS.splitlines()[-1]
    with pytest.raises(ContractError, match=r"line 35: the rule 'name-suffix' is there twice\. rename one of them"):
        contract(tmp_path, {HOME: SERVERS + rule + "\n"})


def test_what_no_client_can_judge_is_a_note(tmp_path: Path) -> None:
    """A rule that cannot be tested binds nobody, and its reason is what the register says."""
    rule = SERVERS.splitlines()[-1]
    untestable = rule.replace("}", ', x-untestable: "nothing shows it"}')
    with pytest.raises(
        ContractError, match=r"'name-suffix' binds, and cannot be tested\. what no client can judge is a note"
    ):
        contract(tmp_path / "wrong", {HOME: SERVERS.replace(rule, untestable)})
    right = contract(tmp_path / "right", {HOME: SERVERS.replace(rule, untestable.replace("must", "note"))})
    assert right.requirements["ecs.servers.create/rule/name-suffix"].untestable == "nothing shows it"


def test_sections_stand_in_the_order_of_the_document(tmp_path: Path) -> None:
    """Sections compare by number: 5.1.10 stands after 5.1.9."""
    first, second = SERVERS, SERVERS.partition("operations:\n")[2].replace("servers.create", "servers.again")
    text = first.replace('section: "5.1.1"\n', 'section: "5.1.10"\n') + second.replace(
        'section: "5.1.1"\n', 'section: "5.1.9"\n'
    )
    with pytest.raises(
        ContractError, match=r"section 5\.1\.9 stands after section 5\.1\.10\. operations stand in the"
    ) as caught:
        contract(tmp_path, {HOME: text})
    assert f"line {line_of(text, '5.1.9')}: " in str(caught.value)


def test_a_file_of_an_unknown_name_is_not_ignored(tmp_path: Path) -> None:
    """A file that nobody would read is a mistake."""
    with pytest.raises(ContractError, match=r"error\.yaml, line 1: a file of this name.*did you mean 'errors\.yaml'"):
        contract(tmp_path, {"error.yaml": ERRORS})


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """So is the folder that lacks it."""
    root = write(tmp_path)
    (root / "errors.yaml").unlink()
    with pytest.raises(ContractError, match=r"The contract in .* lacks errors\.yaml"):
        load(root)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    """A wrong folder does not read as an empty contract."""
    with pytest.raises(ContractError, match=r"nowhere does not exist\. name the folder that holds general\.yaml"):
        load(tmp_path / "nowhere")


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    """A file without a value has the wrong type at line 1."""
    with pytest.raises(ContractError, match=r"errors\.yaml, line 1: the file is empty\. allowed: a mapping"):
        contract(tmp_path, {"errors.yaml": "# nothing\n"})


def test_check_lists_every_mistake(tmp_path: Path) -> None:
    """A loader stops at the first; a transcriber wants them all, by file and line."""
    text = SERVERS.replace("maxLength", "maxlength").replace("minimum", "minimun")
    found = check(write(tmp_path, {HOME: text}))
    assert [str(mistake).partition(" (")[0] for mistake in found] == [
        f"{HOME}, line {line_of(text, 'maxlength')}: operations[0].request.body.properties.server.properties.name",
        f"{HOME}, line {line_of(text, 'minimun')}: operations[0].request.body.properties.server.properties.count",
    ]


def test_load_says_how_many_more_there_are(tmp_path: Path) -> None:
    """The first mistake comes in full, the others with their lines."""
    text = SERVERS.replace("maxLength", "maxlength").replace("minimum", "minimun")
    with pytest.raises(ContractError, match=r"1 more mistake: ecs/servers\.yaml line 24"):
        contract(tmp_path, {HOME: text})


def test_a_right_contract_has_no_mistakes(tmp_path: Path) -> None:
    """The tiny contract itself is in order, so every test above fails for its one change."""
    assert check(write(tmp_path)) == []


def test_a_contract_is_read_once(tmp_path: Path) -> None:
    """A second call returns the same object, by whatever spelling of the folder."""
    root = write(tmp_path)
    first = load(root)
    shutil.rmtree(root / "ecs")
    assert load(root / "." / "") is first
