"""Every answer of a clean run fits the OpenAPI document, as a tool that knows nothing else reads it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from pytest_ecs._contract import load
from pytest_ecs._contract.openapi import openapi
from tests.openapi.conformance import Document


def test_every_answer_of_a_clean_run_fits(clean_run: tuple[int, Path]) -> None:
    """Status, content type, headers and body; successes and refusals of every operation."""
    _, folder = clean_run
    document = Document(openapi(load()))
    wrong: dict[str, str] = {}
    seen: set[tuple[str, ...]] = set()
    with gzip.open(folder / "evidence.jsonl.gz", "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            if row["kind"] != "exchange" or row["operation"] is None or row["failure"] is not None:
                continue
            headers = {name: value for name, value in row["response_headers"].items() if "request-id" not in name}
            answer = (row["operation"], str(row["status"]), json.dumps(headers), json.dumps(row["response_body"]))
            if answer not in seen:  # a run asks for the same again and again
                seen.add(answer)
                wrong |= dict.fromkeys(document.complaints(row), row["id"])
    assert {operation for operation, *_ in seen} == set(load().operations)
    assert not wrong
