"""Rules of tokens and projects (4.1, 4.2, 10.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from pytest_ecs import Check, Client, Clients, Exchange, Expect, Target, Wait, read

_TOKENS = "iam.tokens.create/rule"
_LIMITS = "/v1/{project_id}/cloudservers/limits"


def _iam(client: Client, target: Target) -> Client:
    return replace(client, base=target.iam)


def _body(target: Target, *, password: str | None = None, project: str | None = None) -> dict[str, Any]:
    who = target.identities["primary"]
    user = {"name": who.username, "password": password or who.password, "domain": {"name": who.domain}}
    return {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": project or who.project_name}},
        }
    }


def _ask(client: Client, clients: Clients, target: Target, **change: str) -> Exchange:
    return clients.anonymous(_iam(client, target)).post("/v3/auth/tokens", _body(target, **change))


@pytest.mark.ecs_requirement("iam.tokens.create/rule/no-credentials-needed", "iam.tokens.create/rule/methods-echoed")
def test_a_token_is_given_for_a_password_alone(
    ecs_client: Client, ecs_clients: Clients, ecs_target: Target, ecs_check: Check
) -> None:
    """The request is answered without a token, and says by which method."""
    given = _ask(ecs_client, ecs_clients, ecs_target)
    ecs_check("iam.tokens.create/rule/no-credentials-needed", given, "status", equals=201)
    ecs_check("iam.tokens.create/rule/methods-echoed", given, "body", "token", "methods", equals=["password"])


@pytest.mark.ecs_requirement("iam.tokens.create/rule/expires-in-24h", "4.2/token-24h")
def test_a_token_lives_for_a_day(
    ecs_client: Client, ecs_clients: Clients, ecs_target: Target, ecs_check: Check
) -> None:
    """expires_at is 24 hours after issued_at, or after the request where issued_at is not given."""
    given = _ask(ecs_client, ecs_clients, ecs_target)
    token = read(given, "token")
    issued = _seconds(token["issued_at"]) if "issued_at" in token else given.started
    day, slack = 24 * 3600.0, 300.0
    for requirement in ("iam.tokens.create/rule/expires-in-24h", "4.2/token-24h"):
        span = [issued + day - slack, issued + day + slack]
        ecs_check(requirement, given, "body", "token", "expires_at", time_between=span)


@pytest.mark.ecs_requirement("4.2/token-24h")
def test_a_token_of_yesterday_is_refused(
    ecs_clients: Clients, ecs_target: Target, ecs_check: Check, ecs_expect: Expect, ecs_wait: Wait
) -> None:
    """Where a target gives a token that is about a day old: it serves until the day is over, and no longer."""
    hook, aged = ecs_target.control, 60.0
    if hook is None:
        ecs_check.not_tested("4.2/token-24h", "a run does not wait for a day")
        return
    client = ecs_clients.with_token(hook("POST", "/_mock/token", {"seconds": aged})["token"])
    control = client.get(_LIMITS)
    ecs_wait.sleep(aged)
    ecs_expect(
        "4.2/token-24h",
        "GET",
        _LIMITS,
        client=client,
        expects="unauthenticated",
        change="the token was issued more than 24 hours ago",
        control=control.id,
    )


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()


@pytest.mark.ecs_requirement("iam.tokens.create/rule/token-usable", "4.2/token-reuse")
def test_a_token_is_good_for_several_requests(ecs_client: Client, ecs_check: Check) -> None:
    """The run's own token, obtained once, is accepted again and again."""
    for _ in range(3):
        answered = ecs_client.get(_LIMITS)
        ecs_check("iam.tokens.create/rule/token-usable", answered, "status", equals=200)
        ecs_check("4.2/token-reuse", answered, "status", equals=200)


@pytest.mark.ecs_requirement("iam.tokens.create/rule/project-scope")
def test_a_token_is_good_for_its_project_only(ecs_client: Client, ecs_clients: Clients, ecs_expect: Expect) -> None:
    """With another project's id in the URL the token is refused."""
    other = ecs_clients("other_project")
    control = ecs_client.get(_LIMITS)
    ecs_expect(
        "iam.tokens.create/rule/project-scope",
        "GET",
        _LIMITS.replace("{project_id}", other.project_id),
        expects="foreign-project",
        change="the project in the URL is another one",
        control=control.id,
    )


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        pytest.param(
            "wrong-password",
            {"password": "not-the-password-1"},
            marks=pytest.mark.ecs_requirement("iam.tokens.create/rule/wrong-password"),
        ),
        pytest.param(
            "unknown-project",
            {"project": "no-such-project"},
            marks=pytest.mark.ecs_requirement("iam.tokens.create/rule/unknown-project"),
        ),
    ],
    ids=["wrong-password", "unknown-project"],
)
def test_wrong_words_give_no_token(
    ecs_client: Client, ecs_clients: Clients, ecs_target: Target, ecs_expect: Expect, rule: str, change: dict[str, str]
) -> None:
    """A wrong password and an unknown project are refused."""
    control = _ask(ecs_client, ecs_clients, ecs_target)
    ecs_expect(
        f"{_TOKENS}/{rule}",
        "POST",
        "/v3/auth/tokens",
        json=_body(ecs_target, **change),
        client=ecs_clients.anonymous(_iam(ecs_client, ecs_target)),
        expects="no-token",
        change=rule.replace("-", " "),
        control=control.id,
    )


@pytest.mark.ecs_requirement("iam.projects.list/rule/own-project", "iam.projects.list/rule/id-usable")
def test_the_own_project_is_listed(ecs_client: Client, ecs_target: Target, ecs_check: Check) -> None:
    """The list has the project by name, with the id that the run's requests have in their URLs."""
    listed = _iam(ecs_client, ecs_target).get("/v3/projects")
    who = ecs_target.identities["primary"]
    if who.project_name is None:
        ecs_check.not_tested("iam.projects.list/rule/own-project", "the credentials name the project by its id only")
    else:
        ecs_check(
            "iam.projects.list/rule/own-project", listed, "body", "projects", "*", "name", contains=who.project_name
        )
    ecs_check("iam.projects.list/rule/id-usable", listed, "body", "projects", "*", "id", contains=ecs_client.project_id)
