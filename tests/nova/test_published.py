"""The published certificates of Nova: their evidence bears them out, whatever has become of the contract since."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pytest_ecs import load_contract
from pytest_ecs._report.sign import verify_signature
from pytest_ecs._report.verify import verify

from .publish import PROVIDER, ROOT, publish

_FOLDERS = sorted(file.parent for file in ROOT.glob(f"*/{PROVIDER}/**/report.json"))
#: What is said of a certificate that was made with another edition of the contract, which is no fault of it.
_OTHER_EDITION = ("the certificate was made with contract ", "with the installed contract ")


@pytest.mark.parametrize("folder", _FOLDERS, ids=lambda folder: folder.name)
def test_a_published_certificate_verifies(folder: Path) -> None:
    """Each verdict and each figure follows from the evidence; a later contract may only make others of them."""
    problems = verify(folder, load_contract())
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    same = report["contract"]["sha256"] == load_contract().digest
    assert [one for one in problems if same or not one.startswith(_OTHER_EDITION)] == []


@pytest.mark.parametrize("folder", _FOLDERS, ids=lambda folder: folder.name)
def test_it_says_what_it_is_and_explains_each_failure(folder: Path) -> None:
    """A reader sees that nothing boots in it, and why what fails fails."""
    readme = (folder / "README.md").read_text(encoding="utf-8")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert "fake" in readme
    assert "stand-ins" in readme
    wrong = {row["requirement"] for row in report["results"] if row["verdict"] in {"fail", "error"}}
    explained = set(re.findall(r"`([^`]+)`", readme.split("## What differs")[1]))
    assert explained == wrong | set(report["troubles"])
    assert report["complete"]
    assert sum(file.stat().st_size for file in folder.iterdir()) < 8 * 2**20


def test_there_is_one() -> None:
    """Otherwise the tests above test nothing."""
    assert _FOLDERS


def test_what_nobody_has_explained_is_not_published(tmp_path: Path) -> None:
    """A failure without an entry in the list, an error, or trouble."""
    rows = [{"requirement": "nova.servers.show/status", "verdict": "fail"}]
    report = {"results": rows, "troubles": [], "complete": True, "contract": {"issue": "01"}, "started": "2026-01-01"}
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(ValueError, match="nobody has explained"):
        publish(tmp_path, tmp_path / "reports")
    assert not (tmp_path / "reports").exists()


def test_what_is_published_is_signed(tmp_path: Path) -> None:
    """By a key whose public half is beside it, so that a change of the report shows."""
    published = publish(_FOLDERS[0], tmp_path)
    assert published.parent.name == PROVIDER
    key = published / "key.pub"
    assert verify_signature(published, key) == []
    file = published / "report.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"fail"', '"pass"', 1), encoding="utf-8")
    assert verify_signature(published, key) != []
