"""Begin and end of a run in each process: who opens the session, who judges, who cleans up, who writes the certificate.

In a run without xdist one process does everything. With xdist the workers test and judge, and send plain JSON rows
with their reports; the controller cleans up and writes. On the embedded mock each worker has its own cloud in memory,
so there the workers clean up what is theirs.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_ecs._report.gates import LEAK
from pytest_ecs._run.options import read_settings
from pytest_ecs._run.signals import Stops
from pytest_ecs.exceptions import EcsError

if TYPE_CHECKING:
    from pytest_ecs._run.controller import Recorder
    from pytest_ecs._run.options import Settings
    from pytest_ecs._run.session import Session
    from pytest_ecs._run.worker import Witness

__all__ = ["Keeper", "begin", "certify", "keeper_of", "settings_of"]

#: How a run ends that chose no test, or was asked for tests in words that pytest cannot read.
_NOTHING_CHOSEN = frozenset({pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.USAGE_ERROR})
_KEEPER = pytest.StashKey["Keeper"]()


def keeper_of(config: pytest.Config) -> Keeper:
    """Return this process's keeper, registering it the first time."""
    if _KEEPER not in config.stash:
        keeper = config.stash[_KEEPER] = Keeper(config, read_settings(config))
        config.pluginmanager.register(keeper, "pytest-ecs-keeper")
        if not is_worker(config) and not keeper.settings.embedded:
            keeper.stops.install()
    return config.stash[_KEEPER]


def settings_of(config: pytest.Config) -> Settings:
    """Return the settings of the run, the same in every place and process of it."""
    return keeper_of(config).settings


def begin(config: pytest.Config, settings: Settings) -> Session:
    """Open this process's session; it is cleaned up and closed at the end of the run."""
    keeper = keeper_of(config)
    if keeper.session is None:
        from pytest_ecs._run.discovery import find_key_pair
        from pytest_ecs._run.session import open_session
        from pytest_ecs._run.target import one_sentence

        named = settings.cloud and config.hook.pytest_ecs_target(name=settings.cloud, config=config)
        session = open_session(settings, target=named or None)
        try:
            with one_sentence():
                session.prepare(getattr(config, "workerinput", {}).get("ecs_found"))
                if is_worker(config):
                    find_key_pair(session)
        except BaseException:
            session.forget()
            session.close()
            raise
        keeper.session = session
    return keeper.session


def certify(config: pytest.Config) -> None:
    """Judge every exchange of the run, and in the process that reports, write the certificate at the end."""
    from pytest_ecs._run.garbage import Garbage

    config.pluginmanager.register(Garbage(), "pytest-ecs-garbage")
    from pytest_ecs._contract import load, read_edition, use
    from pytest_ecs._run.gates import read_gates
    from pytest_ecs._run.profiles import check_deviations, check_selection
    from pytest_ecs._run.scheduling import Distribution, Grouping
    from pytest_ecs._run.selection import Selector
    from pytest_ecs._run.waivers import read_waivers
    from pytest_ecs._run.worker import Witness

    keeper = keeper_of(config)
    try:
        use(read_edition(keeper.settings.edition))
        contract = load()
        check_selection(keeper.settings, contract)
        check_deviations(keeper.settings)
        waivers = read_waivers(keeper.settings.waivers)
        gates = None if is_worker(config) else read_gates(keeper.settings)
        if gates is not None and not config.option.collectonly:
            from pytest_ecs._report.files import prepare

            prepare(keeper.settings.report_folder)
    except EcsError as error:
        raise pytest.UsageError(str(error)) from None
    selector = Selector(keeper.settings, contract)
    config.pluginmanager.register(selector, "pytest-ecs-selector")
    keeper.witness = Witness(keeper, contract, waivers, selector.chosen)
    config.pluginmanager.register(keeper.witness, "pytest-ecs-witness")
    if gates is None:
        groups = Path(config.workerinput["ecs_groups"])  # type: ignore[attr-defined]
        grouping = Grouping(contract, groups, embedded=keeper.settings.embedded)
        config.pluginmanager.register(grouping, "pytest-ecs-grouping")
    elif not config.option.collectonly:
        from pytest_ecs._run.controller import Recorder
        from pytest_ecs._run.progress import Progress

        keeper.stops.install()
        keeper.recorder = Recorder(keeper, contract, waivers, gates)
        config.pluginmanager.register(keeper.recorder, "pytest-ecs-recorder")
        config.pluginmanager.register(Distribution(config.getoption("dist", "no")), "pytest-ecs-distribution")
        config.pluginmanager.register(Progress(keeper), "pytest-ecs-progress")


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is an xdist worker."""
    return hasattr(config, "workerinput")


def distributes(config: pytest.Config) -> bool:
    """Whether this process is an xdist controller."""
    return not is_worker(config) and config.getoption("dist", "no") != "no"


class Keeper:
    """Keeps the session of this process and ends it: clean-up first, then the certificate."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config = config
        self.settings = settings
        self.session: Session | None = None
        self.witness: Witness | None = None
        self.recorder: Recorder | None = None
        #: What could not be deleted, one sentence each.
        self.leaks: list[str] = []
        self._supplied = False
        self.stops = Stops(self._advice)

    def _advice(self) -> str:
        settings = self.settings
        if settings.embedded:
            return "left at once"
        sweep = f"pytest-ecs sweep {' '.join(settings.target_options)} --ecs-ledger={settings.ledger_file}"
        return f"left at once, and nothing more is deleted; what run {settings.run} made is deleted by: {sweep}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Send one harmless request before anything else, so that a bad target is one clear sentence."""
        if self.recorder is None or self.settings.embedded:
            return
        try:
            self._say_plan(begin(self.config, self.settings))
        except EcsError as error:
            with suppress(OSError):  # an empty folder would be litter
                self.settings.report_folder.rmdir()
            raise pytest.UsageError(str(error)) from None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Make what the run needs, now that a test was chosen."""
        if session.items and not session.testsfailed:
            self._supply()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Make it before the first test is given to a worker."""
        if ids:
            self._supply()

    def _supply(self) -> None:
        if self.recorder is None or self.session is None or self._supplied:
            return
        from pytest_ecs._run.discovery import supply_key_pair

        self._supplied = True
        supply_key_pair(self.session)

    def _say_plan(self, session: Session) -> None:
        """Print what the run will use before it uses anything."""
        from pytest_ecs._run.plan import lines, plan_of, requirements_of

        plan = plan_of(
            self.settings,
            requirements_of(self.settings, session.contract),
            self.config.getoption("numprocesses", 0) or 1,
        )
        if not self.config.pluginmanager.has_plugin("terminalreporter"):
            return
        writer = self.config.get_terminal_writer()
        for line in lines(session, self.settings, plan):
            writer.line(line)

    def pytest_unconfigure(self) -> None:
        """Heed signals no more, and let the contract be that of the document again."""
        self.stops.uninstall()
        if self.settings.edition is not None:
            from pytest_ecs._contract import use

            use(None)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, Any, None]:
        """Clean up, collect what is left to judge, hand it over or write the certificate."""
        try:
            yield
        except KeyboardInterrupt:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        self._delete_everything()
        self._spare_hypothesis()
        self.stops.at_the_end = True
        for leak in self.leaks:
            print(f"pytest-ecs: {leak}", file=sys.stderr)  # noqa: T201 - must be seen whatever is captured
        # What was sent before any test was chosen proves nothing, and would take the place of an earlier certificate.
        ran = session.exitstatus not in _NOTHING_CHOSEN or is_worker(self.config)
        if self.witness is not None and ran:
            rows = self.witness.rest()
            rows.leaks = self.leaks
            if is_worker(self.config):
                self.config.workeroutput["ecs"] = rows.to_text()  # type: ignore[attr-defined]
            elif self.recorder is not None:
                self.recorder.add(rows)
        if self.recorder is not None and ran:
            self.recorder.finish(session)
        elif self.leaks and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = LEAK
        if self.session is not None:
            self.session.close()

    def _spare_hypothesis(self) -> None:
        """Let its plugin say nothing where nothing was generated: it would import all of hypothesis to find that out."""
        plugins, asked = self.config.pluginmanager, getattr(self.config.option, "hypothesis_show_statistics", None)
        if (
            not asked
            and "hypothesis" not in sys.modules
            and (plugin := plugins.get_plugin("hypothesispytest")) is not None
        ):
            plugins.unregister(plugin)

    def _delete_everything(self) -> None:
        """Clean up, unless the run was asked to end at once; note what is left."""
        if self.stops.at_once:
            self.leaks.append(self._advice())
            return
        try:
            self._clean()
        except KeyboardInterrupt:
            self.leaks.append(f"the clean-up was interrupted: {self._advice()}")
        except EcsError as error:
            self.leaks.append(f"clean-up did not work: {error}")

    def _clean(self) -> None:
        if self.session is None and distributes(self.config) and not self.settings.embedded:
            if not self.settings.ledger_file.exists():
                return
            begin(self.config, self.settings)
        if self.session is not None and self.session.owns_the_end:
            _, problems = self.session.clean()
            self.leaks += problems

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take over what an xdist worker had left to say at its end."""
        text = getattr(node, "workeroutput", {}).get("ecs")
        if self.recorder is None:
            return
        if text is not None:
            self.recorder.receive(text)
        else:
            self.recorder.lost(f"worker {node.gateway.id} ended without handing over its records: {error or 'no word'}")
