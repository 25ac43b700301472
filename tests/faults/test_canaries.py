"""No secret reaches anybody: not an output, not a log, not a file, whatever is asked to be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve
from tests.faults.proxy import Fault, disturbing


def test_no_secret_is_shown_however_much_is_asked_for(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every level of the log, every local variable, failures, lost answers and a crash inside a hook."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    cloud = MockCloud()
    lost = [
        Fault("reset-before", "POST", "/os-keypairs"),
        Fault("timeout-before", "DELETE", "/os-keypairs", seconds=60),
    ]
    with serve(cloud) as server, disturbing(server.url, lost) as proxy:
        about = cloud.describe(proxy.url)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        monkeypatch.setenv("OS_AUTH_URL", f"{proxy.url}/v3")
        for variable, name in (("USERNAME", "username"), ("PASSWORD", "password"), ("PROJECT_ID", "project_id")):
            monkeypatch.setenv(f"OS_{variable}", str(about[name]))
        monkeypatch.setenv("OS_USER_DOMAIN_NAME", str(about["domain"]))
        pytester.makeconftest("""
            import pytest

            @pytest.hookimpl(wrapper=True)
            def pytest_runtest_teardown(item):
                yield
                if item.name == "test_crash":
                    raise RuntimeError("a crash inside a hook")
        """)
        pytester.makepyfile("""
            PATH = "/v2.1/{project_id}/os-keypairs"

            def test_fine(ecs_client): assert ecs_client.get(PATH).accepted
            def test_lost(ecs_client): ecs_client.post(PATH, {"keypair": {"name": "a"}})
            def test_late(ecs_client): ecs_client.delete(PATH + "/a")
            def test_wrong(ecs_client):
                exchange = ecs_client.get(PATH)
                assert exchange.status == 418
            def test_crash(ecs_client): pass
        """)
        options = ["-vv", "-l", "--tb=long", "--log-level=DEBUG", "--log-cli-level=DEBUG", "--log-file=log.txt"]
        shown = pytester.runpytest_subprocess(
            *options, "--showlocals", f"--ecs-endpoint={proxy.url}", "--ecs-report=out", "--ecs-request-timeout=4"
        )
        shown.assert_outcomes(passed=2, failed=3, errors=1)
    tokens = {entry.headers["x-auth-token"] for entry in proxy.log if "x-auth-token" in entry.headers}
    assert tokens
    files = [file for folder in (pytester.path, tmp_path) for file in folder.rglob("*") if file.is_file()]
    seen = [shown.stdout.str(), shown.stderr.str(), *(file.read_bytes().decode("latin-1") for file in files)]
    for secret in (*tokens, str(about["password"]), str(about["sk"])):
        assert not any(secret in text for text in seen)
