"""What is tested: the embedded mock or a named cloud, with its clock, identities and resources."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ecs._http.credentials import Credentials
from pytest_ecs._types import JSON, Clock, Identity
from pytest_ecs.exceptions import PrerequisiteMissing

if TYPE_CHECKING:
    import httpx


__all__ = ["Resources", "SystemClock", "Target"]


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
    foreign_subnet_id: str | None = None
    geneve_network_id: str | None = None
    missing_disk_type: str | None = None
    private_image_id: str | None = None
    plain_image_id: str | None = None
    tools_image_id: str | None = None

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
    #: PEM files of the client's own certificate and of its key, None where the first holds both.
    certificate: tuple[Path, Path | None] | None = None
    #: Id of the project that the URL of the endpoint named.
    project_in_url: str | None = None
    #: What was given for the target and is not used, one phrase each.
    remarks: tuple[str, ...] = ()

    @property
    def project(self) -> str | None:
        """Id or name of the primary user's project, as far as the credentials say it."""
        primary = self.identities["primary"]
        return primary.project_id or primary.project_name

    @property
    def key(self) -> str:
        """What names this endpoint in the ledger."""
        return self.endpoint
