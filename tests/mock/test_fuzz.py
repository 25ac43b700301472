"""Whatever is sent, the mock answers it: no 5xx, no exception behind an answer, no hang.

An example is ten requests to one cloud. ``HYPOTHESIS_PROFILE=deep pytest tests/mock/test_fuzz.py`` makes 20,000 of them.
"""

from __future__ import annotations

import io
import json
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_ecs._mock import MockCloud, app
from pytest_ecs._mock.http.routing import ROUTES
from tests.mock.harness import Client

_MIB = 2**20
#: What the modules of the mock have in quotes: names of fields, of query parameters, and their values.
_WORDS_OF = {
    ".".join(file.parts[-2:]).removesuffix(".py"): sorted(
        set(re.findall(r'"([A-Za-z_][\w:.-]{1,40})"', file.read_text(encoding="utf-8")))
    )
    for file in Path(app.__file__).parent.rglob("*.py")
}
_WORDS = sorted({word for words in _WORDS_OF.values() for word in words})
_ROUTES = sorted(ROUTES, key=lambda route: (route.path, route.method, route.selects or ""))

_word = st.sampled_from(_WORDS)
_odd_text = st.sampled_from(
    [
        "",
        " ",
        "\u0000",
        "\ud800",
        "‮",
        "../..",
        "%2e%2e%2f",
        "%",
        "x" * 5000,
        "９",
        "-1",
        "1e999",
        "9" * 4400,
        "null",
        "NaN",
        "2026-02-30T00:00:00Z",
        "0000-00-00T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "999.999.999.999",
        "::1",
        "/dev/vd",
        "/dev/vdzz",
    ]
)
_texts = st.one_of(_word, _odd_text, st.text(max_size=20))
_numbers = st.one_of(st.integers(), st.floats(allow_nan=True), st.just(10**400), st.just(-(2**63)))
_scalars = st.one_of(st.none(), st.booleans(), _numbers, _texts)
#: {id} stands for something that is there: a server, a disk, an image, a flavor, a network ...
_known = st.just("{id}")


def _json_of(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    keys = st.one_of(names, names, names, _odd_text)
    return st.recursive(
        st.one_of(_scalars, _known, _known),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=6)),
        max_leaves=15,
    )


_values = _json_of(_word)
_bytes = st.one_of(
    _values.map(json.dumps).map(str.encode),
    st.binary(max_size=200),
    st.builds(lambda size, byte: bytes([byte]) * size, st.integers(0, _MIB), st.integers(0, 255)),
    st.integers(1, 200_000).map(lambda depth: b"[" * depth),
    st.integers(1, 100_000).map(lambda depth: b'{"server":' * depth + b"1" + b"}" * depth),
    st.integers(1, 10_000).map(lambda digits: b'{"server": {"count": ' + b"9" * digits + b"}}"),
    st.sampled_from([b"", b"\xff\xfe{}", b'{"a": "\xc3\x28"}', b'{"a": 1, "a": 2}', b"NaN", b"\xef\xbb\xbf{}"]),
)
_methods = st.one_of(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"]),
    st.text("ABZ-", min_size=1, max_size=9),
)
_queries = st.lists(st.tuples(_texts, st.one_of(_texts, _known)), max_size=3)
_headers = st.dictionaries(
    st.sampled_from(
        [
            "X-OpenStack-Nova-API-Version",
            "OpenStack-API-Version",
            "X-Auth-Token",
            "Authorization",
            "X-Sdk-Date",
            "X-Project-Id",
            "Content-Type",
            "Accept",
            "Host",
            "Content-Length",
            "Transfer-Encoding",
            "X-Domain-Id",
            "If-Match",
            "Range",
        ]
    ),
    st.one_of(
        _texts,
        st.sampled_from(
            [
                "2.1",
                "2.26",
                "2.60",
                "2.99999999999999999999",
                "latest",
                "compute 2.26",
                "compute",
                "application/json",
                "text/plain",
                "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=b",
                "SDK-HMAC-SHA256 ,,,",
                "20260101T000000Z",
                "chunked",
                "-5",
            ]
        ),
    ),
    max_size=4,
)
#: Method, path, values of its parameters, body.
_Target = tuple[str, str, list[str], bytes]


@st.composite
def _targets(draw: st.DrawFn) -> _Target:
    """A route with a body that has its words, or anything at all."""
    odd = draw(st.integers(0, 9))
    if odd == 0:
        return draw(_methods), "/" + draw(st.text(max_size=30)), [], draw(_bytes)
    route = draw(st.sampled_from(_ROUTES))
    values = draw(st.lists(st.one_of(_known, _known, _known, _texts), min_size=3, max_size=3))
    if odd == 1:
        return draw(_methods), route.path, values, draw(_bytes)
    if odd == 2:
        return route.method, route.path, values, draw(_bytes)
    words = st.sampled_from(_WORDS_OF[".".join(route.handler.__module__.split(".")[-2:])] or _WORDS)
    inner = draw(_json_of(words))
    body = {route.selects or draw(words): inner, **draw(st.dictionaries(words, _scalars, max_size=1))}
    return route.method, route.path, values, json.dumps(body).encode()


_requests = st.fixed_dictionaries(
    {
        "target": _targets(),
        "query": st.one_of(st.just([]), _queries),
        "headers": st.one_of(st.just({}), _headers),
        "own": st.integers(0, 9),
        "pick": st.integers(0, 10**6),
        "wait": st.sampled_from([0, 0, 5, 100]),
    }
)


def _things(client: Client) -> list[str]:
    state = client.cloud._state
    project = state.projects[client.project]
    held = (
        project.servers,
        project.volumes,
        project.jobs,
        project.groups,
        project.eips,
        project.ports,
        project.server_groups,
    )
    nics = [nic.id for server in project.servers.values() for nic in server.nics]
    return [
        *(key for some in held for key in some),
        *nics,
        *state.images,
        *state.flavors,
        *(n.id for n in project.networks),
    ]


def _environ(client: Client, wanted: dict[str, Any], token: str) -> dict[str, Any]:
    things = _things(client)
    pick = things[wanted["pick"] % len(things)]
    method, path, values, body = wanted["target"]
    ours = {"{project_id}": client.project, "{server_id}": things[0]}
    for name, value in zip(dict.fromkeys(re.findall(r"\{\w+\}", path)), values, strict=False):
        there = ours.get(name, pick)
        path = path.replace(name, there if value == "{id}" or (name == "{project_id}" and wanted["own"]) else value)
    query = "&".join(
        f"{quote(k, errors='replace')}={quote(pick if v == '{id}' else v, errors='replace')}"
        for k, v in wanted["query"]
    )
    body = body.replace(b"{id}", pick.encode())
    headers = {"X-Auth-Token": token, **wanted["headers"]} if wanted["own"] else wanted["headers"]
    environ = {f"HTTP_{name.upper().replace('-', '_')}": _latin(value) for name, value in headers.items()}
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "application/json")
    environ["CONTENT_LENGTH"] = environ.pop("HTTP_CONTENT_LENGTH", str(len(body)))
    return {
        **environ,
        "REQUEST_METHOD": method,
        "PATH_INFO": _latin(path),
        "QUERY_STRING": query,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }


def _latin(text: str) -> str:
    return text.encode("utf-8", "replace").decode("latin-1")


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example])
@given(requests=st.lists(_requests, min_size=10, max_size=10))
def test_whatever_is_sent_is_answered(requests: list[dict[str, Any]]) -> None:
    """In a form that a client can read, and the state contradicts itself nowhere afterwards."""
    client = Client(MockCloud())
    client.create(data_volumes=[{"volumetype": "SSD", "size": 10}])
    token = client.http.headers["X-Auth-Token"]
    for wanted in requests:
        given: list[Any] = []
        began = time.perf_counter()
        content = b"".join(client.cloud(_environ(client, wanted, token), lambda *answer: given.extend(answer)))  # noqa: B023
        assert time.perf_counter() - began < 10
        status, headers = int(given[0].split()[0]), dict(given[1])
        assert 200 <= status < 500
        assert not content or json.loads(content) is not None
        assert "\n" not in "".join(headers.values())
        client.advance(wanted["wait"])
    log = client.cloud.control("GET", "/_mock/requests")["requests"]
    assert [entry for entry in log if "fault" in entry] == []
    assert client.cloud.control("GET", "/_mock/consistency")["complaints"] == []
