"""The script that reads the document, on a document of our own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reference import extract
from tests.reference.extract import Document, examples, sections

TEXT = """\
 1 Before
 2 Overview
 3 Types
 4 Calling

4.1 Making a Call
The API used to obtain a thing is GET https://things.example-
one.com/v3/things.
 5 Things

5.1 Life

5.1.1 Making a Thing (With a Title that Goes On
Here)

URI
POST /v1/{project_id}/things?name={name}&size={si
ze}

Table 5-1 Rows that look like headings

5.3 Rows
7.2 64bit

Example Request
POST https://{endpoint}/v1/{project_id}/things/
more

{
    "thing": {

Elastic Cloud Server
API Reference 5 Things

Issue 01 (2025-01-07) Copyright

        "name": "first half-
 second half", "text": "a } in \\"text\\""
    }
}

Example Response
{"id": 1}

Or

{"error": {"code": "x"}}
5.1.2 Words
The API used to describe is nothing.
"""


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Put empty tables in the place of those for the real document."""
    repairs: dict[str, Any] = {}
    monkeypatch.setattr(extract, "REPAIRS", repairs)
    monkeypatch.setattr(extract, "BELONGS", {})
    return repairs


def read(text: str = TEXT) -> list[dict[str, Any]]:
    """Return the examples of a document."""
    document = Document(text)
    return examples(document, sections(document))


def test_a_heading_is_the_number_that_comes_next() -> None:
    """Rows of tables have numbers, too."""
    numbers = [heading.number for heading in Document(TEXT).headings]
    assert numbers == ["1", "2", "3", "4", "4.1", "5", "5.1", "5.1.1", "5.1.2"]


def test_a_section_with_a_uri_is_an_operation() -> None:
    """Title, path, query and written requests are joined over lines."""
    first, second = sections(Document(TEXT))
    assert (first["section"], first["method"], first["path"]) == ("4.1", "GET", "/v3/things")
    assert second == {
        "section": "5.1.1",
        "title": "Making a Thing (With a Title that Goes On Here)",
        "line": 13,
        "method": "POST",
        "path": "/v1/{project_id}/things",
        "query": ["name", "size"],
        "calls": ["POST /v1/{project_id}/things/more"],
    }


def test_an_example_is_joined_over_lines_and_pages() -> None:
    """A string goes on without a gap, and its brackets do not count."""
    first, *_ = read(TEXT)
    assert first["json"] == {"thing": {"name": "first half-second half", "text": 'a } in "text"'}}


def test_the_text_around_says_what_an_example_is() -> None:
    """Its form does where the text has two answers."""
    rows = read(TEXT)
    assert [row["id"] for row in rows] == ["5.1.1/request/1", "5.1.1/response/1", "5.1.1/error/1"]
    assert {row["of"] for row in rows} == {"5.1.1"}


def test_what_is_not_json_is_kept_with_the_reason() -> None:
    """Until a repair is named."""
    rows = read(TEXT.replace('{"id": 1}', '{"id": 1,}'))
    assert rows[1]["json"] is None
    assert rows[1]["why"].startswith("not JSON: ")


def test_a_repair_is_named(tables: dict[str, Any]) -> None:
    """And fits exactly once."""
    text = TEXT.replace('{"id": 1}', '{"id": 1,}')
    tables["5.1.1/response/1"] = (("comma", r",(?=\})", ""),)
    row = read(text)[1]
    assert (row["json"], row["repairs"]) == ({"id": 1}, ["comma"])
    tables["5.1.1/response/1"] = (("comma", r"nowhere", ""),)
    with pytest.raises(SystemExit, match="'comma' fits 0 times"):
        read(text)


def test_a_repair_that_nothing_needs_stops_the_script(tables: dict[str, Any]) -> None:
    """It would hide a change of the document."""
    tables["5.1.1/response/1"] = (("comma", ",", ""),)
    with pytest.raises(SystemExit, match=r"nobody needs: 5\.1\.1/response/1"):
        read(TEXT)


def test_a_name_that_is_there_twice_is_no_json() -> None:
    """A parser keeps the last and says nothing."""
    rows = read(TEXT.replace('{"id": 1}', '{"id": 1, "id": 2}'))
    assert rows[1]["why"] == "not JSON: id twice"


def test_a_field_outside_of_every_example_stops_the_script() -> None:
    """Nothing is dropped without a word."""
    with pytest.raises(SystemExit, match="a field outside of every example"):
        read(TEXT + '"lost": 1\n')


def test_what_a_private_key_consists_of_is_left_out() -> None:
    """The document masks most of it."""
    key = r"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"
    rows = read(TEXT.replace('"id": 1', f'"id": "{key}"'))
    assert rows[1]["json"] == {"id": "-----BEGIN RSA PRIVATE KEY-----\n***\n-----END RSA PRIVATE KEY-----"}
