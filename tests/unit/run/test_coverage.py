"""The register of checks is made from the suites, or not at all."""

from pathlib import Path

import pytest

from pytest_ecs._contract import load
from pytest_ecs._run.coverage import checks
from pytest_ecs.exceptions import ConfigurationError


def test_suites_that_cannot_be_imported_make_no_register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong rows would say that nobody checks what the module checks."""
    (tmp_path / "test_broken.py").write_text("import no_such_module_at_all\n")
    monkeypatch.setattr("pytest_ecs._locations.suites", lambda: tmp_path)
    with pytest.raises(ConfigurationError, match=r"nobody knows which check covers what.*no_such_module_at_all"):
        checks(load())
