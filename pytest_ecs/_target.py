"""What is tested: the embedded mock or a named cloud, with its clock, identities and resources."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_ecs._credentials import Credentials, load
from pytest_ecs.exceptions import ConfigurationError, PrerequisiteMissing
from pytest_ecs.typing import JSON, Clock, Identity

if TYPE_CHECKING:
    import httpx

    from pytest_ecs._options import Settings

__all__ = ["Resources", "SystemClock", "Target", "open_target"]


class SystemClock:
    """The clock on the wall, for real clouds."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait *seconds* for real."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Resources:
    """Ids of things that exist already and that servers are made from; None where the user named none."""

    image_id: str | None = None
    flavor_id: str | None = None
    other_flavor_id: str | None = None
    vpc_id: str | None = None
    subnet_id: str | None = None
    network_id: str | None = None
    security_group_id: str | None = None
    key_name: str | None = None
    availability_zone: str | None = None
    dedicated_host_id: str | None = None
    other_dedicated_host_id: str | None = None
    port_id: str | None = None
    windows_image_id: str | None = None

    def need(self, name: str) -> str:
        """Return the id under *name*; raises `PrerequisiteMissing` when the user named none."""
        value = getattr(self, name)
        if value is None:
            option = name.removesuffix("_id").removesuffix("_name").replace("_", "-").replace("key", "key-pair")
            raise PrerequisiteMissing(
                f"This needs --ecs-{option}", seen="no such option was given", hint="name one that the project may use"
            )
        return str(value)


@dataclass(frozen=True)
class Target:
    """One endpoint under test."""

    name: str
    endpoint: str
    iam: str
    region: str | None
    #: True for the embedded mock: time is virtual, nothing costs money, the report says SIMULATED.
    simulated: bool
    clock: Clock
    resources: Resources
    identities: Mapping[Identity, Credentials]
    #: None lets httpx use the network.
    transport: httpx.BaseTransport | None = None
    #: Control hook of the embedded mock: (method, path, JSON) -> JSON. None on a real cloud.
    control: Callable[[str, str, JSON], JSON] | None = None
    verify: bool | Path = True

    @property
    def key(self) -> str:
        """What names this endpoint in the ledger."""
        return self.endpoint


def open_target(settings: Settings, environ: Mapping[str, str]) -> Target:
    """Return the target that *settings* name; raises `ConfigurationError` when something is missing or wrong."""
    return _embedded(settings) if settings.embedded else _named(settings, environ)


def _embedded(settings: Settings) -> Target:
    import httpx

    from pytest_ecs._mock import MockCloud

    try:
        # Each worker has a cloud of its own, and the run has one evidence: no two of them may give the same ids.
        cloud = MockCloud(deviations=settings.deviation, seed=settings.worker_number)
    except ValueError as error:
        raise ConfigurationError(f"--ecs-deviation: {error}", hint="pytest-ecs list deviations names them") from None
    base = f"https://{settings.worker}.mock.invalid"
    about = cloud.describe(base)

    def credentials(data: Mapping[str, Any]) -> Credentials:
        return Credentials(
            iam=base,
            endpoint=base,
            region=data["region"],
            domain=data["domain"],
            username=data["username"],
            password=data["password"],
            project_id=data["project_id"],
            project_name=data["project_name"],
            ak=data["ak"],
            sk=data["sk"],
            security_token=None,
            source="the embedded mock",
        )

    return Target(
        name="embedded mock",
        endpoint=base,
        iam=base,
        region=about["region"],
        simulated=True,
        clock=cloud.clock,
        resources=_resources(settings, about["resources"]),
        identities={
            "primary": credentials(about),
            "other_project": credentials(about["other_project"]),
            "restricted_user": credentials(about["restricted_user"]),
        },
        transport=httpx.WSGITransport(app=cloud),
        control=cloud.control,
    )


def _named(settings: Settings, environ: Mapping[str, str]) -> Target:
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".config")
    search = (settings.folder, home / "openstack", Path("/etc/openstack"))
    primary = load(settings.cloud, environ, search)
    endpoint = settings.endpoint or primary.endpoint
    iam = settings.iam or primary.iam or endpoint
    if not endpoint:
        raise ConfigurationError(
            f"The credentials from {primary.source} name no ECS endpoint",
            hint="add --ecs-endpoint URL, or compute_endpoint_override to the cloud in clouds.yaml",
        )
    for what, url in (("ECS endpoint", endpoint), ("IAM endpoint", iam)):
        parts = urlsplit(str(url))
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(
                f"The {what} {url!r} is not a URL", hint="write it as https://host or http://host:port"
            )
    identities: dict[Identity, Credentials] = {"primary": primary}
    if settings.other_cloud:
        identities["other_project"] = load(settings.other_cloud, {}, search)
    if settings.restricted_cloud:
        identities["restricted_user"] = load(settings.restricted_cloud, {}, search)
    verify: bool | Path = settings.ca_file or not settings.insecure
    if isinstance(verify, Path) and not verify.is_file():
        raise ConfigurationError(f"The file {verify} given as --ecs-ca-file does not exist", hint="name a PEM file")
    return Target(
        name=settings.cloud or str(urlsplit(endpoint).netloc),
        endpoint=endpoint.rstrip("/"),
        iam=str(iam).rstrip("/").removesuffix("/v3"),
        region=settings.region or primary.region,
        simulated=False,
        clock=SystemClock(),
        resources=_resources(settings, {}),
        identities=identities,
        verify=verify,
    )


def _resources(settings: Settings, known: Mapping[str, str | None]) -> Resources:
    chosen = {
        "image_id": settings.image,
        "flavor_id": settings.flavor,
        "other_flavor_id": settings.other_flavor,
        "vpc_id": settings.vpc,
        "subnet_id": settings.subnet,
        "network_id": settings.network or settings.subnet,
        "security_group_id": settings.security_group,
        "key_name": settings.key_pair,
        "availability_zone": settings.availability_zone,
        "dedicated_host_id": settings.dedicated_host,
        "other_dedicated_host_id": settings.other_dedicated_host,
        "port_id": settings.port,
        "windows_image_id": settings.windows_image,
    }
    return replace(Resources(**dict(known)), **{name: value for name, value in chosen.items() if value})
