"""One certificate from those of parts."""

from pathlib import Path

import pytest

from pytest_ecs._checks import Finding
from pytest_ecs._report.merge import merge
from pytest_ecs._report.verify import read_certificate, verify
from pytest_ecs.exceptions import ConfigurationError

from ..exchanges import exchange
from .reports import QUOTAS, contract, header, write, written

_OTHER = "ecs.quotas.show/auth/no-token"


def _part(folder: Path, *requirements: str, status: int = 200) -> Path:
    folder.mkdir()
    seen = exchange("ecs.quotas.show", status, {"absolute": {}})
    write(folder, header(*requirements), [seen])
    return folder


def test_parts_become_one_certificate_that_verifies(tmp_path: Path) -> None:
    """Each part has its exchanges and costs in it, and what was asked for twice or nowhere is named."""
    one = _part(tmp_path / "one", QUOTAS)
    two = _part(tmp_path / "two", QUOTAS, _OTHER, status=299)
    paths, said = merge([one, two], tmp_path / "whole", contract())
    report = read_certificate(tmp_path / "whole")
    assert verify(tmp_path / "whole", contract()) == []
    verdicts = {row["requirement"]: (row["verdict"], row["evidence"]) for row in report["results"]}
    assert verdicts == {QUOTAS: ("fail", ["2:main-00001"]), _OTHER: ("not_tested", [])}
    assert (report["cost"]["requests"], report["cost"]["servers_created"]) == (2, 2)
    assert said[0].startswith("2 parts, 2 of ")
    assert said[1] == f"overlap: 1 requirements were asked for more than once: 1 of 5.7 ({QUOTAS} first)"
    assert said[2].startswith("gap: ")
    assert " of 11.3, " in said[2]
    assert {path.name for path in paths} >= {"report.json", "summary.md"}
    merge([tmp_path / "whole", one], tmp_path / "again", contract())
    assert verify(tmp_path / "again", contract()) == []


def test_jobs_of_two_parts_may_have_one_id(tmp_path: Path) -> None:
    """Of clouds that begin anew, as the embedded mock does: a job of one part says nothing of that of another."""
    jobs, order = "ecs.jobs.show", "ecs.jobs.show/rule/order"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        seen = [
            exchange(jobs, 200, {"status": status, "job_id": "j"}, id=f"main-{number:05}", parameters={"job_id": "j"})
            for number, status in enumerate(("INIT", "RUNNING", "SUCCESS"), 1)
        ]
        write(tmp_path / name, header(order), seen)
    merge([tmp_path / "one", tmp_path / "two"], tmp_path / "whole", contract())
    assert verify(tmp_path / "whole", contract()) == []
    (row,) = read_certificate(tmp_path / "whole")["results"]
    assert row["verdict"] == "pass"


def test_what_does_not_belong_together_is_not_merged(tmp_path: Path) -> None:
    """Another target, a part that does not verify, and a folder that is a part itself."""
    one = _part(tmp_path / "one", QUOTAS)
    (tmp_path / "other").mkdir()
    written(tmp_path / "other", target={**header().target, "name": "another"})
    with pytest.raises(ConfigurationError, match="their target differs"):
        merge([one, tmp_path / "other"], tmp_path / "whole", contract())
    with pytest.raises(ConfigurationError, match="would overwrite a part"):
        merge([one], one, contract())
    file = one / "report.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"pass"', '"fail"', 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="does not verify"):
        merge([one], tmp_path / "whole", contract())
    assert not (tmp_path / "whole").exists()


def test_a_run_that_was_cut_is_no_part(tmp_path: Path) -> None:
    """A whole made of it would look complete."""
    seen = exchange("ecs.quotas.show", 200, {"absolute": {}})
    write(tmp_path, header(QUOTAS), [seen], [Finding(QUOTAS, "pass", (seen.id,))], end=None)
    with pytest.raises(ConfigurationError, match="did not end in order"):
        merge([tmp_path], tmp_path / "whole", contract())
