"""Opens the target that the settings name: the embedded mock or a cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_ecs._http.credentials import Credentials, load
from pytest_ecs._http.target import Resources, SystemClock, Target
from pytest_ecs._run.options import Settings
from pytest_ecs._types import Identity
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["open_target"]


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
