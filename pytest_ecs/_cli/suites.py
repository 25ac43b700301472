"""How the verbs start pytest: quietly, and with the ini file of the current folder."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["QUIET", "ini"]

#: The table and the certificate say what there is to say; a cache folder would be litter.
QUIET = (
    "-q",
    "--no-header",
    "-rN",
    "--tb=short",
    "-p",
    "no:cacheprovider",
    # The console script is imported before pytest; nothing in the package needs rewritten assertions.
    "-W",
    "ignore:Module already imported:pytest.PytestAssertRewriteWarning",
)


def ini() -> list[str]:
    """Let the ini file of the current folder speak, wherever the suites are installed."""
    for name in ("ecs.toml", "ecs.ini", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"):
        file = Path.cwd() / name
        if file.is_file() and "ecs_" in file.read_text(encoding="utf-8", errors="replace"):
            return ["-c", str(file)]
    return ["-c", os.devnull, f"--rootdir={Path.cwd()}"]
