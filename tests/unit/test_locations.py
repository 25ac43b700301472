"""The contract and the suites are found in a wheel and in a checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ecs import _locations
from pytest_ecs.exceptions import ConfigurationError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a package folder with nothing in or beside it."""
    folder = tmp_path / "pytest_ecs"
    folder.mkdir()
    monkeypatch.setattr(_locations, "_PACKAGE", folder)
    return folder


def fill(folder: Path) -> Path:
    """Make *folder* look like the contract and like the suites."""
    (folder / "recipes").mkdir(parents=True)
    (folder / "general.yaml").touch()
    return folder


def test_a_wheel_has_them_inside_the_package(package: Path) -> None:
    """And they win over folders of the same name beside it, which are somebody else's in site-packages."""
    schemas, suites = fill(package / "schemas"), fill(package / "suites")
    fill(package.parent / "schemas")
    assert (_locations.schemas(), _locations.suites()) == (schemas, suites)


def test_a_checkout_has_them_beside_the_package(package: Path) -> None:
    """One level up."""
    schemas, suites = fill(package.parent / "schemas"), fill(package.parent / "suites")
    assert (_locations.schemas(), _locations.suites()) == (schemas, suites)


def test_a_folder_of_the_name_is_not_enough(package: Path) -> None:
    """The message names both places."""
    (package.parent / "schemas").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        _locations.schemas()
    text = str(caught.value)
    assert "The folder 'schemas' of pytest-ecs was not found" in text
    assert str(package / "schemas") in text
    assert str(package.parent / "schemas") in text
