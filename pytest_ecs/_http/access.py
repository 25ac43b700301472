"""What a token gives access to: its project, and the addresses of services in the catalogue (4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from pytest_ecs._types import JSON
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["Access", "Address", "access_of", "address_of"]

#: What the service is called in catalogues, in the order in which it is looked for.
_COMPUTE = ("compute", "ecs")
#: A version and what may follow it at the end of an address: "/v2.1", "/v1/0a1b", "/v2.1/%(project_id)s", "/v3/auth/tokens".
_VERSIONED = re.compile(r"/v\d+(?:\.\d+)?(?:/(?:auth/tokens|(?P<project>[^/]+)))?/*$")
_OTHER_REGION = "name one of these regions with --ecs-region, region_name or OS_REGION_NAME"
_NO_REGION = "leave out --ecs-region, region_name and OS_REGION_NAME"
_OTHER_INTERFACE = "name one of these interfaces with interface in clouds.yaml or OS_INTERFACE"
_PLACEHOLDER = re.compile(r"[$%{(<]")


@dataclass(frozen=True)
class Address:
    """An address of the service as the suites use it, without version and project."""

    root: str
    #: The project that was part of it.
    project_id: str | None = None


def address_of(url: str, what: str, hint: str = "write it as https://host or http://host:port") -> Address:
    """Return the root of *url*, whose path may end in ``/v2.1``, ``/v1/{project_id}`` and the like.

    Raises `ConfigurationError` when it is no http(s) URL or holds a user name or password; *what* is what it is of.
    """
    url = url.strip()
    problem = ConfigurationError(f"The {what} is not a URL that can be used", hint=hint)
    inside = "a user name or password inside the address"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        if parts.scheme and not parts.username and not re.search(r"\s", url):
            httpx.URL(url)  # a name that no host can have
            (host or "").encode("idna")  # one that nothing can look up
    except (ValueError, httpx.InvalidURL) as error:
        problem.seen = inside if "@" in url else f"{url!r}: {_cause(error)}"
        raise problem from None
    usable = parts.scheme in {"http", "https"} and host and not re.search(r"\s", url)
    if parts.username or parts.password or (not usable and "@" in url):
        problem.seen = inside
        raise problem
    if not usable:
        problem.what = f"The {what} {url!r} is not a URL"
        raise problem
    found = _VERSIONED.search(parts.path)
    project = found["project"] if found else None
    path = parts.path[: found.start()] if found else parts.path
    known = project if project and not _PLACEHOLDER.search(project) else None
    return Address(urlunsplit((parts.scheme, parts.netloc, path.rstrip("/"), "", "")), known)


def _cause(error: Exception) -> str:
    return "a part of the name is empty or too long" if isinstance(error, UnicodeError) else str(error)


@dataclass(frozen=True)
class Access:
    """What the answer to a login says beside the token itself."""

    project_id: str | None
    project_name: str | None
    #: Name of the account (domain) that the user belongs to.
    domain: str | None = None
    #: Name of the domain that the project belongs to.
    project_domain: str | None = None
    #: Type, interface, region and address of every service.
    endpoints: tuple[tuple[str, str, str, str], ...] = ()

    def find(self, *service_types: str, region: str | None, interface: str | None) -> str | None:
        """Return the address of the first of *service_types* that the catalogue has."""
        for service_type in service_types or _COMPUTE:
            for offered, surface, where, url in self.endpoints:
                if (
                    offered == service_type
                    and surface == (interface or "public").removesuffix("URL")
                    and region in {None, where}
                ):
                    return url
        return None

    def compute(self, region: str | None, interface: str | None) -> str:
        """Return the address of the compute service; raises `ConfigurationError` when the catalogue has none."""
        found = self.find(*_COMPUTE, region=region, interface=interface)
        if found is not None:
            return found
        offered = [e for e in self.endpoints if e[0] in _COMPUTE]
        if not offered:
            service_types = sorted({e[0] for e in self.endpoints})
            raise ConfigurationError(
                "The catalogue of IAM has no compute service",
                seen=f"services {', '.join(service_types)}" if service_types else "an empty catalogue",
                hint="add --ecs-endpoint URL, or compute_endpoint_override to the cloud in clouds.yaml",
            )
        here = sorted({f"{surface} in {where or 'no region'}" for _, surface, where, _ in offered})
        elsewhere = self.find(*_COMPUTE, region=None, interface=interface) is not None
        otherwise = any(region in {None, where} for _, _, where, _ in offered)
        # Where the catalogue names no region at all, there is none to choose.
        region_way = _OTHER_REGION if any(where for _, _, where, _ in offered) else _NO_REGION
        ways = [way for way, leads in ((region_way, elsewhere), (_OTHER_INTERFACE, otherwise)) if leads]
        raise ConfigurationError(
            f"The catalogue of IAM has no {interface or 'public'} compute endpoint"
            + (f" in region {region!r}" if region else ""),
            seen=", ".join(here),
            hint=", or ".join(ways or (region_way, _OTHER_INTERFACE)),
        )

    def others(self, found: str, interface: str | None) -> tuple[str, ...]:
        """Return the regions in which the compute service has other addresses than *found*, which is the first one."""
        regions = sorted({where for offered, _, where, _ in self.endpoints if offered in _COMPUTE})
        there = {where: self.find(region=where, interface=interface) for where in regions}
        return tuple(where for where, url in there.items() if url not in {None, found})


def access_of(data: JSON) -> Access | None:
    """Return an `Access` from its fields as plain data, or from the answer to a login (4.3); None from anything else."""
    match data:
        case {"endpoints": [*rows], **rest}:
            endpoints = tuple((str(a), str(b), str(c), str(d)) for a, b, c, d in (row for row in rows if len(row) == 4))
            return Access(
                _text(rest.get("project_id")),
                _text(rest.get("project_name")),
                _text(rest.get("domain")),
                _text(rest.get("project_domain")),
                endpoints,
            )
        case {"token": {**token}}:
            project = token.get("project")
            project = project if isinstance(project, Mapping) else {}
            user = token.get("user")
            found = Access(
                _text(project.get("id")),
                _text(project.get("name")),
                _domain(user),
                _domain(project),
                tuple(_listed(token.get("catalog"))),
            )
            return None if found == Access(None, None) else found
    return None


def _domain(owned: JSON) -> str | None:
    """Return the name of the domain that a user or a project belongs to."""
    home = owned.get("domain") if isinstance(owned, Mapping) else None
    return _text(home.get("name")) if isinstance(home, Mapping) else None


def _listed(catalog: JSON) -> Iterable[tuple[str, str, str, str]]:
    for service in _mappings(catalog):
        for endpoint in _mappings(service.get("endpoints")):
            region = endpoint.get("region_id") or endpoint.get("region") or ""
            url = endpoint.get("url")
            if isinstance(url, str):
                yield str(service.get("type")), str(endpoint.get("interface", "public")), str(region), url


def _mappings(value: JSON) -> Iterable[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _text(value: JSON) -> str | None:
    return value if isinstance(value, str) and value else None
