"""Why something was not tested, grouped by what would have to be given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_ecs._report.model import Report, ResultRow
from pytest_ecs._report.waiving import WRONG

__all__ = ["Need", "needs", "why"]

#: What would have to be given, and the reasons that ask for it; the first row that fits counts.
_GROUPS: tuple[tuple[str, str], ...] = (
    (
        "A run that may go on for longer, or with more servers",
        r"--ecs-max-|budget|may create no more|interrupted|time is up",
    ),
    (
        "Credentials or a name, given with an option",
        r"--ecs-|no option names|credentials|(other|second|another|restricted) (project|user)|is not named|not given",
    ),
    ("A check that is part of the selection", r"no check exercised"),
    (
        "Nothing, since a ruling accepts either behaviour",
        r"accepted as well|\(ruling |any answer is accepted",
    ),
    (
        "More servers, disks or requests than a test should buy",
        r"would have to be bought|would need as many|using up the|as many .* as .* can have",
    ),
    (
        "Another flavor, image or project",
        r"the flavor of the run|is -1|the project has no|there is no second|has no more than|there is no limit",
    ),
    ("Access to another service", r"only the .* service|another service|by another service"),
    (
        "Nothing, since the document offers no way to do it or to see it",
        r"no (operation|field|query|request|variant)\b|(does|do) not show|taken out of every answer|cannot be created",
    ),
    (
        "Circumstances that did not come about in this run",
        r"was not seen|too quick|became listed|is shown|in this run|all the time|does not wait",
    ),
    (
        "An endpoint that does what the check begins with",
        r"the endpoint|refuse|the server|the list|the disk|the answer|the other|the new|is no longer|HTTP \d",
    ),
)
_OTHER = "Something else"


@dataclass(slots=True)
class Need:
    """What would have to be given, and the rows that wait for it."""

    title: str
    rows: list[ResultRow] = field(default_factory=list)

    @property
    def reasons(self) -> list[tuple[str, list[ResultRow]]]:
        """The reasons, the most frequent first, each with its rows."""
        counts = Counter(row["reason"] for row in self.rows)
        return [(reason, [row for row in self.rows if row["reason"] == reason]) for reason, _ in counts.most_common()]

    @property
    def binding(self) -> int:
        """How many of the rows are of the level must."""
        return sum(row["level"] == "must" for row in self.rows)


def needs(report: Report) -> list[Need]:
    """Return the groups of what was not tested, those that hold up most binding requirements first."""
    groups: dict[str, Need] = {}
    known: dict[str, str] = {}
    for row in report["results"]:
        if row["verdict"] == "not_tested":
            reason = row["reason"]
            title = known.get(reason) or known.setdefault(reason, _title(reason))
            groups.setdefault(title, Need(title)).rows.append(row)
    return sorted(groups.values(), key=lambda need: (-need.binding, -len(need.rows)))


def _title(reason: str) -> str:
    return next((title for title, pattern in _GROUPS if re.search(pattern, reason)), _OTHER)


def why(report: Report, *, brief: bool = False) -> str:
    """Return in one paragraph what the verdict rests on; a *brief* one leaves out what testing the rest would take."""
    return " ".join(_sentences(report, brief=brief))


def _sentences(report: Report, *, brief: bool) -> Iterator[str]:
    must = report["summary"]["levels"].get("must", {})
    verdict = report["verdict"]
    asked = sum(must.values())
    yield {
        "pass": f"Each of the {must.get('pass', 0):,} binding requirements that apply was tested and holds.",
        "partial": f"Nothing binding failed, and not all of the {asked:,} binding requirements that were asked for could be shown to hold.",
        "fail": f"{_count(must.get('fail', 0), 'binding requirement')} of {asked:,} failed.",
    }.get(verdict, "Something was in the way, so that nothing can be said about the endpoint as a whole.")
    if not report["complete"]:
        yield "The run did not end in order."
    if must.get("error"):
        yield f"{_count(must['error'], 'binding requirement')} could not be judged for an error of the environment or the harness."
    if must.get("not_applicable"):
        one = must["not_applicable"] == 1
        yield f"{_count(must['not_applicable'], 'binding requirement')} {'does' if one else 'do'} not apply."
    if must.get("waived"):
        yield f"{_count(must['waived'], 'binding requirement')} failed and {'is' if must['waived'] == 1 else 'are'} waived."
    wrong = [waiver for waiver in report["waivers"] if waiver["state"] in WRONG]
    if wrong:
        yield f"{_count(len(wrong), 'waiver')} {'is' if len(wrong) == 1 else 'are'} not right."
    if must.get("not_tested"):
        yield f"{_count(must['not_tested'], 'binding requirement')} {'was' if must['not_tested'] == 1 else 'were'} not tested."
        if not brief:
            waiting = [need for need in needs(report) if need.binding]
            said = "; ".join(f"{need.title[0].lower()}{need.title[1:]} ({need.binding:,})" for need in waiting)
            yield f"What it would have taken: {said}."
    should = report["summary"]["levels"].get("should", {}).get("fail", 0)
    if should:
        yield f"{_count(should, 'recommendation')} {'was' if should == 1 else 'were'} not met; that does not change the verdict."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
