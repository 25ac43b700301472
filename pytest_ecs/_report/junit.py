"""junit.xml: one test suite for each section group, one test case for each requirement, one suite for the run itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from pytest_ecs._report.model import Report, ResultRow
from pytest_ecs._report.summary import facts

__all__ = ["junit"]

#: What XML 1.0 cannot hold.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SKIPPED = ("not_tested", "not_applicable", "waived")


def junit(report: Report, texts: Mapping[str, str], times: Mapping[str, float]) -> str:
    """Return the file; *texts* are the bug reports and *times* the seconds by requirement id."""
    suites: dict[str, list[ResultRow]] = {}
    for result in report["results"]:
        suites.setdefault(result["group"], []).append(result)
    total = report["summary"]["total"]
    root = ET.Element(
        "testsuites",
        name="pytest-ecs",
        tests=str(len(report["results"]) + len(report["troubles"])),
        failures=str(total["fail"]),
        errors=str(total["error"] + len(report["troubles"])),
        skipped=str(sum(total[verdict] for verdict in _SKIPPED)),
        time=f"{report['cost']['seconds']:.3f}",
    )
    # Each suite is written before the next one is made: all of them together are fifty thousand elements.
    written = [_text(_run(report))]
    for name, row in report["summary"]["sections"].items():
        results = suites[name]
        suite = ET.Element(
            "testsuite",
            name=_clean(name),
            tests=str(len(results)),
            failures=str(row["fail"]),
            errors=str(row["error"]),
            skipped=str(sum(row[verdict] for verdict in _SKIPPED)),
            timestamp=report["started"],
            time=f"{sum(times.get(result['requirement'], 0.0) for result in results):.3f}",
        )
        for result in results:
            _case(suite, result, texts, times.get(result["requirement"], 0.0))
        written.append(_text(suite))
    head = _text(root).removesuffix(" />")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}>{"".join(written)}</testsuites>\n'


def _text(element: ET.Element) -> str:
    return ET.tostring(element, encoding="unicode")


def _run(report: Report) -> ET.Element:
    """What concerns the run as a whole: what it was, and an error for each of its troubles."""
    troubles = report["troubles"]
    suite = ET.Element(
        "testsuite",
        name="run",
        tests=str(len(troubles)),
        failures="0",
        errors=str(len(troubles)),
        skipped="0",
        timestamp=report["started"],
        time="0",
    )
    _properties(suite, facts(report))
    for number, trouble in enumerate(troubles, 1):
        case = ET.SubElement(suite, "testcase", classname="run", name=f"trouble {number}", time="0")
        ET.SubElement(case, "error", message=_clean(trouble)).text = _clean(trouble)
    return suite


def _case(suite: ET.Element, result: ResultRow, texts: Mapping[str, str], seconds: float) -> None:
    operation = result["operation"] or result["group"]
    case = ET.SubElement(
        suite,
        "testcase",
        classname=_clean(operation),
        name=_clean(result["requirement"]),
        time=f"{seconds:.3f}",
    )
    about = {name: result[name] for name in ("section", "level", "kind", "verdict")}
    proved = {"deviations": str(result["deviations"])} if "deviations" in result else {}
    _properties(case, {**about, **proved, "evidence": " ".join(result["evidence"])})
    text = _clean(texts.get(result["requirement"], result["reason"]))
    if result["verdict"] == "fail":
        ET.SubElement(case, "failure", message=_clean(result["says"]), type=result["level"]).text = text
    elif result["verdict"] == "error":
        ET.SubElement(case, "error", message=_clean(result["reason"])).text = text
    elif result["verdict"] in _SKIPPED:
        ET.SubElement(case, "skipped", message=_clean(f"{result['verdict']}: {result['reason']}"))


def _properties(parent: ET.Element, values: Mapping[str, str]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        if value:
            ET.SubElement(properties, "property", name=name, value=_clean(value))


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
