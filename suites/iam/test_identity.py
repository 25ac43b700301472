"""Rules of tokens and projects (4.1, 4.2, 10.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from pytest_ecs import Bench, Client, Exchange

_TOKENS, _PROJECTS = "iam.tokens.create/rule", "iam.projects.list/rule"
_LIMITS = "/v1/{project_id}/cloudservers/limits"


def _iam(bench: Bench) -> Client:
    return replace(bench.client, base=bench.session.target.iam)


def _body(bench: Bench, *, password: str | None = None, project: str | None = None) -> dict[str, Any]:
    who = bench.session.target.identities["primary"]
    user = {"name": who.username, "password": password or who.password, "domain": {"name": who.domain}}
    return {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": project or who.project_name}},
        }
    }


def _ask(bench: Bench, **change: str) -> Exchange:
    return bench.anonymous(_iam(bench)).post("/v3/auth/tokens", _body(bench, **change))


@pytest.mark.ecs_requirement(f"{_TOKENS}/no-credentials-needed", f"{_TOKENS}/methods-echoed")
def test_a_token_is_given_for_a_password_alone(ecs_bench: Bench) -> None:
    """The request is answered without a token, and says by which method."""
    given = _ask(ecs_bench)
    ecs_bench.check(f"{_TOKENS}/no-credentials-needed", given, "status", equals=201)
    ecs_bench.check(f"{_TOKENS}/methods-echoed", given, "body", "token", "methods", equals=["password"])


@pytest.mark.ecs_requirement(f"{_TOKENS}/expires-in-24h", "4.2/token-24h")
def test_a_token_lives_for_a_day(ecs_bench: Bench) -> None:
    """expires_at is 24 hours after issued_at, or after the request where issued_at is not given."""
    given = _ask(ecs_bench)
    token = ecs_bench.read(given, "token")
    issued = _seconds(token["issued_at"]) if "issued_at" in token else given.started
    day, slack = 24 * 3600.0, 300.0
    for requirement in (f"{_TOKENS}/expires-in-24h", "4.2/token-24h"):
        span = [issued + day - slack, issued + day + slack]
        ecs_bench.check(requirement, given, "body", "token", "expires_at", time_between=span)


@pytest.mark.ecs_requirement("4.2/token-24h")
def test_a_token_of_yesterday_is_refused(ecs_bench: Bench) -> None:
    """Where a target gives a token that is about a day old: it serves until the day is over, and no longer."""
    hook, aged = ecs_bench.session.target.control, 60.0
    if hook is None:
        ecs_bench.not_tested("4.2/token-24h", "a run does not wait for a day")
        return
    client = ecs_bench.bearing(hook("POST", "/_mock/token", {"seconds": aged})["token"])
    control = client.get(_LIMITS)
    ecs_bench.session.target.clock.sleep(aged)
    ecs_bench.expect(
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


@pytest.mark.ecs_requirement(f"{_TOKENS}/token-usable", "4.2/token-reuse")
def test_a_token_is_good_for_several_requests(ecs_bench: Bench) -> None:
    """The run's own token, obtained once, is accepted again and again."""
    for _ in range(3):
        answered = ecs_bench.client.get(_LIMITS)
        ecs_bench.check(f"{_TOKENS}/token-usable", answered, "status", equals=200)
        ecs_bench.check("4.2/token-reuse", answered, "status", equals=200)


@pytest.mark.ecs_requirement(f"{_TOKENS}/project-scope")
def test_a_token_is_good_for_its_project_only(ecs_bench: Bench) -> None:
    """With another project's id in the URL the token is refused."""
    other = ecs_bench.as_identity("other_project")
    control = ecs_bench.client.get(_LIMITS)
    ecs_bench.expect(
        f"{_TOKENS}/project-scope",
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
            marks=pytest.mark.ecs_requirement(f"{_TOKENS}/wrong-password"),
        ),
        pytest.param(
            "unknown-project",
            {"project": "no-such-project"},
            marks=pytest.mark.ecs_requirement(f"{_TOKENS}/unknown-project"),
        ),
    ],
    ids=["wrong-password", "unknown-project"],
)
def test_wrong_words_give_no_token(ecs_bench: Bench, rule: str, change: dict[str, str]) -> None:
    """A wrong password and an unknown project are refused."""
    control = _ask(ecs_bench)
    ecs_bench.expect(
        f"{_TOKENS}/{rule}",
        "POST",
        "/v3/auth/tokens",
        json=_body(ecs_bench, **change),
        client=ecs_bench.anonymous(_iam(ecs_bench)),
        expects="no-token",
        change=rule.replace("-", " "),
        control=control.id,
    )


@pytest.mark.ecs_requirement(f"{_PROJECTS}/own-project", f"{_PROJECTS}/id-usable")
def test_the_own_project_is_listed(ecs_bench: Bench) -> None:
    """The list has the project by name, with the id that the run's requests have in their URLs."""
    listed = _iam(ecs_bench).get("/v3/projects")
    who = ecs_bench.session.target.identities["primary"]
    if who.project_name is None:
        ecs_bench.not_tested(f"{_PROJECTS}/own-project", "the credentials name the project by its id only")
    else:
        ecs_bench.check(f"{_PROJECTS}/own-project", listed, "body", "projects", "*", "name", contains=who.project_name)
    ecs_bench.check(
        f"{_PROJECTS}/id-usable", listed, "body", "projects", "*", "id", contains=ecs_bench.client.project_id
    )
