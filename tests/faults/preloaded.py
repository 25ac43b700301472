"""Imports what runs and sweeps need, and reads the contract, so that processes forked from here have both (see `warm`)."""

from importlib import import_module

from pytest_ecs._contract import load

for _name in (
    "_hypothesis_pytestplugin",
    "anyio.pytest_plugin",
    "hypothesis",
    "pytest_ecs._cli.sweep",
    "pytest_ecs._run.controller",
    "pytest_ecs._run.session",
    "pytest_ecs._testing.tools",
    "xdist.plugin",
):
    import_module(_name)
load()
