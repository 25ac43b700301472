"""What several requests must not change: one wait is enough for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_ecs import Check, Exchange, read

__all__ = ["Act", "untouched"]

#: Sends a request, and returns what its effect is judged with; None where there is nothing to judge.
Act = Callable[[], Check | None]


def untouched(check: Check, acts: Mapping[str, Act], look: Callable[[], Exchange], *place: str) -> None:
    """Judge that none of *acts*, by the rules that say so, changes what stands at *place* of the answer to *look*.

    That is looked at right after each, and after the last one once more for all of them, when there was time for it to
    change. Where only that shows a change, each is sent again and has a wait of its own, since one of them did it.
    """
    kept: dict[str, Check] = {}
    for rule, act in acts.items():
        before = read(look(), *place[1:])
        judge = act()
        if judge is not None and judge(rule, look(), *place, equals=before):
            kept[rule] = judge
    before = read(look(), *place[1:])

    def look_again() -> None:
        later = look()
        if read(later, *place[1:]) == before:
            for rule, judge in kept.items():
                judge(rule, later, *place, equals=before)
            return
        for rule in kept:
            now = read(look(), *place[1:])
            if (again := acts[rule]()) is not None:
                again.stays(rule, look, *place, equals=now)

    check.postpone(kept, look_again)
