"""A name that is longer than the system allows names nothing, and breaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ecs._cli.suites import with_profile
from pytest_ecs._http.opening import open_http
from pytest_ecs._report.verify import read_certificate
from pytest_ecs._run.profiles import read_list
from pytest_ecs.exceptions import ConfigurationError, EcsError
from tests.unit.http.test_opening import target

LONG = "x" * 5000


def test_a_name_that_is_too_long_names_nothing(tmp_path: Path) -> None:
    """Of a profile, a list, authorities and a report: each is said as any other that is not there."""
    with pytest.raises(ConfigurationError, match="There is no profile"):
        with_profile([LONG])
    with pytest.raises(pytest.UsageError, match="and no file"):
        read_list(LONG, tmp_path)
    with pytest.raises(ConfigurationError, match="does not exist"):
        open_http(target(verify=tmp_path / LONG), 1.0)
    with pytest.raises(EcsError, match="is no certificate"):
        read_certificate(Path(LONG))
