"""The published certificates are what their evidence gives, by the contract that each names."""

import shutil
from pathlib import Path

import pytest

from pytest_ecs import load_contract
from pytest_ecs._report.evidence import read_evidence
from pytest_ecs._report.sign import verify_signature
from pytest_ecs._report.verify import read_certificate, verify

from .unit.report.reports import written

_ROOT = Path(__file__).parents[1] / "reports"
_PUBLISHED = sorted(file.parent for file in _ROOT.rglob("report.json"))


def _wrong(folder: Path) -> list[str]:
    """What is wrong with a published certificate; by another contract than ours only its evidence can be checked."""
    report = read_certificate(folder)
    info = read_evidence(folder / report["evidence"]["file"]).info
    wrong = [] if info == report["evidence"] else ["the evidence is not the one that the report names"]
    wrong += [] if report["complete"] else ["the run did not end in order"]
    mock, ours = ("embedded-mock" in folder.parts), not {"embedded-mock", "openstack-nova-34"}.isdisjoint(folder.parts)
    if mock and (report["verdict"], report["target"]["simulated"]) != ("pass", True):
        wrong.append("the mock's is SIMULATED and PASS, or it is not published")
    key = folder / "key.pub"
    if key.exists():
        wrong += verify_signature(folder, key)
    elif ours:
        wrong.append("what the project publishes is signed, and its public key is beside it as key.pub")
    return wrong or (verify(folder, load_contract()) if report["contract"]["sha256"] == load_contract().digest else [])


@pytest.mark.parametrize("folder", _PUBLISHED, ids=lambda folder: folder.relative_to(_ROOT).as_posix())
def test_a_published_certificate_verifies(folder: Path) -> None:
    """And says when it is out of date: then ``nox -s certificate`` makes that of the mock anew."""
    assert _wrong(folder) == []
    told = read_certificate(folder)["contract"]["sha256"]
    if told != load_contract().digest:
        pytest.skip(f"out of date: it was made with contract {told[:16]}, and {load_contract().digest[:16]} is here")


def test_what_is_not_right_would_not_be_published(tmp_path: Path) -> None:
    """A certificate of the mock that is none, and one whose evidence is another's."""
    folder = tmp_path / "01" / "embedded-mock" / "current"
    folder.mkdir(parents=True)
    written(folder)
    assert _wrong(folder) == [
        "the mock's is SIMULATED and PASS, or it is not published",
        "what the project publishes is signed, and its public key is beside it as key.pub",
    ]
    other = tmp_path / "01" / "other" / "2026-06-01"
    shutil.copytree(folder, other)
    assert _wrong(other) == []
    (tmp_path / "another").mkdir()
    written(tmp_path / "another", started="2026-06-01T00:00:00Z")
    shutil.copyfile(tmp_path / "another" / "evidence.jsonl.gz", other / "evidence.jsonl.gz")
    assert _wrong(other) == ["the evidence is not the one that the report names"]
