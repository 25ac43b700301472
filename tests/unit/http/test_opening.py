from __future__ import annotations

import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pytest_ecs._http.opening import authorities, open_http, proxy_for
from pytest_ecs._http.target import Resources, SystemClock, Target
from pytest_ecs._http.transport import bound
from pytest_ecs.exceptions import ConfigurationError

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def target(**changes: Any) -> Target:
    """Return a named target on a port where nobody listens."""
    values: dict[str, Any] = {"endpoint": "http://127.0.0.1:9", "iam": "http://127.0.0.1:9"}
    return Target(
        name="t",
        region=None,
        simulated=False,
        clock=SystemClock(),
        resources=Resources(),
        identities={},
        **{**values, **changes},
    )


@pytest.mark.parametrize(
    ("url", "no", "covered"),
    [
        ("http://host", "", False),
        ("http://host", "*", True),
        ("http://host", "other, host", True),
        ("http://a.host.org", "host.org", True),
        ("http://a.host.org", ".host.org", True),
        ("http://ahost.org", "host.org", False),
        ("http://host:8774", "host:8774", True),
        ("http://host:8774", "host:80", False),
        ("http://10.1.2.3", "10.0.0.0/8", True),
        ("http://11.1.2.3", "10.0.0.0/8", False),
        ("http://[fd07::5]:8774", "localhost,fd07::/64", True),
        ("http://[fd08::5]:8774", "localhost,fd07::/64", False),
        ("http://[::1]:8774", "[::1]", True),
        ("http://[::1]:8774", "[::1]:8774", True),
        ("http://[::1]", "::1", True),
        ("http://host", "other host", True),
        ("http://host.", "host", True),
        ("http://a.host", "host.", True),
        ("http://host", ".", False),
        ("http://127.0.0.1", "fd07::/64,nonsense/99,[", False),
    ],
)
def test_no_proxy_is_read_as_people_write_it(url: str, no: str, covered: bool) -> None:
    """Hosts, domains, ports, networks and IPv6; what is none of these covers nothing."""
    assert (proxy_for(url, {"http": "proxy:3128", "no": no}) is None) is covered


def test_a_proxy_is_chosen_by_scheme_then_for_all() -> None:
    """As everywhere."""
    assert proxy_for("https://h", {"http": "http://p", "all": "http://q:1"}) == "http://q:1"
    assert proxy_for("http://h", {"http": "p:3128", "all": "http://q:1"}) == "http://p:3128"
    assert proxy_for("http://h", {}) is None


@pytest.mark.parametrize("no", ["localhost,fd07::/64", "[::1]", "127.0.0.1", "*"])
def test_any_no_proxy_lets_a_target_be_opened(monkeypatch: pytest.MonkeyPatch, no: str) -> None:
    """Also the forms that the HTTP library does not know."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", no)
    open_http(target(), 1.0).close()


@pytest.mark.parametrize(
    "proxy",
    [
        "ftp://u:hidden-17@x",
        "http://u:hidden-17@[",
        "http://u:hidden-17@h:port",
        "http://u:hidden-17@h:99999",
        "http://u:hidden-17@",
        ":3128",
    ],
)
def test_a_proxy_that_cannot_be_used_is_a_sentence(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """Without the password in it."""
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ConfigurationError, match=r"proxy .*of the environment cannot be used") as caught:
        open_http(target(), 1.0)
    assert "hidden-17" not in f"{caught.value}{vars(caught.value)}"


def test_a_socks_proxy_needs_one_more_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text says which."""
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(ConfigurationError, match=r"speaks SOCKS.*httpx\[socks\]"):
        open_http(target(), 1.0)


def test_authorities_that_are_none_are_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, empty, and from a variable that other tools use."""
    with pytest.raises(ConfigurationError, match="does not exist"):
        open_http(target(verify=tmp_path / "no.pem"), 1.0)
    file = tmp_path / "empty.pem"
    file.write_text("nothing")
    with pytest.raises(ConfigurationError, match="holds no certificates"):
        open_http(target(verify=file), 1.0)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "no.pem"))
    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE names"):
        open_http(target(), 1.0)


def test_a_folder_of_authorities_that_openssl_would_not_look_into_is_a_sentence(tmp_path: Path) -> None:
    """It reads only what is called by its hash, and says nothing of the rest."""
    (tmp_path / "ours.pem").write_text("a certificate")
    with pytest.raises(ConfigurationError, match="openssl rehash"):
        open_http(target(verify=tmp_path), 1.0)
    (tmp_path / "5ed36f99.0").write_text("a certificate")
    open_http(target(verify=tmp_path), 1.0).close()


def test_nobody_is_asked_for_the_passphrase_of_a_key(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A CI would wait forever."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, begins, begins + timedelta(days=9))
    pem = serialization.Encoding.PEM
    (tmp_path / "cert.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(pem))
    locked = serialization.BestAvailableEncryption(b"passphrase-17")
    (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, locked))
    with pytest.raises(ConfigurationError, match="the key without a passphrase"):
        open_http(target(certificate=(tmp_path / "cert.pem", tmp_path / "key.pem")), 1.0)
    assert capfd.readouterr() == ("", "")


def test_a_client_certificate_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    """With the names that it has in clouds.yaml."""
    with pytest.raises(ConfigurationError, match=r"client certificate .*cert and key in clouds.yaml"):
        open_http(target(certificate=(tmp_path / "no.pem", None)), 1.0)


@pytest.mark.parametrize("location", ["mailto:somebody", "x:y", "http://[", "//", "http:///x", "http://a:port/", " "])
def test_a_redirection_to_what_is_no_place_is_an_answer_like_others(location: str) -> None:
    """Redirections are not followed, so that where they lead breaks nothing."""
    transport = httpx.MockTransport(lambda _: httpx.Response(302, headers={"Location": location}))
    with open_http(target(transport=transport), 5.0) as http:
        bound(http, 5.0)
        response = http.get("http://127.0.0.1:9/x")
    assert (response.status_code, response.headers["location"]) == (302, location)


def test_no_cookie_is_kept() -> None:
    """Identities share the sockets."""
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie"))
        return httpx.Response(200, headers={"Set-Cookie": "a=b; Path=/"})

    with open_http(target(transport=httpx.MockTransport(answer)), 5.0) as http:
        for _ in range(2):
            http.get("http://127.0.0.1:9/x")
    assert seen == [None, None]


def test_each_folder_of_a_list_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSL_CERT_DIR is a list, and the folder of it that is none is named alone."""
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.mkdir()
    (good / "5ed36f99.0").write_text("a certificate")
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep.join(("", str(good), str(good))))
    open_http(target(), 1.0).close()
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep.join((str(good), str(bad))))
    with pytest.raises(ConfigurationError, match=rf"^SSL_CERT_DIR names {re.escape(str(bad))}, which does not exist"):
        open_http(target(), 1.0)
    bad.mkdir()
    with pytest.raises(ConfigurationError, match=rf"^SSL_CERT_DIR names {re.escape(str(bad))}, which holds no"):
        open_http(target(), 1.0)


def test_authorities_that_are_not_used_are_known() -> None:
    """Those of other tools, and those beside what was asked for; not the same once more."""
    environ = {"SSL_CERT_DIR": "/d", "REQUESTS_CA_BUNDLE": "/f", "CURL_CA_BUNDLE": "/g"}
    assert authorities(True, {}) == ("the usual authorities", ())
    assert authorities(True, environ) == ("SSL_CERT_DIR", ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
    assert authorities(True, {**environ, "SSL_CERT_FILE": "/f"}) == (
        "SSL_CERT_FILE",
        ("SSL_CERT_DIR", "CURL_CA_BUNDLE"),
    )
    assert authorities(Path("/g"), environ) == ("/g", ("SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"))
