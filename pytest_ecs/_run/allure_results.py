"""What Allure shows of a test beside pytest's own words, where allure-pytest writes results (``--alluredir``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pytest

from pytest_ecs._contract.model import Requirement
from pytest_ecs._http.exchange import Exchange

__all__ = ["is_wanted", "tell"]

#: What Allure calls the weight of a test.
_SEVERITIES = {"must": "critical", "should": "minor", "note": "trivial"}
#: More would say nothing more, and fill the report.
_ENOUGH = 20


def is_wanted(config: pytest.Config) -> bool:
    """Whether allure-pytest is there and was told to write results."""
    return bool(config.getoption("allure_report_dir", None))


def tell(requirements: Sequence[Requirement], broken: Mapping[str, Iterable[Exchange]]) -> None:
    """Name the *requirements* that the running test is about, with their section, and attach what those are *broken* by.

    Everything that an exchange records is redacted already.
    """
    import allure

    subjects, sections = {r.subject for r in requirements}, {r.section.partition(",")[0] for r in requirements}
    allure.dynamic.epic("ECS API")
    for section in sorted(sections):
        allure.dynamic.feature(section)
    for subject in sorted(subjects):
        allure.dynamic.story(subject)
    for requirement in requirements:
        allure.dynamic.tag(requirement.id)
    for level, severity in _SEVERITIES.items():
        if any(requirement.level == level for requirement in requirements):
            allure.dynamic.severity(severity)
            break
    if requirements:
        allure.dynamic.description(
            "\n".join(f"- {requirement.id} ({requirement.section}): {requirement.says}" for requirement in requirements)
        )
    seen: dict[str, Exchange] = {one.id: one for exchanges in broken.values() for one in exchanges}
    for exchange in list(seen.values())[:_ENOUGH]:
        text = f"{exchange.curl()}\n\n{exchange.answer}"
        allure.attach(text, name=f"{exchange.id} {exchange.request_line}", attachment_type=allure.attachment_type.TEXT)
