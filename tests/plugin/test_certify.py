"""What becomes of a certificate when the run itself goes wrong."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from pytest_ecs import load_contract

_STATUS = "ecs.quotas.show/status"


def _certificate(pytester: pytest.Pytester) -> dict[str, Any]:
    return dict(json.loads((pytester.path / "out" / "report.json").read_text(encoding="utf-8")))


def _verdict(certificate: dict[str, Any], requirement: str) -> tuple[str, str]:
    (row,) = [row for row in certificate["results"] if row["requirement"] == requirement]
    return row["verdict"], row["reason"]


def test_a_killed_worker_is_an_error_and_never_a_pass(pytester: pytest.Pytester) -> None:
    """Its requirement is an error, the certificate says what was lost, and the rest of the run is judged."""
    pytester.makepyfile(f"""
        import os
        import pytest

        @pytest.mark.ecs_requirement({_STATUS!r})
        @pytest.mark.parametrize("requirement", [{_STATUS!r}])
        def test_dies(ecs_client, requirement): os.kill(os.getpid(), 9)

        @pytest.mark.ecs_requirement("ecs.flavors.list/status")
        def test_lives(ecs_cases): ecs_cases.attempt("ecs.flavors.list")
    """)
    pytester.makeconftest(
        "import pytest_ecs\n@pytest_ecs.recipe('ecs.flavors.list')\ndef flavors(use): return pytest_ecs.Request()"
    )
    shown = pytester.runpytest_subprocess("-q", "--ecs-report=out", "-n", "2", "--max-worker-restart=0")
    assert shown.ret == 6
    certificate = _certificate(pytester)
    assert (certificate["verdict"], certificate["complete"]) == ("error", False)
    assert _verdict(certificate, _STATUS)[0] == "error"
    assert any("crashed" in trouble for trouble in certificate["troubles"])


def test_a_check_that_breaks_is_an_error_of_the_harness(pytester: pytest.Pytester) -> None:
    """An exception in a test says nothing about the endpoint."""
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.ecs_requirement({_STATUS!r})
        def test_breaks(ecs_client): raise KeyError("a bug of the test")
    """)
    pytester.runpytest("-q", "--ecs-report=out").assert_outcomes(failed=1)
    verdict, reason = _verdict(_certificate(pytester), _STATUS)
    assert verdict == "error"
    assert "the check itself broke: KeyError" in reason


def test_a_check_that_an_answer_breaks_is_no_error(pytester: pytest.Pytester) -> None:
    """What lacks a field is judged as such; what else the check would have looked at is not tested, and says why."""
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.ecs_requirement({_STATUS!r}, "nova.servers.list/rule/has-servers")
        def test_breaks(ecs_client, ecs_server):
            ecs_client.get("/v2.1/{{project_id}}/servers").response_body["servers"][0]["id"]
    """)
    pytester.runpytest("-q", "--ecs-report=out", "--ecs-deviation=server-id-missing").assert_outcomes(failed=1)
    certificate = _certificate(pytester)
    assert certificate["verdict"] == "fail"
    assert _verdict(certificate, "nova.servers.list/response/servers[].id/required")[0] == "fail"
    verdict, reason = _verdict(certificate, "nova.servers.list/rule/has-servers")
    assert verdict == "not_tested"
    assert reason.startswith(
        "the check could not go on, since nova.servers.list/response/servers[].id/required is broken"
    )


def test_a_check_that_an_answer_breaks_fails_nothing_by_itself(pytester: pytest.Pytester) -> None:
    """Where what is broken need not hold, the test is skipped, as exit code and certificate are those of no failure."""
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.ecs_requirement({_STATUS!r}, "nova.servers.list/rule/no-next-link")
        def test_breaks(ecs_client, ecs_check):
            shown = ecs_client.get("/v2.1/{{project_id}}/servers")
            ecs_check("nova.servers.list/rule/no-next-link", shown, "status", equals=0)
            shown.response_body["nothing"]
    """)
    shown = pytester.runpytest("-q", "--ecs-report=out", "-rs")
    shown.assert_outcomes(skipped=1)
    shown.stdout.fnmatch_lines(
        ["*could not go on, since nova.servers.list/rule/no-next-link is broken: KeyError: 'nothing'"]
    )
    certificate = _certificate(pytester)
    assert (shown.ret, certificate["verdict"]) == (0, "partial")
    assert _verdict(certificate, "nova.servers.list/rule/no-next-link")[0] == "fail"
    assert _verdict(certificate, _STATUS)[0] == "not_tested"


def test_a_missing_prerequisite_is_not_tested_and_says_what_is_missing(pytester: pytest.Pytester) -> None:
    """Never a silent skip: the requirement is listed with the reason, and the certificate is partial."""
    pytester.makepyfile(f"""
        import pytest
        from pytest_ecs.exceptions import PrerequisiteMissing

        @pytest.mark.ecs_requirement({_STATUS!r})
        def test_needs(ecs_client): raise PrerequisiteMissing("There is no such thing", seen="nothing", hint="add one")
    """)
    pytester.runpytest("-q", "--ecs-report=out").assert_outcomes(skipped=1)
    assert _verdict(_certificate(pytester), _STATUS) == (
        "not_tested",
        "There is no such thing. Seen: nothing. add one.",
    )


def test_after_the_minutes_of_a_run_no_test_begins(pytester: pytest.Pytester) -> None:
    """What is left says why it is not tested; tests that need no endpoint run."""
    pytester.makepyfile(f"""
        import pytest

        def test_first(ecs_client): object.__setattr__(ecs_client.connection.guard.guard, "deadline", 0.0)

        @pytest.mark.ecs_requirement({_STATUS!r})
        def test_second(ecs_client): raise AssertionError("begun")

        def test_own(): pass
    """)
    pytester.runpytest("-q", "--ecs-report=out").assert_outcomes(skipped=1, passed=2)
    verdict, reason = _verdict(_certificate(pytester), _STATUS)
    assert verdict == "not_tested"
    assert reason.startswith("No test begins any more. Seen: --ecs-max-minutes have passed.")


@pytest.mark.parametrize(
    ("name", "stops", "options"),
    [
        ("EndpointLost", True, ()),
        ("CredentialsEnded", True, ()),
        ("CredentialsEnded", True, ("-n1",)),
        ("Unreachable", False, ()),
    ],
)
def test_an_endpoint_that_goes_away_stops_the_run(
    pytester: pytest.Pytester, name: str, options: Sequence[str], *, stops: bool
) -> None:
    """One bad moment errs what it hits; the run stops when the endpoint is gone, or the credentials are: nobody stopped it."""
    pytester.makepyfile(f"""
        import pytest
        from pytest_ecs.exceptions import {name}

        @pytest.mark.ecs_requirement({_STATUS!r})
        def test_first(ecs_client): raise {name}("The endpoint cannot be reached", seen="ConnectError", hint="look")

        def test_second(ecs_client): pass
    """)
    shown = pytester.runpytest("-q", "--ecs-report=out", *options)
    shown.assert_outcomes(failed=1, passed=0 if stops else 1)
    shown.stdout.fnmatch_lines(["*The endpoint cannot be reached. Seen: ConnectError. look.*"])
    certificate = _certificate(pytester)
    assert (shown.ret, certificate["verdict"]) == (6, "error")
    said = "the run stopped, so not everything was tested: The endpoint cannot be reached"
    assert [one.startswith(said) for one in certificate["troubles"]] == ([True, False] if stops else [])
    assert _verdict(certificate, _STATUS)[0] == "error"


def test_a_report_that_cannot_be_written_is_one_sentence_before_the_first_request(pytester: pytest.Pytester) -> None:
    """To find it out after the run would lose the run."""
    (pytester.path / "out").write_text("a file, not a folder")
    pytester.makepyfile("""def test_it(ecs_client): open("ran", "w")""")
    shown = pytester.runpytest("-q", "--ecs-report=out")
    assert shown.ret == pytest.ExitCode.USAGE_ERROR
    shown.stderr.fnmatch_lines(["*cannot be written*--ecs-report*"])
    assert not (pytester.path / "ran").exists()


def test_a_disk_that_fills_up_makes_the_run_an_error_and_hides_nothing(pytester: pytest.Pytester) -> None:
    """The verdicts are still said, and why they prove nothing."""
    pytester.makepyfile("""
        import pytest_ecs._report.evidence as evidence

        def test_first(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")
        def test_second(ecs_client):
            def full(self, data): raise OSError(28, "No space left on device")
            evidence.Writer._put = full
            ecs_client.get("/v1/{project_id}/cloudservers/limits")
    """)
    monkeypatch = pytest.MonkeyPatch()
    from pytest_ecs._report.evidence import Writer

    monkeypatch.setattr(Writer, "_put", Writer._put)
    try:
        shown = pytester.runpytest_inprocess("-q", "--ecs-report=out", "--ecs-section=5.7")
    finally:
        monkeypatch.undo()
    assert shown.ret == 6
    shown.stdout.fnmatch_lines(["Verdict: ERROR*", "*could not be written to its end*No space left*"])
    certificate = _certificate(pytester)
    assert (certificate["verdict"], certificate["complete"]) == ("error", False)
    assert _verdict(certificate, _STATUS)[0] == "pass"


def test_a_gateways_trouble_is_no_verdict(pytester: pytest.Pytester) -> None:
    """503 after several attempts is an error of the environment, not a failure of the product."""
    pytester.makepyfile(f"""
        import httpx
        import pytest

        @pytest.mark.ecs_requirement({_STATUS!r})
        def test_it(_ecs_session, ecs_expect, monkeypatch):
            answer = httpx.MockTransport(lambda request: httpx.Response(503, json={{"error_code": "x", "error_msg": "y"}}))
            _ecs_session.client.get("/v1/{{project_id}}/cloudservers/limits")
            monkeypatch.setattr(_ecs_session.connection.http, "_transport", answer)
            ecs_expect({_STATUS!r}, "GET", "/v1/{{project_id}}/cloudservers/limits", expects="accepted")
    """)
    pytester.runpytest("-q", "--ecs-report=out").assert_outcomes(passed=1)
    verdict, reason = _verdict(_certificate(pytester), _STATUS)
    assert (verdict, "HTTP 503 after 5 attempts" in reason) == ("error", True)


def test_a_run_that_stops_early_is_no_certificate(pytester: pytest.Pytester) -> None:
    """Tests that were collected and never reported make it an error, whatever the exit code says."""
    pytester.makepyfile("""
        def test_first(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")
        def test_second(ecs_client): assert False
        def test_third(ecs_client): pass
    """)
    shown = pytester.runpytest("-q", "-x", "--ecs-report=out", "--ecs-section=5.7")
    certificate = _certificate(pytester)
    assert (shown.ret, certificate["verdict"], certificate["complete"]) == (1, "error", False)
    assert "1 of 3 collected tests did not report their end" in certificate["troubles"][0]
    for name in ("summary.md", "report.html", "junit.xml"):
        assert "did not report their end" in (pytester.path / "out" / name).read_text(encoding="utf-8"), name
    shown.stdout.fnmatch_lines(["Verdict: ERROR SIMULATED INCOMPLETE*"])


def test_a_second_ctrl_c_leaves_no_certificate_that_looks_complete(pytester: pytest.Pytester) -> None:
    """Also where it comes while pytest handles the first, so that the exit code does not show it."""
    pytester.makeconftest("""
        def pytest_keyboard_interrupt(excinfo): raise KeyboardInterrupt
    """)
    pytester.makepyfile("""
        def test_first(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")
        def test_second(ecs_client): raise KeyboardInterrupt
    """)
    pytester.runpytest_subprocess("-q", "--ecs-report=out", "--ecs-section=5.7")
    certificate = _certificate(pytester)
    assert (certificate["verdict"], certificate["complete"]) == ("error", False)


def test_a_killed_run_keeps_all_that_was_judged(pytester: pytest.Pytester) -> None:
    """The evidence is written as it comes; an older report in the folder does not stand in for the new one."""
    from pathlib import Path

    from pytest_ecs._report import command
    from pytest_ecs._report.verify import read_certificate

    (pytester.path / "out").mkdir()
    (pytester.path / "out" / "report.json").write_text("{}")
    pytester.makepyfile(f"""
        import os
        import pytest

        @pytest.mark.ecs_requirement({_STATUS!r})
        def test_first(ecs_client): ecs_client.get("/v1/{{project_id}}/cloudservers/limits")
        def test_second(ecs_client): os.kill(os.getpid(), 9)
    """)
    pytester.runpytest_subprocess("-q", "--ecs-report=out", "--ecs-section=5.7")
    out = Path(pytester.path / "out")
    assert [path.name for path in out.iterdir()] == ["evidence.jsonl.gz"]
    assert command("recover", [out]) == 0
    report = read_certificate(out)
    assert (report["verdict"], report["complete"]) == ("error", False)
    assert _verdict(dict(report), _STATUS)[0] == "pass"
    assert command("verify", [out]) == 0


@pytest.mark.parametrize("name", ["\\ud800", "[" * 450 + "]" * 450])
def test_an_odd_answer_breaks_no_run_with_workers(pytester: pytest.Pytester, name: str) -> None:
    """What a worker hands over is one ASCII text, whatever an endpoint answers."""
    pytester.makepyfile(f"""
        import httpx
        import pytest

        @pytest.mark.ecs_requirement({_STATUS!r})
        def test_it(_ecs_session, monkeypatch):
            body = ('{{"absolute": {{"odd": ' + {name if name[0] == "[" else f'"{name}"'!r} + "}}}}").encode()
            answer = httpx.MockTransport(
                lambda request: httpx.Response(200, content=body, headers={{"content-type": "application/json"}})
            )
            _ecs_session.client.get("/v1/{{project_id}}/cloudservers/limits")
            monkeypatch.setattr(_ecs_session.connection.http, "_transport", answer)
            _ecs_session.client.get("/v1/{{project_id}}/cloudservers/limits")
    """)
    pytester.runpytest_subprocess("-q", "--ecs-report=out", "--ecs-section=5.7", "-n", "1")
    certificate = _certificate(pytester)
    assert (certificate["complete"], certificate["cost"]["requests"]) == (True, 3)


def test_known_failures_pass_and_new_ones_do_not(pytester: pytest.Pytester) -> None:
    """With a baseline the exit code speaks of what is new; the certificate of all."""
    pytester.makepyfile("""def test_it(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")""")
    options = ("-q", "--ecs-section=5.7", "--ecs-properties=off")
    first = pytester.runpytest(*options, "--ecs-report=old", "--ecs-deviation=quota-null")
    assert first.ret == 1
    again = ("--ecs-report=out", "--ecs-baseline=old/report.json")
    known = pytester.runpytest(*options, *again, "--ecs-deviation=quota-null")
    assert (known.ret, _certificate(pytester)["verdict"]) == (0, "fail")
    known.stdout.fnmatch_lines(["Exit code: 1 binding requirement(s) failed as in the baseline"])
    command = _certificate(pytester)["selection"]["command"]
    assert "--ecs-baseline=old/report.json" in command
    assert "--ecs-deviation=quota-null --ecs-properties=off" not in command or "--ecs-section=5.7" in command
    missing = pytester.runpytest(*options, "--ecs-report=out", "--ecs-baseline=nothing.json")
    assert missing.ret == pytest.ExitCode.USAGE_ERROR


def test_a_waiver_that_is_not_right_fails_the_run_unless_told_otherwise(pytester: pytest.Pytester) -> None:
    """It is said on the terminal and in the summary."""
    (pytester.path / "w.yaml").write_text(
        "- {requirement: 'ecs.quotas.sh*/status', owner: QA, reason: known, expires: 2999-01-01}\n"
        "- {requirement: 'ecs.nothing*', owner: QA, reason: known, expires: 2999-01-01, ticket: T-1}\n"
    )
    pytester.makepyfile("""def test_it(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")""")
    options = ("-q", "--ecs-report=out", "--ecs-section=5.7", "--ecs-waivers=w.yaml")
    shown = pytester.runpytest(*options)
    assert shown.ret == 8
    shown.stdout.fnmatch_lines(
        ["Waiver of ecs.quotas.sh[*]/status (QA, until 2999-01-01) is stale: what it names holds"]
    )
    summary = (pytester.path / "out" / "summary.md").read_text(encoding="utf-8")
    assert "Waiver of ecs.nothing* (QA, until 2999-01-01) is unmatched" in summary
    assert pytester.runpytest(*options, "--ecs-lenient-waivers").ret == 0


def test_what_is_declared_as_not_offered_is_not_asked_for(pytester: pytest.Pytester) -> None:
    """Its tests do not run, and its requirements are listed as not applicable."""
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.ecs_requirement({_STATUS!r})
        def test_it(ecs_client): assert False

        def test_other(ecs_client): ecs_client.get("/v1/{{project_id}}/cloudservers/flavors")
    """)
    options = ("-q", "--ecs-report=out", f"--ecs-requirement={_STATUS}", "--ecs-requirement=ecs.flavors.list/status")
    pytester.runpytest(*options, "--ecs-not-offered=ecs.quotas.*").assert_outcomes(passed=1, deselected=1)
    certificate = _certificate(pytester)
    assert _verdict(certificate, _STATUS) == (
        "not_applicable",
        "declared as not offered: --ecs-not-offered=ecs.quotas.*",
    )
    assert (certificate["verdict"], certificate["declaration"][0]["operation"]) == ("pass", "ecs.quotas.*")


def test_shards_are_merged_into_one_certificate(pytester: pytest.Pytester) -> None:
    """Each test runs in one of them, and the whole lacks nothing that was asked for."""
    from pytest_ecs._report import command
    from pytest_ecs._report.verify import verify
    from pytest_ecs._run.shards import home_of

    contract = load_contract()
    home = home_of([_STATUS], [], contract, 2)
    names = [f"{name}/status" for name in contract.operations]
    other = next(name for name in names if home_of([name], [], contract, 2) != home)
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.parametrize("requirement", [
            pytest.param(name, marks=pytest.mark.ecs_requirement(name)) for name in ({_STATUS!r}, {other!r})
        ])
        def test_it(ecs_check, ecs_client, requirement):
            ecs_check(requirement, ecs_client.get("/v1/{{project_id}}/cloudservers/limits"), "status", equals=200)
    """)
    options = ("-q", f"--ecs-requirement={_STATUS}", f"--ecs-requirement={other}")
    for number in (1, 2):
        part = pytester.runpytest(*options, f"--ecs-shard={number}/2", f"--ecs-report=part{number}")
        part.assert_outcomes(passed=1, deselected=1)
    parts = [pytester.path / "part1", pytester.path / "part2"]
    assert command("merge", parts, output=pytester.path / "out") == 0
    certificate = _certificate(pytester)
    assert {row["requirement"]: row["verdict"] for row in certificate["results"]} == {_STATUS: "pass", other: "pass"}
    assert certificate["selection"]["text"].startswith("shard 1/2, profile full, requirement ")
    assert "--ecs-shard=1/2" in certificate["selection"]["command"]
    assert verify(pytester.path / "out", contract) == []
    refused = pytester.runpytest("-q", "--ecs-shard=3/2", "--ecs-report=out")
    refused.stderr.fnmatch_lines(["*--ecs-shard: '3/2' cannot be used: write it as 1/4*"])
