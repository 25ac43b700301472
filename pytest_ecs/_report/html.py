"""report.html: one self-contained page for people who sign it and people who have to trust it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report.failure import short
from pytest_ecs._report.model import Report
from pytest_ecs._report.summary import verdict_line

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["html"]

_WORDS = {
    "pass": "passed",
    "fail": "failed",
    "not_tested": "not tested",
    "not_applicable": "not applicable",
    "waived": "waived",
    "error": "error",
}
_SIGNS = {"pass": "✓", "fail": "✗", "not_tested": "–", "not_applicable": "∅", "waived": "◊", "error": "!"}


@lru_cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Bodies come from the endpoint and may hold anything: everything is escaped.
    environment = Environment(
        loader=PackageLoader("pytest_ecs._report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def html(certificate: Report, texts: Mapping[str, str], exchanges: Mapping[str, Exchange]) -> str:
    """Return the page; *texts* are the bug reports by requirement id, *exchanges* the evidence by id."""
    results = certificate["results"]
    broken = [r for r in results if r["verdict"] in {"fail", "error"}]
    reasons = Counter(r["reason"] for r in results if r["verdict"] == "not_tested")
    untested: dict[str, list[Any]] = {reason: [] for reason, _ in reasons.most_common()}
    for result in results:
        if result["verdict"] == "not_tested":
            untested[result["reason"]].append(result)
    operations: dict[str, list[Any]] = {}
    for result in results:
        operations.setdefault(result["operation"] or result["group"], []).append(result)
    return _template().render(
        c=certificate,
        line=verdict_line(certificate),
        failed=[r for r in broken if r["verdict"] == "fail" and r["level"] == "must"],
        advised=[r for r in broken if r["verdict"] == "fail" and r["level"] != "must"],
        errors=[r for r in broken if r["verdict"] == "error"],
        waived=[r for r in results if r["verdict"] == "waived"],
        untested=untested,
        operations=operations,
        texts=texts,
        answers={
            r["requirement"]: short(
                {"status": e.status, "headers": dict(e.response_headers), "body": e.response_body or e.response_text}
            )
            for r in broken
            if r["evidence"] and (e := exchanges.get(r["evidence"][0])) is not None
        },
        words=_WORDS,
        signs=_SIGNS,
    )
