"""What changed from one certificate to the next, for what both were asked for."""

from __future__ import annotations

from typing import TypedDict

from pytest_ecs._report.model import Cost, Report

__all__ = ["Change", "as_text", "diff"]

_BROKEN = {"fail", "error"}
_UNTESTED = {"not_tested", "not_applicable"}
#: In the order in which they matter.
_CHANGES = (
    "newly failing",
    "recommendations newly not met",
    "fixed",
    "newly not tested",
    "newly tested",
    "newly waived",
    "other",
)
#: An operation is said to be slower or faster when its 90th percentile changed by this factor and by these milliseconds.
_FACTOR, _LEAST = 2.0, 20.0


class Change(TypedDict):
    """One requirement and its verdicts."""

    requirement: str
    old: str
    new: str
    reason: str


def diff(old: Report, new: Report) -> dict[str, list[Change]]:
    """Return the requirements that both were asked for and whose verdict differs, by what that means."""
    before = {row["requirement"]: row for row in old["results"]}
    changes: dict[str, list[Change]] = {name: [] for name in _CHANGES}
    for row in new["results"]:
        was = before.get(row["requirement"])
        if was is not None and was["verdict"] != row["verdict"]:
            change: Change = {
                "requirement": row["requirement"],
                "old": was["verdict"],
                "new": row["verdict"],
                "reason": row["reason"],
            }
            changes[_change(was["verdict"], row["verdict"], row["level"])].append(change)
    return changes


def _change(was: str, now: str, level: str) -> str:
    if now in _BROKEN:
        if was in _BROKEN and now == "error":
            return "other"
        return "newly failing" if level == "must" else "recommendations newly not met"
    if now == "waived":
        return "newly waived"
    if now in _UNTESTED:
        return "other" if was in _UNTESTED else "newly not tested"
    return "fixed" if was in _BROKEN or was == "waived" else "newly tested"


def as_text(old: Report, new: Report) -> str:
    """Return the changes as text."""
    head = f"{old['verdict']} -> {new['verdict']}"
    lines = [*_frame(old, new)]
    for name, rows in diff(old, new).items():
        if rows:
            lines += ["", f"{name} ({len(rows)})"]
            lines += [f"  {r['requirement']}: {r['old']} -> {r['new']}{_why(r)}" for r in rows]
    lines += _drift(old, new)
    lines += _cost(old["cost"], new["cost"])
    return "\n".join([head, *lines]) if lines else f"{head}\nNothing changed."


def _why(change: Change) -> str:
    text = " ".join(change["reason"].split())
    return f" ({text if len(text) <= 200 else text[:200] + '…'})" if text else ""


def _frame(old: Report, new: Report) -> list[str]:
    """What makes the two hard to compare: another contract, another target, another selection, a run that was cut."""
    lines = []
    if old["contract"]["sha256"] != new["contract"]["sha256"]:
        lines.append(f"The contract differs: {old['contract']['sha256'][:16]} -> {new['contract']['sha256'][:16]}")
    if old["target"] != new["target"]:
        lines.append(f"The target differs: {_target(old)} -> {_target(new)}")
    lines += [f"The {word} run did not end in order." for word, r in (("old", old), ("new", new)) if not r["complete"]]
    ids = [{row["requirement"] for row in report["results"]} for report in (old, new)]
    for word, only in (("old", ids[0] - ids[1]), ("new", ids[1] - ids[0])):
        if only:
            lines.append(f"{len(only)} requirements were asked for only in the {word} one and are not compared.")
    return lines


def _target(report: Report) -> str:
    target = report["target"]
    return f"{target['name']} ({target['endpoint']}, {target['tls']})"


def _drift(old: Report, new: Report) -> list[str]:
    seen = [{(d["operation"], d["kind"], d["what"]) for d in report["drift"]} for report in (old, new)]
    lines = []
    for word, only in (("new", seen[1] - seen[0]), ("gone", seen[0] - seen[1])):
        if only:
            lines += ["", f"drift {word} ({len(only)})", *(f"  {' '.join(one)}" for one in sorted(only))]
    return lines


def _cost(old: Cost, new: Cost) -> list[str]:
    """Requests and servers where they differ, and operations that became much slower or faster; times alone vary."""
    lines = [
        f"  {word}: {before} -> {after}"
        for word, before, after in (
            ("requests", old["requests"], new["requests"]),
            ("servers created", old["servers_created"], new["servers_created"]),
        )
        if before != after
    ]
    for operation in sorted(old["latency"].keys() & new["latency"].keys()):
        was, now = old["latency"][operation]["p90"], new["latency"][operation]["p90"]
        if abs(now - was) >= _LEAST and (now >= was * _FACTOR or was >= now * _FACTOR):
            lines.append(f"  {operation}: 90 % within {was:g} ms -> {now:g} ms")
    return ["", "cost", *lines] if lines else []
