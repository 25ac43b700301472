from __future__ import annotations

import json
import random
from typing import Any

import httpx
import pytest

from pytest_ecs._mock import MockCloud
from tests.mock.harness import BASE, Client

#: Requests with bodies that no client should send.
TARGETS = [
    ("POST", "/v3/auth/tokens"),
    ("POST", "/v1/{p}/cloudservers"),
    ("POST", "/v1/{p}/cloudservers/delete"),
    ("POST", "/v1/{p}/cloudservers/action"),
    ("POST", "/v1/{p}/cloudservers/{s}/resize"),
    ("POST", "/v2.1/{p}/servers"),
    ("PUT", "/v2.1/{p}/servers/{s}"),
    ("POST", "/v2.1/{p}/servers/{s}/action"),
]
NO_JSON: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n ",
    "text": b"hello",
    "null": b"null",
    "list": b"[]",
    "number": b"1",
    "half": b'{"server":',
    "no UTF-8": b'{"a": "\xff\xfe"}',
    "only bytes": bytes(range(256)),
    "NaN": b'{"server": NaN}',
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "huge number": b'{"server": {"count": 1' + b"0" * 6000 + b"}}",
}
ODD_JSON: dict[str, bytes] = {
    "exponent": b'{"server": {"count": 1e999}}',
    "surrogate": b'{"server": {"name": "\\ud800"}}',
    "nul": b'{"server": {"name": "\\u0000"}}',
    "byte order mark": b'\xef\xbb\xbf{"server": {}}',
}


LAX = (
    "type-unchecked",
    "mandatory-unchecked",
    "reference-unchecked",
    "bound-over-unchecked",
    "bound-under-unchecked",
    "enum-unchecked",
    "pattern-unchecked",
    "together-unchecked",
    "password-unchecked",
    "state-unchecked",
    "resize-while-active",
    "quota-unchecked",
)


def _faultless(client: Client) -> None:
    faults = [one for one in client.cloud.control("GET", "/_mock/requests")["requests"] if "fault" in one]
    assert not faults


@pytest.mark.parametrize("body", NO_JSON)
@pytest.mark.parametrize(("method", "path"), TARGETS)
def test_a_body_that_is_none_is_refused(client: Client, method: str, path: str, body: str) -> None:
    """400 in the API's own form, and never by an exception that nobody expected."""
    (server,) = client.create()
    answer = client.http.request(
        method,
        path.format(p=client.project, s=server),
        content=NO_JSON[body],
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert isinstance(answer.json(), dict)
    _faultless(client)


@pytest.mark.parametrize("body", ODD_JSON)
@pytest.mark.parametrize(("method", "path"), TARGETS)
def test_odd_values_do_no_harm(client: Client, method: str, path: str, body: str) -> None:
    """What is JSON is judged by the tables; an update, for one, has nothing against a NUL in a name."""
    (server,) = client.create()
    url = path.format(p=client.project, s=server)
    assert client.http.request(method, url, content=ODD_JSON[body]).status_code == (200 if method == "PUT" else 400)
    assert client.nova("GET", "servers/detail").status_code == 200
    _faultless(client)


def _mutations(value: Any, rng: random.Random) -> Any:
    """Return *value* with one thing in it replaced by something odd."""
    odd: list[Any] = [
        None,
        True,
        0,
        -1,
        10**30,
        1.5,
        "",
        "x" * 5000,
        "\ud800",
        "\u0000",
        [],
        {},
        [None],
        [[]],
        {"": None},
        ["x"],
        {"id": 1},
        "../..",
        "1e5",
        "9" * 5000,
    ]
    if rng.random() < 0.3 or not isinstance(value, (dict, list)) or not value:
        return rng.choice(odd)
    if isinstance(value, dict):
        key = rng.choice(sorted(value))
        return {
            **value,
            key: _mutations(value[key], rng),
            **({"odd": rng.choice(odd)} if rng.random() < 0.1 else {}),
        }
    at = rng.randrange(len(value))
    return [*value[:at], _mutations(value[at], rng), *value[at + 1 :]]


@pytest.mark.parametrize("deviations", [(), LAX[:3], LAX])
def test_no_odd_value_makes_the_mock_fail(deviations: tuple[str, ...]) -> None:
    """Thousands of requests that are right but for one value, also where deviations let them through."""
    rng = random.Random(7)
    client = Client(MockCloud(deviations=deviations))
    (server,) = client.create()
    servers = {"servers": [{"id": server}]}
    full = client.request(
        user_data="eA==",
        adminPass="Aa1!aaaa",
        key_name=client.resources["key_name"],
        count=1,
        description="d",
        metadata={"a": "b"},
        data_volumes=[{"volumetype": "SSD", "size": 10, "metadata": {"__system__encrypted": "0"}}],
        publicip={"eip": {"iptype": "5_bgp", "bandwidth": {"size": 1, "sharetype": "PER"}}},
        security_groups=[{"id": client.resources["security_group_id"]}],
        nics=[
            {
                "subnet_id": client.resources["subnet_id"],
                "ip_address": "",
                "extra_dhcp_opts": [{"opt_name": "26", "opt_value": 1280}],
                "binding:profile": {"disable_security_groups": False},
            }
        ],
    )
    disk = {"source_type": "image", "uuid": client.resources["image_id"], "boot_index": 0, "volume_size": 40}
    native = client.native(
        block_device_mapping_v2=[disk],
        metadata={"a": "b"},
        min_count=1,
        max_count=1,
        return_reservation_id=False,
        security_groups=[{"name": "default"}],
        description="d",
    )
    user = {"name": "n", "password": "p", "domain": {"name": "d"}}
    auth = {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"name": "p"}},
    }
    valid: list[tuple[str, str, Any]] = [
        ("POST", "/v1/{p}/cloudservers", full),
        ("POST", "/v1/{p}/cloudservers/delete", servers),
        ("POST", "/v1/{p}/cloudservers/action", {"os-start": servers}),
        ("POST", "/v1/{p}/cloudservers/action", {"reboot": {**servers, "type": "SOFT"}}),
        ("POST", "/v1/{p}/cloudservers/{s}/resize", {"resize": {"flavorRef": "s3.xlarge.2"}, "dry_run": False}),
        ("POST", "/v2.1/{p}/servers", native),
        ("PUT", "/v2.1/{p}/servers/{s}", {"server": {"name": "x"}}),
        ("POST", "/v2.1/{p}/servers/{s}/action", {"os-stop": {"type": "SOFT"}}),
        ("POST", "/v3/auth/tokens", {"auth": auth}),
    ]
    for _ in range(1500):
        method, path, body = rng.choice(valid)
        content = json.dumps(_mutations(body, rng)).encode()
        answer = client.http.request(method, path.format(p=client.project, s=server), content=content)
        assert answer.status_code < 500
        client.advance(rng.choice([0, 1, 20]))
    _faultless(client)


@pytest.mark.parametrize(
    "name", ["limit", "marker", "name", "status", "ip", "flavor", "image", "changes-since", "sort_key"]
)
def test_no_odd_parameter_makes_a_list_fail(client: Client, name: str) -> None:
    """Any text at all may stand in a query."""
    client.create()
    for value in (
        "%00",
        "%ff",
        "9" * 5000,
        "-" * 50,
        "%F0%9F%98%80",
        "9999-99-99",
        "0001-01-01T00:00:00%2B14:00",
        "[",
        "a=b",
    ):
        for at in ("2.1", "2.60"):
            answer = client.nova("GET", f"servers/detail?{name}={value}", at=at)
            assert answer.status_code in {200, 400}
    _faultless(client)


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/%ff/jobs/%00", "/v2.1/{p}/servers/%2e%2e", "/nothing/here", "/v3/x"]
)
def test_an_unknown_url_is_not_found(client: Client, path: str) -> None:
    """404, or the refusal of an id that means nothing."""
    answer = client.http.get(path.format(p=client.project))
    assert answer.status_code in {400, 404}
    _faultless(client)


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "BREW", "DELETE"])
@pytest.mark.parametrize("path", ["/v1/{p}/cloudservers", "/v2.1/{p}/servers", "/v3/auth/tokens"])
def test_a_wrong_method_is_not_allowed(client: Client, method: str, path: str) -> None:
    """10.1: 405."""
    assert client.http.request(method, path.format(p=client.project)).status_code == 405


def test_a_body_of_another_type_is_not_supported(client: Client) -> None:
    """A.1: 415; a type with parameters is still JSON."""
    path, content = f"/v1/{client.project}/cloudservers", json.dumps(client.request())
    for media_type, status in (
        ("text/xml", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json; charset=utf-8", 200),
    ):
        assert client.http.post(path, content=content, headers={"Content-Type": media_type}).status_code == status


def test_head_is_get_without_a_body(client: Client) -> None:
    """Table 4-2."""
    answer = client.nova("HEAD", "servers")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "99999999999999999999", "\u0663"])
def test_a_length_that_is_none_is_refused(client: Client, length: str) -> None:
    """A Content-Length of any text gives 400."""
    started: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/v1/{client.project}/cloudservers",
        "CONTENT_LENGTH": length,
        "HTTP_X_AUTH_TOKEN": client.http.headers["X-Auth-Token"],
    }
    b"".join(client.cloud(environ, lambda status, headers: started.append(status)))
    assert started == ["400 Bad Request"]


def test_requests_are_logged(client: Client) -> None:
    """The hook tells what was asked and answered, also over HTTP, where it needs no token."""
    client.v1("GET", "jobs/none")
    with httpx.Client(transport=httpx.WSGITransport(app=client.cloud), base_url=BASE) as anyone:
        last = anyone.get("/_mock/requests").json()["requests"][-1]
        assert last == {"method": "GET", "path": f"/v1/{client.project}/jobs/none", "status": 400}
        assert anyone.post("/_mock/clock", json={"advance": "x"}).status_code == 400
        assert anyone.post("/_mock/clock", json={"advance": 5}).status_code == 200
        assert anyone.put("/_mock/nothing", json={}).status_code == 404


def test_a_wrong_hook_is_an_error_for_its_caller(client: Client) -> None:
    """Without HTTP the hooks raise."""
    with pytest.raises(LookupError, match="no server"):
        client.cloud.control("PUT", "/_mock/servers/none/state", {"vm_state": None})
    with pytest.raises(LookupError, match="no control hook"):
        client.cloud.control("GET", "/_mock/nothing")
    with pytest.raises(ValueError, match="job_type"):
        client.cloud.control("POST", "/_mock/fail", {"job_type": "nothing", "code": "Ecs.0204"})
