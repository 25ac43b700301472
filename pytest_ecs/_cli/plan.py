"""``pytest-ecs plan``: what a run would use on a target; nothing is created."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ecs._cli.instead import with_target
from pytest_ecs._run.options import Settings

__all__ = ["plan"]


def plan(arguments: Sequence[str]) -> int:
    """Print the plan of a run with the same arguments. Returns 0, 1 when something does not fit, 4 for a user's mistake."""
    return with_target("plan", arguments, _plan)


def _plan(settings: Settings) -> int:
    from pytest_ecs._run.plan import MISFIT, lines, plan_of, requirements_of
    from pytest_ecs._run.profiles import check_selection
    from pytest_ecs._run.session import open_session
    from pytest_ecs._run.target import one_sentence

    session = open_session(settings, creates=False)
    try:
        check_selection(settings, session.contract)
        with one_sentence():
            session.prepare()
            said = list(lines(session, settings, plan_of(settings, requirements_of(settings, session.contract))))
    finally:
        session.close()
    print("\n".join(said))  # noqa: T201
    return int(any(line.startswith(MISFIT) for line in said))
