"""Opens the sockets to a target: certificates, the client's own certificate and proxies, each wrong one a sentence."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

import httpx

from pytest_ecs._http.target import Target
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["authorities", "open_http", "proxy_for"]

#: How OpenSSL finds an authority in a folder.
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
#: Variables that name authorities: those of OpenSSL, the first of which is used, and those of other tools, which are not.
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_HEADERS = {"User-Agent": "pytest-ecs", "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}


def open_http(target: Target, timeout: float) -> httpx.Client:
    """Return a connection pool to *target* and its IAM; raises `ConfigurationError` when it cannot be set up."""
    if target.transport is not None:
        return _Client(transport=target.transport, timeout=timeout, trust_env=False, headers=_HEADERS)
    context = _tls(target)
    mounts: dict[str, httpx.BaseTransport | None] = {}
    addresses = {target.endpoint, target.iam, *(str(one.iam) for one in target.identities.values() if one.iam)}
    for address in addresses:
        parts = urlsplit(address)
        proxy = proxy_for(address, getproxies_environment())
        if proxy is not None and parts.hostname:
            host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            mounts[f"{parts.scheme}://{host}"] = _through(proxy, context)
    return _Client(timeout=timeout, verify=context, trust_env=False, mounts=mounts, headers=_HEADERS)


class _NoCookies(httpx.Cookies):
    def extract_cookies(self, response: httpx.Response) -> None:
        """Take nothing."""

    def set_cookie_header(self, request: httpx.Request) -> None:
        """Send nothing."""


class _Client(httpx.Client):
    """A client without cookies: identities share the sockets, and none may send what another was given."""

    cookies = _NoCookies()  # type: ignore[override]


def _through(proxy: str, context: ssl.SSLContext) -> httpx.HTTPTransport:
    shown = "proxy"
    try:
        parts = urlsplit(proxy)
        shown = f"proxy {parts.scheme}://{parts.hostname}"  # without a user name and a password
        if not parts.hostname or parts.port == 0:  # asking for the port raises for one that is none
            raise ValueError
        if parts.scheme == "socks":
            proxy = proxy.replace("socks:", "socks5:", 1)
        return httpx.HTTPTransport(verify=context, proxy=proxy)
    except ImportError:
        raise ConfigurationError(
            f"The {shown} of the environment speaks SOCKS, which needs one more package",
            hint="pip install 'httpx[socks]', or unset ALL_PROXY, or name the host in NO_PROXY",
        ) from None
    except Exception as error:  # noqa: BLE001 - whatever httpx says of the address
        raise ConfigurationError(
            f"The {shown} of the environment cannot be used",
            seen=type(error).__name__,
            hint="Correct HTTP_PROXY, HTTPS_PROXY or ALL_PROXY: http://host:port",
        ) from None


def proxy_for(url: str, proxies: Mapping[str, str]) -> str | None:
    """Return the proxy that *proxies*, as `urllib.request.getproxies_environment` gives them, name for *url*.

    Entries of ``no`` are hosts, domains with or without a leading dot, addresses and networks, IPv6 with or without
    brackets, each with an optional port, or ``*``.
    """
    parts = urlsplit(url)
    chosen = proxies.get(parts.scheme) or proxies.get("all")
    if not chosen or not parts.hostname:
        return None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if any(
        _covers(entry.strip().lower(), parts.hostname, port) for entry in re.split(r"[\s,]+", proxies.get("no", ""))
    ):
        return None
    return chosen if "://" in chosen else f"http://{chosen}"


def _covers(entry: str, host: str, port: int) -> bool:
    if entry in {"", "*"}:
        return entry == "*"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    bare, wanted = _split_port(entry)
    if wanted is not None and wanted != port:
        return False
    if address is not None:
        try:
            return address in ipaddress.ip_network(bare, strict=False)
        except ValueError:
            return False
    domain, host = bare.removeprefix("*").strip("."), host.removesuffix(".")
    return host == domain or host.endswith(f".{domain}")


def _split_port(entry: str) -> tuple[str, int | None]:
    if entry.startswith("["):
        bare, _, rest = entry[1:].partition("]")
        port = rest.removeprefix(":")
    elif entry.count(":") == 1:
        bare, _, port = entry.partition(":")
    else:
        bare, port = entry, ""
    return bare, int(port) if port.isdigit() else None


def _tls(target: Target) -> ssl.SSLContext:
    if isinstance(target.verify, Path):
        context = _trusting(target.verify)
    elif target.verify:
        context = _trusting_environment()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # no authorities are loaded, which takes a while
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if target.certificate is not None:
        certificate, key = target.certificate
        try:
            # Nobody is there to be asked for the passphrase of an encrypted key.
            context.load_cert_chain(certificate, key, password=lambda: "")
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"The client certificate {certificate} cannot be used",
                seen=_reason(error),
                hint="cert and key in clouds.yaml, or OS_CERT and OS_KEY, name PEM files that belong together, the key without a passphrase",
            ) from None
    return context


def _trusting_environment() -> ssl.SSLContext:
    context, variable = None, _variable(os.environ)
    if variable is None:
        return httpx.create_ssl_context(trust_env=False)
    given = os.environ[variable]
    for name in filter(None, given.split(os.pathsep) if variable == "SSL_CERT_DIR" else [given]):
        context = _trusting(Path(name), f"{variable} names {name}, which", context)
    return context or httpx.create_ssl_context(trust_env=False)


def _variable(environ: Mapping[str, str]) -> str | None:
    return next((name for name in _AUTHORITIES[:2] if environ.get(name)), None)


def authorities(verify: bool | Path, environ: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return what a certificate is verified by, in words, and the variables of *environ* that name other authorities."""
    variable = _variable(environ) if verify is True else None
    chosen = environ.get(variable or "", "") if verify is True else str(verify or "")
    used = variable or (chosen if verify is not True else "the usual authorities")
    return used, tuple(n for n in _AUTHORITIES if n != variable and environ.get(n) and environ[n] != chosen)


def _trusting(path: Path, what: str = "", context: ssl.SSLContext | None = None) -> ssl.SSLContext:
    """Return *context*, or a new one, that trusts what is in a file or a folder."""
    problem = what or f"The file {path} of certificate authorities"
    hint = "name a PEM file with --ecs-ca-file, cacert in clouds.yaml or OS_CACERT"
    if not os.path.exists(path):  # which a name that is too long does not break
        raise ConfigurationError(f"{problem} does not exist", hint=hint)
    try:
        if path.is_dir() and not any(_HASHED.fullmatch(one.name) for one in path.iterdir()):
            # OpenSSL would find nothing, and not say so.
            raise OSError(0, "a folder in which no file has the name that openssl rehash gives it")
        file, folder = (None, str(path)) if path.is_dir() else (str(path), None)
        if context is None:
            return ssl.create_default_context(cafile=file, capath=folder)
        context.load_verify_locations(file, folder)
        return context
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{problem} holds no certificates", seen=_reason(error), hint=hint) from None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
