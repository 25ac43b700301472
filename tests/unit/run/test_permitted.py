"""The permissions that are said to be needed are those of all that a run sends, and none besides."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ecs.__main__ import main
from pytest_ecs._contract import load
from pytest_ecs._report.evidence import read_evidence
from pytest_ecs._run.options import Settings
from pytest_ecs._run.permitted import operations, permitted

_NOVA = sorted((Path(__file__).parents[3] / "reports" / "01" / "openstack-nova-34").glob("**/evidence.jsonl.gz"))


def test_what_a_real_run_used_is_among_them() -> None:
    """Also what it sent for its disks and groups, which another chapter has."""
    sent = (one for file in _NOVA for one in read_evidence(file).exchanges)
    used = {one.operation for one in sent if one.operation and one.status in {200, 202, 204}}
    assert "deprecated.disks.create" in used
    assert used <= operations(Settings(profile="native"), load())


def test_what_the_profile_cannot_use_is_not() -> None:
    """Least permissions have nothing of the other chapter."""
    contract = load()
    native, core = (operations(Settings(profile=one), contract) for one in ("native", "core"))
    assert not [one for one in native if one.startswith("ecs.")]
    assert "nova.servers.create" not in core
    assert "nova.servers.show" in core
    assert operations(Settings(profile="full"), contract) == contract.operations.keys()


def test_every_row_of_an_operation_counts() -> None:
    """9.2 has one for a new EIP and one for an existing one; dependencies are allowed, too."""
    found = permitted({"ecs.servers.create", "ecs.jobs.show", "nova.versions.list"}, load())
    assert found.actions == {
        "ecs:cloudServers:create": ("ecs.servers.create",),
        "vpc:publicIps:create": ("ecs.servers.create",),
        "vpc:publicIps:update": ("ecs.servers.create",),
    }
    assert found.unlisted == ("ecs.jobs.show",)


def test_the_verb_prints_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a target; an operation that is none is a sentence."""
    monkeypatch.chdir(tmp_path)
    assert main(["permissions", "--ecs-operation=nova.nics.add"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["vpc:ports:create", "nova.nics.add"] for line in shown), shown
    assert "9.2 has no action for: " in shown[-1]
    assert main(["permissions", "--ecs-operation=nova.nics.ad"]) == 4
    assert "did you mean nova.nics.add" in capsys.readouterr().err
