"""Proxies, gateways and closed networks that answer in the place of a service: named as what they are, and no verdict."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from pytest_ecs import RunningMock, serve_mock
from pytest_ecs._http.between import by_another, led, over
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import Session, open_session
from pytest_ecs.exceptions import AuthenticationFailed, EcsError, EndpointLost, NotAnEcsEndpoint, Unreachable, fault_of


class _Proxy(BaseHTTPRequestHandler):
    """Answers everything with one status and a page."""

    def answer(self) -> None:
        """Say it."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        page = b"<html><title>Acme</title></html>"
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Type", "text/html")
        self.send_header("Location", "http://me:geheim@portal.example/login?token=geheim")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_GET = do_POST = do_CONNECT = answer  # noqa: N815 - names of the library

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    status = 407


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    """A proxy for everything but 127.0.0.1, which the environment names with credentials."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with _Server(("127.0.0.1", 0), _Proxy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """A mock over HTTP."""
    with serve_mock(speed=1000) as running:
        yield running


def _opened(mock: RunningMock, folder: Path, **asked: str) -> Session:
    settings = Settings(run="between", folder=folder, **{"endpoint": mock.url, **asked})  # type: ignore[arg-type]
    return open_session(settings, {"HOME": str(folder), **mock.environment}, creates=False)


def _refusal(session: Session) -> EcsError:
    try:
        with pytest.raises(EcsError) as caught:
            session.prepare()
    finally:
        session.close()
    assert "geheim" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (
            407,
            Unreachable,
            r"^The proxy http://127\S+ on the way to IAM at \S+ wants a user name and a password\. .*HTTP_PROXY",
        ),
        (511, Unreachable, r"^The network wants a login .* IAM at .*browser"),
        (403, NotAnEcsEndpoint, r"does not answer over the proxy http://127\S+ as IAM would: its 403 is a page"),
        (
            200,
            NotAnEcsEndpoint,
            r"does not answer over the proxy \S+ as IAM would: .* no proxy or login page",
        ),
        (302, NotAnEcsEndpoint, r"leads to http://portal\.example\. "),
    ],
)
def test_what_answers_a_login_in_place_of_iam_is_named(
    mock: RunningMock, proxy: _Server, tmp_path: Path, status: int, kind: type[EcsError], said: str
) -> None:
    """No password of the user is blamed for it."""
    proxy.status = status
    error = _refusal(_opened(mock, tmp_path))
    assert type(error) is kind
    assert re.search(said, str(error)), str(error)


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (407, Unreachable, r"^The proxy http://127\S+ on the way to http://localhost\S+ \(GET \S+\) wants a user name"),
        (511, Unreachable, r"^The network wants a login before it lets anything through to http://localhost"),
        (
            302,
            NotAnEcsEndpoint,
            r"^What answers over the proxy \S+ at http://localhost\S+ .*leads to http://portal\.example\. ",
        ),
    ],
)
def test_what_answers_in_place_of_the_endpoint_is_named(
    mock: RunningMock,
    proxy: _Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    kind: type[EcsError],
    said: str,
) -> None:
    """Where only IAM is asked without the proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    proxy.status = status
    error = _refusal(_opened(mock, tmp_path, endpoint=mock.url.replace("127.0.0.1", "localhost")))
    assert type(error) is kind
    assert re.search(said, str(error)), str(error)


def test_a_proxy_that_refuses_the_way_to_tls_is_named(mock: RunningMock, proxy: _Server, tmp_path: Path) -> None:
    """And so is one that is not there."""
    asked = {"endpoint": "https://ecs.invalid", "iam": "https://iam.invalid"}
    assert "wants a user name and a password" in str(_refusal(_opened(mock, tmp_path, **asked)))
    proxy.status = 403
    assert "does not connect to IAM at https://iam.invalid" in str(_refusal(_opened(mock, tmp_path, **asked)))


def test_a_proxy_that_is_not_there_is_named(
    mock: RunningMock, proxy: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not IAM, which was not asked."""
    monkeypatch.setenv("http_proxy", "http://me:geheim@127.0.0.1:9")
    session = _opened(mock, tmp_path)
    monkeypatch.setattr(session.target.clock, "sleep", lambda _: None, raising=False)
    assert str(_refusal(session)).startswith("The proxy http://127.0.0.1:9 on the way to IAM at")


def test_a_proxy_whose_credentials_end_during_a_run_is_no_verdict(
    mock: RunningMock, proxy: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers have a failure, and after some of them in a row the run stops."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    session = _opened(mock, tmp_path, endpoint=mock.url.replace("127.0.0.1", "localhost"))
    try:
        first = session.client.get("/v2.1/{project_id}/servers")
        assert (
            first.failure
            == "HTTP 407 after 1 attempt: a proxy on the way wants credentials, so that the service was not asked"
        )
        assert not [finding for finding in session.look(first) if finding.outcome == "fail"]
        with pytest.raises(EndpointLost) as caught:
            list(map(session.client.get, ["/v2.1/{project_id}/servers"] * 10))
        assert fault_of(caught.value) == "environment"
    finally:
        session.close()


def test_a_gateway_says_of_no_chapter_that_it_is_not_offered(
    mock: RunningMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run without chapter 5 would be certified as not applicable."""
    session = _opened(mock, tmp_path)
    get = type(session.client).get

    def disturbed(client: object, path: str, **how: object) -> object:
        exchange = get(client, path, **how)  # type: ignore[arg-type]
        if not path.startswith("/v1"):
            return exchange
        return replace(
            exchange, status=503, response_body=None, response_text="<html>", failure="HTTP 503 after 5 attempts"
        )

    monkeypatch.setattr(type(session.client), "get", disturbed)
    error = _refusal(session)
    assert "gives no answer of the service at the moment" in str(error)
    assert fault_of(error) == "environment"


def test_words_about_proxies_hold_no_secret(proxy: _Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of the proxy's address nor of a place that an answer leads to."""
    monkeypatch.setenv("http_proxy", "http://me:geheim@proxy:3128")
    assert over("http://host") == " over the proxy http://proxy:3128"
    assert "refuses the user name and the password" in str(by_another(407, "http://host", "host", "x"))
    assert led("http://[::1") == led("/here") == led(None) == ""


def test_a_wrong_password_does_not_get_the_token_of_the_right_one(mock: RunningMock, tmp_path: Path) -> None:
    """Two identities with the name of one user share none, and the refused one names its option once."""
    about = mock.about["other_project"]
    auth = {
        "auth_url": mock.url,
        "username": about["username"],
        "user_domain_name": about["domain"],
        "project_id": about["project_id"],
    }
    clouds = {
        "right": {"auth": {**auth, "password": about["password"]}, "region_name": "mars-1"},
        "wrong": {"auth": {**auth, "password": "geheim"}},
    }
    (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": clouds}), encoding="utf-8")
    session = _opened(mock, tmp_path, other_cloud="right", restricted_cloud="wrong")
    assert any("region 'mars-1', where the run is in 'eu-test-1'" in one for one in session.target.remarks)
    error = _refusal(session)
    assert isinstance(error, AuthenticationFailed)
    assert str(error).count("--ecs-restricted-cloud") == 1
