"""API versions (6.1) and microversion negotiation (3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pytest_ecs._mock.errors import NativeRefusal
from pytest_ecs._mock.routing import Request, Response, route
from pytest_ecs._mock.state import State

__all__ = ["HIGHEST", "LOWEST", "negotiate"]

LOWEST, HIGHEST = (2, 1), (2, 60)


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _v2(request: Request) -> dict[str, Any]:
    return {"id": "v2.0", "status": "SUPPORTED", "min_version": "", "version": "", "updated": "2011-01-21T11:33:21Z",
            "links": [{"rel": "self", "href": f"{request.base}/v2/"}]}  # fmt: skip


def _v21(request: Request) -> dict[str, Any]:
    most = "" if request.off("version-blank") else _text(HIGHEST)
    return {"id": "v2.1", "status": "CURRENT", "min_version": _text(LOWEST), "version": most, "updated": "2013-07-23T11:33:21Z",
            "links": [{"rel": "self", "href": f"{request.base}/v2.1/"}]}  # fmt: skip


@route("GET", "/", family="nova", public=True)
def list_versions(request: Request, state: State) -> Response:
    """List the versions (6.1.1)."""
    return Response(200, {"versions": [_v2(request), _v21(request)]})


@route("GET", "/<api_version>", family="nova", public=True)
def show_version(request: Request, state: State) -> Response:
    """Show one version (6.1.2)."""
    wanted = request.parameters["api_version"].lower()
    number = {"v2": "2", "v2.0": "2", "v2.1": "2.1"}.get(wanted)
    if number is None:
        raise NativeRefusal(404, f"There is no version {wanted}")
    version = _v21(request) if number == "2.1" else _v2(request)
    version["media-types"] = [
        {"base": "application/json", "type": f"application/vnd.openstack.compute+json;version={number}"}
    ]
    version["links"].append({"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"})
    return Response(200, {"version": version})


def negotiate(headers: Mapping[str, str], off: Callable[[str], bool]) -> tuple[int, int]:
    """Return the microversion that a v2.1 request asks for; 2.1 without a header, 400 or 406 for a wrong one."""
    newer, older = headers.get("openstack-api-version"), headers.get("x-openstack-nova-api-version")
    asked = None
    if newer is not None:
        found = re.fullmatch(r"\s*compute\s+(\S+)\s*", newer, re.IGNORECASE)
        if found:
            asked = found[1]
            # Honoured since 2.27 (6.1.1); below that only the older header counts.
            if re.fullmatch(r"2\.\d+", asked) and int(asked[2:]) < 27 and older is not None:
                asked = older
    asked = asked if asked is not None else older
    if asked is None:
        return LOWEST
    if asked == "latest":
        return HIGHEST
    found = re.fullmatch(r"(\d{1,4})\.(\d{1,4})", asked)
    if found is None:
        if off("microversion-unchecked"):
            return LOWEST
        raise NativeRefusal(400, f"API version string {asked[:40]!r} is of invalid format")
    version = (int(found[1]), int(found[2]))
    if not LOWEST <= version <= HIGHEST and not off("microversion-unchecked"):
        raise NativeRefusal(
            406, f"Version {asked} is not supported; minimum is {_text(LOWEST)} and maximum is {_text(HIGHEST)}"
        )
    return version
