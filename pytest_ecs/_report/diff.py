"""What changed from one certificate to the next."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_ecs._types import JSON

__all__ = ["diff", "wording"]

_GOOD = {"pass"}


def diff(old: Mapping[str, JSON], new: Mapping[str, JSON]) -> dict[str, list[dict[str, str]]]:
    """Return the requirements by what became of them: regressed, fixed, untested, tested, appeared, vanished, other."""
    before = {result["requirement"]: result["verdict"] for result in old["results"]}
    after = {result["requirement"]: result["verdict"] for result in new["results"]}
    changes: dict[str, list[dict[str, str]]] = {
        name: [] for name in ("regressed", "fixed", "untested", "tested", "appeared", "vanished", "other")
    }
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was != now:
            changes[_kind(was, now)].append({"requirement": name, "old": was or "-", "new": now or "-"})
    return changes


def _kind(was: str | None, now: str | None) -> str:
    if was is None or now is None:
        return "appeared" if was is None else "vanished"
    if now in {"fail", "error"} and was not in {"fail", "error"}:
        return "regressed"
    if now == "not_tested":
        return "untested"
    if now in _GOOD:
        return "tested" if was == "not_tested" else "fixed"
    return "other"


def wording(old: Mapping[str, JSON], new: Mapping[str, JSON]) -> str:
    """Return the changes as text."""
    lines = [f"{old['verdict']} -> {new['verdict']}"]
    if old["contract"]["sha256"] != new["contract"]["sha256"]:
        lines.append(f"The contract differs: {old['contract']['sha256'][:16]} -> {new['contract']['sha256'][:16]}")
    for kind, rows in diff(old, new).items():
        if rows:
            lines += [
                "",
                f"{kind} ({len(rows)})",
                *(f"  {row['requirement']}: {row['old']} -> {row['new']}" for row in rows),
            ]
    return "\n".join(lines) if len(lines) > 1 else f"{lines[0]}\nNothing changed."
