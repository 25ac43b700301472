"""A badge: the verdict as a small picture (SVG) for a README or a dashboard."""

from __future__ import annotations

from xml.sax.saxutils import escape

from pytest_ecs._report.model import Report

__all__ = ["badge"]

#: Behind white text with a contrast of at least 4.5.
_COLOURS = {"pass": "#1a7f37", "partial": "#8a5a00", "fail": "#b3152d", "error": "#57606a"}
_HEIGHT, _PAD = 20, 7
#: Width of a character of Verdana at 11 pixels; ``textLength`` makes the text fit where another font is shown.
_CHARACTER = 6.6


def badge(report: Report) -> str:
    """Return the picture: what was asked for, the verdict, and what has to be known of it."""
    marks = [
        *(["simulated"] if report["target"]["simulated"] else []),
        *([] if report["complete"] else ["incomplete"]),
        *([] if report["target"]["verified_tls"] or report["target"]["simulated"] else ["TLS unverified"]),
    ]
    left = f"ECS {report['selection']['profile']}"
    right = ", ".join([report["verdict"].upper(), *marks])
    widths = [round(len(text) * _CHARACTER) + 2 * _PAD for text in (left, right)]
    colour = _COLOURS.get(report["verdict"], _COLOURS["error"])
    said = _clean(f"{left}: {right}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{sum(widths)}" height="{_HEIGHT}" role="img" aria-label="{said}">'
        f"<title>{said}</title>"
        f'<clipPath id="r"><rect width="{sum(widths)}" height="{_HEIGHT}" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{widths[0]}" height="{_HEIGHT}" fill="#424a53"/>'
        f'<rect x="{widths[0]}" width="{widths[1]}" height="{_HEIGHT}" fill="{colour}"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(left, 0, widths[0])}{_text(right, widths[0], widths[1])}</g></svg>\n"
    )


def _text(text: str, x: int, width: int) -> str:
    return f'<text x="{x + _PAD}" y="14" textLength="{width - 2 * _PAD}">{_clean(text)}</text>'


def _clean(text: str) -> str:
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text), {'"': "&quot;"})
