from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from pytest_ecs._http.signature import AkSkAuth
from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve
from tests.mock.harness import BASE, Client

HOST = "ecs.test"


@pytest.fixture
def unsigned(cloud: MockCloud) -> Client:
    """The primary user without a token."""
    return Client(cloud, token=False)


def _date(client: Client, minutes: float = 0) -> str:
    moment = datetime.fromtimestamp(client.cloud.clock.now(), UTC) + timedelta(minutes=minutes)
    return moment.strftime("%Y%m%dT%H%M%SZ")


def _signed(
    client: Client, method: str, path: str, query: list[tuple[str, Any]], body: str = "", **headers: str
) -> httpx.Request:
    """Return a request that the vendor's own signer has signed."""
    given = {"Host": HOST, "X-Sdk-Date": _date(client), "Content-Type": "application/json", **headers}
    request = SdkRequest(method, "http", HOST, path, path, query, given, body, None, None)
    signed = Signer(BasicCredentials(client.me["ak"], client.me["sk"], client.project)).sign(request)
    return client.http.build_request(method, signed.uri, headers=signed.header_params, content=body)


def test_what_the_vendors_signer_signs_is_accepted(unsigned: Client) -> None:
    """Path, query with characters that must be quoted, and body."""
    path = f"/v2.1/{unsigned.project}/servers"
    query = [("name", "a b+c~d/e"), ("limit", 5), ("ip", ""), ("not-tags", "x=1,y")]
    assert unsigned.http.send(_signed(unsigned, "GET", path, query)).status_code == 200
    body = json.dumps(unsigned.request())
    create = _signed(unsigned, "POST", f"/v1/{unsigned.project}/cloudservers", [], body)
    assert unsigned.http.send(create).status_code == 200


def test_a_body_that_was_changed_is_refused(unsigned: Client) -> None:
    """4.2: a signature prevents the request from being modified."""
    path = f"/v1/{unsigned.project}/cloudservers"
    request = _signed(unsigned, "POST", path, [], json.dumps(unsigned.request()))
    changed = unsigned.http.build_request(
        "POST", path, headers=[*request.headers.items()][:-1], json=unsigned.request(name="two")
    )
    assert unsigned.code(unsigned.http.send(changed)) == (401, "Common.0013")


def test_a_digest_in_a_header_does_not_let_another_body_through(unsigned: Client) -> None:
    """The digest that was sent must be that of the body that came."""
    body = json.dumps(unsigned.request(name="honest"))
    digest = {"X-Sdk-Content-Sha256": hashlib.sha256(body.encode()).hexdigest()}
    path = f"/v1/{unsigned.project}/cloudservers"
    request = _signed(unsigned, "POST", path, [], body, **digest)
    assert unsigned.http.send(request).status_code == 200
    request = _signed(unsigned, "POST", path, [], body, **digest)
    kept = {name: value for name, value in request.headers.items() if name != "content-length"}
    forged = unsigned.http.build_request("POST", path, headers=kept, content=body.replace("honest", "forged"))
    assert unsigned.http.send(forged).status_code == 401


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-sdk-date", "20260101T000001Z"),
        ("host", "elsewhere.test"),
        ("content-type", "text/json"),
        ("authorization", "SDK-HMAC-SHA256 nonsense"),
        ("authorization", ""),
    ],
)
def test_a_header_that_was_changed_is_refused(unsigned: Client, name: str, value: str) -> None:
    """Every header that is signed counts, and the form of the Authorization header."""
    request = _signed(unsigned, "GET", f"/v1/{unsigned.project}/cloudservers/limits", [])
    request.headers[name] = value
    assert unsigned.http.send(request).status_code == 401


def test_a_header_that_was_signed_must_be_there(unsigned: Client) -> None:
    """A signed header may not be taken away."""
    request = _signed(unsigned, "GET", f"/v1/{unsigned.project}/cloudservers/limits", [])
    del request.headers["content-type"]
    assert unsigned.http.send(request).status_code == 401


@pytest.mark.parametrize(("ak", "sk"), [("", "wrong"), ("UNKNOWN", "")])
def test_other_keys_are_refused(unsigned: Client, ak: str, sk: str) -> None:
    """The secret must fit, and the access key be known."""
    unsigned.me = {**unsigned.me, "ak": ak or unsigned.me["ak"], "sk": sk or unsigned.me["sk"]}
    request = _signed(unsigned, "GET", f"/v1/{unsigned.project}/cloudservers/limits", [])
    assert unsigned.http.send(request).status_code == 401


def test_temporary_keys_need_their_token_and_end(cloud: MockCloud, unsigned: Client) -> None:
    """Neither without the token, nor with another, nor after their end; and a lasting AK has none."""
    given = cloud.control("POST", "/_mock/keys", {"seconds": 60})

    def status(token: str | None, **keys: str) -> int:
        pair = {"ak": given["ak"], "sk": given["sk"], **keys}
        auth = AkSkAuth(**pair, project_id=None, security_token=token, clock=cloud.clock)
        return unsigned.http.get(f"/v1/{unsigned.project}/cloudservers/limits", auth=auth).status_code

    own, lasting = given["security_token"], {"ak": unsigned.me["ak"], "sk": unsigned.me["sk"]}
    assert [status(own), status(None), status("made up"), status(own, sk="wrong")] == [200, 401, 401, 401]
    assert [status(None, **lasting), status(own, **lasting)] == [200, 401]
    cloud.control("POST", "/_mock/clock", {"advance": 60})
    assert [status(own), status(None, **lasting)] == [401, 200]


@pytest.mark.parametrize(("minutes", "status"), [(14.9, 200), (-14.9, 200), (15.1, 401), (-15.1, 401)])
def test_a_date_may_be_off_by_a_quarter_of_an_hour(unsigned: Client, minutes: float, status: int) -> None:
    """Old signatures cannot be used again."""
    request = _signed(
        unsigned,
        "GET",
        f"/v1/{unsigned.project}/cloudservers/limits",
        [],
        **{"X-Sdk-Date": _date(unsigned, minutes)},
    )
    assert unsigned.http.send(request).status_code == status


@pytest.mark.parametrize(("left_out", "status"), [("host", 401), ("x-sdk-date", 401), ("x-other", 200)])
def test_host_and_date_must_be_signed(unsigned: Client, left_out: str, status: int) -> None:
    """A signature that leaves them out is good for any host or time, so it is refused though it is right."""
    path, date = f"/v1/{unsigned.project}/cloudservers/limits", _date(unsigned)
    headers = {"host": HOST, "x-sdk-date": date, "x-other": "1"}
    names = sorted(name for name in headers if name != left_out)
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    listed, empty = ";".join(names), hashlib.sha256(b"").hexdigest()
    canonical = f"GET\n{path}/\n\n{lines}\n{listed}\n{empty}"
    text = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(unsigned.me["sk"].encode(), text.encode(), hashlib.sha256).hexdigest()
    access = f"Access={unsigned.me['ak']}"
    headers["authorization"] = f"SDK-HMAC-SHA256 {access}, SignedHeaders={listed}, Signature={signature}"
    assert unsigned.http.get(path, headers=headers).status_code == status


def test_a_signed_body_has_at_most_12_mb(unsigned: Client) -> None:
    """4.2: larger bodies need a token."""
    request = _signed(unsigned, "POST", f"/v1/{unsigned.project}/cloudservers", [], " " * (12 * 1024 * 1024 + 1))
    assert unsigned.http.send(request).status_code == 413
    request = _signed(unsigned, "POST", f"/v1/{unsigned.project}/cloudservers", [], " " * (12 * 1024 * 1024))
    assert unsigned.code(unsigned.http.send(request)) == (400, "Common.0002")


@pytest.mark.parametrize("query", ["name=云".encode(), b"name=\xff&\xe9=1", b"a=%FF&%zz&a=+", b"a=;b&&=x"])
def test_a_target_in_raw_bytes_is_signed_as_it_is_read(cloud: MockCloud, client: Client, query: bytes) -> None:
    """No URL is written so, but a request line may be: the client's half and the mock's find the same text in it."""
    target = f"/v2.1/{client.project}/servers?".encode() + query
    request = httpx.Request("GET", BASE, extensions={"target": target})
    auth = AkSkAuth(client.me["ak"], client.me["sk"], project_id=None, clock=cloud.clock)
    signed = next(auth.auth_flow(request))
    raw = target.decode("latin-1")  # as WSGI has it
    path, _, asked = raw.partition("?")
    environ = {"REQUEST_METHOD": "GET", "RAW_URI": raw, "PATH_INFO": path, "QUERY_STRING": asked}
    environ.update({f"HTTP_{name.upper().replace('-', '_')}": value for name, value in signed.headers.items()})
    statuses: list[str] = []
    cloud(environ, lambda status, headers: statuses.append(status))
    assert statuses == ["200 OK"]


@pytest.mark.parametrize(
    "value",
    [
        "云é😀".encode(),
        b"\xe9\xff",
        b"\xff\xe4\xba\x91",
        "\u00a0x\u00a0".encode(),
        b"a\x85b",
        b"a\tb",
        b"a  b",
        b'"a", b',
    ],
)
@pytest.mark.parametrize("name", [b"X-Name", b"Content-Type"])
def test_any_bytes_of_a_header_are_signed_as_they_are(
    cloud: MockCloud, client: Client, name: bytes, value: bytes
) -> None:
    """Over the wire: what is no UTF-8 text, blanks that are none in HTTP, and what other readers split lines at."""
    auth = AkSkAuth(client.me["ak"], client.me["sk"], project_id=None, clock=cloud.clock)
    with serve(cloud) as server, httpx.Client(base_url=server.url, auth=auth) as signing:
        shown = signing.get(f"/v2.1/{client.project}/servers", headers={name: value})
    assert shown.status_code == 200, shown.text
