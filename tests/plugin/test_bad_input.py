"""A user's mistake is one clear paragraph and the right exit code: no traceback, nothing left behind."""

import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .servers import Answer, endpoint

_CREDENTIALS = {
    "OS_USERNAME": "auditor",
    "OS_PASSWORD": "correct-horse-battery",
    "OS_USER_DOMAIN_NAME": "acme",
    "OS_PROJECT_NAME": "eu-test-1",
    "OS_PROJECT_ID": "a" * 32,
}

#: What is tested is this checkout, whatever is installed.
_ROOT = str(Path(__file__).parents[2])


def _token(expires: str = "2099-01-01T00:00:00.000000Z") -> tuple[int, dict[str, str], bytes]:
    body = {"token": {"expires_at": expires, "methods": ["password"], "catalog": []}}
    return (
        201,
        {"X-Subject-Token": "a-token-for-the-test", "Content-Type": "application/json"},
        json.dumps(body).encode(),
    )


def _run(folder: Path, *options: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest_ecs", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": _ROOT, **_CREDENTIALS, **(environment or {})},
    )


def _one_paragraph(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    said = done.stdout + done.stderr
    assert done.returncode == 4, said
    assert "Traceback" not in said
    assert "correct-horse-battery" not in said
    for part in parts:
        assert part in said, said
    assert len(said.strip().splitlines()) <= 4, said


def _left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".pytest-ecs"}


def test_an_endpoint_that_nobody_listens_on(tmp_path: Path) -> None:
    """Connection refused names the URL and says what to check."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        done = _run(tmp_path, "run", f"--ecs-endpoint={url}")
    _one_paragraph(done, url, "cannot be reached", "ConnectError", "check the URL")
    assert _left(tmp_path) == set()


def test_a_wrong_password(tmp_path: Path) -> None:
    """IAM's 401 names user, domain and project, never the password."""
    refusal = json.dumps({"error": {"code": 401, "message": "wrong", "title": "Unauthorized"}}).encode()

    def answer(method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        return 401, {"Content-Type": "application/json"}, refusal

    with endpoint(answer) as url:
        done = _run(tmp_path, "run", f"--ecs-endpoint={url}")
    _one_paragraph(done, "auditor", "acme", url)


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        pytest.param(
            lambda m, p: (
                _token()
                if m == "POST"
                else (200, {"Content-Type": "text/html"}, b"<html><title>Welcome</title></html>")
            ),
            ("is no ECS endpoint", "text/html", "Welcome"),
            id="html",
        ),
        pytest.param(
            lambda m, p: _token() if m == "POST" else (200, {"Content-Type": "application/json"}, b"\xff\xfe{not json"),
            ("is no ECS endpoint", "HTTP 200"),
            id="garbage",
        ),
        pytest.param(
            lambda m, p: (201, {"X-Subject-Token": "t-123456", "Content-Type": "application/json"}, b"[]"),
            ("/v3/auth/tokens",),
            id="iam-garbage",
        ),
        pytest.param(
            lambda m, p: (200, {"Content-Type": "text/html"}, b"<html>hello</html>"),
            ("/v3/auth/tokens",),
            id="iam-html",
        ),
    ],
)
def test_something_else_answers(tmp_path: Path, answer: Answer, parts: tuple[str, ...]) -> None:
    """A web page, or a 200 with garbage, is named as what it is."""
    with endpoint(answer) as url:
        done = _run(tmp_path, "run", f"--ecs-endpoint={url}")
    _one_paragraph(done, *parts)


def test_an_endpoint_with_chapter_6_alone_is_told_from_others(tmp_path: Path) -> None:
    """The profile is wrong then, and no half of an answer is shown."""
    headers = {"Content-Type": "application/json"}

    def answer(method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        if method == "POST":
            return _token()
        if "/servers" in path:
            return 200, headers, b'{"servers": []}'
        return 300, headers, json.dumps({"choices": [{"id": "v2.0", "links": ["x" * 400]}]}).encode()

    with endpoint(answer) as url:
        done = _run(tmp_path, "plan", "core", f"--ecs-endpoint={url}")
    _one_paragraph(done, "no ECS endpoint with chapter 5", "HTTP 300, JSON with choices", "take the profile native")


@pytest.fixture
def expired(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An HTTPS endpoint whose certificate ended a year ago; its URL and the authority to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=730))
        .not_valid_after(now - timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    trust = tmp_path / "trust.pem"
    trust.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            try:
                context.wrap_socket(raw, server_side=True).close()
            except OSError:
                raw.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"https://localhost:{listener.getsockname()[1]}", trust
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_an_expired_certificate(tmp_path: Path, expired: tuple[str, Path]) -> None:
    """The handshake's failure is named, with how to trust an authority."""
    url, trust = expired
    done = _run(tmp_path, "run", f"--ecs-endpoint={url}", f"--ecs-ca-file={trust}")
    _one_paragraph(done, "TLS certificate", "does not verify", "expired", "--ecs-ca-file")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["run", "cor"], ("no profile 'cor'", "core, native, deprecated, full", "did you mean core")),
        (
            ["run", "--ecs-requirement=ecs.servers.create/statu"],
            ("no requirement", "did you mean ecs.servers.create/status"),
        ),
        (["run", "--ecs-cloud=nowhere"], ("nowhere", "clouds.yaml")),
        (["run", "--ecs-endpoint=ecs.example.com"], ("is not a URL", "https://")),
        (["run", "--ecs-deviation=no-such"], ("no-such",)),
        (["run", "--ecs-waivers=missing.yaml"], ("missing.yaml",)),
        (["mock", "--deviation=no-such"], ("no deviation 'no-such'",)),
        (["mock", "--speed=0"], ("--speed must be greater than 0",)),
        (["sweep"], ("nothing to sweep", "--ecs-cloud")),
    ],
)
def test_words_that_name_nothing(tmp_path: Path, arguments: list[str], parts: tuple[str, ...]) -> None:
    """Unknown profiles, ids, clouds, files and deviations are named, with what there is."""
    _one_paragraph(_run(tmp_path, *arguments), *parts)
    assert _left(tmp_path) == set()


def test_a_schema_file_with_a_typo(tmp_path: Path) -> None:
    """A mistake in the contract names the file, the line and the word that was probably meant."""
    import shutil

    root = Path(__file__).parents[2]
    for name in ("pytest_ecs", "schemas", "suites"):
        shutil.copytree(root / name, tmp_path / "copy" / name, ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "copy" / "schemas" / "ecs" / "batch.yaml"
    text = file.read_text(encoding="utf-8")
    line = text[: text.index("summary:")].count("\n") + 1
    file.write_text(text.replace("summary:", "sumary:", 1), encoding="utf-8")
    done = _run(tmp_path / "copy", "run", environment={"PYTHONPATH": str(tmp_path / "copy")})
    _one_paragraph(done, "ecs/batch.yaml", f"{line}", "sumary", "summary")


def _with_unknown_markers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.ecs_requirement("ecs.flavours.list/status")
        def test_typo(ecs_client): pass

        @pytest.mark.parametrize("at", [1, 2])
        @pytest.mark.ecs_requirement("A.2/Ecs.0005", "nova.tags.add/rule/too-lon")
        def test_half(ecs_client, at): pass
    """)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_marker_with_an_unknown_id_is_named(pytester: pytest.Pytester, workers: str) -> None:
    """Its test would be left out in silence, and its requirement be called not covered; with xdist the workers collect."""
    _with_unknown_markers(pytester)
    shown = pytester.runpytest_subprocess("-q", "--ecs-report=out", "-n", workers)
    assert shown.ret == (pytest.ExitCode.TESTS_FAILED if workers == "2" else pytest.ExitCode.INTERRUPTED)
    text = shown.stdout.str() + shown.stderr.str()
    assert "test_a_marker_with_an_unknown_id_is_named.py, line 3: The contract has no requirement" in text
    assert "did you mean 'ecs.flavors.list/status'" in text
    assert "line 6: The contract has no requirement 'nova.tags.add/rule/too-lon'. did you mean" in text
    assert "Traceback" not in text
