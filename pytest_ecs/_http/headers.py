"""Headers as they are sent, and as they are recorded."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

__all__ = ["applied_version", "set_header", "version_headers"]


def set_header(request: httpx.Request, name: str, value: str) -> None:
    """Set the header *name* of *request* in place of all of that name; text beyond ASCII leaves as UTF-8."""
    # Not request.headers[name] = value: that encodes with the encoding guessed before, which may be ASCII.
    lower = name.lower().encode()
    kept = [(key, old) for key, old in request.headers.raw if key.lower() != lower]
    request.headers = httpx.Headers([*kept, (name.encode(), value.encode("utf-8", "surrogateescape"))])


def version_headers(version: str) -> dict[str, str]:
    # 6.1.1: OpenStack-API-Version exists since 2.27; below that the older header is the only documented one.
    headers = {"X-OpenStack-Nova-API-Version": version}
    try:
        minor = int(version.partition(".")[2])
    except ValueError:
        return headers
    if minor >= 27:
        headers["OpenStack-API-Version"] = f"compute {version}"
    return headers


def applied_version(path: str, headers: Mapping[str, str]) -> str | None:
    """Return the microversion of a request, whose headers have names in lower case; None outside the native APIs."""
    if not path.startswith("/v2.1"):
        return None
    newer = headers.get("openstack-api-version", "")
    if newer.lower().startswith("compute "):
        return newer[8:].strip()
    return headers.get("x-openstack-nova-api-version", "2.1")
