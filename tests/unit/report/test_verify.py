"""Checking a certificate from its evidence."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs import _contract
from pytest_ecs._checks import rejudge
from pytest_ecs._report.certificate import build, decide, weigh_waivers
from pytest_ecs._report.files import write_all
from pytest_ecs._report.verify import verify

from ..exchanges import exchange

_NAME = "ecs.quotas.show/status"
_WAIVER = {"requirement": _NAME, "owner": "QA lead", "reason": "known", "expires": "2026-06-01"}


def _run(folder: Path, *, waivers: Any = (), started: str = "2026-06-01T23:59:00Z") -> None:
    """Write the certificate of a run over midnight that saw one wrong status."""
    contract = _contract.load()
    seen = exchange("ecs.quotas.show", 299, {"absolute": {}})
    findings = rejudge([seen], [], contract)
    today = date.fromisoformat(started[:10])
    results = decide([contract.requirements[_NAME]], findings, waivers, today=today)
    certificate = build(
        results,
        contract={"title": "", "issue": "", "date": "", "operations": 1, "requirements": 1, "sha256": contract.digest},
        target={"name": "cloud", "endpoint": "", "region": "", "simulated": True},
        started=started,
        finished="2026-06-02T00:01:00Z",
        cost={"requests": 1, "servers_created": 0, "seconds": 1.0, "simulated_seconds": 0},
        rulings={},
        drift=[],
        waivers=weigh_waivers(waivers, results, today=today),
        more={"selection": {"text": "", "command": ""}, "tool": ""},
    )
    write_all(folder, certificate, [seen], [], {})


@pytest.mark.parametrize("waivers", [(), (_WAIVER,)])
def test_a_run_over_midnight_is_judged_by_the_day_it_began(tmp_path: Path, waivers: Any) -> None:
    """A waiver that was good when the run began is good when its certificate is checked."""
    _run(tmp_path, waivers=waivers)
    verdict = "waived" if waivers else "fail"
    assert f'"verdict": "{verdict}"' in (tmp_path / "report.json").read_text(encoding="utf-8")
    assert verify(tmp_path, _contract.load()) == []


def test_a_verdict_that_the_evidence_does_not_give_is_named(tmp_path: Path) -> None:
    """Whoever turns a failure into a success in report.json is found out."""
    _run(tmp_path)
    file = tmp_path / "report.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"fail"', '"pass"'), encoding="utf-8")
    problems = verify(tmp_path, _contract.load())
    assert problems[0] == f"{_NAME} is pass in the certificate and fail by its evidence"
