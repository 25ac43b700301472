"""What schemathesis reported, and whether ``explained.yaml`` has the reason for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

__all__ = ["EXPLAINED", "failures", "is_explained", "unexplained"]

EXPLAINED: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("explained.yaml").read_text(encoding="utf-8"))


def failures(report: Path) -> Iterator[tuple[str, str]]:
    """Yield each failed case of a JUnit report with what is said of it."""
    for case in ElementTree.parse(report).iter("testcase"):
        for failure in case.iter("failure"):
            for text in re.split(r"\n(?=\d+\. Test Case ID)", failure.get("message", "") + (failure.text or "")):
                if "Test Case ID" in text:
                    yield case.get("name", ""), text


def is_explained(text: str) -> bool:
    """Whether an entry has the code and the whole message of the answer, or what schemathesis says."""
    # A long answer is cut, and set in several lines.
    messages = [
        json.loads(one, strict=False) for one in re.findall(r'"(?:message|error_msg)": ?("(?:[^"\\]|\\.)*")', text)
    ]
    for row in EXPLAINED["schemathesis"]:
        if row["code"] not in text:
            continue
        if "says" in row and re.search(row["says"], text):
            return True
        if any(re.fullmatch(answer, message) for answer in row.get("answers", ()) for message in messages):
            return True
    return False


def unexplained(report: Path) -> list[tuple[str, str]]:
    """Return the failed cases of a JUnit report that nothing explains."""
    return [(name, text) for name, text in failures(report) if not is_explained(text)]
