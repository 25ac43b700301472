"""What the mock knows about users, images, flavors, groups and jobs; plain records, changed by the modules of their resources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

__all__ = [
    "Action",
    "Flavor",
    "Image",
    "Job",
    "KeyPair",
    "Limits",
    "Rule",
    "SecurityGroup",
    "ServerGroup",
    "User",
    "quotas",
]


@dataclass
class Flavor:
    """A flavor and its extended specifications (5.4.1)."""

    id: str
    vcpus: int
    ram: int
    extra: dict[str, str]

    @property
    def xen(self) -> bool:
        """Whether its servers are on Xen and not on KVM (Table 5-41)."""
        return self.extra.get("ecs:virtualization_env_types") == "FusionCompute"

    def sale(self, zone: str | None) -> str:
        """Return whether it is on sale in a zone, or in the region (Table 5-41, cond:operation)."""
        for entry in self.extra.get("cond:operation:az", "").split(","):
            name, _, word = entry.strip().rstrip(")").partition("(")
            if zone is not None and name == zone and word:
                return word
        return self.extra.get("cond:operation:status", "normal")


@dataclass
class Image:
    """An image that servers start from."""

    id: str
    name: str
    min_disk: int = 40
    os_type: str = "Linux"
    #: Project that it is private to; None for a public image.
    owner: str | None = None
    status: str = "ACTIVE"
    min_ram: int = 0
    size: int = 0
    created: float = 0.0
    updated: float = 0.0
    metadata: dict[str, str] = field(default_factory=dict)
    #: The server that it was made of, and the zone of that one: the only one for new servers (6.3.7).
    server: str | None = None
    zone: str | None = None
    #: Whether Cloud-Init and the tools of the hypervisor are in it.
    agents: bool = True


@dataclass
class Rule:
    """An inbound rule of a security group (11.3.6); None means any."""

    id: str
    protocol: str | None
    low: int | None
    high: int | None
    cidr: str | None = None
    #: Id of the security group that traffic may come from.
    peer: str | None = None


@dataclass
class SecurityGroup:
    """A security group (11.3)."""

    id: str
    name: str
    description: str = ""
    rules: dict[str, Rule] = field(default_factory=dict)


@dataclass
class KeyPair:
    """A user's key pair (6.11); only its public half is kept."""

    number: int
    name: str
    public_key: str
    fingerprint: str
    created: float
    type: str = "ssh"


@dataclass
class ServerGroup:
    """A server group (5.10, 6.12); its servers are on different hosts."""

    id: str
    name: str
    policies: list[str]
    user: str
    members: list[str] = field(default_factory=list)


@dataclass
class Action:
    """An operation on a server (6.13)."""

    name: str
    request: str
    user: str
    begun: float
    ended: float | None = None
    well: bool = True

    def end(self, at: float, well: bool) -> None:
        """Note when it was over, and whether it went well."""
        self.ended, self.well = at, well


@dataclass
class Limits:
    """Quotas of a project (5.7.1), and that of disks, which has a code (Ecs.0021) but is not shown."""

    servers: int = 2048
    cores: int = 20480
    ram: int = 25165824
    eips: int = 20
    disks: int = 100_000
    security_groups: int = 10
    rules: int = 20
    server_groups: int = 10
    members: int = 16
    metadata: int = 128
    image_metadata: int = 128


def quotas(limits: Limits, varies: Callable[[str], bool]) -> Limits:
    """Return the quotas of every project to begin with."""
    if varies("quotas-low"):
        return replace(limits, servers=200, cores=2000, eips=10)
    if varies("quotas-high"):
        many = {name: 10 * value for name, value in asdict(limits).items()}
        return replace(limits, **{**many, "disks": limits.disks})
    return limits


@dataclass
class Job:
    """A task (5.8.1) and its sub-tasks."""

    id: str
    job_type: str
    begun: float
    entities: dict[str, Any] = field(default_factory=dict)
    #: None for a task without sub-tasks.
    subs: list[Job] | None = None
    status: str = "INIT"
    ended: float | None = None
    code: str | None = None
    reason: str | None = None
    #: How often it was shown after its end.
    seen: int = 0


@dataclass
class User:
    """An IAM user with one project."""

    id: str
    name: str
    password: str
    domain: str
    domain_id: str
    project: str
    ak: str
    sk: str
    #: Actions that a policy allows; None for a user with all of them.
    allowed: set[str] | None = None
    keys: dict[str, KeyPair] = field(default_factory=dict)
