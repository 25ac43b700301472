"""The controller's side of a run: gathers the rows of all processes, decides, and writes the certificate."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from pytest_ecs._checks import Finding
from pytest_ecs._contract import Contract
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._run.options import PROFILES, Settings, selected
from pytest_ecs._types import JSON

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_ecs._run.process import Keeper

__all__ = ["Recorder", "Selector"]


class Selector:
    """Leaves out the tests of requirements that were not asked for."""

    def __init__(self, settings: Settings, contract: Contract) -> None:
        chapters = {operation.id: operation.chapter for operation in contract.operations.values()}
        #: Requirement -> whether it belongs to an operation that the profile has.
        self._inside = {
            requirement.id: chapters[requirement.operation] in PROFILES[settings.profile]
            for requirement in contract.requirements.values()
            if requirement.operation is not None
        }
        self._requirements = contract.requirements
        self.chosen = {
            requirement.id
            for requirement in contract.requirements.values()
            if selected(settings, requirement, contract.operations.get(requirement.operation or ""))
        }

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect tests whose requirements are all outside the selection; tests of others stay.

        Those that delete servers come last: they get the servers that other tests left over.
        """
        from pytest_ecs._cases.recipe import RECIPES
        from pytest_ecs._run.worker import covered_by

        deleting = {recipe.operation for recipe in RECIPES.values() if recipe.deletes}
        last = {name for name, requirement in self._requirements.items() if requirement.operation in deleting}
        items.sort(key=lambda item: not last.isdisjoint(covered_by(item)))
        kept: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        for item in items:
            covered = covered_by(item)
            (kept if not covered or self._wanted(covered) else dropped).append(item)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
            items[:] = kept

    def _wanted(self, covered: list[str]) -> bool:
        """Whether a test was asked for; general requirements bring in no operation that the profile leaves out."""
        bound = [self._inside[name] for name in covered if name in self._inside]
        return bool(self.chosen.intersection(covered)) and (not bound or any(bound))


class Recorder:
    """Decides and writes; in a run with xdist only the controller has one."""

    def __init__(self, keeper: Keeper, contract: Contract, waivers: Sequence[dict[str, JSON]]) -> None:
        self._keeper = keeper
        self._contract = contract
        self._waivers = waivers
        self._started = datetime.now(UTC)
        self._clock = time.perf_counter()
        self._exchanges: list[Exchange] = []
        self._findings: list[Finding] = []
        self._drift: set[tuple[str, str, str]] = set()
        self._servers: dict[str, int] = {}
        self._simulated: dict[str, float] = {}
        #: Errors that concern no single requirement.
        self.troubles: list[str] = []
        self.certificate: dict[str, JSON] | None = None
        self.paths: list[Path] = []
        self._trouble: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take over the rows of one test."""
        rows = getattr(report, "ecs", None)
        if rows is not None:
            self.add(rows)
        elif report.failed:
            self._crashed(report)

    def add(self, rows: Mapping[str, JSON]) -> None:
        """Take over rows: exchanges, findings, drift and cost."""
        self._exchanges += [Exchange.from_json(row) for row in rows["exchanges"]]
        self._findings += [Finding.from_json(row) for row in rows["findings"]]
        self._drift.update((o, k, w) for o, k, w in rows["drift"])
        if "worker" in rows:
            self._servers[rows["worker"]] = rows["servers"]
            self._simulated[rows["worker"]] = rows["simulated"]

    def lost(self, what: str) -> None:
        """Note that records are missing."""
        self.troubles.append(what)

    def _crashed(self, report: pytest.TestReport) -> None:
        """A report without rows comes from a worker that died; the test's name says what it was about."""
        found = re.search(r"\[([^\]]+)\]$", report.nodeid)
        about = found.group(1).partition("@")[0] if found else ""
        text = str(report.longrepr).strip().splitlines()
        reason = text[-1] if text else "the test process died"
        if about in self._contract.requirements:
            self._findings.append(Finding(about, "error", reason=reason))
        self.troubles.append(f"{report.nodeid}: {reason}")

    def finish(self, session: pytest.Session) -> None:
        """Decide, write the files, and let the exit code say when the verdict is fail or error."""
        from pytest_ecs._report.files import write_all
        from pytest_ecs.exceptions import EcsError

        if not self._exchanges and not self._findings:
            return
        settings = self._keeper.settings
        self.troubles += self._keeper.leaks
        self.certificate, texts = self._build(settings)
        try:
            self.paths = write_all(settings.report_folder, self.certificate, self._exchanges, self._findings, texts)
        except EcsError as error:
            self._trouble = str(error)
        if session.exitstatus == pytest.ExitCode.OK and (
            self._trouble or self.certificate["verdict"] in {"fail", "error"}
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _build(self, settings: Settings) -> tuple[dict[str, JSON], dict[str, str]]:
        from pytest_ecs import __version__
        from pytest_ecs._contract.model import Requirement
        from pytest_ecs._report.certificate import build, decide, weigh_waivers
        from pytest_ecs._run.coverage import reason

        contract, session = self._contract, self._keeper.session
        chosen = Selector(settings, contract).chosen
        wanted: list[Requirement] = [r for r in contract.requirements.values() if r.id in chosen]
        today = self._started.date()
        seen = {finding.requirement for finding in self._findings}
        uncovered = {r.id: reason(contract, r) for r in wanted if r.id not in seen}
        results = decide(wanted, self._findings, self._waivers, today=today, uncovered=uncovered)
        weighed = weigh_waivers(self._waivers, results, today=today)
        homes = {o.id: ".".join(o.section.split(".")[:2]) for o in contract.operations.values()}
        seconds = round(time.perf_counter() - self._clock, 1)
        target: dict[str, JSON] = {
            "name": settings.cloud or settings.endpoint or "embedded mock",
            "endpoint": "",
            "region": settings.region,
            "simulated": settings.embedded,
        }
        if session is not None:
            target.update(name=session.target.name, endpoint=session.target.endpoint, region=session.target.region)
        if settings.embedded:
            target["endpoint"] = "in process"
        certificate = build(
            results,
            contract={
                "title": contract.title,
                "issue": contract.issue,
                "date": contract.date,
                "sha256": contract.digest,
                "operations": len(contract.operations),
                "requirements": len(contract.requirements),
            },
            target={**target, "verified_tls": not settings.insecure},
            started=self._started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            finished=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            cost={
                "requests": len(self._exchanges),
                "servers_created": self._created(),
                "seconds": seconds,
                "simulated_seconds": round(sum(self._simulated.values())),
            },
            rulings=contract.rulings,
            drift=self._drift,
            waivers=weighed,
            troubles=self.troubles,
            homes=homes,
            more={
                "tool": f"pytest-ecs {__version__}",
                "selection": _selection(settings),
                "properties": _properties(settings),
            },
        )
        return certificate, self._texts(results)

    def _created(self) -> int:
        """Servers of the run: each worker counts its own cloud, or all count the one ledger of a shared target."""
        counts = list(self._servers.values()) or [0]
        return sum(counts) if self._keeper.settings.embedded else max(counts)

    def _texts(self, results: Sequence[Any]) -> dict[str, str]:
        from pytest_ecs._report.failure import explain

        by_id = {exchange.id: exchange for exchange in self._exchanges}
        texts = {}
        for result in results:
            if result.finding is None or result.verdict not in {"fail", "error", "waived"}:
                continue
            exchange = by_id.get(result.evidence[0]) if result.evidence else None
            control = (
                by_id.get(exchange.case.control or "") if exchange is not None and exchange.case is not None else None
            )
            ruling = self._contract.rulings.get(result.requirement.ruling or "")
            texts[result.requirement.id] = explain(result.finding, result.requirement, exchange, control, ruling)
        return texts

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table and where the files are."""
        from pytest_ecs._report.summary import table

        if self.certificate is None:
            return
        terminalreporter.section("ECS conformance")
        terminalreporter.write_line(table(self.certificate))
        if self._trouble:
            terminalreporter.write_line(f"\n{self._trouble}", red=True)
        elif self.paths:
            folder = self.paths[0].parent
            terminalreporter.write_line(f"\nReport: {folder} ({', '.join(path.name for path in self.paths)})")


_RESOURCES = (
    "image",
    "flavor",
    "other_flavor",
    "vpc",
    "subnet",
    "network",
    "security_group",
    "key_pair",
    "availability_zone",
    "port",
    "windows_image",
    "dedicated_host",
    "other_dedicated_host",
)


def _selection(settings: Settings) -> dict[str, JSON]:
    """What was asked for, in words, and the command that asks for it again."""
    names = ("section", "operation", "requirement", "kind", "level")
    filters = {name: getattr(settings, name) for name in names if getattr(settings, name)}
    text = f"profile {settings.profile}" + "".join(f", {name} {' '.join(values)}" for name, values in filters.items())
    command = ["pytest-ecs", "run", settings.profile]
    if settings.cloud:
        command.append(f"--ecs-cloud={settings.cloud}")
    if settings.endpoint:
        command.append(f"--ecs-endpoint={settings.endpoint}")
    command += [f"--ecs-{n.replace('_', '-')}={getattr(settings, n)}" for n in _RESOURCES if getattr(settings, n)]
    command += [f"--ecs-{name}={value}" for name, values in filters.items() for value in values]
    command += [f"--ecs-deviation={name}" for name in settings.deviation]
    if settings.properties != Settings.properties:
        command.append(f"--ecs-properties={settings.properties}")
    return {
        "text": text,
        "profile": settings.profile,
        **{k: list(v) for k, v in filters.items()},
        "command": " ".join(command),
    }


def _properties(settings: Settings) -> dict[str, JSON]:
    """Say what the generated requests were drawn from, and the command that draws them again.

    The database of examples, beside the report, is there once something broke.
    """
    if settings.properties == "off":
        return {"profile": "off", "seed": None, "database": None, "command": None}
    command = f"{_selection(settings)['command']} --hypothesis-seed={settings.seed}"
    database = settings.examples_folder.name if settings.examples_folder.is_dir() else None
    return {"profile": settings.properties, "seed": settings.seed, "database": database, "command": command}
