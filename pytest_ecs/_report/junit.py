"""junit.xml: one test suite for each section group, one test case for each requirement."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from pytest_ecs._types import JSON

__all__ = ["junit"]

#: What XML 1.0 cannot hold.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(certificate: Mapping[str, JSON], texts: Mapping[str, str]) -> str:
    """Return the file; *texts* are the bug reports by requirement id."""
    suites: dict[str, list[Mapping[str, JSON]]] = {}
    for result in certificate["results"]:
        suites.setdefault(result["group"], []).append(result)
    root = ET.Element("testsuites", name="pytest-ecs")
    for name in certificate["summary"]["sections"]:
        results = suites[name]
        row = certificate["summary"]["sections"][name]
        suite = ET.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(len(results)),
            failures=str(row["fail"]),
            errors=str(row["error"]),
            skipped=str(row["not_tested"] + row["waived"]),
            timestamp=str(certificate["started"]),
        )
        for result in results:
            _case(suite, result, texts)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, result: Mapping[str, JSON], texts: Mapping[str, str]) -> None:
    operation = result["operation"] or result["group"]
    case = ET.SubElement(
        suite, "testcase", classname=_clean(str(operation)), name=_clean(str(result["requirement"])), time="0"
    )
    text = _clean(texts.get(str(result["requirement"]), str(result["reason"])))
    if result["verdict"] == "fail":
        ET.SubElement(case, "failure", message=_clean(str(result["says"])), type=str(result["level"])).text = text
    elif result["verdict"] == "error":
        ET.SubElement(case, "error", message=_clean(str(result["reason"]))).text = text
    elif result["verdict"] in {"not_tested", "waived"}:
        ET.SubElement(case, "skipped", message=_clean(f"{result['verdict']}: {result['reason']}"))


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
