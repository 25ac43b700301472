"""``pytest-ecs permissions``: the least that the user of a run has to be allowed, from the contract; no target is asked."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ecs._cli.instead import with_settings
from pytest_ecs._run.options import Settings

__all__ = ["permissions"]


def permissions(arguments: Sequence[str]) -> int:
    """Print the actions of 9.2 that a run with the same arguments needs. Returns 0, or 4 for a user's mistake."""
    return with_settings(arguments, _permissions)


def _permissions(settings: Settings) -> int:
    from pytest_ecs._contract import load
    from pytest_ecs._run.permitted import operations, permitted
    from pytest_ecs._run.profiles import check_selection

    contract = load()
    check_selection(settings, contract)
    names = operations(settings, contract)
    found = permitted(names, contract)
    widest = max(map(len, found.actions), default=0)
    for action, needing in found.actions.items():
        more = f" and {len(needing) - 2} more" if len(needing) > 2 else ""
        print(f"{action:<{widest}}  {', '.join(needing[:2])}{more}")  # noqa: T201
    print(f"{len(found.actions)} actions of 9.2 for {len(names)} operations of the profile {settings.profile}")  # noqa: T201
    if found.unlisted:
        print(f"9.2 has no action for: {', '.join(found.unlisted)}")  # noqa: T201
    return 0
