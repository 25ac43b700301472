"""What becomes of a certificate when the run itself goes wrong."""

import json
from typing import Any

import pytest

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


def test_an_endpoint_that_goes_away_stops_the_run(pytester: pytest.Pytester) -> None:
    """After the first answer that never comes nothing more is tried; what was not tested is an error or not tested."""
    pytester.makepyfile(f"""
        import pytest
        from pytest_ecs.exceptions import Unreachable

        @pytest.mark.ecs_requirement({_STATUS!r})
        def test_first(ecs_client): raise Unreachable("The endpoint cannot be reached", seen="ConnectError", hint="look")

        def test_second(ecs_client): pass
    """)
    shown = pytester.runpytest("-q", "--ecs-report=out")
    shown.assert_outcomes(failed=1)
    shown.stdout.fnmatch_lines(["*The endpoint cannot be reached. Seen: ConnectError. look.*"])
    certificate = _certificate(pytester)
    assert certificate["verdict"] == "error"
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
    assert (verdict, "HTTP 503 after 4 attempts" in reason) == ("error", True)
