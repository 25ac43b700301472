"""From findings to a certificate: recorder, witness, verdicts, files, and reading certificates again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_ecs.exceptions import ConfigurationError

__all__ = ["command"]


def command(action: str, files: Sequence[Path]) -> int:
    """Do what ``pytest-ecs report ACTION FILE...`` says; 1 when something regressed or does not verify, else 0."""
    from pytest_ecs._contract import load
    from pytest_ecs._report.diff import diff, wording
    from pytest_ecs._report.summary import table
    from pytest_ecs._report.verify import read_certificate, verify

    if action == "diff":
        if len(files) != 2:
            raise ConfigurationError(
                "report diff compares two certificates",
                seen=f"{len(files)} given",
                hint="name the old one and the new one",
            )
        old, new = map(read_certificate, files)
        print(wording(old, new))  # noqa: T201
        return 1 if diff(old, new)["regressed"] else 0
    found = 0
    for file in files:
        if action == "show":
            print(table(read_certificate(file)))  # noqa: T201
            continue
        problems = verify(file, load())
        found += len(problems)
        shown = problems[:20] + ([f"… and {len(problems) - 20} more"] if len(problems) > 20 else [])
        print("\n".join([f"{file}: {'does not verify' if problems else 'verified'}", *(f"  {p}" for p in shown)]))  # noqa: T201
    return 1 if found else 0
