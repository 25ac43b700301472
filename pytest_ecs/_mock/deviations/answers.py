"""Deviations of the forms of answers and of versions (chapters 3, 4, 6.1 and 10.3)."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ANSWERS"]

ANSWERS: Mapping[str, str] = {
    # forms of answers
    "envelope-flat": "v1 errors are not wrapped in an error object",
    "native-code-missing": "native errors have no code",
    "native-code-string": "the code of native errors is a string",
    "error-code-unknown": "v1 errors have codes that A.2 does not list",
    "error-code-other": "invalid parameters are answered with Ecs.0614",
    "error-status-wrong": "v1 errors of invalid parameters come with HTTP 409",
    "error-status-undocumented": "v1 errors of invalid parameters come with HTTP 418",
    "errors-as-html": "v1 errors are an HTML page",
    "content-type-text": "JSON bodies are labelled text/plain",
    "create-status-203": "a creation is answered with HTTP 203",
    "native-create-status-203": "a native creation is answered with HTTP 203",
    "deletions-say-ok": "deletions are answered with HTTP 200 and a text",
    # versions
    "field-below-microversion": "locked shows below 2.9",
    "field-missing-at-microversion": "tags are missing from 2.26 on",
    "flavor-old-form": "the flavor keeps its id from 2.47 on",
    "microversion-ignored": "bodies are those of 2.1 whatever microversion is asked for",
    "microversion-above-accepted": "the microversion after the last one is accepted",
    "microversion-unchecked": "microversions outside the range are accepted",
    "microversion-status-wrong": "microversions outside the range are answered with 400",
    "microversion-header-new-ignored": "OpenStack-API-Version is not read",
    "microversion-echo-missing": "answers do not say their microversion",
    "deprecated-gone": "the discarded APIs of chapter 11 are not there",
    "gone-api-served": "APIs are served above the last microversion that has them",
    "version-blank": "the versions document has no maximum microversion",
}
