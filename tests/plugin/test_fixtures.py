"""The fixtures in a stranger's tests, on the embedded mock."""

import pytest


def test_servers_are_handed_out_in_the_state_asked_for(pytester: pytest.Pytester) -> None:
    """ACTIVE by default, SHUTOFF on request, several at once, and nobody else's."""
    pytester.makepyfile("""
        def test_states(ecs_servers, ecs_server):
            assert ecs_server.show().response_body["server"]["status"] == "ACTIVE"
            stopped = ecs_servers("SHUTOFF")
            assert stopped.show().response_body["server"]["status"] == "SHUTOFF"
            several = ecs_servers.batch(2, "SHUTOFF")
            assert len({ecs_server.id, stopped.id, *(lease.id for lease in several)}) == 4

        def test_reuse(_ecs_session, ecs_server):
            before = _ecs_session.ledger.created()
            _ecs_session.pool.lease().release()
            assert _ecs_session.ledger.created() == before
    """)
    pytester.runpytest("-q").assert_outcomes(passed=2)


def test_both_clients_and_the_contract_work(pytester: pytest.Pytester) -> None:
    """A token, a signature, a job, and the reference as data."""
    pytester.makepyfile("""
        def test_clients(ecs_client, ecs_signed_client, ecs_contract, ecs_credentials, ecs_target, ecs_settings):
            for client in (ecs_client, ecs_signed_client):
                answer = client.get("/v1/{project_id}/cloudservers/limits")
                assert (answer.status, answer.operation) == (200, "ecs.quotas.show")
            assert ecs_contract.status_of("active", "rebooting") == "REBOOT"
            assert ecs_target.simulated and ecs_settings.embedded
            assert ecs_credentials["primary"].password not in repr(ecs_credentials)

        def test_job(ecs_client, ecs_server, ecs_wait_for_job):
            body = {"os-stop": {"servers": [{"id": ecs_server.id}]}}
            started = ecs_client.post("/v1/{project_id}/cloudservers/action", body)
            assert ecs_wait_for_job(started.response_body["job_id"]).response_body["status"] == "SUCCESS"
    """)
    pytester.runpytest("-q").assert_outcomes(passed=2)


def test_a_failed_job_is_explained_without_a_traceback_of_ours(pytester: pytest.Pytester) -> None:
    """The message has the job, its type, its sub-jobs, their codes and the time."""
    pytester.makepyfile("""
        def test_job(ecs_client, ecs_server, ecs_target, ecs_wait_for_job):
            ecs_target.control("POST", "/_mock/fail", {"job_type": "stopServers", "code": "Ecs.0100"})
            body = {"os-stop": {"servers": [{"id": ecs_server.id}]}}
            ecs_wait_for_job(ecs_client.post("/v1/{project_id}/cloudservers/action", body).response_body["job_id"])
    """)
    shown = pytester.runpytest("-q")
    shown.assert_outcomes(failed=1)
    shown.stdout.fnmatch_lines(
        [
            "*Job * (stopServers) ended in FAIL*Common.0021*s after it was delivered*",
            "*sub-job * (stopSingleServer)*Ecs.0100*",
        ]
    )


def test_a_report_of_a_strangers_tests_judges_what_they_exchanged(pytester: pytest.Pytester) -> None:
    """With --ecs-report every exchange is judged, and a broken requirement fails the test that saw it first."""
    pytester.makepyfile("""
        def test_first(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")
        def test_second(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")
    """)
    shown = pytester.runpytest("-q", "--ecs-report=out", "--ecs-deviation=quota-null")
    shown.assert_outcomes(passed=1, failed=1)
    shown.stdout.fnmatch_lines(
        ["*ecs.quotas.show/response/absolute.maxTotalCores/type (must)*", "*Observed*null*", "*curl -i -X GET*"]
    )
    assert sorted(path.name for path in (pytester.path / "out").iterdir()) == [
        "evidence.jsonl.gz",
        "junit.xml",
        "report.html",
        "report.json",
        "summary.md",
    ]


def test_what_was_not_asked_for_fails_nothing(pytester: pytest.Pytester) -> None:
    """A selection is the same for the tests, the certificate and the exit code."""
    import json

    pytester.makepyfile("""def test_it(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")""")
    for section, code, verdict in (("5.7", 1, "fail"), ("5.1", 0, "partial")):
        shown = pytester.runpytest("-q", "--ecs-report=out", "--ecs-deviation=quota-null", f"--ecs-section={section}")
        certificate = json.loads((pytester.path / "out" / "report.json").read_text())
        assert (shown.ret, certificate["verdict"]) == (code, verdict)


def test_a_check_that_judges_nothing_is_an_error(pytester: pytest.Pytester) -> None:
    """A test that says what it covers and makes no finding cannot pass."""
    pytester.makepyfile("""
        import pytest

        @pytest.mark.ecs_requirement("ecs.servers.create/rule/name-suffix")
        def test_silent(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")
    """)
    shown = pytester.runpytest("-q", "--ecs-report=out")
    shown.assert_outcomes(failed=1)
    shown.stdout.fnmatch_lines(["*ended without judging ecs.servers.create/rule/name-suffix*"])


def test_a_check_that_judges_nothing_after_a_failure_did_not_test(pytester: pytest.Pytester) -> None:
    """What is broken may keep the rest from coming up; that is no error of the check, and the failure stands."""
    import json

    pytester.makepyfile("""
        import pytest

        @pytest.mark.ecs_requirement("ecs.servers.create/rule/name-suffix")
        def test_silent(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")
    """)
    shown = pytester.runpytest("-q", "--ecs-report=out", "--ecs-deviation=quota-null")
    shown.assert_outcomes(failed=1)
    certificate = json.loads((pytester.path / "out" / "report.json").read_text())
    assert certificate["verdict"] == "fail"
    (silent,) = [r for r in certificate["results"] if r["requirement"] == "ecs.servers.create/rule/name-suffix"]
    assert (silent["verdict"], silent["reason"]) == (
        "not_tested",
        "what it speaks of did not come up, since ecs.quotas.show/response/absolute.maxTotalCores/type is broken",
    )


def test_a_check_says_once_why_it_could_not_test(pytester: pytest.Pytester) -> None:
    """What it says of one of its requirements holds for those of which it says nothing."""
    import json

    said, silent = "ecs.servers.create/rule/name-single", "ecs.servers.create/rule/name-suffix"
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.ecs_requirement("{said}", "{silent}")
        def test_it(ecs_client, ecs_check):
            ecs_client.get("/v1/{{project_id}}/cloudservers/limits")
            ecs_check.not_tested("{said}", "there is no image")

        @pytest.mark.ecs_requirement("ecs.servers.create/rule/count-default")
        def test_another(ecs_client): ecs_client.get("/v1/{{project_id}}/cloudservers/limits")
    """)
    pytester.runpytest("-q", "--ecs-report=out").assert_outcomes(passed=1, failed=1)
    certificate = json.loads((pytester.path / "out" / "report.json").read_text())
    rows = {row["requirement"]: (row["verdict"], row["reason"]) for row in certificate["results"]}
    assert rows[said] == ("not_tested", "there is no image")
    assert rows[silent] == ("not_tested", "what it speaks of did not come up: there is no image")
    assert rows["ecs.servers.create/rule/count-default"][0] == "error"


def test_a_check_whose_request_was_not_answered_is_not_at_fault(pytester: pytest.Pytester) -> None:
    """Nobody knows what would have come up: that is an error of the environment, as ever when an answer does not come."""
    import json

    silent = "ecs.servers.create/rule/name-suffix"
    pytester.makepyfile(f"""
        import httpx
        import pytest

        @pytest.mark.ecs_requirement("{silent}")
        def test_it(ecs_client, monkeypatch):
            def page(request):
                return httpx.Response(500, text="<h1>500</h1>", headers={{"Content-Type": "text/html"}})

            ecs_client.get("/v1/{{project_id}}/cloudservers/flavors")
            monkeypatch.setattr(ecs_client.connection.http, "_transport", httpx.MockTransport(page))
            assert ecs_client.get("/v1/{{project_id}}/cloudservers/limits").failure
    """)
    pytester.runpytest("-q", "--ecs-report=out").assert_outcomes(passed=1)
    certificate = json.loads((pytester.path / "out" / "report.json").read_text())
    (row,) = [r for r in certificate["results"] if r["requirement"] == silent]
    assert row["verdict"] == "error"
    assert row["reason"].startswith("environment: what it speaks of did not come up, since GET ")


def test_a_check_whose_query_was_refused_did_not_test(pytester: pytest.Pytester) -> None:
    """What an answer shows never came up, and that it was refused is judged by itself."""
    import json

    silent = "ecs.quotas.show/response/absolute.maxTotalCores/type"
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.ecs_requirement("{silent}")
        def test_silent(ecs_client, ecs_clients):
            assert ecs_clients.anonymous(ecs_client).get("/v1/{{project_id}}/cloudservers/limits").refused
    """)
    pytester.runpytest("-q", "--ecs-report=out").assert_outcomes(passed=1)
    certificate = json.loads((pytester.path / "out" / "report.json").read_text())
    (row,) = [r for r in certificate["results"] if r["requirement"] == silent]
    assert row["verdict"] == "not_tested"
    assert "/cloudservers/limits was not accepted: HTTP 401" in row["reason"]


def test_a_waived_failure_is_green_and_on_the_certificate(pytester: pytest.Pytester) -> None:
    """An owner's waiver turns the failure into waived and the whole into partial."""
    import json

    pytester.makepyfile("""def test_it(ecs_client): ecs_client.get("/v1/{project_id}/cloudservers/limits")""")
    requirement = "ecs.quotas.show/response/absolute.maxTotalCores/type"
    (pytester.path / "waivers.yaml").write_text(
        f"- requirement: {requirement}\n  owner: QA lead\n  reason: known\n  expires: 2099-01-01\n"
    )
    shown = pytester.runpytest("-q", "--ecs-report=out", "--ecs-deviation=quota-null", "--ecs-waivers=waivers.yaml")
    shown.assert_outcomes(passed=1)
    certificate = json.loads((pytester.path / "out" / "report.json").read_text())
    (row,) = [r for r in certificate["results"] if r["requirement"] == requirement]
    assert (row["verdict"], certificate["verdict"]) == ("waived", "partial")
    assert certificate["waivers"][0]["state"] == "applied"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ("requirement: x", "is not a list of waivers"),
        ("- requirement: x", "Waiver 1*missing owner, reason, expires"),
        ("- {requirement: x, owner: y, reason: z, expires: soon}", "expires on no date*'soon'"),
    ],
)
def test_a_wrong_waiver_is_named(pytester: pytest.Pytester, text: str, said: str) -> None:
    """The entry and the field that is wrong are in the message."""
    (pytester.path / "waivers.yaml").write_text(text)
    pytester.makepyfile("def test_it(): pass")
    shown = pytester.runpytest("-q", "--ecs-report=out", "--ecs-waivers=waivers.yaml")
    assert shown.ret == pytest.ExitCode.USAGE_ERROR
    shown.stderr.fnmatch_lines([f"*{said}*"])


def test_a_state_that_the_pool_does_not_have_is_said(pytester: pytest.Pytester) -> None:
    """Before a server is made for it."""
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("state", ["PAUSED", "active", "ERROR"])
        @pytest.mark.parametrize("how", ["__call__", "to_delete", "to_resize", "shared"])
        def test_it(ecs_servers, state, how):
            with pytest.raises(ValueError, match=f"in the states ACTIVE and SHUTOFF, not '{state}'"):
                getattr(ecs_servers, how)(state)
            with pytest.raises(ValueError, match=f"in the states ACTIVE and SHUTOFF, not '{state}'"):
                ecs_servers.batch(2, state)
    """)
    pytester.runpytest("-q").assert_outcomes(passed=12)


def test_a_claim_that_is_none_is_said_and_blames_nobody(pytester: pytest.Pytester) -> None:
    """No test, two of them, a path that begins nowhere, a name that is not spelled right."""
    pytester.makepyfile("""
        import pytest

        def test_it(ecs_check, ecs_client):
            shown = ecs_client.get("/v2.1/{project_id}/servers")
            with pytest.raises(TypeError, match="one test of equals, .* is needed, not none"):
                ecs_check("nova.servers.list/status", shown, "status")
            with pytest.raises(TypeError, match="is needed, not equals, present"):
                ecs_check("nova.servers.list/status", shown, "status", equals=200, present=True)
            for path in ((), ("/servers/0/id",), ("servers", 0)):
                with pytest.raises(TypeError, match="begins with one of status, headers, body"):
                    ecs_check("nova.servers.list/status", shown, *path, present=True)
            with pytest.raises(LookupError, match="no requirement nova.servers.lst/status; did you mean nova.servers.list/status"):
                ecs_check("nova.servers.lst/status", shown, "status", equals=200)
    """)
    pytester.runpytest("-q").assert_outcomes(passed=1)


def test_what_is_not_sent_needs_nothing(pytester: pytest.Pytester) -> None:
    """Neither a server nor an option: that one is missing would be said of an operation that is not offered at all."""
    pytester.makepyfile("""
        from dataclasses import replace

        import pytest
        from pytest_ecs._http.target import Resources
        from pytest_ecs.exceptions import PrerequisiteMissing

        @pytest.mark.parametrize("name", ["ecs.servers.create", "ecs.servers.batch-start"])
        def test_it(ecs_cases, _ecs_session, name):
            _ecs_session.reach.missing = frozenset({5})
            _ecs_session.target = replace(_ecs_session.target, resources=Resources())
            requirement = f"{name}/http/malformed-json"
            for how, about in (("run", name), ("refuse", requirement)):
                with pytest.raises(PrerequisiteMissing, match="is not sent.*does not offer the APIs of chapter 5"):
                    getattr(ecs_cases, how)(about)
            assert _ecs_session.ledger.created() == 0
    """)
    pytester.runpytest("-q").assert_outcomes(passed=2)
