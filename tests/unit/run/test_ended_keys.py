"""AK/SK that end, at the start or in the middle of a run: said with that word, and no verdict on the endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from pytest_ecs import RunningMock, serve_mock
from pytest_ecs._http.exchange import Case
from pytest_ecs._run.doctor import examine
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import Session, open_session
from pytest_ecs.exceptions import (
    AuthenticationFailed,
    ConfigurationError,
    CredentialsEnded,
    EndpointLost,
    PrerequisiteMissing,
    TargetError,
)

_HOUR = 3600.0
_FLAVORS = "/v1/{project_id}/cloudservers/flavors"
_KEYS = "/v2.1/{project_id}/os-keypairs"


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """A mock over HTTP."""
    with serve_mock(speed=1) as running:
        yield running


Open = Callable[..., Session]


@pytest.fixture
def opened(mock: RunningMock, tmp_path: Path) -> Iterator[Open]:
    """Open sessions on the mock, of the credentials that variables name and of other clouds."""
    with ExitStack() as stack:

        def of(environ: Mapping[str, str], **asked: Any) -> Session:
            settings = Settings(run="ended", endpoint=mock.url, folder=tmp_path, **asked)
            session = open_session(settings, {"HOME": str(tmp_path), **environ}, creates=False)
            stack.callback(session.close)
            return session

        yield of


def _temporary(mock: RunningMock, seconds: float) -> dict[str, str]:
    """Return the variables of an AK/SK that ends after that many seconds of the mock's clock."""
    keys = mock.control("POST", "/_mock/keys", {"seconds": seconds})
    named = {f"HUAWEICLOUD_SDK_{name.upper()}": value for name, value in keys.items()}
    return {**named, "HUAWEICLOUD_SDK_PROJECT_ID": mock.about["project_id"]}


def _cloud(mock: RunningMock, folder: Path, seconds: float) -> dict[str, Any]:
    """Write a cloud of such keys, and return how it is asked for as another identity."""
    keys = mock.control("POST", "/_mock/keys", {"seconds": seconds})
    auth = {"auth_url": mock.url, "project_id": mock.about["project_id"], **keys}
    entry = {"auth_type": "aksk", "auth": auth}
    (folder / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"second": entry}}), encoding="utf-8")
    return {"restricted_cloud": "second"}


def _failed(session: Session) -> list[str]:
    """Return what is said to be broken by what was exchanged so far."""
    return [finding.requirement for finding in session.collect()[1] if finding.outcome == "fail"]


@pytest.mark.parametrize("expects", [None, "accepted", "invalid"])
@pytest.mark.parametrize("worker", [False, True], ids=["the process that looked", "one that is told"])
def test_keys_that_end_in_the_middle_stop_the_run(
    mock: RunningMock, opened: Open, expects: str | None, *, worker: bool
) -> None:
    """Whatever request is the first to be refused, also in a process that has had no answer before."""
    variables = _temporary(mock, _HOUR)
    session = opened(variables)
    session.prepare()
    if worker:
        first, session = session, opened(variables)
        session.prepare(first.found)
    mock.advance(_HOUR)
    case = Case("nova.keypairs.create/status", expects, "the default request") if expects else None
    with pytest.raises(CredentialsEnded, match="The credentials ended"):
        session.client.post(_KEYS, {"keypair": {"name": "k"}}, case=case)
    assert _failed(session) == []


def test_keys_that_ended_before_are_said_to_be_temporary(mock: RunningMock, opened: Open) -> None:
    """A run does not begin."""
    with pytest.raises(AuthenticationFailed, match="a temporary one ends"):
        opened(_temporary(mock, -1)).prepare()


def test_a_sweep_with_ended_keys_says_so(mock: RunningMock, opened: Open) -> None:
    """And not of each thing that it is still there."""
    with pytest.raises(AuthenticationFailed, match="a temporary one ends"):
        opened(_temporary(mock, -1)).sweep("another")


@pytest.mark.parametrize("worker", [False, True], ids=["the process that looked", "one that is told"])
def test_ended_keys_beside_a_password_convict_nobody(mock: RunningMock, opened: Open, *, worker: bool) -> None:
    """The run goes on with the token; what needs the keys says whose trouble it is."""
    variables = {**_temporary(mock, -1), **mock.environment}
    session = opened(variables)
    session.prepare()
    if worker:
        first, session = session, opened(variables)
        session.prepare(first.found)
    assert session.client.get(_FLAVORS).accepted
    with pytest.raises(AuthenticationFailed, match=r"The AK/SK is refused.*renew it"):
        session.signed_client  # noqa: B018
    assert _failed(session) == []
    if not worker:
        assert any("AK/SK is refused" in remark for remark in session.target.remarks)


def test_the_keys_of_another_account_beside_a_password_convict_nobody(mock: RunningMock, opened: Open) -> None:
    """They are known to the endpoint, which refuses them for the project."""
    other = mock.about["other_project"]
    keys = {"HUAWEICLOUD_SDK_AK": other["ak"], "HUAWEICLOUD_SDK_SK": other["sk"]}
    session = opened({**keys, **mock.environment})
    session.prepare()
    with pytest.raises(AuthenticationFailed, match="The AK/SK is refused"):
        session.signed_client  # noqa: B018
    assert _failed(session) == []


def test_keys_beside_a_password_may_end_too(mock: RunningMock, opened: Open) -> None:
    """That is the end of the run as well: it would go on with half of what it was given."""
    session = opened({**_temporary(mock, _HOUR), **mock.environment})
    session.prepare()
    assert session.signed_client.get(_FLAVORS).accepted
    mock.advance(_HOUR)
    with pytest.raises(CredentialsEnded):
        session.signed_client.get(_FLAVORS)
    assert session.client.get(_FLAVORS).accepted


def test_another_identity_whose_keys_ended_is_named(mock: RunningMock, opened: Open, tmp_path: Path) -> None:
    """By the option that names it, before the run."""
    second = _cloud(mock, tmp_path, -1)
    with pytest.raises(AuthenticationFailed, match=r"--ecs-restricted-cloud: the AK/SK of .* is refused"):
        opened(mock.environment, **second).prepare()


def test_the_doctor_does_not_take_that_for_a_denial(mock: RunningMock, opened: Open, tmp_path: Path) -> None:
    """A user who is denied something is answered 403."""
    session = opened(mock.environment, **_cloud(mock, tmp_path, -1))
    failed = [line.said for line in examine(session, session.settings) if line.state == "fail"]
    assert [said.startswith("is not recognised: HTTP 401") for said in failed] == [True]


def test_the_doctor_says_once_that_the_login_failed(mock: RunningMock, opened: Open) -> None:
    """What is not asked for that reason is no failure of its own."""
    session = opened({**mock.environment, "OS_PASSWORD": "wrong"})
    lines = [line for line in examine(session, session.settings) if line.what in {"login", "chapters"}]
    assert [(line.what, line.state) for line in lines] == [("login", "fail"), ("chapters", "none")]


def test_another_identity_whose_keys_end_is_no_verdict(mock: RunningMock, opened: Open, tmp_path: Path) -> None:
    """A denial is 403, and a 401 says that nobody was asked: what needs the identity is not tested."""
    session = opened(mock.environment, **_cloud(mock, tmp_path, _HOUR))
    session.prepare()
    mock.advance(_HOUR)
    case = Case("nova.servers.list/permission", "forbidden", "the user is restricted")
    with pytest.raises(PrerequisiteMissing, match="credentials of the restricted user ended"):
        session.clients["restricted_user"].get("/v2.1/{project_id}/servers", case=case)
    assert _failed(session) == []


def test_a_login_that_ends_is_said_in_one_sentence(
    mock: RunningMock, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what IAM says, and without the advice for a password that was wrong from the beginning."""
    session = opened(mock.environment)
    session.prepare()
    answer = {"error": {"message": "the user is disabled", "code": 401}}
    monkeypatch.setattr(
        session.connection.http._transport, "handle_request", lambda _: httpx.Response(401, json=answer)
    )
    with pytest.raises(CredentialsEnded, match=r"HTTP 401, the user is disabled\)\. renew them") as caught:
        session.client.get(_KEYS)
    assert str(caught.value).count("Seen: ") == 1
    assert "Check user name" not in str(caught.value)
    assert _failed(session) == []


def test_an_iam_that_is_gone_stops_the_run(mock: RunningMock, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an endpoint that is gone does: no request could be sent any more."""
    session = opened(mock.environment)
    monkeypatch.setattr(type(session.target.clock), "sleep", lambda *_: None)
    monkeypatch.setattr(session.connection.http._transport, "handle_request", lambda _: httpx.Response(503))
    for _ in range(7):
        with pytest.raises(TargetError, match="gives no token at the moment") as caught:
            session.client.get("/")
        assert not caught.value.stops
    with pytest.raises(EndpointLost, match=r"gives no token at the moment.*the run stops here"):
        session.client.get("/")


def test_a_token_for_another_project_is_a_sentence(
    mock: RunningMock, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request would be refused, and the endpoint blamed for it."""
    session = opened(mock.environment)
    another = replace(session.client.access(), project_id="another")  # type: ignore[type-var]
    monkeypatch.setattr(type(session.client), "access", lambda _: another)
    with pytest.raises(ConfigurationError, match=r"gives a token for another project .* Seen: another instead of"):
        session.prepare()
