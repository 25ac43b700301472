"""API versions (6.1) and microversion negotiation (3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.cloud import State

__all__ = ["HIGHEST", "LOWEST", "echo", "negotiate", "until"]

LOWEST, HIGHEST = (2, 1), (2, 60)
_OLD, _NEW = "X-OpenStack-Nova-API-Version", "OpenStack-API-Version"


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _v2(request: Request) -> dict[str, Any]:
    return {
        "id": "v2.0",
        "status": "SUPPORTED",
        "min_version": "",
        "version": "",
        "updated": "2011-01-21T11:33:21Z",
        "links": [{"rel": "self", "href": f"{request.base}/v2/"}],
    }


def _v21(request: Request, state: State) -> dict[str, Any]:
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "min_version": _text(LOWEST),
        "version": "" if state.deviates("version-blank") else _text(HIGHEST),
        "updated": "2013-07-23T11:33:21Z",
        "links": [{"rel": "self", "href": f"{request.base}/v2.1/"}],
    }


@route("GET", "/", family="nova", public=True)
def list_versions(request: Request, state: State) -> Response:
    """List the versions (6.1.1)."""
    return Response(200, {"versions": [_v2(request), _v21(request, state)]})


@route("GET", "/{api_version}", family="nova", public=True)
def show_version(request: Request, state: State) -> Response:
    """Show one version (6.1.2)."""
    wanted = request.parameters["api_version"].lower()
    number = {"v2": "2", "v2.0": "2", "v2.1": "2.1"}.get(wanted)
    if number is None:
        raise NativeError(404, f"There is no version {wanted[:40]}")
    version = _v21(request, state) if number == "2.1" else _v2(request)
    media_type = f"application/vnd.openstack.compute+json;version={number}"
    version["media-types"] = [{"base": "application/json", "type": media_type}]
    version["links"].append({"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"})
    return Response(200, {"version": version})


def _asked(headers: Mapping[str, str], deviates: Callable[[str], bool]) -> str | None:
    """Return the microversion that the headers ask for, None for none."""
    newer, older = headers.get(_NEW.lower()), headers.get(_OLD.lower())
    if newer is None or deviates("microversion-header-new-ignored"):
        return older
    for entry in newer.split(","):
        service, _, version = entry.strip().partition(" ")
        if not version:
            return f"{entry!r}"  # not "compute X.Y" (6.1.2): no version can be read from it
        if service.lower() == "compute":
            version = version.strip()
            # Chapter 3 uses this header for 2.26, 6.1 knows it since 2.27: below that the older header
            # counts more.
            early = re.fullmatch(r"2\.\d+", version) and int(version[2:6]) < 27
            return older if early and older is not None else version
    return older


def negotiate(headers: Mapping[str, str], deviates: Callable[[str], bool]) -> tuple[int, int]:
    """Return the microversion that is asked for, 2.1 for none; refuse a wrong one with 400 or 406."""
    asked = _asked(headers, deviates)
    if asked is None:
        return LOWEST
    if asked.strip() == "latest":
        return HIGHEST
    found = re.fullmatch(r"\s*([0-9]{1,4})\.([0-9]{1,4})\s*", asked)
    if found is None:
        if deviates("microversion-unchecked"):
            return LOWEST
        raise NativeError(400, f"API version string {asked[:40]!r} is of invalid format")
    version = (int(found[1]), int(found[2]))
    above = version == (HIGHEST[0], HIGHEST[1] + 1) and deviates("microversion-above-accepted")
    if not LOWEST <= version <= HIGHEST and not above and not deviates("microversion-unchecked"):
        message = f"Version {_text(version)} is not supported; use {_text(LOWEST)} to {_text(HIGHEST)}"
        raise NativeError(400 if deviates("microversion-status-wrong") else 406, message)
    return version


def until(request: Request, state: State, last: tuple[int, int]) -> None:
    """Refuse with 404 an API that is no longer there above a microversion."""
    if request.microversion > last and not state.deviates("gone-api-served"):
        raise NativeError(404, f"There is no such API above microversion {_text(last)}")


def echo(version: tuple[int, int]) -> dict[str, str]:
    """Return the headers that say at which microversion an answer is."""
    return {_OLD: _text(version), _NEW: f"compute {_text(version)}", "Vary": f"{_NEW}, {_OLD}"}
