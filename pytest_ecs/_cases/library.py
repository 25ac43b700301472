"""The recipes that come with the suites, for whoever has not imported them: other people's tests, and an xdist controller."""

from __future__ import annotations

import importlib
import sys

from pytest_ecs._cases.recipe import RECIPES
from pytest_ecs._locations import suites

__all__ = ["load_recipes"]


def load_recipes() -> None:
    """Import the suites' recipes, as pytest does; recipes that somebody registered before stay as they are."""
    home = suites()
    if (home.parent / "__init__.py").exists():  # in a wheel the suites are inside the package
        name = f"{home.parent.name}.{home.name}.recipes"
    else:
        name = f"{home.name}.recipes"
    if name in sys.modules:
        return
    before = dict(RECIPES)
    if str(home.parent) not in sys.path and not name.startswith("pytest_ecs."):
        sys.path.insert(0, str(home.parent))
    importlib.import_module(name)
    RECIPES.update(before)
