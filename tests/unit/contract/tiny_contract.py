"""A contract that is small enough to read, and a way to break one place of it."""

from __future__ import annotations

from pathlib import Path

from pytest_ecs._contract import Contract, load
from pytest_ecs.exceptions import ContractError

GENERAL = """\
title: Tiny
issue: "01"
date: "2025-01-07"
$defs:
  job:
    type: object
    x-section: "10.3.1"
    required: [job_id]
    properties:
      job_id: {type: string, minLength: 1}
envelopes:
  ecs: {section: "10.3.1, table 10-1", code: [error, code], body: {type: object}}
  nova: {section: "6", code: null, body: {type: object}}
  gateway: {section: "4.3", code: [error_code], body: {type: object}}
  iam: {section: "4.3", code: null, body: {type: object}}
gateway_statuses: [401, 429]
expectations:
  invalid: {section: "A.2, Ecs.0005", says: Refused, statuses: {iam: [400], ecs: [400], nova: [400]}, codes: [Ecs.0005]}
  empty: {section: A.2, says: Refused, statuses: {iam: [400], ecs: [400], nova: [400]}, codes: []}
  malformed: {section: A.2, says: Refused, statuses: {iam: [400], ecs: [400], nova: [400]}, codes: []}
  method: {section: "10.1", says: Refused, statuses: {iam: [405], ecs: [405], nova: [405]}, codes: []}
  not-found: {section: A.2, says: Unknown, statuses: {iam: [404], ecs: [404], nova: [404]}, codes: [Ecs.0114]}
  unauthenticated: {section: "10.1, 401", says: Refused, statuses: {iam: [401], ecs: [401], nova: [401]}, codes: []}
  foreign-project: {section: A.2, says: Refused, statuses: {ecs: [403], nova: [403]}, codes: []}
  wrong-state: {section: A.2, says: Refused, statuses: {ecs: [400], nova: [409]}, codes: [], late: true}
"""
ERRORS = """\
section: A.2
codes:
- {code: Ecs.0005, status: 400}
- {code: Ecs.0114, status: [400, 404]}
"""
STATUSES = """\
http:
- {status: 200, tables: ["10.1"]}
- {status: 400, tables: ["10.1", "A.1"]}
states:
  status: [BUILD, ACTIVE, SHUTOFF, UNKNOWN]
  vm_state: [building, active, stopped]
  task_state: [spawning, powering-on]
  tolerated: [paused]
  mapping:
  - {vm_state: building, task_state: spawning, status: BUILD}
  - {vm_state: active, task_state: null, status: ACTIVE}
  - {vm_state: stopped, task_state: powering-on, status: SHUTOFF}
"""
PERMISSIONS = """\
- section: "9.2.1"
  method: POST
  path: /v1/{tenant_id}/cloudservers
  permission: Creating ECSs
  action: ecs:cloudServers:create
  dependencies: []
"""
RULINGS = """\
- id: name-length
  section: "5.1.1, table 5-3"
  where: name
  readings: [at most 64, at most 128]
  accept: either
  why: The table and the text differ
"""
GENERAL_REQUIREMENTS = """\
- {id: 4.2/token-reuse, section: "4.2", kind: auth, level: must, says: One token serves any number of requests}
"""
SERVERS = """\
section: "5.1"
title: Lifecycle Management
chapter: ecs
operations:
- id: ecs.servers.create
  section: "5.1.1"
  summary: Create servers
  request:
    method: POST
    path: /v1/{project_id}/cloudservers
    query: {}
    headers: {}
    body:
      type: object
      x-table: "5-2"
      required: [server]
      properties:
        server:
          type: object
          x-table: "5-3"
          required: [name]
          properties:
            name: {type: string, maxLength: 128}
            count: {type: integer, minimum: 1}
  selects: null
  success:
    statuses: [200, 202]
    headers: {}
    body: {$ref: "general.yaml#/$defs/job"}
  job: createServer
  microversion: {since: null, until: null}
  permission: ecs:cloudServers:create
  rules:
  - {id: name-suffix, level: must, says: Each name gets a suffix, section: "5.1.1, table 5-3"}
"""
FILES = {
    "general.yaml": GENERAL,
    "errors.yaml": ERRORS,
    "statuses.yaml": STATUSES,
    "permissions.yaml": PERMISSIONS,
    "ecs/rulings.yaml": RULINGS,
    "general-requirements.yaml": GENERAL_REQUIREMENTS,
    "ecs/servers.yaml": SERVERS,
}

#: The file that most mistakes are made in.
HOME = "ecs/servers.yaml"


def write(root: Path, files: dict[str, str] | None = None) -> Path:
    """Write the tiny contract to *root*, with *files* in the place of its own or beside them."""
    for name, text in {**FILES, **(files or {})}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def contract(root: Path, files: dict[str, str] | None = None) -> Contract:
    """Return the tiny contract, changed by *files*."""
    return load(write(root, files))


def line_of(text: str, part: str) -> int:
    """Return the line of *text* that has *part* first."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


def broken(root: Path, old: str, new: str, file: str = HOME) -> tuple[str, str]:
    """Replace *old* by *new* in one file; return what the loader says, and the text of the file."""
    assert FILES[file].count(old) == 1, "the place to break must be one place"
    text = FILES[file].replace(old, new)
    try:
        contract(root, {file: text})
    except ContractError as error:
        return str(error), text
    raise AssertionError("the loader found nothing wrong")


def operation(
    id: str,  # noqa: A002 - the field's name
    request: str,
    *,
    section: str = "5.1.1",
    body: str = "null",
    success: str = "null",
    query: str = "{}",
    headers: str = "{}",
    selects: str = "null",
    permission: str = "null",
    rules: str = "[]",
    microversion: str = "{since: null, until: null}",
    aliases: str = "[]",
    ruling: str | None = None,
) -> str:
    """Return one operation; schemas are given in flow style."""
    method, path = request.split()
    return f"""\
- id: {id}
  section: "{section}"
  summary: Something
  request: {{method: {method}, path: "{path}", query: {query}, headers: {{}}, body: {body}}}
  selects: {selects}
  success: {{statuses: [200], headers: {headers}, body: {success}}}
  job: null
  microversion: {microversion}
  permission: {permission}
  rules: {rules}
  aliases: {aliases}
""" + (f"  x-ruling: {ruling}\n" if ruling else "")


def group(*operations: str, chapter: str = "ecs") -> str:
    """Return a file of operations."""
    return f'section: "5.1"\ntitle: Group\nchapter: {chapter}\noperations:\n' + "".join(operations)
