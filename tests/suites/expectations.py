"""What is known of each named deviation: which requirements fail, or why the suite does not notice it."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from pathlib import Path

import yaml

__all__ = ["EXPECTED", "MAYBE", "MODULES", "fits", "fitting", "needed"]

#: Module of the mock's deviations -> deviation -> patterns, or the reason why the suite does not notice.
MODULES: dict[str, dict[str, list[str] | str]] = {
    file.stem: yaml.safe_load(file.read_text(encoding="utf-8"))
    for file in sorted(Path(__file__).with_name("deviations").glob("*.yaml"))
}
EXPECTED: dict[str, list[str] | str] = {name: one for module in MODULES.values() for name, one in module.items()}
#: Before a pattern that need not be seen, since it depends on what other tests happen to leave behind.
MAYBE = "maybe "


def _translate(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern.removeprefix(MAYBE).replace("[", "[[]")))


def fits(requirement: str, pattern: str) -> bool:
    """Whether a requirement is one of those that a pattern means."""
    return _translate(pattern).match(requirement) is not None


def fitting(requirements: Iterable[str], pattern: str) -> list[str]:
    """Return the requirements that a pattern means."""
    compiled = _translate(pattern)
    return [one for one in requirements if compiled.match(one)]


def needed(name: str) -> list[str]:
    """Return the patterns that a deviation must be seen to fail; none where the suite does not notice it."""
    expected = EXPECTED[name]
    return [one for one in expected if not one.startswith(MAYBE)] if isinstance(expected, list) else []
