"""A report of another form: one line of CSV for each requirement, for people who live in spreadsheets."""

import csv
from pathlib import Path

from pytest_ecs import Report


def pytest_ecs_report(report: Report, folder: Path) -> Path:
    """Write ``report.csv`` beside the other files; the run names it at its end."""
    path = folder / "report.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["requirement", "level", "verdict", "section"])
        for row in report["results"]:
            rows.writerow([row["requirement"], row["level"], row["verdict"], row["section"]])
    return path
