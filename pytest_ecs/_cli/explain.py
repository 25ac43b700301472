"""``pytest-ecs explain``: one requirement, from the document to its proof."""

from __future__ import annotations

import argparse
import textwrap

from pytest_ecs._text import near
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["explain"]

_WIDTH = 118


def explain(options: argparse.Namespace) -> int:
    """Print the claim of a requirement, its source, ruling and level, how it is judged and what proves that it bites."""
    from pytest_ecs._contract import read_edition, using

    with using(read_edition(options.ecs_edition)):
        _print(options.requirement)
    return 0


def _print(name: str) -> None:
    from pytest_ecs._contract import load
    from pytest_ecs._run.explaining import rows

    contract = load()
    requirement = contract.requirements.get(name)
    if requirement is None:
        names = near(name, contract.requirements)
        raise ConfigurationError(
            f"The contract has no requirement {name!r}",
            seen=f"the closest are {', '.join(names)}" if names else "nothing is spelled like it",
            hint="pytest-ecs list requirements prints them all",
        )
    print(requirement.id)  # noqa: T201
    for what, text in rows(contract, requirement):
        first, later = f"  {what:<10}", " " * 12
        print(textwrap.fill(text, _WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False))  # noqa: T201
