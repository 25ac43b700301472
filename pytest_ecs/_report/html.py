"""report.html: one self-contained page for people who sign it and people who have to trust it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report.model import Report
from pytest_ecs._report.needs import needs, why
from pytest_ecs._report.page.data import embedded, page_data, title
from pytest_ecs._report.summary import COLUMNS, WAIVERS, verdict_line
from pytest_ecs._report.waiving import WRONG
from pytest_ecs._text import harmless

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["html", "render"]

#: Parts of the one script, in this order.
_SCRIPTS = ("base.js", "claims.js", "matrix.js", "charts.js")
_LEVELS = {"must": "binding", "should": "recommended", "note": "noted"}


@lru_cache
def _template(name: str) -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Names and troubles may hold anything: everything is escaped.
    environment = Environment(
        loader=PackageLoader("pytest_ecs._report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: harmless(value) if type(value) is str else value,
    )
    return environment.get_template(name)


@lru_cache
def _part(name: str) -> str:
    return resources.files("pytest_ecs._report").joinpath("templates", name).read_text(encoding="utf-8")


@lru_cache
def _script() -> str:
    return "\n".join(['"use strict";', "(() => {", *map(_part, _SCRIPTS), "})();", ""])


def render(name: str, **values: object) -> str:
    """Return the page of a template: every value is escaped, the style sheet is in it."""
    from markupsafe import Markup

    return _template(name).render(style=Markup(_part("report.css")), **values)  # noqa: S704


def html(
    certificate: Report, texts: Mapping[str, str], exchanges: Mapping[str, Exchange], evidence: Path | None = None
) -> str:
    """Return the page.

    *texts* are the bug reports by requirement id, *exchanges* what the broken ones rest on by id; from the file of
    *evidence* come one success for each operation, and servers and jobs over time.
    """
    from markupsafe import Markup

    script = _script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    data = embedded(page_data(certificate, texts, exchanges, evidence))
    return render(
        "report.html.j2",
        c=certificate,
        line=verdict_line(certificate),
        why=why(certificate),
        brief=why(certificate, brief=True),
        needs=needs(certificate),
        columns=COLUMNS,
        words=dict(COLUMNS),
        edition=(edition := certificate.get("edition")),
        decided=len({row["requirement"] for one in edition["amendments"] for row in one["decided"]} if edition else ()),
        levels=_LEVELS,
        wrong=WRONG,
        waiver_words=WAIVERS,
        title=title,
        # Ours, or escaped by `embedded`: nothing of it is text from elsewhere that could be markup.
        script=Markup(script),  # noqa: S704
        data=Markup(data),  # noqa: S704
        digest=digest,
    )
