"""What is said of a requirement is what the contract, its recipe and its test say."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ecs import _locations
from pytest_ecs.__main__ import main
from pytest_ecs._contract import load
from pytest_ecs._run.explaining import rows


def _said(requirement: str) -> str:
    contract = load()
    return "\n".join(f"{what}: {text}" for what, text in rows(contract, contract.requirement(requirement)))


def test_a_derived_case_shows_what_is_changed_and_how_it_must_be_refused() -> None:
    """With the ruling that allows several codes."""
    said = _said("ecs.servers.create/request/server.name/maxLength")
    assert "Source: Elastic Cloud Server API Reference, issue 01: 5.1.1, table 5-3" in said
    assert "name-codes" in said
    assert "accepted: Ecs.0005, Ecs.0914 or Ecs.0915 for a bad name" in said
    assert "(129 long)" in said
    assert "HTTP 400, a code among Ecs.0000, Ecs.0005, Ecs.0914, Ecs.0915" in said


def test_a_rule_is_explained_by_its_test() -> None:
    """Which is found by the id that stands in it."""
    said = _said("nova.servers.update/rule/name-changed")
    assert "by nova/test_update.py::test_" in said
    assert "control" not in said


def test_what_every_exchange_shows_has_no_test_of_its_own() -> None:
    """A pair of states, too."""
    assert "in every exchange of a run" in _said("A-4/stopped+powering-on")


@pytest.mark.parametrize(
    ("register", "said"),
    [
        (None, "this installation has no register"),
        ("{}", "no deviation of the mock was shown to break it"),
        ('{"A-4/stopped+powering-on": 3}', "it was shown to fail for 3 deviations"),
    ],
)
def test_the_proof_is_that_of_the_register(
    register: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which an installation need not have."""
    if register is not None:
        (tmp_path / "proof.json").write_text(register, encoding="utf-8")
    monkeypatch.setattr("pytest_ecs._run.explaining._locations", _Schemas(tmp_path))
    assert f"Proof: {said}" in _said("A-4/stopped+powering-on")


class _Schemas:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def schemas(self) -> Path:
        return self._folder

    suites = staticmethod(_locations.suites)


def test_an_unknown_requirement_is_answered_with_the_closest(capsys: pytest.CaptureFixture[str]) -> None:
    """And exit code 4."""
    assert main(["explain", "ecs.servers.create/rule/name-sufix"]) == 4
    assert "ecs.servers.create/rule/name-suffix" in capsys.readouterr().err


def test_the_verb_prints_one_requirement(capsys: pytest.CaptureFixture[str]) -> None:
    """Wrapped, with the command that tries it."""
    assert main(["explain", "A-4/stopped+powering-on"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("A-4/stopped+powering-on\n  Claim     vm_state stopped with task_state powering-on")
    assert "pytest-ecs run --ecs-requirement=A-4/stopped+powering-on" in said
