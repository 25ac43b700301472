from __future__ import annotations

import fcntl
import hashlib
import json
import multiprocessing
import os
import pickle
import stat
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_ecs._http.credentials import Credentials
from pytest_ecs._http.login import login_of
from pytest_ecs._http.redaction import REDACTED, Secrets
from pytest_ecs._http.signature import (
    AkSkAuth,
    canonical_request,
    sdk_date,
    sign,
    signed_header_names,
    string_to_sign,
)
from pytest_ecs._http.token import NO_RENEWAL, FixedToken, NoAuth, TokenAuth
from pytest_ecs._http.token_store import FileTokenStore, MemoryTokenStore, StoredToken, TokenStore
from pytest_ecs.exceptions import (
    AuthenticationFailed,
    ConfigurationError,
    EcsError,
    NotAnEcsEndpoint,
    PrerequisiteMissing,
    TargetError,
)

IAM = "https://iam.example.com"
API = "https://ecs.example.com/v1/p/cloudservers/limits"
PASSWORD = 'pa"ss&wörd-17'
NOW = datetime(2019, 2, 12, 6, 52, 13, tzinfo=UTC).timestamp()
DAY = 24 * 3600.0


class FakeClock:
    """A clock that stands still unless told otherwise."""

    def __init__(self, now: float = NOW) -> None:
        self.time = now
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def stamp(seconds: float) -> str:
    """Write a time as 4.3 shows it."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Cloud:
    """IAM and an endpoint behind one transport; by default all tokens it gave are good until revoked."""

    def __init__(self, clock: FakeClock, *, life: float = DAY, name: str = "token") -> None:
        self.clock = clock
        self.life = life
        self.name = name
        self.logins: list[httpx.Request] = []
        self.calls: list[str | None] = []
        self.bodies: list[bytes] = []
        self.good: set[str] = set()
        #: Answers IAM gives instead of a token, first one first.
        self.iam_answers: list[httpx.Response] = []
        #: What the endpoint answers whatever the token is.
        self.always: int | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v3/auth/tokens":
            self.logins.append(request)
            if self.iam_answers:
                return self.iam_answers.pop(0)
            token = f"{self.name}-{len(self.logins)}-MIIPAgYJKoZI"
            self.good.add(token)
            return granted(token, stamp(self.clock.time + self.life))
        token_sent = request.headers.get("X-Auth-Token")
        self.calls.append(token_sent)
        self.bodies.append(request.content)
        return httpx.Response(self.always or (200 if token_sent in self.good else 401), json={})

    def client(self, auth: httpx.Auth) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self), auth=auth)


def granted(token: str, expires_at: object) -> httpx.Response:
    """Return what IAM says when it gives a token."""
    return httpx.Response(201, headers={"X-Subject-Token": token}, json={"token": {"expires_at": expires_at}})


def token_auth(clock: FakeClock, **changes: Any) -> TokenAuth:
    """Return a scheme for one user, with *changes* of the credentials or of the scheme."""
    who: dict[str, Any] = {"username": "alice", "password": PASSWORD, "domain": "acme", "project_name": "eu-de_tests"}
    how: dict[str, Any] = {"iam": IAM, "clock": clock}
    for name, value in changes.items():
        (who if name in Credentials.__dataclass_fields__ and name not in {"iam", "source"} else how)[name] = value
    return TokenAuth(how.pop("iam"), login_of(Credentials(**who)), **how)


def assert_hidden(error: BaseException, *secrets: str) -> None:
    """Check that no secret is in what a traceback, a log or a report would show of *error* and its causes."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    for one in chain:
        for text in (str(one), repr(one), repr(one.args), repr(vars(one))):
            for secret in secrets:
                assert secret not in text
        # What pytest --showlocals would print of our own frames and the client's.
        for frame in traceback.TracebackException.from_exception(one, capture_locals=True).stack:
            if frame.filename != __file__ and frame.locals:
                for secret in secrets:
                    assert secret not in str(frame.locals)


# -- the login itself ------------------------------------------------------------------------------------------------


def test_a_token_is_asked_for_with_the_documented_body() -> None:
    """The login is the request of 4.1, and what comes back in X-Subject-Token goes out as X-Auth-Token."""
    clock = FakeClock()
    cloud = Cloud(clock)
    with cloud.client(token_auth(clock)) as client:
        assert client.get(API).status_code == 200
    (login,) = cloud.logins
    assert (login.method, str(login.url)) == ("POST", "https://iam.example.com/v3/auth/tokens")
    assert login.headers["Content-Type"] == "application/json"
    assert "X-Auth-Token" not in login.headers
    assert json.loads(login.content) == {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": "alice", "password": PASSWORD, "domain": {"name": "acme"}}},
            },
            "scope": {"project": {"name": "eu-de_tests"}},
        }
    }
    assert cloud.calls == ["token-1-MIIPAgYJKoZI"]


def test_a_project_id_scopes_the_token_and_wins_over_the_name() -> None:
    """An id is unique, a name is only unique in its domain."""
    clock = FakeClock()
    cloud = Cloud(clock)
    with cloud.client(token_auth(clock, project_id="0a1b")) as client:
        client.get(API)
    assert json.loads(cloud.logins[0].content)["auth"]["scope"] == {"project": {"id": "0a1b"}}


@pytest.mark.parametrize("written", [IAM, IAM + "/", IAM + "/v3", IAM + "/v3/", IAM + "/v3?x=1#y"])
def test_the_iam_address_may_end_in_v3(written: str) -> None:
    """OS_AUTH_URL usually does."""
    clock = FakeClock()
    cloud = Cloud(clock)
    with cloud.client(token_auth(clock, iam=written)) as client:
        client.get(API)
    assert str(cloud.logins[0].url) == "https://iam.example.com/v3/auth/tokens"


@pytest.mark.parametrize(
    "written", ["", "iam.example.com", "ftp://iam.example.com", "https://", "https://h\n", "http://h:x"]
)
def test_an_iam_address_that_is_no_url_is_a_configuration_error(written: str) -> None:
    """It is said before anything is sent."""
    with pytest.raises(ConfigurationError, match=r"IAM address is not usable.*OS_AUTH_URL"):
        token_auth(FakeClock(), iam=written)


def test_a_password_inside_the_iam_address_is_refused_and_not_shown() -> None:
    """The address is part of messages, so it must not hold a secret."""
    with pytest.raises(ConfigurationError, match="a user name or password inside the address") as caught:
        token_auth(FakeClock(), iam="https://alice:hidden-17@iam.example.com")
    assert "hidden-17" not in str(caught.value)
    assert_hidden(caught.value, PASSWORD)


def test_a_token_without_a_project_is_a_configuration_error() -> None:
    """4.2: the scope of an ECS token is a project."""
    with pytest.raises(ConfigurationError, match=r"no project is named for user 'alice'.*OS_PROJECT_NAME") as caught:
        token_auth(FakeClock(), project_name=None)
    assert_hidden(caught.value, PASSWORD)


def test_the_login_has_the_time_out_of_the_request_it_serves() -> None:
    """A request built by hand would wait for ever."""
    clock = FakeClock()
    cloud = Cloud(clock)
    with cloud.client(token_auth(clock)) as client:
        client.get(API, timeout=7.0)
    assert cloud.logins[0].extensions["timeout"]["read"] == 7.0


def test_the_login_can_be_observed() -> None:
    """It is an exchange like any other, and its token is redacted before anybody looks at it."""
    clock = FakeClock()
    cloud = Cloud(clock)
    secrets = Secrets()
    seen: list[tuple[str, int, str]] = []

    def observe(request: httpx.Request, response: httpx.Response) -> None:
        text = secrets.scrub(f"{request.content.decode()} {response.headers['X-Subject-Token']}")
        seen.append((str(request.url), response.status_code, text))
        assert response.json()["token"]

    with cloud.client(token_auth(clock, secrets=secrets, observe=observe)) as client:
        client.get(API)
        client.get(API)
    ((url, status, text),) = seen
    assert (url, status) == ("https://iam.example.com/v3/auth/tokens", 201)
    assert text.endswith(REDACTED)
    assert secrets.scrub(f"a {PASSWORD} b {cloud.calls[0]}") == f"a {REDACTED} b {REDACTED}"


# -- reuse and renewal -----------------------------------------------------------------------------------------------


def test_a_token_is_obtained_once_and_reused() -> None:
    """4.2 asks to cache it."""
    clock = FakeClock()
    cloud = Cloud(clock)
    with cloud.client(token_auth(clock)) as client:
        for _ in range(5):
            assert client.get(API).status_code == 200
            clock.time += 3600
    assert len(cloud.logins) == 1
    assert len(set(cloud.calls)) == 1


def test_a_token_is_renewed_ten_minutes_before_its_end() -> None:
    """The margin is counted on the target's clock."""
    clock = FakeClock()
    cloud = Cloud(clock)
    with cloud.client(token_auth(clock)) as client:
        client.get(API)
        clock.time = NOW + DAY - 601
        client.get(API)
        assert len(cloud.logins) == 1
        clock.time = NOW + DAY - 600
        client.get(API)
    assert len(cloud.logins) == 2
    assert [token and token[:7] for token in cloud.calls] == ["token-1", "token-1", "token-2"]


def test_a_token_of_short_life_is_renewed_at_half_of_it() -> None:
    """A life shorter than the margin must not mean a login per request."""
    clock = FakeClock()
    cloud = Cloud(clock, life=300)
    with cloud.client(token_auth(clock)) as client:
        client.get(API)
        clock.time += 149
        client.get(API)
        assert len(cloud.logins) == 1
        clock.time += 1
        client.get(API)
    assert len(cloud.logins) == 2


def test_a_refused_stored_token_is_renewed_once_and_the_request_repeated() -> None:
    """The body goes out again unchanged, with the new token."""
    clock = FakeClock()
    cloud = Cloud(clock)
    with cloud.client(token_auth(clock)) as client:
        client.get(API)
        cloud.good.clear()
        response = client.post(API, content=iter([b"one", b"two"]))
    assert response.status_code == 200
    assert [answer.status_code for answer in response.history] == [401, 201]
    assert len(cloud.logins) == 2
    assert [token and token[:7] for token in cloud.calls] == ["token-1", "token-1", "token-2"]
    assert cloud.bodies[1:] == [b"onetwo", b"onetwo"]


def test_a_second_refusal_is_returned_as_it_is() -> None:
    """One renewal per request, and none again while the renewed token has never been accepted."""
    clock = FakeClock()
    cloud = Cloud(clock)
    with cloud.client(token_auth(clock)) as client:
        client.get(API)
        cloud.always = 401
        assert client.get(API).status_code == 401
        assert (len(cloud.logins), len(cloud.calls)) == (2, 3)
        assert client.get(API).status_code == 401
        assert (len(cloud.logins), len(cloud.calls)) == (2, 4)
        cloud.always = None
        assert client.get(API).status_code == 200
        cloud.good.clear()
        assert client.get(API).status_code == 200
    assert len(cloud.logins) == 3


def test_a_refused_new_token_is_not_renewed() -> None:
    """A token obtained for this very request cannot have ended."""
    clock = FakeClock()
    cloud = Cloud(clock)
    cloud.always = 401
    with cloud.client(token_auth(clock)) as client:
        assert client.get(API).status_code == 401
    assert (len(cloud.logins), len(cloud.calls)) == (1, 1)


@pytest.mark.parametrize("status", [200, 403, 404, 500])
def test_only_a_401_renews(status: int) -> None:
    """403 speaks of permissions, which another token would not change."""
    clock = FakeClock()
    cloud = Cloud(clock)
    with cloud.client(token_auth(clock)) as client:
        client.get(API)
        cloud.always = status
        assert client.get(API).status_code == status
    assert len(cloud.logins) == 1


def test_renewal_can_be_switched_off_for_a_request() -> None:
    """Authentication tests want the bare answer."""
    clock = FakeClock()
    cloud = Cloud(clock)
    with cloud.client(token_auth(clock)) as client:
        client.get(API)
        cloud.good.clear()
        assert client.get(API, extensions={NO_RENEWAL: True}).status_code == 401
        assert len(cloud.logins) == 1
        assert client.get(API, extensions={NO_RENEWAL: False}).status_code == 200
    assert len(cloud.logins) == 2
    assert NO_RENEWAL == "ecs_no_renewal"


def test_a_token_renewed_by_another_is_used_instead_of_a_new_one() -> None:
    """N workers that see a 401 at once cause one login."""
    clock = FakeClock()
    cloud = Cloud(clock)
    store = MemoryTokenStore()
    with cloud.client(token_auth(clock, store=store)) as first, cloud.client(token_auth(clock, store=store)) as second:
        first.get(API)
        second.get(API)
        cloud.good.clear()
        assert first.get(API).status_code == 200
        assert second.get(API).status_code == 200
    assert len(cloud.logins) == 2


def test_the_asynchronous_client_is_refused() -> None:
    """Better than requests that leave without a token."""
    flow = token_auth(FakeClock()).async_auth_flow(httpx.Request("GET", API))
    with pytest.raises(RuntimeError, match=r"httpx\.Client only"):
        flow.__anext__().send(None)


# -- what IAM may answer ---------------------------------------------------------------------------------------------


def login_error(*answers: httpx.Response, clock: FakeClock | None = None, **changes: Any) -> EcsError:
    """Return what is raised when IAM gives *answers*."""
    clock = clock or FakeClock()
    cloud = Cloud(clock)
    cloud.iam_answers = list(answers)
    with cloud.client(token_auth(clock, **changes)) as client, pytest.raises(EcsError) as caught:
        client.get(API)
    assert cloud.calls == []
    assert_hidden(caught.value, PASSWORD)
    assert pickle.loads(pickle.dumps(caught.value)).__dict__ == caught.value.__dict__
    return caught.value


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_say_whose_they_are_and_what_to_do(status: int) -> None:
    """User, domain, project and endpoint are named, the password never."""
    body = {"error": {"code": status, "message": f"Wrong password {PASSWORD}.", "title": "Unauthorized"}}
    error = login_error(httpx.Response(status, json=body))
    assert type(error) is AuthenticationFailed
    assert str(error) == (
        "IAM at https://iam.example.com refuses user 'alice' of domain 'acme' for the project with name 'eu-de_tests'."
        f" Seen: HTTP {status}, Wrong password [redacted]."
        " Check user name, password, domain (the account's name) and project in clouds.yaml and secure.yaml or"
        " in the OS_* variables, and that the user may use this project."
    )


def test_refused_credentials_show_the_gateways_code() -> None:
    """The error form of 4.3 has its own two fields."""
    answer = httpx.Response(403, json={"error_code": "IAM.0011", "error_msg": "Account\n locked"})
    error = login_error(answer, project_id="0a1b")
    assert "for the project with id '0a1b'" in str(error)
    assert error.seen == "HTTP 403, IAM.0011 Account locked"


def test_a_short_password_is_hidden_too() -> None:
    """The list of secrets ignores very short values; error texts do not."""
    error = login_error(httpx.Response(401, json={"error": {"message": "x7# is wrong"}}), password="x7#")
    assert error.seen == "HTTP 401, [redacted] is wrong"


def test_a_body_without_known_fields_is_described_and_not_shown() -> None:
    """An echo of the request could hold the password in any encoding."""
    error = login_error(httpx.Response(401, text=json.dumps({"echo": PASSWORD})))
    assert error.seen == "HTTP 401, text/plain, 31 bytes"


def test_refused_credentials_are_not_tried_again() -> None:
    """Repeated wrong passwords lock accounts, so the second request fails without a login."""
    clock = FakeClock()
    cloud = Cloud(clock)
    cloud.iam_answers = [httpx.Response(401, json={"error": {"message": "no"}})]
    with cloud.client(token_auth(clock)) as client:
        for _ in range(3):
            with pytest.raises(AuthenticationFailed, match="Seen: HTTP 401, no"):
                client.get(API)
    assert len(cloud.logins) == 1


def test_a_login_that_iam_finds_incomplete_is_refused_with_what_it_may_lack() -> None:
    """Keystone answers 400 where a project is named without its domain."""
    error = login_error(httpx.Response(400, json={"error": {"message": "Expecting to find domain in project"}}))
    assert type(error) is AuthenticationFailed
    assert "Seen: HTTP 400, Expecting to find domain in project" in str(error)
    assert "OS_PROJECT_DOMAIN_NAME" in str(error)


_BY_TOKEN: dict[str, Any] = {"username": None, "password": None, "token": "given-token-17"}
_BY_APPLICATION: dict[str, Any] = {
    "username": None,
    "password": None,
    "application_id": "0a",
    "application_secret": "secret-17",
}


@pytest.mark.parametrize("who", [_BY_TOKEN, _BY_APPLICATION])
def test_a_token_or_application_credential_that_keystone_does_not_know_is_refused(who: dict[str, Any]) -> None:
    """It says so with 404, which is no reason to look for another address of IAM."""
    answer = httpx.Response(404, json={"error": {"code": 404, "message": "Could not find it.", "title": "Not Found"}})
    error = login_error(answer, **who)
    assert isinstance(error, AuthenticationFailed)
    assert error.seen == "HTTP 404, Could not find it."
    assert "has ended or belongs to another cloud" in error.hint
    assert isinstance(login_error(httpx.Response(404, text="no"), **who), NotAnEcsEndpoint)
    assert isinstance(login_error(httpx.Response(404, json={"error": {"code": 404}})), NotAnEcsEndpoint)


def test_a_given_token_for_which_no_project_is_named_is_said() -> None:
    """Keystone gives another one for no project then, whose catalogue is empty."""
    error = login_error(granted("unscoped-17-MIIP", stamp(NOW + DAY)), **_BY_TOKEN, project_name=None)
    assert isinstance(error, AuthenticationFailed)
    assert "gives the given token no project" in error.what
    assert "OS_PROJECT_ID" in error.hint


def test_a_second_identity_that_is_refused_is_something_missing() -> None:
    """What needs it is not tested; the run does not end for it, and its name is in the text."""
    clock = FakeClock()
    cloud = Cloud(clock)
    cloud.iam_answers = [httpx.Response(400, json={}), httpx.Response(401, json={})]
    with cloud.client(token_auth(clock, essential=False, source="--ecs-other-cloud: cloud 'b'")) as client:
        for _ in range(2):
            with pytest.raises(PrerequisiteMissing, match=r"refuses user 'alice' .*--ecs-other-cloud: cloud 'b'"):
                client.get(API)
    assert len(cloud.logins) == 1


def test_a_token_can_be_had_before_any_request() -> None:
    """It says what it gives access to, and the requests after it use it."""
    clock = FakeClock()
    cloud = Cloud(clock)
    catalog = [{"type": "compute", "endpoints": [{"url": "https://c/v2.1", "interface": "public", "region_id": "r"}]}]
    answer = granted("granted-17", stamp(NOW + DAY))
    body = {"token": {"expires_at": stamp(NOW + DAY), "project": {"id": "0a1b", "name": "n"}, "catalog": catalog}}
    cloud.iam_answers = [httpx.Response(201, headers=answer.headers, json=body)]
    cloud.good.add("granted-17")
    auth = token_auth(clock)
    with cloud.client(auth) as client:
        token = auth.grant(lambda request: client.send(request, auth=None))
        assert client.get(API).status_code == 200
        assert auth.grant(lambda request: client.send(request, auth=None)) is token
    assert token.access is not None
    assert (token.access.project_id, token.access.compute("r", None)) == ("0a1b", "https://c/v2.1")
    assert len(cloud.logins) == 1


HTML = "<html><head><title>\n Console  login </title></head></html>"


@pytest.mark.parametrize(
    ("answer", "because"),
    [
        (
            httpx.Response(201, json={"token": {"expires_at": stamp(NOW)}}),
            "its 201 has no usable X-Subject-Token header",
        ),
        (granted("two words", stamp(NOW)), "its 201 has no usable X-Subject-Token header"),
        (httpx.Response(201, headers={"X-Subject-Token": "hidden-17"}, text="ok"), "its 201 is not JSON"),
        (httpx.Response(201, headers={"X-Subject-Token": "hidden-17"}, html=HTML), "its 201 is not JSON"),
        (httpx.Response(201, headers={"X-Subject-Token": "hidden-17"}, content=b"\xff\xfe\x00"), "its 201 is not JSON"),
        (httpx.Response(201, headers={"X-Subject-Token": "hidden-17"}, json=[]), "its 201 has no token.expires_at"),
        (httpx.Response(201, headers={"X-Subject-Token": "hidden-17"}, json={"token": 1}), "no token.expires_at"),
        (granted("hidden-17", None), "its 201 has no token.expires_at like 2019-02-13T06:52:13.855000Z (4.3)"),
        (granted("hidden-17", 1550040733), "its 201 has no token.expires_at"),
        (granted("hidden-17", "tomorrow T"), "its 201 has no token.expires_at"),
        (granted("hidden-17", "2019-02-13"), "its 201 has no token.expires_at"),
        (httpx.Response(200, json={"token": {}}), "it should have answered 201"),
        (httpx.Response(302, headers={"Location": "/login"}), "it should have answered 201"),
        (httpx.Response(404, html=HTML), "it should have answered 201"),
    ],
)
def test_an_answer_that_is_not_iams_is_no_ecs_endpoint(answer: httpx.Response, because: str) -> None:
    """Whatever answers there is not IAM, so nothing is said about conformance."""
    error = login_error(answer)
    assert type(error) is NotAnEcsEndpoint
    assert str(error).startswith("https://iam.example.com/v3/auth/tokens does not answer as IAM would: ")
    assert because in str(error)
    assert f"Seen: HTTP {answer.status_code}, " in str(error)
    assert (
        "Check auth_url in clouds.yaml or OS_AUTH_URL; it must be the IAM address of the cloud, not a console"
        in str(error)
    )
    assert_hidden(error, "hidden-17")


def test_a_page_in_place_of_iam_is_named_by_its_title() -> None:
    """It tells a login page or a proxy from a wrong port."""
    error = login_error(httpx.Response(200, html=HTML))
    assert error.seen == f'HTTP 200, text/html, {len(HTML)} bytes, a page titled "Console login"'


@pytest.mark.parametrize(
    ("written", "ends"),
    [("2019-02-13T06:52:13.855000Z", 0.855), ("2019-02-13T06:52:13", 0.0), ("2019-02-13T08:52:13+02:00", 0.0)],
)
def test_the_end_of_a_token_is_read_in_its_own_zone_or_utc(written: str, ends: float) -> None:
    """A missing zone is UTC, whatever the zone of this machine."""
    clock = FakeClock()
    cloud = Cloud(clock)
    cloud.iam_answers = [granted("token-0", written)]
    store = Remembering()
    with cloud.client(token_auth(clock, store=store)) as client:
        client.get(API)
    (token,) = store.kept.values()
    assert token == StoredToken("token-0", NOW + DAY + ends, NOW)


class Remembering(MemoryTokenStore):
    """A store whose content can be looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, StoredToken] = {}

    def put(self, key: str, token: StoredToken) -> None:
        super().put(key, token)
        self.kept[key] = token


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_iam_is_asked_again_after_pauses(status: int) -> None:
    """The pauses pass on the target's clock."""
    clock = FakeClock()
    cloud = Cloud(clock)
    cloud.iam_answers = [httpx.Response(status), httpx.Response(status), httpx.Response(status)]
    with cloud.client(token_auth(clock)) as client:
        assert client.get(API).status_code == 200
    assert clock.slept == [1.0, 2.0, 4.0]
    assert len(cloud.logins) == 4


def test_an_iam_that_was_not_heard_is_asked_once_until_it_is() -> None:
    """Each thing that is to be deleted would wait for it anew."""
    clock = FakeClock()
    answers = [*(httpx.Response(503) for _ in range(6)), granted("t", stamp(NOW + DAY)), httpx.Response(200)]
    with httpx.Client(transport=httpx.MockTransport(lambda _: answers.pop(0)), auth=token_auth(clock)) as client:
        for left in (3, 2):
            with pytest.raises(TargetError):
                client.get(API)
            assert len(answers) == left
            assert clock.now() == NOW + 15
        assert client.get(API).status_code == 200


def test_an_iam_that_stays_busy_is_a_target_error() -> None:
    """The environment is to blame, not the endpoint."""
    clock = FakeClock()
    error = login_error(*[httpx.Response(503, text="busy")] * 5, clock=clock)
    assert type(error) is TargetError
    assert str(error) == (
        "IAM at https://iam.example.com gives no token at the moment. Seen: HTTP 503, text/plain, 4 bytes."
        " Try again later; this says nothing about the endpoint's conformance."
    )
    assert clock.slept == [1.0, 2.0, 4.0, 8.0]


def test_a_broken_iam_is_a_target_error_at_once() -> None:
    """A 500 is not a sign of load."""
    clock = FakeClock()
    assert type(login_error(httpx.Response(500), clock=clock)) is TargetError
    assert clock.slept == []


def test_a_failed_connection_gives_the_lock_back() -> None:
    """The transport's own exception passes, and the next request can log in."""
    clock = FakeClock()
    cloud = Cloud(clock)
    broken = [True]

    def handler(request: httpx.Request) -> httpx.Response:
        if broken:
            broken.pop()
            raise httpx.ConnectError("no route", request=request)
        return cloud(request)

    with httpx.Client(transport=httpx.MockTransport(handler), auth=token_auth(clock)) as client:
        with pytest.raises(httpx.ConnectError):
            client.get(API)
        assert client.get(API).status_code == 200


def test_schemes_and_tokens_show_no_secret() -> None:
    """Assertion messages and logs print them."""
    clock = FakeClock()
    cloud = Cloud(clock, name="hidden")
    store = Remembering()
    auth = token_auth(clock, store=store)
    with cloud.client(auth) as client:
        client.get(API)
    (token,) = store.kept.values()
    signer = AkSkAuth("hidden-ak", "hidden-sk", project_id="p1", security_token="hidden-token", clock=clock)
    for shown in (auth, token, store, signer, FixedToken("hidden-17"), NoAuth()):
        for text in (repr(shown), str(shown)):
            assert "hidden" not in text
            assert PASSWORD not in text
    assert repr(auth) == (
        "TokenAuth('https://iam.example.com', user 'alice' of domain 'acme', the project with name 'eu-de_tests')"
    )
    assert repr(signer) == "AkSkAuth(***, project_id='p1', temporary=True)"


# -- stores ----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TokenStore:
    """Return an empty store of each kind."""
    return FileTokenStore(tmp_path / "tokens.json") if request.param == "file" else MemoryTokenStore()


def test_a_store_keeps_tokens_by_key(store: TokenStore) -> None:
    """The last one put under a key counts; other keys are not touched."""
    first, second, third = (StoredToken(f"t{i}", NOW + i, NOW) for i in range(3))
    assert store.get("a") is None
    with store.lock("a"):
        store.put("a", first)
        store.put("b", second)
        store.put("a", third)
    assert (store.get("a"), store.get("b"), store.get("c")) == (third, second, None)


def test_a_store_lets_one_thread_in_at_a_time(store: TokenStore) -> None:
    """Threads of one process must not log in twice either."""
    entered = threading.Event()

    def enter() -> None:
        with store.lock("k"):
            entered.set()

    thread = threading.Thread(target=enter)
    with store.lock("k"):
        thread.start()
        assert not entered.wait(0.05)
    thread.join(10)
    assert entered.is_set()


def test_two_schemes_share_one_token_over_one_file(tmp_path: Path) -> None:
    """Each has its own store object, as each worker process does, and both redact the token."""
    clock = FakeClock()
    cloud = Cloud(clock)
    secrets = Secrets()
    path = tmp_path / "run" / "tokens.json"
    with cloud.client(token_auth(clock, store=FileTokenStore(path))) as client:
        client.get(API)
    with cloud.client(token_auth(clock, store=FileTokenStore(path), secrets=secrets)) as client:
        client.get(API)
    assert len(cloud.logins) == 1
    assert cloud.calls[0] == cloud.calls[1]
    assert secrets.scrub(str(cloud.calls[1])) == REDACTED


@pytest.mark.parametrize(
    "change",
    [
        {"username": "bob"},
        {"domain": "other"},
        {"project_name": "other"},
        {"project_id": "other"},
        {"iam": "https://i2"},
    ],
)
def test_another_credential_does_not_get_this_ones_token(tmp_path: Path, change: dict[str, str]) -> None:
    """User, domain, project and IAM all make the key; a shared token would fake isolation."""
    clock = FakeClock()
    cloud = Cloud(clock)
    path = tmp_path / "tokens.json"
    for changes in ({}, change, {}):
        with cloud.client(token_auth(clock, store=FileTokenStore(path), **changes)) as client:
            client.get(API)
    assert len(cloud.logins) == 2
    assert cloud.calls[0] == cloud.calls[2] != cloud.calls[1]


def test_the_token_file_is_private_and_holds_no_password(tmp_path: Path) -> None:
    """Folder 0700, files 0600, keys hashed, nothing left over."""
    clock = FakeClock()
    cloud = Cloud(clock)
    path = tmp_path / "run" / "tokens.json"
    before = os.umask(0)
    try:
        with cloud.client(token_auth(clock, store=FileTokenStore(path))) as client:
            client.get(API)
    finally:
        os.umask(before)
    assert sorted(file.name for file in path.parent.iterdir()) == ["tokens.json", "tokens.json.lock"]
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    text = path.read_text()
    for word in (
        PASSWORD,
        json.dumps(PASSWORD),
        hashlib.sha256(PASSWORD.encode()).hexdigest(),
        "alice",
        "acme",
        "eu-de",
    ):
        assert word not in text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b"null",
        b'{"k": null}',
        b'{"k": {"value": "t", "expires_at": 1}}',
        b'{"k": {"value": 5, "expires_at": 1, "obtained_at": 1}}',
        b'{"k": {"value": "t", "expires_at": "1", "obtained_at": 1}}',
        b'{"k": {"value": "t", "expires_at": true, "obtained_at": 1}}',
        b'{"k": {"value": "t", "expires_at": NaN, "obtained_at": 1}}',
        b'{"k": {"value": "t", "expires_at": Infinity, "obtained_at": 1}}',
        b'{"k": {"value": "two\\nlines", "expires_at": 1, "obtained_at": 1}}',
        b'{"k": {"value": "", "expires_at": 1, "obtained_at": 1}}',
    ],
)
def test_a_damaged_token_file_is_no_token_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    """A crash of another run must not stop this one."""
    path = tmp_path / "tokens.json"
    path.write_bytes(content)
    store = FileTokenStore(path)
    assert store.get("k") is None
    token = StoredToken("t", 2.0, 1.0)
    with store.lock("k"):
        store.put("k", token)
    assert store.get("k") == token


def test_a_token_file_that_cannot_be_written_is_a_configuration_error(tmp_path: Path) -> None:
    """The text names the file and the reason."""
    (tmp_path / "taken").write_text("")
    path = tmp_path / "taken" / "tokens.json"
    store = FileTokenStore(path)
    with pytest.raises(ConfigurationError, match=r"cannot be written.*Seen: .*Let the run write"), store.lock("k"):
        pytest.fail("this lock cannot be had")
    with pytest.raises(ConfigurationError, match=r"tokens\.json cannot be written") as caught:
        store.put("k", StoredToken("hidden-17", 2.0, 1.0))
    assert_hidden(caught.value, "hidden-17")


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    """The name to write is a folder here, so the last step fails."""
    path = tmp_path / "tokens.json"
    path.mkdir()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        FileTokenStore(path).put("k", StoredToken("t", 2.0, 1.0))
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_locked_while_the_login_is_under_way(tmp_path: Path) -> None:
    """Who comes second waits, and is let in when the flow ends or is given up."""
    path = tmp_path / "tokens.json"
    flow = token_auth(FakeClock(), store=FileTokenStore(path)).sync_auth_flow(httpx.Request("GET", API))
    assert next(flow).url.path == "/v3/auth/tokens"
    with open(f"{path}.lock", "rb") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        flow.close()
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _worker(number: int, path: str, ready: Any, both: Any, out: Any) -> None:
    clock = FakeClock()
    cloud = Cloud(clock, name=f"worker-{number}")

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v3/auth/tokens":
            # Holds the login open long enough for the other worker to be here as well, were there no lock.
            with suppress(threading.BrokenBarrierError):
                both.wait(0.3)
        response = cloud(request)
        return response if request.url.path == "/v3/auth/tokens" else httpx.Response(200)

    ready.wait(60)
    with httpx.Client(transport=httpx.MockTransport(handler), auth=token_auth(clock, store=FileTokenStore(path))) as c:
        c.get(API)
    out.put((len(cloud.logins), cloud.calls[0]))


def test_two_processes_obtain_one_token(tmp_path: Path) -> None:
    """The workers of one run start at once and log in once."""
    context = multiprocessing.get_context("spawn")
    ready, both, out = context.Barrier(2), context.Barrier(2), context.Queue()
    path = str(tmp_path / "tokens.json")
    workers = [context.Process(target=_worker, args=(number, path, ready, both, out)) for number in range(2)]
    for worker in workers:
        worker.start()
    results = [out.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert sorted(logins for logins, _ in results) == [0, 1]
    assert len({token for _, token in results}) == 1


# -- no scheme, and a given token ------------------------------------------------------------------------------------


def sent(auth: httpx.Auth, request: httpx.Request) -> httpx.Request:
    """Return the one request that *auth* lets out for *request*, as the transport gets it."""
    seen: list[httpx.Request] = []

    def handler(arrived: httpx.Request) -> httpx.Response:
        seen.append(arrived)
        return httpx.Response(401)

    with httpx.Client(transport=httpx.MockTransport(handler)) as client:
        client.send(request, auth=auth)
    (one,) = seen
    return one


def test_no_auth_adds_nothing() -> None:
    """The request leaves as it was made."""
    request = httpx.Request("GET", API, headers={"X-Own": "1"})
    before = list(request.headers.raw)
    assert sent(NoAuth(), request).headers.raw == before


@pytest.mark.parametrize("token", ["abc", "", "  ", "ключ", "x" * 20_000])
def test_a_fixed_token_is_sent_as_it_is_and_never_renewed(token: str) -> None:
    """It replaces one that the request had, and a 401 is only an answer."""
    request = httpx.Request("GET", API, headers={"x-auth-token": "old"})
    assert request.headers.encoding == "ascii"  # httpx remembers this guess
    raw = [value for name, value in sent(FixedToken(token), request).headers.raw if name.lower() == b"x-auth-token"]
    assert raw == [token.encode()]


# -- signatures: known answers ---------------------------------------------------------------------------------------

#: The example of the vendor's API Request Signing Guide, keys included.
GUIDE_AK = "QTWAOYTTINDUT2QVKYUC"
GUIDE_SK = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"
GUIDE_TARGET = b"/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0"
GUIDE_HEADERS = [
    ("Content-Type", "application/json"),
    ("Host", "service.region.example.com"),
    ("X-Sdk-Date", "20191115T033655Z"),
]
GUIDE_CANONICAL = """\
GET
/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs/
limit=2&marker=13551d6b-755d-4757-b956-536f674975c0
content-type:application/json
host:service.region.example.com
x-sdk-date:20191115T033655Z

content-type;host;x-sdk-date
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"""
GUIDE_HASH = "b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a"
GUIDE_SIGNATURE = "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe"
GUIDE_TIME = datetime(2019, 11, 15, 3, 36, 55, tzinfo=UTC).timestamp()


def test_the_guides_example_gives_the_guides_signature() -> None:
    """Each step of the published example comes out as published."""
    names = signed_header_names(GUIDE_HEADERS)
    canonical = canonical_request("get", GUIDE_TARGET, GUIDE_HEADERS, names, b"")
    assert canonical == GUIDE_CANONICAL
    text = string_to_sign(canonical, "20191115T033655Z")
    assert text == f"SDK-HMAC-SHA256\n20191115T033655Z\n{GUIDE_HASH}"
    assert sign(GUIDE_SK, text) == GUIDE_SIGNATURE


def test_the_guides_example_leaves_the_client_with_the_guides_header() -> None:
    """The same through the scheme: what the transport adds is not signed."""
    request = httpx.Request(
        "GET",
        "https://service.region.example.com" + GUIDE_TARGET.decode(),
        headers={"Content-Type": "application/json", "User-Agent": "me", "Accept": "*/*", "Connection": "close"},
    )
    out = sent(AkSkAuth(GUIDE_AK, GUIDE_SK, project_id=None, clock=FakeClock(GUIDE_TIME)), request)
    assert out.headers["X-Sdk-Date"] == "20191115T033655Z"
    assert out.headers["Authorization"] == (
        f"SDK-HMAC-SHA256 Access={GUIDE_AK}, SignedHeaders=content-type;host;x-sdk-date, Signature={GUIDE_SIGNATURE}"
    )


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/", "/", ""),
        (b"/a", "/a/", ""),
        (b"/a/", "/a/", ""),
        (b"/a//b?", "/a//b/", ""),
        (b"/A-z_0.~", "/A-z_0.~/", ""),
        (b"/a+b:c@d/%20/%e4%b8%AD", "/a%2Bb%3Ac%40d/%20/%E4%B8%AD/", ""),
        (b"/a%2Fb/%252F", "/a/b/%252F/", ""),
        (b"/100%/%zz", "/100%25/%25zz/", ""),
        (b"/%FF", "/%EF%BF%BD/", ""),
        (b"/p?b=2&a=1&a=&a", "/p/", "a=&a=&a=1&b=2"),
        (b"/p?a=x+y%2B&%2a=*", "/p/", "%2A=%2A&a=x%20y%2B"),
        (b"/p?=v&&x==y&z=a?b/c", "/p/", "=v&x=%3Dy&z=a%3Fb%2Fc"),
        (b"/p?~=1&%C3%A9=2", "/p/", "~=1&%C3%A9=2"),
        (b"/p?B=1&a=2&A=3", "/p/", "A=3&B=1&a=2"),
        ("/云?é=云".encode(), "/%E4%BA%91/", "%C3%A9=%E4%BA%91"),  # as no URL is, but a target may be
        (b"/\xff", "/%EF%BF%BD/", ""),
    ],
)
def test_path_and_query_have_one_spelling(target: bytes, path: str, query: str) -> None:
    """Decoded, sorted by decoded text, encoded anew; the path ends in a slash."""
    assert canonical_request("GET", target, [], [], b"").split("\n")[1:3] == [path, query]


def test_header_lines_are_lower_case_sorted_and_trimmed() -> None:
    """Also for names that repeat or are not there at all."""
    headers = [("X-B", " 2\t"), ("x-a", "1"), ("X-B", "3"), ("HOST", "h")]
    lines = canonical_request("GET", b"/", headers, ["X-None", "X-B", "Host"], b"").split("\n")[3:]
    assert lines[:-1] == ["host:h", "x-b:2,3", "x-none:", "", "host;x-b;x-none"]


def test_the_body_counts_by_its_hash_or_by_what_the_header_claims() -> None:
    """An empty body is hashed whatever the header says, as the SDK has it."""
    claim = [("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD")]
    assert canonical_request("PUT", b"/", [], [], b"{}").endswith("\n" + hashlib.sha256(b"{}").hexdigest())
    assert canonical_request("PUT", b"/", claim, [], b"{}").endswith("\nUNSIGNED-PAYLOAD")
    assert canonical_request("PUT", b"/", claim, [], b"").endswith("\n" + hashlib.sha256(b"").hexdigest())


def test_what_changes_on_the_way_is_not_signed() -> None:
    """Nor what a gateway may drop or join."""
    names = ["Host", "User-Agent", "Accept", "Content-Length", "X_Under", "X-Twice", "x-twice", "X-Own", "Via"]
    assert signed_header_names([(name, "v") for name in names]) == ["host", "x-own"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "19700101T000000Z"), (GUIDE_TIME + 0.999, "20191115T033655Z"), (-1.0, "19691231T235959Z")],
)
def test_the_date_is_in_utc_and_whole_seconds(seconds: float, text: str) -> None:
    """Parts of a second are cut, not rounded into the future."""
    assert sdk_date(seconds) == text


# -- signatures: the vendor's SDK ------------------------------------------------------------------------------------

AK, SK = "AKIDEXAMPLE", "wJalrXUtnFEMI-K7MDENG+bPxRfiCYEXAMPLEKEY"
DATE = sdk_date(NOW)


def sdk_authorization(
    method: str,
    path: str,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    body: bytes,
    *,
    security_token: str | None = None,
    host: str = "ecs.example.com",
) -> dict[str, str]:
    """Return the headers that the vendor's SDK would send, made by its own credentials class."""
    credentials = BasicCredentials(AK, SK, "0a1b2c")
    if security_token is not None:
        credentials.with_security_token(security_token)
    request = SdkRequest(
        method=method,
        schema="https",
        host=host,
        resource_path=path,
        query_params=list(query),
        header_params={"X-Sdk-Date": DATE, **headers},
        body=body,
    )
    signed = credentials.sign_request(request)
    return {name.lower(): value for name, value in signed.header_params.items()}


def our_headers(request: httpx.Request, security_token: str | None = None, **how: Any) -> httpx.Request:
    """Return *request* as our scheme sends it."""
    auth = AkSkAuth(AK, SK, project_id="0a1b2c", security_token=security_token, clock=FakeClock(), **how)
    return sent(auth, request)


#: Headers that the scheme sets itself, and one that it does not sign by default.
RESERVED = {"x-sdk-date", "x-project-id", "x-security-token", "x-sdk-content-sha256", "x-real-ip"}

#: Text as users write it: no surrogates, which no URL can hold.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["", " ", "+", "%", "%2F", "%zz", "a/b", "?", "#", "&=", ";", "~", "*", "é", "中文", "😀", "a b", "100%", "\x00\n"]
)
#: Dot segments are apart: httpx resolves them before anything is sent.
segments = texts.filter(lambda text: text not in {".", ".."})
queries = st.lists(st.tuples(texts | st.sampled_from(["a", "A", "a "]), texts), max_size=6)
names = st.from_regex(r"X-[A-Za-z0-9_-]{1,8}", fullmatch=True)
values = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), max_size=8)
padded = st.builds(
    lambda left, value, right: left + value + right, st.sampled_from(["", " ", "\t"]), values, st.just(" ")
)
types = st.sampled_from(
    [
        None,
        "application/json",
        "application/json;charset=utf8",
        "application/bson",
        "text/plain",
        "application/octet-stream",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]),
    path=st.lists(segments, max_size=4),
    slash=st.booleans(),
    query=queries,
    extra=st.dictionaries(names, values | padded, max_size=4),
    content_type=types,
    body=st.binary(max_size=64) | st.sampled_from([b"", b"{}", '{"n": "é"}'.encode()]),
    security_token=st.none() | st.just("sts-token"),
)
@example(
    method="GET",
    path=["a", "", "b"],
    slash=True,
    query=[("a", "2"), ("a", ""), ("a", "1")],
    extra={},
    content_type=None,
    body=b"",
    security_token=None,
)
@example(
    method="POST",
    path=["%", "é/"],
    slash=False,
    query=[("", ""), ("é", "~"), ("~", "é")],
    extra={"X-a_b": "1"},
    content_type="text/plain",
    body=b"x",
    security_token="sts-token",
)
def test_the_signature_equals_the_sdks(
    method: str,
    path: list[str],
    slash: bool,
    query: list[tuple[str, str]],
    extra: dict[str, str],
    content_type: str | None,
    body: bytes,
    security_token: str | None,
) -> None:
    """Byte for byte, for any path, query, headers and body, and for what is on the wire."""
    # In lower case, since the SDK signs two spellings of one name as two headers.
    extra = {name.lower(): value for name, value in extra.items() if name.lower() not in RESERVED}
    headers = {**({"Content-Type": content_type} if content_type else {}), **extra}
    # The SDK encodes each path parameter so.
    resource = "/" + "/".join(quote(segment, safe="") for segment in path) + ("/" if slash and path else "")
    request = httpx.Request(
        method,
        "https://ecs.example.com" + resource,
        params=httpx.QueryParams(query) if query else None,  # type: ignore[arg-type]  # a list of pairs is invariant
        headers=[(name.encode(), value.encode()) for name, value in headers.items()],
        content=body,
    )
    ours = our_headers(request, security_token)
    expected = sdk_authorization(method, resource, query, headers, body, security_token=security_token)
    assert ours.headers["Authorization"] == expected["authorization"]
    for name in ("x-sdk-date", "x-project-id", "x-security-token", "x-sdk-content-sha256", "host"):
        assert ours.headers.get(name) == expected.get(name)
    # The receiver only has the wire: signing what it reads there gives the same.
    wire_path, _, wire_query = ours.url.raw_path.decode().partition("?")
    read = parse_qsl(wire_query, keep_blank_values=True)
    assert sorted(read) == sorted(query)  # httpx puts equal names side by side
    assert wire_path == resource
    again = sdk_authorization(method, wire_path, read, headers, body, security_token=security_token)
    assert again["authorization"] == ours.headers["Authorization"]


raw_text = st.text(
    st.characters(min_codepoint=0x20, exclude_characters="\x7f#", exclude_categories=["Cs"]), max_size=12
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=raw_text, query=raw_text)
@example("a b/ü%/%41%2f/+", "x=a b&y=+&&z&é='%zz")
@example("./a/../b/%2e%2e", "?=/")
def test_what_is_on_the_wire_is_what_was_signed(path: str, query: str) -> None:
    """For URLs written as one text httpx chooses the encoding; the SDK signs the result just so."""
    request = httpx.Request("GET", f"https://ecs.example.com/{path}?{query}")
    ours = our_headers(request)
    wire_path, _, wire_query = ours.url.raw_path.decode("ascii").partition("?")
    expected = sdk_authorization("GET", wire_path, parse_qsl(wire_query, keep_blank_values=True), {}, b"")
    assert ours.headers["Authorization"] == expected["authorization"]


def test_the_sdks_query_values_may_be_lists() -> None:
    """Its list of values for a name is our repeated name."""
    listed: Any = [("b", "1"), ("a", ["z", "", "y"])]
    request = httpx.Request("GET", API, params=[("a", "z"), ("b", "1"), ("a", ""), ("a", "y")])
    expected = sdk_authorization("GET", "/v1/p/cloudservers/limits", listed, {}, b"")
    assert our_headers(request).headers["Authorization"] == expected["authorization"]


@pytest.mark.parametrize(
    ("base", "host"),
    [
        ("https://h.example:8443", "h.example:8443"),
        ("https://h.example:443", "h.example"),
        ("http://[::1]:80", "[::1]"),
        ("https://bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_the_host_is_signed_as_it_is_sent(base: str, host: str) -> None:
    """Table 4-3: with the port, unless it is the default one."""
    ours = our_headers(httpx.Request("GET", base + "/v1"))
    assert ours.headers["Host"] == host
    assert ours.headers["Authorization"] == sdk_authorization("GET", "/v1", [], {}, b"", host=host)["authorization"]


def test_a_type_written_in_lower_case_is_seen_here_and_not_by_the_sdk() -> None:
    """The SDK looks for this header in one spelling only; on the wire both are the same request, so both sign alike."""
    headers = {"content-type": "text/plain"}
    ours = our_headers(httpx.Request("POST", API, headers=headers, content=b"x"))
    path = "/v1/p/cloudservers/limits"
    assert ours.headers["X-Sdk-Content-Sha256"] == "UNSIGNED-PAYLOAD"
    right = sdk_authorization("POST", path, [], {"Content-Type": "text/plain"}, b"x")
    assert ours.headers["Authorization"] == right["authorization"]
    assert sdk_authorization("POST", path, [], headers, b"x")["authorization"] != right["authorization"]


def test_unicode_blanks_around_a_value_are_signed_as_sent() -> None:
    """The SDK strips them from the header it sends; ours sends the caller's bytes, so it signs those."""
    ours = our_headers(httpx.Request("GET", API, headers=[(b"X-Own", "\u00a0v".encode())]))
    wire = [value for name, value in ours.headers.raw if name == b"X-Own"]
    assert wire == ["\u00a0v".encode()]
    signed = [(name.decode(), value.decode()) for name, value in ours.headers.raw]
    listed = ["host", "x-own", "x-project-id", "x-sdk-date"]
    canonical = canonical_request("GET", b"/v1/p/cloudservers/limits", signed, listed, b"")
    assert "\nx-own:\u00a0v\n" in canonical
    assert ours.headers["Authorization"].endswith(sign(SK, string_to_sign(canonical, DATE)))


def test_header_bytes_that_are_not_text_are_signed_as_bytes() -> None:
    """They reach the hash unchanged."""
    ours = our_headers(httpx.Request("GET", API, headers=[(b"X-Own", b"\xff\xe9")]), signed_headers=["x-own"])
    canonical = (
        b"GET\n/v1/p/cloudservers/limits/\n\nx-own:\xff\xe9\n\nx-own\n" + hashlib.sha256(b"").hexdigest().encode()
    )
    text = f"SDK-HMAC-SHA256\n{DATE}\n{hashlib.sha256(canonical).hexdigest()}"
    assert ours.headers["Authorization"].endswith(sign(SK, text))


def test_a_target_given_to_httpx_directly_is_what_is_signed() -> None:
    """The extension replaces path and query on the wire."""
    request = httpx.Request("GET", "https://ecs.example.com/x", extensions={"target": b"/v1/../%7e?b&a"})
    expected = sdk_authorization("GET", "/v1/../%7e", [("a", ""), ("b", "")], {}, b"")
    assert our_headers(request).headers["Authorization"] == expected["authorization"]


def test_only_the_named_headers_are_signed() -> None:
    """So that a test can leave one out, or claim one that it does not send."""
    request = httpx.Request("GET", API, headers={"X-Own": "1"})
    ours = our_headers(request, signed_headers=["X-Sdk-Date", "Host", "X-None"])
    assert "SignedHeaders=host;x-none;x-sdk-date, " in ours.headers["Authorization"]
    headers = [("Host", "ecs.example.com"), ("X-Sdk-Date", DATE)]
    canonical = canonical_request("GET", b"/v1/p/cloudservers/limits", headers, ["host", "x-none", "x-sdk-date"], b"")
    assert ours.headers["Authorization"].endswith("Signature=" + sign(SK, string_to_sign(canonical, DATE)))


@pytest.mark.parametrize("offset", [-16 * 60.0, 0.0, 16 * 60.0])
def test_the_date_can_be_shifted(offset: float) -> None:
    """Header and signature speak of the same shifted time."""
    ours = our_headers(httpx.Request("GET", API), date_offset=offset)
    assert ours.headers["X-Sdk-Date"] == sdk_date(NOW + offset)
    request = SdkRequest(
        method="GET",
        host="ecs.example.com",
        resource_path="/v1/p/cloudservers/limits",
        query_params=[],
        header_params={"X-Sdk-Date": sdk_date(NOW + offset), "X-Project-Id": "0a1b2c"},
    )
    expected = Signer(BasicCredentials(AK, SK)).sign(request).header_params["Authorization"]
    assert ours.headers["Authorization"] == expected


def test_the_callers_project_is_kept_and_signed() -> None:
    """A test of a foreign project sends its own X-Project-Id."""
    ours = our_headers(httpx.Request("GET", API, headers={"x-project-id": "foreign"}))
    assert ours.headers.get_list("X-Project-Id") == ["foreign"]
    assert "x-project-id" in ours.headers["Authorization"]


def test_without_project_and_security_token_neither_header_is_sent() -> None:
    """Table 4-3: the project is for several projects."""
    ours = sent(AkSkAuth(AK, SK, project_id=None, clock=FakeClock()), httpx.Request("GET", API))
    assert "X-Project-Id" not in ours.headers
    assert "X-Security-Token" not in ours.headers
    assert "SignedHeaders=host;x-sdk-date, " in ours.headers["Authorization"]


def test_a_request_that_is_sent_again_is_signed_anew() -> None:
    """Old date and signature are replaced, not signed or repeated."""
    clock = FakeClock()
    auth = AkSkAuth(AK, SK, project_id=None, clock=clock)
    request = httpx.Request("POST", API, content=iter([b"{}"]))
    first = sent(auth, request).headers["Authorization"]
    clock.time += 60
    again = sent(auth, request)
    assert again.headers.get_list("X-Sdk-Date") == [sdk_date(NOW + 60)]
    assert len(again.headers.get_list("Authorization")) == 1
    assert again.headers["Authorization"] != first
    assert "authorization" not in again.headers["Authorization"].partition("SignedHeaders=")[2]


def altered(change: Callable[[dict[str, Any]], object]) -> str:
    """Return the signature of one request with *change* made to its parts."""
    parts: dict[str, Any] = {
        "method": "POST",
        "target": b"/v1/p?a=1",
        "headers": [("Host", "h"), ("X-Sdk-Date", DATE)],
        "signed_headers": ["host", "x-sdk-date"],
        "body": b"{}",
    }
    change(parts)
    return sign(SK, string_to_sign(canonical_request(**parts), DATE))


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"target": b"/v1/q?a=1"},
        {"target": b"/v1/p?a=2"},
        {"target": b"/v1/p"},
        {"headers": [("Host", "i"), ("X-Sdk-Date", DATE)]},
        {"signed_headers": ["x-sdk-date"]},
        {"body": b"{ }"},
    ],
)
def test_every_part_of_the_request_is_bound_by_the_signature(change: dict[str, Any]) -> None:
    """Altering one part alone gives another signature; altering none does not."""
    untouched = altered(lambda parts: None)
    assert untouched == altered(lambda parts: None)
    assert altered(lambda parts: parts.update(change)) != untouched
