"""A run may be asked for a list of requirements, or for what did not pass before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs import _locations, load_contract
from pytest_ecs._run.profiles import read_list

_TESTS = """
    import pytest
    import pytest_ecs

    @pytest_ecs.recipe("ecs.quotas.show")
    def quotas(use): return pytest_ecs.Request()

    @pytest_ecs.recipe("ecs.flavors.list")
    def flavors(use): return pytest_ecs.Request()

    @pytest.mark.parametrize("operation", [
        pytest.param(one, id=one, marks=pytest.mark.ecs_requirement(f"{one}/status"))
        for one in ("ecs.quotas.show", "ecs.flavors.list")
    ])
    def test_succeeds(ecs_cases, operation): ecs_cases.attempt(operation)
"""
_FIELD = "ecs.quotas.show/response/absolute.maxTotalCores/required"


def _certificate(pytester: pytest.Pytester) -> dict[str, Any]:
    return dict(json.loads((pytester.path / "out" / "report.json").read_text(encoding="utf-8")))


def _verdicts(certificate: dict[str, Any]) -> dict[str, str]:
    return {row["requirement"]: row["verdict"] for row in certificate["results"]}


def test_a_list_is_all_that_is_certified(pytester: pytest.Pytester) -> None:
    """What only answers show is shown by the success of its operation; other operations are left alone."""
    pytester.makepyfile(_TESTS)
    (pytester.path / "mine.txt").write_text(f"# what we care for\n\n{_FIELD}  # cores\n", encoding="utf-8")
    shown = pytester.runpytest("-q", "--ecs-profile=mine.txt", "--ecs-report=out", "-p", "no:cacheprovider")
    shown.assert_outcomes(passed=1, deselected=1)
    certificate = _certificate(pytester)
    assert _verdicts(certificate) == {_FIELD: "pass"}
    assert certificate["verdict"] == "pass"
    assert certificate["selection"]["text"] == "the list mine.txt"
    assert certificate["selection"]["filters"] == {"listed": [_FIELD]}
    assert certificate["selection"]["command"].startswith("pytest-ecs run mine.txt")


def test_what_did_not_pass_is_done_again(pytester: pytest.Pytester) -> None:
    """Also where the new report takes the place of the old one."""
    pytester.makepyfile(_TESTS)
    asked = ("-q", "--ecs-report=out", "--ecs-kind=status", "-p", "no:cacheprovider")
    pytester.runpytest(*asked, "--ecs-operation=ecs.quotas.show", "--ecs-operation=ecs.jobs.show")
    assert _verdicts(_certificate(pytester)) == {"ecs.jobs.show/status": "not_tested", "ecs.quotas.show/status": "pass"}
    again = pytester.runpytest(*asked, "--ecs-last-failed=out")
    again.assert_outcomes(deselected=2)
    pytester.runpytest(*asked, "--ecs-operation=ecs.quotas.show", "--ecs-operation=ecs.flavors.list")
    nothing = pytester.runpytest(*asked, "--ecs-last-failed=out/report.json")
    assert nothing.ret == pytest.ExitCode.USAGE_ERROR
    nothing.stderr.fnmatch_lines(["*--ecs-last-failed: nothing failed, erred or was not tested in *report.json"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "ecs.quotas.show/statu\n",
            "*mine.txt: the contract has no requirement 'ecs.quotas.show/statu'; did you mean*",
        ),
        ("ecs.qotas.*\n", "*mine.txt: the contract has no requirement 'ecs.qotas.[*]'*"),
        ("# nothing\n", "*The list *mine.txt names no requirement*"),
        ("\xff", "*mine.txt cannot be read*"),
    ],
)
def test_a_list_that_cannot_be_used_is_a_sentence(pytester: pytest.Pytester, text: str, said: str) -> None:
    """A typo must not look like a clean run."""
    pytester.makepyfile(_TESTS)
    (pytester.path / "mine.txt").write_bytes(text.encode("latin-1"))
    shown = pytester.runpytest("-q", "--ecs-profile=mine.txt", "--ecs-report=out")
    assert shown.ret == pytest.ExitCode.USAGE_ERROR
    shown.stderr.fnmatch_lines([said])


def test_a_list_of_successes_brings_no_property(pytester: pytest.Pytester) -> None:
    """Which would try many requests, and is about what holds for all operations."""
    suite = str(_locations.suites() / "test_properties.py")
    asked = ("-q", "--collect-only", "-p", "no:cacheprovider", suite)
    pytester.runpytest(*asked, "--ecs-requirement=nova.servers.update/status").assert_outcomes(deselected=90)
    whole = pytester.runpytest(*asked, "--ecs-operation=nova.servers.update")
    whole.stdout.fnmatch_lines(["*test_valid_requests_are_answered[[]nova.servers.update[]]*"])


def test_smoke_needs_few_servers_and_ten_minutes(pytester: pytest.Pytester) -> None:
    """Of a cloud's time, with all that an endpoint may have; every operation succeeds."""
    suite = str(_locations.suites())
    arguments = ("-q", "--ecs-profile=smoke", "--ecs-report=out", "-p", "no:cacheprovider", suite)
    assert pytester.runpytest(*arguments).ret == 0
    certificate = _certificate(pytester)
    verdicts = _verdicts(certificate)
    statuses = {name: verdict for name, verdict in verdicts.items() if name.endswith(("/status", "/job"))}
    assert set(statuses.values()) == {"pass"}
    assert certificate["cost"]["servers_created"] <= 3
    assert certificate["cost"]["simulated_seconds"] < 600


def test_the_smoke_list_has_every_operation() -> None:
    """And nothing that the contract does not have."""
    contract = load_contract()
    listed = read_list("smoke", Path())
    assert {f"{operation}/status" for operation in contract.operations} <= set(listed)
    assert [one for one in listed if "*" not in one and one not in contract.requirements] == []
