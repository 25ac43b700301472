"""The table of options: name, help, form, and what may be given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pytest_ecs._run.shards import shard
from pytest_ecs._types import Kind

__all__ = ["OPTIONS", "Option"]

_KINDS = get_args(Kind)
#: The largest number that any option takes; as seconds it is more than a week.
_MOST = 1_000_000


@dataclass(frozen=True)
class Option:
    """A row of the table."""

    name: str
    help: str
    parse: Callable[[str], Any] = str
    many: bool = False
    flag: bool = False
    metavar: str | None = None
    #: False for what chooses the target.
    environment: bool = True
    choices: tuple[str, ...] = ()


def _positive(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def positive(text: str) -> Any:
        try:
            value = parse(text)
        except ValueError:
            raise ValueError(f"must be a {'whole ' if parse is int else ''}number") from None
        if not value > 0:
            raise ValueError("must be greater than 0")
        if not 1 / _MOST <= value <= _MOST:  # clocks, sockets and JSON have no place for it
            raise ValueError(f"must be between {1 / _MOST:f} and {_MOST}")
        return value

    return positive


OPTIONS: tuple[Option, ...] = (
    Option(
        "profile",
        "what to certify: smoke, core (chapter 5), native (6), deprecated (11), full, or a file with ids of requirements",
        metavar="PROFILE|FILE",
    ),
    Option("cloud", "test the cloud of this name in clouds.yaml", metavar="NAME", environment=False),
    Option(
        "endpoint",
        "test the ECS endpoint at this URL; with --ecs-cloud, in place of the one in its catalogue",
        metavar="URL",
        environment=False,
    ),
    Option(
        "iam",
        "URL of the IAM endpoint, where it is not the auth_url of the credentials; alone it says that its catalogue has the target",
        metavar="URL",
        environment=False,
    ),
    Option("region", "name of the region: of the catalogue, of clouds.yaml and in the report", metavar="NAME"),
    Option(
        "other-cloud",
        "clouds.yaml name with credentials of another project, for isolation",
        metavar="NAME",
        environment=False,
    ),
    Option("restricted-cloud", "clouds.yaml name of a user without ECS permissions", metavar="NAME", environment=False),
    Option("insecure", "do not verify TLS certificates (the report says so)", flag=True),
    Option("ca-file", "certificate authorities to trust, as a PEM file", parse=Path, metavar="FILE"),
    Option(
        "report",
        "write report.json, report.html, junit.xml, evidence.jsonl.gz and summary.md here",
        parse=Path,
        metavar="DIR",
    ),
    Option(
        "ledger",
        "SQLite file that records what is created (default .pytest-ecs/ledger.sqlite)",
        parse=Path,
        metavar="FILE",
    ),
    Option(
        "waivers", "YAML file of accepted failures: requirement, owner, reason, expires", parse=Path, metavar="FILE"
    ),
    Option(
        "lenient-waivers", "do not fail the run for waivers that are unknown, unmatched, expired or stale", flag=True
    ),
    Option(
        "edition",
        "YAML file of amendments: what the provider's edition of the reference says otherwise",
        parse=Path,
        metavar="FILE",
    ),
    Option(
        "not-offered",
        "an operation or a requirement, or a pattern of them, that the endpoint does not offer",
        many=True,
        metavar="ID",
    ),
    Option("baseline", "an earlier report.json: fail only on what did not fail there", parse=Path, metavar="FILE"),
    Option("require", "the least verdict that is good enough: pass, or partial", choices=("pass", "partial")),
    Option(
        "annotations", "say what broke in a form that a CI server shows beside the change", choices=("github", "gitlab")
    ),
    Option("sign", "sign the report with this private key (Ed25519 or ECDSA, PEM)", parse=Path, metavar="FILE"),
    Option(
        "section",
        "only requirements of this section of the document, such as 5.1 or 5.1.1",
        many=True,
        metavar="SECTION",
    ),
    Option("operation", "only requirements of this operation", many=True, metavar="ID"),
    Option("requirement", "only this requirement, or those of a pattern", many=True, metavar="ID"),
    Option("kind", "only requirements of this kind", many=True, choices=_KINDS),
    Option("level", "only requirements of this level", many=True, choices=("must", "should", "note")),
    Option("shard", "one part of several, 1/4 the first of four; report merge joins them", parse=shard, metavar="N/OF"),
    Option(
        "last-failed",
        "only what failed, erred or was not tested in this earlier report",
        parse=Path,
        metavar="REPORT",
    ),
    Option("image", "id of the image to create servers from", metavar="ID"),
    Option("flavor", "id of the flavor to create servers with", metavar="ID"),
    Option("other-flavor", "id of a flavor to resize to", metavar="ID"),
    Option("vpc", "id of the VPC for servers", metavar="ID"),
    Option("subnet", "id of a subnet of that VPC (also the network id of native APIs)", metavar="ID"),
    Option("network", "network id for native APIs, where it is not the subnet's", metavar="ID"),
    Option("security-group", "id of a security group for servers", metavar="ID"),
    Option("key-pair", "name of an existing SSH key pair", metavar="NAME"),
    Option("availability-zone", "availability zone for servers", metavar="NAME"),
    Option("dedicated-host", "id of a dedicated host of that zone to migrate servers to", metavar="ID"),
    Option("other-dedicated-host", "id of a second one", metavar="ID"),
    Option("port", "id of a port in that network that no server has", metavar="ID"),
    Option("windows-image", "id of a Windows image with Cloudbase-Init", metavar="ID"),
    Option("foreign-subnet", "id of a subnet of another VPC of the project", metavar="ID"),
    Option("geneve-network", "id of a network of the type geneve, in which no server can be", metavar="ID"),
    Option("missing-disk-type", "a type of disks that the zone does not have", metavar="TYPE"),
    Option("private-image", "id of a private Linux image of the project", metavar="ID"),
    Option("plain-image", "id of an image with neither Cloud-Init nor UVP VMTools", metavar="ID"),
    Option("tools-image", "id of an image with UVP VMTools and an OS of table 6-152", metavar="ID"),
    Option("max-servers", "never create more servers than this in one run", parse=_positive(int), metavar="N"),
    Option(
        "max-minutes",
        "start nothing new after this many minutes of the target's time",
        parse=_positive(float),
        metavar="N",
    ),
    Option(
        "max-requests-per-second",
        "send no more requests than this in a second, all processes of the run together",
        parse=_positive(float),
        metavar="N",
    ),
    Option("batch", "how many servers one request of the pool creates", parse=_positive(int), metavar="N"),
    Option(
        "job-timeout", "seconds of the target's time that a job may take", parse=_positive(float), metavar="SECONDS"
    ),
    Option("request-timeout", "seconds that one request may take", parse=_positive(float), metavar="SECONDS"),
    Option(
        "properties",
        "how many generated requests and lifecycles to try; --hypothesis-seed repeats them",
        choices=("quick", "deep", "off"),
    ),
    Option("deviation", "switch on a deviation of the embedded mock", many=True, metavar="NAME"),
    Option("variant", "let the embedded mock do something otherwise that may be so", many=True, metavar="NAME"),
)
