"""The pytest plugin's only entry point: options, markers, fixtures, and registration of the rest on demand.

Installed but unused it costs nothing: httpx, jsonschema, hypothesis and yaml are imported only when a fixture
is used or a certificate is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._locations import suites
from pytest_ecs._run.options import add_options
from pytest_ecs._testing.fixtures import (
    _ecs_session,
    _ecs_tools,
    ecs_cases,
    ecs_check,
    ecs_client,
    ecs_clients,
    ecs_contract,
    ecs_credentials,
    ecs_expect,
    ecs_jobs,
    ecs_later,
    ecs_mock,
    ecs_properties,
    ecs_server,
    ecs_servers,
    ecs_settings,
    ecs_signed_client,
    ecs_snapshot,
    ecs_supplies,
    ecs_target,
    ecs_wait,
    ecs_wait_for_job,
)

__all__ = [
    "_ecs_session",
    "_ecs_tools",
    "ecs_cases",
    "ecs_check",
    "ecs_client",
    "ecs_clients",
    "ecs_contract",
    "ecs_credentials",
    "ecs_expect",
    "ecs_jobs",
    "ecs_later",
    "ecs_mock",
    "ecs_properties",
    "ecs_server",
    "ecs_servers",
    "ecs_settings",
    "ecs_signed_client",
    "ecs_snapshot",
    "ecs_supplies",
    "ecs_target",
    "ecs_wait",
    "ecs_wait_for_job",
    "pytest_addhooks",
    "pytest_addoption",
    "pytest_configure",
    "pytest_configure_node",
]

#: Name of the suites in an installed wheel, for ``pytest --pyargs``.
SUITES_PACKAGE = "pytest_ecs.suites"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ``--ecs-*`` options and their ini keys."""
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the hooks that others may implement."""
    from pytest_ecs import hooks

    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    """Add the marker, and register the certification of the run when the suites or a report are asked for."""
    config.addinivalue_line(
        "markers", "ecs_requirement(id, ...): requirements of the ECS API reference that the test makes findings on"
    )
    config.addinivalue_line(
        "markers",
        "ecs_group(name, ...): scarce (a project has few server groups, and a run one port) or servers (makes some of its own): "
        "tests of one group run in one xdist worker, or with those of an operation; long (takes minutes): they are begun first",
    )
    if config.getoption("ecs_report") or _suites_are_asked_for(config):
        from pytest_ecs._run.process import certify

        certify(config)


def _suites_are_asked_for(config: pytest.Config) -> bool:
    try:
        home = suites()
    except Exception:  # noqa: BLE001 - an incomplete installation must not break other people's test runs
        return False
    folder = Path(config.invocation_params.dir)
    for argument in config.args:
        name = argument.partition("::")[0]
        if config.getoption("pyargs") and (name == SUITES_PACKAGE or name.startswith(f"{SUITES_PACKAGE}.")):
            return True
        path = (folder / name).resolve()
        if path == home or home in path.parents:
            return True
    return False


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give every xdist worker the run's word and seed, so that all processes share one pool, clean-up and choice."""
    from pytest_ecs._run.process import keeper_of, settings_of

    settings, session = settings_of(node.config), keeper_of(node.config).session
    node.workerinput.update(ecs_run=settings.run, ecs_seed=settings.seed, ecs_failed=settings.failed)
    if session is not None and session.found:
        node.workerinput.update(ecs_found=session.found)
