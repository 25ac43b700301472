"""From the table of options to the frozen `Settings`; the only reader of options and environment.

A value is looked for on the command line, then in the environment (``PYTEST_ECS_<NAME>``), then in the
ini file. What chooses a target is never taken from the environment, so that a variable left behind in a
shell cannot start spending.
"""

from __future__ import annotations

import os
import re
import secrets as _secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from pytest_ecs._run.inifile import keys
from pytest_ecs._run.profiles import FRUGAL, read_failed, read_list
from pytest_ecs._run.shards import Shard
from pytest_ecs._run.table import OPTIONS, Option
from pytest_ecs._text import closest, truth

__all__ = [
    "OPTIONS",
    "Settings",
    "add_options",
    "read_settings",
]


#: What the variables of options begin with, and what begins so and is read elsewhere.
_PREFIX = "PYTEST_ECS_"
_OTHERS = frozenset({"PYTEST_ECS_SIGN_PASSPHRASE"})

#: Options that choose a target.
_TARGET = ("cloud", "endpoint", "iam")


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
    edition: Path | None = None
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
    last_failed: Path | None = None
    #: What the list of requirements that was given as profile names, and what did not pass in `last_failed`.
    listed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
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
    foreign_subnet: str | None = None
    geneve_network: str | None = None
    missing_disk_type: str | None = None
    private_image: str | None = None
    plain_image: str | None = None
    tools_image: str | None = None
    max_servers: int = 100
    max_minutes: float = 240.0
    max_requests_per_second: float | None = None
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
        """Whether the run is against the embedded mock: no cloud and no endpoint was named, and no IAM whose catalogue has one."""
        return not self.target_options

    @property
    def target_options(self) -> list[str]:
        """The options that name the target, as they are given."""
        named = {name: getattr(self, name) for name in _TARGET}
        return [f"--ecs-{name}={value}" for name, value in named.items() if value is not None]

    @property
    def shares_servers(self) -> bool:
        """Whether this process is one of several that use the same servers."""
        return self.worker != "main" and not self.embedded

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
        ini_type: Literal["args", "string"] = "args" if option.many else "string"
        parser.addini(_dest(option), text, type=ini_type, default=None)


def read_settings(config: pytest.Config, environ: Mapping[str, str] | None = None) -> Settings:
    """Resolve every option and return the settings; raises `pytest.UsageError` on a value that is not allowed."""
    environ = os.environ if environ is None else environ
    _check_keys(config)
    _check_variables(environ)
    values: dict[str, Any] = {}
    for option in OPTIONS:
        found = _look_up(option, config, environ)
        if found is not None:
            source, raw = found
            values[option.name.replace("-", "_")] = _parse(option, source, raw)
    shares = hasattr(config, "workerinput") and any(name in values for name in _TARGET)
    if values.get("profile") in FRUGAL or shares:
        values.setdefault("batch", 1 if values.get("profile") in FRUGAL else 2)
    settings = Settings(**values, folder=Path(config.invocation_params.dir))
    absolute = {
        name: settings.folder / path
        for name in ("report", "ledger", "waivers", "ca_file", "baseline", "sign", "last_failed", "edition")
        if (path := getattr(settings, name)) is not None
    }
    for name in ("variant", "deviation"):
        if getattr(settings, name) and not settings.embedded:
            raise pytest.UsageError(
                f"--ecs-{name} is for the embedded mock and cannot be used with {settings.target_options[0]}"
            )
    worker = getattr(config, "workerinput", None) or {}
    settings = replace(settings, **absolute, listed=read_list(settings.profile, settings.folder))
    # The run may write where the earlier report is, so that only the controller reads it.
    failed = tuple(worker["ecs_failed"]) if "ecs_failed" in worker else read_failed(settings.last_failed)
    run = worker.get("ecs_run") or _secrets.token_hex(4)
    return replace(settings, failed=failed, run=run, seed=_seed(config), worker=worker.get("workerid", "main"))


def _check_keys(config: pytest.Config) -> None:
    """Refuse keys of the ini file that no option has: what somebody wanted to set would not be set, in silence."""
    known = {_dest(option): option for option in OPTIONS}
    for key, value in ((config.inipath and keys(config.inipath)) or {}).items():
        if key in known:
            _check_form(known[key], value, remarks=config.inipath is not None and config.inipath.suffix != ".toml")
            continue
        plain = key.lower().replace("-", "_")
        meant = plain if plain.startswith("ecs_") else f"ecs_{plain}"
        if meant != plain and meant not in known:
            continue
        try:
            config.getini(key)  # another plugin's
        except (ValueError, KeyError):
            raise pytest.UsageError(f"{config.inipath}: there is no option {key}{closest(meant, known)}") from None


def _check_form(option: Option, value: object, *, remarks: bool) -> None:
    """Refuse what TOML has that is no text of the option: pytest would make some text of it, or break.

    With *remarks* so is one behind the value, which an ini file does not have there.
    """
    where = f"{_dest(option)} in the ini file"
    if isinstance(value, list) and not option.many:
        raise pytest.UsageError(f"{where}: a list cannot be used, since it takes one value")
    if remarks and (found := re.search(r"\s[#;]", str(value))):
        raise pytest.UsageError(
            f"{where}: {found[0].strip()!r} behind a value begins no remark; put it into a line of its own"
        )
    whole = option.parse not in {str, Path}  # a number where one is asked for needs no quotes
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, bool) and option.flag:
            continue
        if isinstance(one, bool) or not isinstance(one, (str, int, float) if whole and not option.many else str):
            raise pytest.UsageError(f"{where}: {type(one).__name__} cannot be used; put the value into quotes")


def _check_variables(environ: Mapping[str, str]) -> None:
    """Refuse variables that look like an option and are none, for the same reason as keys of the ini file."""
    known = {_variable(option): option for option in OPTIONS}
    for name in environ:
        if name.startswith(_PREFIX) and name not in known and name not in _OTHERS and environ[name]:
            read = (variable for variable, option in known.items() if option.environment)
            raise pytest.UsageError(f"{name}: there is no such option{closest(name, read)}")


def _variable(option: Option) -> str:
    return f"{_PREFIX}{option.name.upper().replace('-', '_')}"


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
    variable = _variable(option)
    if option.environment and environ.get(variable):
        return variable, environ[variable].split() if option.many else environ[variable]
    key = _dest(option)
    written = config.getini(key)
    if written:
        return f"{key} in the ini file", written
    return None


def _parse(option: Option, source: str, raw: Any) -> Any:
    if option.flag:
        found = truth(str(raw))
        if found is None:
            raise pytest.UsageError(f"{source}: {raw!r} is neither true nor false")
        return found
    texts: Sequence[str] = list(raw) if option.many else [raw]
    parsed = []
    for text in texts:
        if not text.strip():  # a variable of the shell that is not set, and what it would have named was meant
            raise pytest.UsageError(f"{source}: the value is empty; leave the option out, or set what it comes from")
        if option.choices and text not in option.choices:
            raise pytest.UsageError(
                f"{source}: {text!r} is not one of {', '.join(option.choices)}{closest(text, option.choices)}"
            )
        try:
            parsed.append(option.parse(text))
        except ValueError as error:
            raise pytest.UsageError(f"{source}: {text!r} cannot be used: {error}") from None
    return tuple(parsed) if option.many else parsed[0]
