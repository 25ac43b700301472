"""No secret reaches anybody: not an output, not a log, not a file, whatever is asked to be shown."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve
from tests.faults.proxy import Fault, disturbing

#: How long the part of a secret is that nobody may see, in whatever encoding and wherever it begins.
_PART = 12


def _spellings(secret: str) -> Iterator[str]:
    """Yield what a secret may look like: as it is, reversed, quoted, and encoded, also in the middle of something else."""
    plain = secret.encode()
    yield from (secret, secret[::-1], quote(secret, safe=""), json.dumps(secret)[1:-1])
    yield from (plain.hex(), plain.hex().upper(), "".join(f"%{byte:02x}" for byte in plain))
    for encode in (base64.b64encode, base64.urlsafe_b64encode, base64.b32encode):
        for before in range(3 if encode is not base64.b32encode else 5):
            # What comes before shifts the letters; those at both ends depend on it.
            yield encode(b"x" * before + plain).decode().rstrip("=")[8:-4]


def _parts(secret: str) -> set[str]:
    return {spelling[:_PART] if spelling.startswith(secret[:_PART]) else spelling for spelling in _spellings(secret)}


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "xdist"])
def test_no_secret_is_shown_however_much_is_asked_for(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """Every level of the log, every local variable, failures, lost answers, a crash inside a hook; arguments, what workers send."""
    monkeypatch.setenv("EXECNET_DEBUG", "1")  # writes all that goes through the channels of workers into files
    monkeypatch.setenv("TMPDIR", str(tmp_path))
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
            import os
            from pathlib import Path

            PATH = "/v2.1/{project_id}/os-keypairs"

            def test_fine(ecs_client):
                assert ecs_client.get(PATH).accepted
                for process in (os.getpid(), os.getppid()):
                    text = Path(f"/proc/{process}/cmdline").read_text()
                    Path(f"arguments-{process}").write_text(text)

            def test_lost(ecs_client): ecs_client.post(PATH, {"keypair": {"name": "a"}})
            def test_late(ecs_client): ecs_client.delete(PATH + "/a")
            def test_wrong(ecs_client):
                exchange = ecs_client.get(PATH)
                assert exchange.status == 418
            def test_crash(ecs_client): pass
        """)
        options = ["-vv", "-l", "--tb=long", "--log-level=DEBUG", "--log-cli-level=DEBUG", "--log-file=log.txt"]
        shown = pytester.runpytest_subprocess(
            *options,
            *workers,
            "--showlocals",
            f"--ecs-endpoint={proxy.url}",
            "--ecs-report=out",
            "--ecs-request-timeout=4",
        )
        shown.assert_outcomes(passed=2, failed=3, errors=1)
    tokens = {entry.headers["x-auth-token"] for entry in proxy.log if "x-auth-token" in entry.headers}
    assert tokens
    assert not workers or list(tmp_path.glob("execnet-debug-*"))
    files = [file for folder in (pytester.path, tmp_path) for file in folder.rglob("*") if file.is_file()]
    seen = [shown.stdout.str(), shown.stderr.str(), *(file.read_bytes().decode("latin-1") for file in files)]
    for secret in (*tokens, str(about["password"]), str(about["sk"])):
        for part in _parts(secret):
            assert len(part) >= _PART
            assert not any(part in text for text in seen), f"{part[:4]}... is shown"


def test_every_spelling_of_a_secret_is_looked_for() -> None:
    """Each is found in what holds it, wherever it stands."""
    secret = "Pw-0123456789/abcdef+x"
    for before in (b"", b"u", b"us", b"user:"):
        held = base64.b64encode(before + secret.encode()).decode()
        assert any(part in held for part in _parts(secret))
    for held in (
        secret,
        f"token={quote(secret, safe='')}&",
        secret.encode().hex(),
        json.dumps({"a": secret}),
        secret[::-1],
    ):
        assert any(part in held for part in _parts(secret))
