"""``pytest-ecs replay``: one recorded request again, on the target as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_ecs._cli.instead import with_target
from pytest_ecs._run.options import Settings
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["replay"]

_UNJUDGED = "No requirement speaks of this answer alone, so that nothing is judged."


def replay(arguments: Sequence[str]) -> int:
    """Send the exchange of that id in a report again, and its control before it, and say how the answer is judged.

    Returns 0, 1 when a requirement fails, 4 for a user's mistake.
    """
    words = list(arguments)
    named: list[str] = []
    while words and not words[0].startswith("-") and len(named) < 2:
        named.append(words.pop(0))
    if not named:
        raise ConfigurationError(
            "pytest-ecs replay needs the id of an exchange", hint="a failure names it as evidence: main-00042"
        )
    report = Path(named[1]) if len(named) > 1 else Path("ecs-report")
    return with_target("replay", words, lambda settings: _replay(settings, named[0], report))


def _replay(settings: Settings, exchange: str, report: Path) -> int:
    from pytest_ecs._contract import use
    from pytest_ecs._report.editions import edition_of
    from pytest_ecs._report.evidence import NAME, read_evidence
    from pytest_ecs._report.failure import explain
    from pytest_ecs._run.replay import Replay
    from pytest_ecs._run.session import open_session
    from pytest_ecs._run.target import one_sentence

    evidence = read_evidence((report if report.is_dir() else report.parent) / NAME, unfinished=True)
    if settings.edition is None:  # what it was judged by then
        use(edition_of(evidence.header))
    session = open_session(settings)
    try:
        with one_sentence():
            session.prepare()
        try:
            sent, findings = Replay(session, evidence)(exchange)
        finally:
            _, problems = session.clean()
    finally:
        session.close()
    for one in sent:
        print(f"{one.request_line}\n  {one.answer[:400]}")  # noqa: T201
    case = sent[-1].case
    requirements = session.contract.requirements
    failed = [one for one in findings if one.outcome == "fail"]
    for finding in failed:
        requirement = requirements[finding.requirement]
        ruling = session.contract.rulings.get(requirement.ruling or "")
        control = sent[0] if len(sent) > 1 else None
        print("\n" + explain(finding, requirement, sent[-1], control, ruling))  # noqa: T201
    about = [one for one in findings if case is not None and one.requirement == case.requirement]
    for finding in about:
        if finding.outcome != "fail":
            print(f"\n{finding.requirement}: {finding.outcome}" + (f", {finding.reason}" if finding.reason else ""))  # noqa: T201
    passed = sum(one.outcome == "pass" for one in findings)
    said = f"{passed} requirements hold in this answer, {len(failed)} do not." if findings else _UNJUDGED
    print(f"\n{said}")  # noqa: T201
    print("\n".join(problems), end="\n" if problems else "")  # noqa: T201
    return 1 if problems or any(requirements[one.requirement].level == "must" for one in failed) else 0
