"""Verbs that take pytest's options and ini file, and do something else than running tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import pytest

from pytest_ecs._cli.suites import NO_CACHE, ini, quiet, with_profile
from pytest_ecs._run.options import Settings, read_settings
from pytest_ecs.exceptions import ConfigurationError, EcsError

__all__ = ["with_settings", "with_target"]


class _Instead:
    def __init__(self, work: Callable[[Settings], int]) -> None:
        self._work = work

    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        """Do the work and return the exit code."""
        from pytest_ecs._contract import read_edition, using

        try:
            settings = read_settings(config)
            with using(read_edition(settings.edition)):
                return self._work(settings)
        except EcsError as error:
            print(f"pytest-ecs: {error}", file=sys.stderr)  # noqa: T201
            return 4


def with_settings(arguments: Sequence[str], work: Callable[[Settings], int]) -> int:
    """Read a profile and pytest's options from *arguments*, and do *work* with the settings; 4 for a user's mistake."""
    return int(
        pytest.main([*quiet(arguments), *NO_CACHE, *ini(arguments), *with_profile(arguments)], plugins=[_Instead(work)])
    )


def with_target(verb: str, arguments: Sequence[str], work: Callable[[Settings], int]) -> int:
    """Do the same as `with_settings` for *verb*, which needs a target."""

    def checked(settings: Settings) -> int:
        if settings.embedded:
            raise ConfigurationError(
                f"pytest-ecs {verb} needs a target",
                seen="no --ecs-cloud, --ecs-endpoint or --ecs-iam was given",
                hint="name a cloud of clouds.yaml with --ecs-cloud, or the URL of an endpoint with --ecs-endpoint",
            )
        return work(settings)

    return with_settings(arguments, checked)
