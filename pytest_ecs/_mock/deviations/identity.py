"""Deviations of tokens, signatures and permissions (4.2, 9, 10)."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["IDENTITY"]

IDENTITY: Mapping[str, str] = {
    # identity
    "token-header-missing": "X-Subject-Token is missing",
    "token-unchecked": "any token is accepted as the primary user's",
    "token-expiry-unchecked": "expired tokens are accepted",
    "no-token-accepted": "requests without a token are accepted as the primary user's",
    "token-week": "tokens live for a week",
    "password-ignored": "a token is issued whatever the password",
    "project-mismatch-accepted": "the project in the URL may be any",
    "foreign-server-served": "servers of other projects are found by their ids",
    "permission-unchecked": "permissions are not checked",
    "permission-dependencies-unchecked": "an action is permitted without those that it depends on",
    "permission-status-wrong": "missing permissions are answered with 400",
    "signature-unchecked": "signatures are not verified",
    "signature-body-unchecked": "what was signed is not compared, only keys, names and date",
    "signature-date-unchecked": "the date of a signature may be any",
}
