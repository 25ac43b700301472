from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs._http.credentials import Credentials
from pytest_ecs._http.login import login_of
from pytest_ecs.exceptions import ConfigurationError

WHO: dict[str, Any] = {"username": "alice", "password": "hidden-17", "domain": "acme"}


def _user(**user: object) -> dict[str, object]:
    return {"methods": ["password"], "password": {"user": {**user, "password": "hidden-17"}}}


@pytest.mark.parametrize(
    ("given", "identity", "scope"),
    [
        pytest.param(
            {**WHO, "project_name": "p"},
            _user(name="alice", domain={"name": "acme"}),
            {"project": {"name": "p"}},
            id="as 4.1 shows it",
        ),
        pytest.param(
            {**WHO, "project_name": "p", "project_domain": "d"},
            _user(name="alice", domain={"name": "acme"}),
            {"project": {"name": "p", "domain": {"name": "d"}}},
            id="a project with its domain",
        ),
        pytest.param(
            {**WHO, "domain_id": "1", "project_name": "p", "project_domain": "d", "project_domain_id": "2"},
            _user(name="alice", domain={"id": "1"}),
            {"project": {"name": "p", "domain": {"id": "2"}}},
            id="ids go before names",
        ),
        pytest.param(
            {**WHO, "project_id": "0a", "project_name": "p"},
            _user(name="alice", domain={"name": "acme"}),
            {"project": {"id": "0a"}},
            id="a project by its id",
        ),
        pytest.param(
            {"user_id": "u1", "password": "hidden-17", "project_id": "0a"},
            _user(id="u1"),
            {"project": {"id": "0a"}},
            id="a user by its id",
        ),
        pytest.param(
            {"application_id": "a1", "application_secret": "hidden-17", "project_id": "0a"},
            {"methods": ["application_credential"], "application_credential": {"id": "a1", "secret": "hidden-17"}},
            None,
            id="an application credential names no project",
        ),
        pytest.param(
            {"application_name": "ci", "application_secret": "hidden-17", "username": "alice", "domain": "acme"},
            {
                "methods": ["application_credential"],
                "application_credential": {
                    "name": "ci",
                    "secret": "hidden-17",
                    "user": {"name": "alice", "domain": {"name": "acme"}},
                },
            },
            None,
            id="an application credential by its name",
        ),
        pytest.param(
            {"token": "hidden-17", "project_id": "0a"},
            {"methods": ["token"], "token": {"id": "hidden-17"}},
            {"project": {"id": "0a"}},
            id="a ready token",
        ),
        pytest.param(
            {"token": "hidden-17"}, {"methods": ["token"], "token": {"id": "hidden-17"}}, None, id="its own project"
        ),
    ],
)
def test_a_login_says_who_and_for_which_project(given: dict[str, Any], identity: object, scope: object) -> None:
    """Each form that Keystone and IAM know; the proof is in no representation."""
    login = login_of(Credentials(**given))
    assert login.body == {"auth": {"identity": identity} | ({} if scope is None else {"scope": scope})}
    assert login.secrets == ("hidden-17",)
    assert "hidden-17" not in f"{login!r}{login.who}{login.where}"


def test_logins_that_differ_have_different_keys() -> None:
    """Tokens of one are never taken for the other; nobody can guess a proof from a key."""
    logins = [
        {**WHO, "project_name": "p"},
        {**WHO, "project_name": "p", "project_domain": "d"},
        {**WHO, "project_id": "p"},
        {**WHO, "domain": "other", "project_name": "p"},
        {"token": "hidden-17"},
        {"token": "hidden-18"},
        {"application_id": "a1", "application_secret": "s"},
    ]
    keys = {login_of(Credentials(**one)).key("https://iam") for one in logins}
    assert len(keys) == len(logins)
    same = login_of(Credentials(**{**WHO, "password": "other", "project_name": "p"}))
    assert same.key("https://iam") in keys


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"username": "alice", "password": "x-17", "project_id": "p"}, "no domain .* is named for user 'alice'"),
        (
            {"application_name": "ci", "application_secret": "x-17"},
            "no user is named for the application credential 'ci'.*or give its id",
        ),
        ({**WHO}, "no project is named for user 'alice' of domain 'acme'"),
        ({**WHO, "source": "c", "unused": ("auth.trust_id",)}, r"no project .*Seen: c, not used: auth\.trust_id\."),
    ],
)
def test_what_is_missing_for_a_login_is_said(given: dict[str, Any], text: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigurationError, match=text):
        login_of(Credentials(**given))


@pytest.mark.parametrize("domain", [{"project_domain": "corp"}, {"project_domain_id": "corp"}])
def test_the_domain_of_a_project_is_named_with_it(domain: dict[str, str]) -> None:
    """Two domains may have projects of one name."""
    login = login_of(Credentials(**{**WHO, "project_name": "p", **domain}))
    assert login.where == "the project with name 'p' of domain 'corp'"
