"""Configuration of the documentation: ``nox -s docs`` builds it, with warnings as errors."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from reference import write  # noqa: E402 - beside this file

from pytest_ecs import __version__  # noqa: E402

project = "pytest-ecs"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
autodoc_typehints = "description"
autodoc_member_order = "bysource"
# Pages link to files of the repository, which are no pages.
suppress_warnings = ["myst.xref_missing"]

# Pages that are made from the code: the tables of options and fixtures, and a failure of each kind of requirement.
write(Path(__file__).parent / "generated")
