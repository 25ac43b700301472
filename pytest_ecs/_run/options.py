"""The option table and the frozen `Settings` it ends in; the only reader of options and environment.

A value is looked for on the command line, then in the environment (``PYTEST_ECS_<NAME>``), then in the
ini file. What chooses a target is never taken from the environment, so that a variable left behind in a
shell cannot start spending.
"""

from __future__ import annotations

import difflib
import os
import secrets as _secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import pytest

from pytest_ecs._run.shards import Shard, shard
from pytest_ecs._types import Kind

__all__ = [
    "FILTERS",
    "OPTIONS",
    "PROFILES",
    "Settings",
    "add_options",
    "check_deviations",
    "read_settings",
]

#: Chapters of the document that each profile holds.
PROFILES: Mapping[str, tuple[str, ...]] = {
    "core": ("iam", "ecs"),
    "native": ("iam", "nova"),
    "deprecated": ("iam", "deprecated"),
    "full": ("iam", "ecs", "nova", "deprecated"),
}
#: Options that narrow a profile.
FILTERS = ("section", "operation", "requirement", "kind", "level")
_KINDS = get_args(Kind)


@dataclass(frozen=True)
class Settings:
    """Everything a run was asked to do."""

    profile: str = "full"
    cloud: str | None = None
    endpoint: str | None = None
    iam: str | None = None
    region: str | None = None
    other_cloud: str | None = None
    restricted_cloud: str | None = None
    insecure: bool = False
    ca_file: Path | None = None
    report: Path | None = None
    ledger: Path | None = None
    waivers: Path | None = None
    lenient_waivers: bool = False
    not_offered: tuple[str, ...] = ()
    baseline: Path | None = None
    require: str | None = None
    sign: Path | None = None
    annotations: str | None = None
    section: tuple[str, ...] = ()
    operation: tuple[str, ...] = ()
    requirement: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    level: tuple[str, ...] = ()
    shard: Shard | None = None
    image: str | None = None
    flavor: str | None = None
    other_flavor: str | None = None
    vpc: str | None = None
    subnet: str | None = None
    network: str | None = None
    security_group: str | None = None
    key_pair: str | None = None
    availability_zone: str | None = None
    dedicated_host: str | None = None
    other_dedicated_host: str | None = None
    port: str | None = None
    windows_image: str | None = None
    max_servers: int = 80
    max_minutes: float = 240.0
    batch: int = 3
    job_timeout: float = 1800.0
    request_timeout: float = 60.0
    deviation: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()
    properties: str = "quick"
    #: What hypothesis draws the examples of properties from, the same in all processes of the run.
    seed: int = 0
    #: Random word of this run, the same in all its processes; part of every name that the run gives.
    run: str = ""
    #: xdist worker, or "main".
    worker: str = "main"
    #: Where the command was given; what relative paths start from.
    folder: Path = field(default_factory=Path)

    @property
    def embedded(self) -> bool:
        """Whether the run is against the embedded mock: no cloud and no endpoint was named."""
        return self.cloud is None and self.endpoint is None

    @property
    def worker_number(self) -> int:
        """Number of the xdist worker, 0 without xdist."""
        return int("".join(filter(str.isdigit, self.worker)) or 0)

    @property
    def report_folder(self) -> Path:
        """Where the report goes: ``--ecs-report``, or ``ecs-report`` where the command was given."""
        return self.report or self.folder / "ecs-report"

    @property
    def examples_folder(self) -> Path:
        """Where hypothesis keeps the examples that broke something; there is none as long as nothing did."""
        return self.report_folder / "examples"

    @property
    def state_folder(self) -> Path:
        """The private folder of all runs from this place: ledger and shared tokens."""
        return self.ledger.parent if self.ledger else self.folder / ".pytest-ecs"

    @property
    def ledger_file(self) -> Path:
        """The SQLite file that knows what was created."""
        return self.ledger or self.state_folder / "ledger.sqlite"


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
        value = parse(text)
        if not value > 0:
            raise ValueError("must be greater than 0")
        return value

    return positive


OPTIONS: tuple[Option, ...] = (
    Option(
        "profile", "what to certify: core (chapter 5), native (6), deprecated (11) or full", choices=tuple(PROFILES)
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
        "URL of the IAM endpoint, where it is not the auth_url of the credentials",
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
    Option("not-offered", "an operation, or a pattern, that the endpoint does not offer", many=True, metavar="ID"),
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
    Option("requirement", "only this requirement", many=True, metavar="ID"),
    Option("kind", "only requirements of this kind", many=True, choices=_KINDS),
    Option("level", "only requirements of this level", many=True, choices=("must", "should", "note")),
    Option("shard", "one part of several, 1/4 the first of four; report merge joins them", parse=shard, metavar="N/OF"),
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
    Option("max-servers", "never create more servers than this in one run", parse=_positive(int), metavar="N"),
    Option(
        "max-minutes",
        "start nothing new after this many minutes of the target's time",
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


def add_options(parser: pytest.Parser) -> None:
    """Add every row as ``--ecs-<name>`` and as the ini key ``ecs_<name>``."""
    group = parser.getgroup("ecs", "Elastic Cloud Server conformance")
    for option in OPTIONS:
        text = option.help + (f" (one of {', '.join(option.choices)})" if option.choices else "")
        arguments: dict[str, Any] = {"dest": _dest(option), "default": None, "help": text}
        if option.flag:
            arguments["action"] = "store_true"
        elif option.many:
            arguments.update(action="append", metavar=option.metavar or option.name.upper())
        else:
            arguments.update(metavar=option.metavar or option.name.upper())
        group.addoption(f"--ecs-{option.name}", **arguments)
        kind: Literal["args", "string"] = "args" if option.many else "string"
        parser.addini(_dest(option), text, type=kind, default=None)


def read_settings(config: pytest.Config, environ: Mapping[str, str] | None = None) -> Settings:
    """Resolve every option and return the settings; raises `pytest.UsageError` on a value that is not allowed."""
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for option in OPTIONS:
        found = _look_up(option, config, environ)
        if found is not None:
            source, raw = found
            values[option.name.replace("-", "_")] = _parse(option, source, raw)
    settings = Settings(**values, folder=Path(config.invocation_params.dir))
    absolute = {
        name: settings.folder / path
        for name in ("report", "ledger", "waivers", "ca_file", "baseline", "sign")
        if (path := getattr(settings, name)) is not None
    }
    if settings.variant and not settings.embedded:
        raise pytest.UsageError(
            "--ecs-variant is for the embedded mock and cannot be used with --ecs-cloud or --ecs-endpoint"
        )
    if settings.deviation and not settings.embedded:
        raise pytest.UsageError(
            "--ecs-deviation is for the embedded mock and cannot be used with --ecs-cloud or --ecs-endpoint"
        )
    worker = getattr(config, "workerinput", None)
    run = worker["ecs_run"] if worker and "ecs_run" in worker else _secrets.token_hex(4)
    return replace(settings, **absolute, run=run, seed=_seed(config), worker=worker["workerid"] if worker else "main")


def _seed(config: pytest.Config) -> int:
    """Return the seed of the properties: hypothesis's own option, the controller's choice, or a new one."""
    given = config.getoption("hypothesis_seed", None)
    if given is not None and str(given).lstrip("-").isdigit():
        return int(given)
    worker = getattr(config, "workerinput", None) or {}
    return int(worker["ecs_seed"]) if "ecs_seed" in worker else _secrets.randbelow(2**32)


def _dest(option: Option) -> str:
    return f"ecs_{option.name.replace('-', '_')}"


def _look_up(option: Option, config: pytest.Config, environ: Mapping[str, str]) -> tuple[str, Any] | None:
    given = config.getoption(_dest(option))
    if given is not None and given != []:
        return f"--ecs-{option.name}", given
    variable = f"PYTEST_ECS_{option.name.upper().replace('-', '_')}"
    if option.environment and environ.get(variable):
        return variable, environ[variable].split() if option.many else environ[variable]
    key = _dest(option)
    written = config.getini(key)
    if written:
        return f"{key} in the ini file", written
    return None


def _parse(option: Option, source: str, raw: Any) -> Any:
    if option.flag:
        return raw is True or str(raw).lower() in {"1", "true", "yes", "on"}
    texts: Sequence[str] = list(raw) if option.many else [raw]
    parsed = []
    for text in texts:
        if option.choices and text not in option.choices:
            raise pytest.UsageError(
                f"{source}: {text!r} is not one of {', '.join(option.choices)}{closest(text, option.choices)}"
            )
        try:
            parsed.append(option.parse(text))
        except ValueError as error:
            raise pytest.UsageError(f"{source}: {text!r} cannot be used: {error}") from None
    return tuple(parsed) if option.many else parsed[0]


def closest(text: str, known: Sequence[str]) -> str:
    """Return "; did you mean ...?" when something known is spelled like *text*, else nothing."""
    near = difflib.get_close_matches(text, known, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def check_deviations(settings: Settings) -> None:
    """Raise `pytest.UsageError` for a deviation or variant that the embedded mock does not have, with the closest names."""
    if not (settings.deviation or settings.variant):
        return
    from pytest_ecs._mock import DEVIATIONS, VARIANTS

    known: dict[str, tuple[tuple[str, ...], Mapping[str, object]]] = {
        "deviation": (settings.deviation, DEVIATIONS),
        "variant": (settings.variant, VARIANTS),
    }
    for kind, (names, switches) in known.items():
        for name in names:
            if name not in switches:
                raise pytest.UsageError(
                    f"--ecs-{kind}: the mock has no {kind} {name!r}{closest(name, sorted(switches))}"
                )
