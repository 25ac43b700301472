"""What stands between this computer and a service, and answers in its place: proxies, and networks that want a login."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

import httpx

from pytest_ecs._http.opening import proxy_for
from pytest_ecs.exceptions import Unreachable

__all__ = ["BETWEEN", "by_another", "led", "over", "proxy_error"]

#: What no service answers: a proxy wants credentials (RFC 9110, 15.5.8), a network a login (RFC 6585, 6).
BETWEEN: Mapping[int, str] = {
    407: "a proxy on the way wants credentials",
    511: "the network wants a login before it lets anything through",
}
_CREDENTIALS = (
    "write them into HTTP_PROXY, HTTPS_PROXY or ALL_PROXY as http://user:password@host:port, each quoted as in URLs,"
    " or name the host in NO_PROXY where it is to be asked without the proxy"
)
_PORTAL = "log in there with a browser on this computer"


def over(url: str) -> str:
    """Return the words that name the proxy over which *url* is asked, without its credentials; empty without one."""
    proxy = _proxy(url)
    return f" over the proxy {proxy[0]}" if proxy else ""


def led(location: str | None) -> str:
    """Return the words that say where an answer leads; no more of the address than its host, since a query may hold anything."""
    try:
        parts = urlsplit(location or "")
        return f", which leads to {parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""
    except ValueError:
        return ""


def by_another(status: int | None, url: str, where: str, seen: str) -> Unreachable | None:
    """Return the error for an answer that no service gives, but what stands before it; None for every other one.

    *where* says what was asked at *url*, *seen* what came.
    """
    if status == 511:
        return Unreachable(
            f"The network wants a login before it lets anything through to {where}", seen=seen, hint=_PORTAL
        )
    if status != 407:
        return None
    proxy = _proxy(url)
    if proxy is None:
        what = f"A proxy on the way to {where} wants a user name and a password"
    elif proxy[1]:
        what = f"The proxy {proxy[0]} on the way to {where} refuses the user name and the password that stand in its address"
    else:
        what = f"The proxy {proxy[0]} on the way to {where} wants a user name and a password"
    return Unreachable(what, seen=seen, hint=_CREDENTIALS)


def proxy_error(error: httpx.HTTPError, url: str, where: str, seen: str) -> Unreachable | None:
    """Return what to say of *error* where it is the proxy's, which is all that is connected to; None where it is not."""
    proxy = _proxy(url)
    if proxy is None:
        return None
    if isinstance(error, httpx.ProxyError):
        status = str(error).partition(" ")[0]
        said = by_another(int(status), url, where, seen) if status.isdecimal() else None
        return said or Unreachable(
            f"The proxy {proxy[0]} does not connect to {where}",
            seen=seen,
            hint="look whether it may and can reach that host, or name the host in NO_PROXY",
        )
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) and "CERTIFICATE" not in seen.upper():
        return Unreachable(
            f"The proxy {proxy[0]} on the way to {where} cannot be reached",
            seen=seen,
            hint="correct HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, or name the host in NO_PROXY",
        )
    return None


def _proxy(url: str) -> tuple[str, bool] | None:
    """Return the address of the proxy for *url* without credentials, and whether it has some."""
    try:
        parts = urlsplit(proxy_for(url, getproxies_environment()) or "")
        return (f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", "@" in parts.netloc) if parts.netloc else None
    except ValueError:
        return None
