"""Numbers of the document's sections: their order, and the folder of ``schemas/`` that a section belongs to."""

from __future__ import annotations

from pytest_ecs._contract.model import Chapter

__all__ = ["chapter_of", "first_section", "section_key"]

#: Where the operations and rulings of a chapter are; the project id (10.2) is asked of IAM.
_CHAPTERS: dict[str, Chapter] = {"4": "iam", "10.2": "iam", "5": "ecs", "6": "nova", "11": "deprecated"}


def section_key(section: str) -> tuple[float, ...]:
    """Return a section number as something that sorts like the document: 5.1.9, 5.1.10, 10.1, A.2."""
    return tuple(float(part) if part.isdecimal() else float("inf") for part in section.split("."))


def first_section(place: str) -> str:
    """Return the first section that *place* names: 5.1.1 of "5.1.1, table 5-3"."""
    return place.partition(",")[0].strip()


def chapter_of(section: str) -> Chapter | None:
    """Return the chapter whose folder has what *section* says, None for sections that bind every chapter."""
    parts = section.split(".")
    return _CHAPTERS.get(".".join(parts[:2])) or _CHAPTERS.get(parts[0])
