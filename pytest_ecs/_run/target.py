"""Opens the target that the settings name: the embedded mock or a cloud."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_ecs._http.access import address_of
from pytest_ecs._http.cloud_files import at_home
from pytest_ecs._http.credentials import Credentials, load
from pytest_ecs._http.opening import authorities
from pytest_ecs._http.target import Resources, SystemClock, Target
from pytest_ecs._run.options import Settings
from pytest_ecs._types import Identity
from pytest_ecs.exceptions import ConfigurationError, EcsError

__all__ = ["chosen_resources", "one_sentence", "open_target"]


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn whatever goes wrong while a target is opened into a `ConfigurationError`; what is one of ours stays.

    So does `BrokenPipeError`: nobody reads what is printed any more, and no target is wrong.
    """
    try:
        yield
    except (EcsError, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - this is the place that turns any of them into a sentence
        # Its text may hold a password, so that only its class and place are shown.
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise ConfigurationError(
            "The target cannot be opened",
            seen=f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}",
            hint="Check the URLs, the proxy variables, clouds.yaml and the files of certificates",
        ) from None


def open_target(settings: Settings, environ: Mapping[str, str]) -> Target:
    """Return the target that *settings* name, without the `chosen_resources`; raises `ConfigurationError` when something is missing or wrong.

    Its endpoint is empty where only the catalogue of IAM knows it.
    """
    return _embedded(settings) if settings.embedded else _named(settings, environ)


def _embedded(settings: Settings) -> Target:
    import httpx

    from pytest_ecs._mock import MockCloud

    try:
        # Each worker has a cloud of its own, and the run has one evidence: no two of them may give the same ids.
        cloud = MockCloud(deviations=settings.deviation, variants=settings.variant, seed=settings.worker_number)
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
        resources=Resources(**about["resources"]),
        identities={
            "primary": credentials(about),
            "other_project": credentials(about["other_project"]),
            "restricted_user": credentials(about["restricted_user"]),
        },
        transport=httpx.WSGITransport(app=cloud),
        control=cloud.control,
    )


def _named(settings: Settings, environ: Mapping[str, str]) -> Target:
    home = Path(environ.get("XDG_CONFIG_HOME") or at_home(environ.get("HOME") or "~") / ".config")
    search = (settings.folder, home / "openstack", Path("/etc/openstack"))
    primary = load(settings.cloud, environ, search, region=settings.region)
    given = settings.endpoint or primary.endpoint
    endpoint = address_of(given, "ECS endpoint") if given else None
    iam = settings.iam or primary.iam or (endpoint.root if endpoint else None)
    if iam is None:
        raise ConfigurationError(
            f"The credentials from {primary.source} name no ECS endpoint and no IAM whose catalogue would",
            hint="add --ecs-endpoint URL, or compute_endpoint_override to the cloud in clouds.yaml",
        )
    if endpoint is None and primary.login is None:
        raise ConfigurationError(
            f"The credentials from {primary.source} name no ECS endpoint, and the catalogue needs a login",
            seen="an AK/SK alone",
            hint="add --ecs-endpoint URL",
        )
    if endpoint is not None and endpoint.project_id is not None and not (primary.project_id or primary.project_name):
        primary = replace(primary, project_id=endpoint.project_id)
    files = {name: value for name in _FILES if (value := environ.get(name))}
    identities: dict[Identity, Credentials] = {"primary": primary}
    seconds: tuple[tuple[Identity, str | None], ...] = (
        ("other_project", settings.other_cloud),
        ("restricted_user", settings.restricted_cloud),
    )
    for identity, cloud in seconds:
        if cloud:
            identities[identity] = load(cloud, files, search, region=settings.region)
    # What a certificate says of them is nobody's business beyond the name of the file.
    identities = {one: replace(has, source=_shown(has.source, settings, environ)) for one, has in identities.items()}
    verify = _verify(settings, primary)
    return Target(
        name=settings.cloud or str(urlsplit(endpoint.root if endpoint else iam).netloc),
        endpoint=endpoint.root if endpoint else "",
        iam=address_of(iam, "IAM endpoint").root,
        region=settings.region or primary.region,
        simulated=False,
        clock=SystemClock(),
        resources=Resources(),
        identities=identities,
        verify=verify,
        certificate=_certificate(primary),
        project_in_url=endpoint.project_id if endpoint else None,
        remarks=tuple(
            f"{what} ({one.source}) is not used"
            for one in identities.values()
            for what in (*one.unused, *_other_region(one, settings.region or primary.region))
        )
        + _other_authorities(iam if endpoint is None else f"{iam} {endpoint.root}", verify, environ),
    )


def _other_region(credentials: Credentials, region: str | None) -> tuple[str, ...]:
    """Name the region of a second identity that is not the one of the run, whose endpoint may not know its project."""
    differs = region is not None and credentials.region not in {None, region}
    return (f"region {credentials.region!r}, where the run is in {region!r},",) if differs else ()


def _other_authorities(addresses: str, verify: bool | Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Name the variables that name authorities which no certificate is verified by, where there are certificates."""
    used, others = authorities(verify, environ)
    if not others or "https:" not in addresses:
        return ()
    why = f"certificates are verified by {used}" if verify else "certificates are not verified"
    return (f"{', '.join(others)} {'are' if len(others) > 1 else 'is'} not used: {why}",)


def _shown(text: str, settings: Settings, environ: Mapping[str, str]) -> str:
    """Return *text* with paths below the folder of the run, or the user's home, as people write them."""
    for folder, instead in ((str(settings.folder), ""), (environ.get("HOME", ""), "~/")):
        if folder.strip("/"):
            text = text.replace(f"{folder.rstrip('/')}/", instead)
    return text


#: Variables that say where clouds.yaml is.
_FILES = ("OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE")


def _verify(settings: Settings, primary: Credentials) -> bool | Path:
    if settings.insecure:
        return False
    if settings.ca_file is not None:
        return settings.ca_file
    if primary.verify is False:
        return False
    return at_home(primary.ca_file) if primary.ca_file else True


def _certificate(primary: Credentials) -> tuple[Path, Path | None] | None:
    if primary.certificate is None:
        return None
    key = at_home(primary.key) if primary.key else None
    return at_home(primary.certificate), key


def chosen_resources(settings: Settings, known: Resources) -> Resources:
    """Return *known* with what *settings* name in their place."""
    named = {
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
        "foreign_subnet_id": settings.foreign_subnet,
        "geneve_network_id": settings.geneve_network,
        "missing_disk_type": settings.missing_disk_type,
        "private_image_id": settings.private_image,
        "plain_image_id": settings.plain_image,
        "tools_image_id": settings.tools_image,
    }
    return replace(known, **{name: value for name, value in named.items() if value})
