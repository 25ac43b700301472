"""A certificate by an edition names what its amendments decided, beside what the document alone says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._contract import document, load, read_edition, use
from pytest_ecs._contract.edition import parse
from pytest_ecs._report.editions import _documented, contract_of, with_edition
from pytest_ecs._report.evidence import NAME, read_evidence
from pytest_ecs._report.html import html
from pytest_ecs._report.summary import edition_lines
from pytest_ecs._report.verify import verify
from pytest_ecs.exceptions import ContractError

from ..exchanges import exchange
from . import reports
from .reports import header, write

_EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "editions").glob("*.yaml"))
_STATUS = "ecs.jobs.show/response/status/enum"
_TAGS = "ecs.tags.list/status"
_TEXT = """
title: Trial
amendments:
- id: pending-payment
  source: "Query of a task"
  reason: It waits for the payment
  file: ecs/jobs.yaml
  at: [operations, ecs.jobs.show, success, body, properties, status, enum]
  add: [PENDING_PAYMENT]
- id: tags-url
  source: "Query of tags"
  reason: The other URL is discarded
  file: ecs/tags.yaml
  at: [operations, ecs.tags.list, request, path]
  set: /v1/{project_id}/cloudservers/{server_id}/tags
"""


_URL_CHANGE = "set: /v1/{project_id}/cloudservers/{server_id}/tags"
_URL_AT = f"at: [operations, ecs.tags.list, request, path]\n  {_URL_CHANGE}"
_AGAIN = """- id: again
  source: "Query of tags"
  reason: It was better before
  file: ecs/tags.yaml
  at: [operations, ecs.tags.list, request, path]
  set: /v1/{project_id}/servers/{server_id}/tags"""


@pytest.mark.parametrize("file", _EXAMPLES, ids=lambda file: str(file.stem))
def test_each_example_fits_the_contract(file: Path) -> None:
    """And each of its amendments changes something."""
    edition = read_edition(file)
    assert load(edition=edition).digest != document().digest
    assert load(edition=edition).requirements != document().requirements


def test_the_edition_in_use_is_that_of_every_part() -> None:
    """Until nobody uses one."""
    use(parse(_TEXT, "trial.yaml"))
    try:
        assert load().operations["ecs.tags.list"].path.startswith("/v1/{project_id}/cloudservers/")
        assert document().operations["ecs.tags.list"].path.startswith("/v1/{project_id}/servers/")
    finally:
        use(None)
    assert load() is document()


def _exchanges() -> list[Any]:
    job: dict[str, Any] = {"status": "PENDING_PAYMENT", "entities": {}, "job_id": "j", "job_type": "createServer"}
    job |= {"begin_time": None, "end_time": None, "error_code": None, "fail_reason": None}
    path = "/v1/" + "0" * 32 + "/cloudservers/" + "1" * 8 + "-0000-4000-8000-000000000000/tags"
    return [
        replace(exchange("ecs.jobs.show", body=job), path=f"/v1/{'0' * 32}/jobs/j"),
        replace(exchange("ecs.tags.list", body={"tags": []}, id="main-00002"), path=path),
    ]


def test_a_certificate_shows_both_verdicts_of_what_an_amendment_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is verified with the amendments that its evidence carries."""
    amended = load(edition=parse(_TEXT, "trial.yaml"))
    # A field that may be absent, and is, is not applicable with and without the amendments.
    absent = [f"ecs.jobs.show/response/{one}/type" for one in ("body", "code")]
    about = header(_STATUS, _TAGS, *absent, edition={"file": "trial.yaml", "text": _TEXT})
    about = replace(about, contract={**about.contract, "sha256": amended.digest})
    assert contract_of(about, document()) is amended
    monkeypatch.setattr(reports, "contract", lambda: amended)
    report = write(tmp_path, about, _exchanges())
    assert {row["requirement"]: row["verdict"] for row in report["results"]}[absent[1]] == "not_applicable"
    evidence = read_evidence(tmp_path / NAME)
    report = with_edition(report, evidence, amended)
    decided = {row["id"]: row["decided"] for row in report["edition"]["amendments"]}
    assert decided == {
        "pending-payment": [{"requirement": _STATUS, "by_document": "fail", "amended": "pass"}],
        "tags-url": [{"requirement": _TAGS, "by_document": "not_tested", "amended": "pass"}],
    }
    assert "    ecs.tags.list/status: pass, by the document alone not_tested" in list(edition_lines(report))
    page = re.sub(r"<[^>]+>|\s+", " ", html(report, {}, {}).split("<script")[0])
    said = (
        "2 amendments decided 2 verdicts",
        f"{_STATUS} passed failed",
        f"{_TAGS} passed not tested",
    )
    assert [one for one in said if one not in re.sub(" +", " ", page)] == []
    assert len(verify(tmp_path, document())) == 1  # the report that was written has no word of the edition
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")
    assert verify(tmp_path, document()) == []


def test_a_body_that_tells_nothing_is_the_documents_where_the_url_is() -> None:
    """What tells the operations of one URL apart is in no empty body, and an amendment of others decides nothing."""
    amended = load(edition=parse(_TEXT, "trial.yaml"))
    path = f"/v1/{'0' * 32}/servers/{'1' * 8}-0000-4000-8000-000000000000/tags"
    added = replace(exchange("ecs.tags.add"), path=f"{path}/action", request_body=None)
    assert _documented(added, amended, document())
    listed = replace(exchange("ecs.tags.list"), path=path.replace("/servers/", "/cloudservers/"))
    assert not _documented(listed, amended, document())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title: Trial", "name: Trial", "trial.yaml, line .*the file .*lacks 'title'"),
        ("reason: It waits for the payment", "why: x", "trial.yaml, line .*lacks 'reason'"),
        (
            "file: ecs/jobs.yaml",
            "file: ecs/job.yaml",
            r"trial.yaml, line 7: the contract has no file 'ecs/job.yaml'.*ecs/jobs.yaml",
        ),
        ("properties, status", "properties, state", r"trial.yaml, line 8: nothing is called 'state' there.*status"),
        ("add: [PENDING_PAYMENT]", "add: [SUCCESS]", "adds what is there already"),
        ("add: [PENDING_PAYMENT]", "remove: [DONE]", "removes what is not there: 'DONE'"),
        ("add: [PENDING_PAYMENT]", "add: {a: b}", "adds what does not fit"),
        ("add: [PENDING_PAYMENT]", "add: []", "trial.yaml, line 8: pending-payment changes nothing"),
        ("reason: It waits for the payment", "reason: '  '", r"line 6: amendments\[0\].reason is '  '"),
        (_URL_CHANGE, f"{_URL_CHANGE}\n{_AGAIN}", "line 20: again takes back what tags-url changes"),
        (_URL_AT, "at: [operations]\n  remove: [ecs.tags.list]", "takes away ecs.tags.list.*--ecs-not-offered"),
        (
            _URL_AT,
            "at: [operations, ecs.tags.add, rules]\n  remove: [ten]",
            "takes away ecs.tags.add/rule/ten.*set its level to note",
        ),
        (
            _URL_AT,
            "at: [operations, ecs.tags.list, request]\n  add: {path: /v1}",
            "adds what is there already: 'path'",
        ),
        ("at: [operations, ecs.jobs", "at: &a [*a, ecs.jobs", "line 8: an alias"),
        ("title: Trial", f"title: {'[' * 600}{']' * 600}", "trial.yaml, line 1: it is nested deeper"),
        ("add: [PENDING_PAYMENT]", "", "exactly one of set, add, remove"),
        ("id: tags-url", "id: pending-payment", "is there twice"),
        (
            "set: /v1/{project_id}/cloudservers/{server_id}/tags",
            "set: /v1/{project_id}/servers/{server_id}/tags",
            "changes nothing",
        ),
        (
            "set: /v1/{project_id}/cloudservers/{server_id}/tags",
            "set: [1]",
            r"trial.yaml, line 14: tags-url makes a contract that contradicts itself: ecs/tags.yaml: .*path is a list",
        ),
    ],
)
def test_an_edition_that_does_not_fit_is_a_sentence(old: str, new: str, said: str) -> None:
    """With the line, and what was probably meant."""
    assert old in _TEXT
    with pytest.raises(ContractError, match=said):
        load(edition=parse(_TEXT.replace(old, new, 1), "trial.yaml"))
