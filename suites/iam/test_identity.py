"""Rules of tokens and projects (4.1, 4.2, 10.2)."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime

import pytest

from pytest_ecs import Cases, Check, Client, Clients, Exchange, Expect, Request, Supplies, Target, Wait, read, url_of

#: A query that every profile may ask for.
_QUERY = url_of("nova.flavors.list")


def _ask(cases: Cases) -> Exchange:
    """Return the answer to the login of the run, sent once."""
    return cases.attempt("iam.tokens.create")


@pytest.mark.ecs_requirement("iam.tokens.create/rule/no-credentials-needed", "iam.tokens.create/rule/methods-echoed")
def test_a_token_is_given_for_a_password_alone(ecs_cases: Cases, ecs_check: Check) -> None:
    """The request is answered without a token, and says by which method."""
    given = _ask(ecs_cases)
    ecs_check.accepted("iam.tokens.create/rule/no-credentials-needed", given)
    check = ecs_check.after(given)
    check("iam.tokens.create/rule/methods-echoed", given, "body", "token", "methods", equals=["password"])


@pytest.mark.ecs_requirement("iam.tokens.create/rule/expires-in-24h", "4.2/token-24h")
def test_a_token_lives_for_a_day(ecs_cases: Cases, ecs_check: Check) -> None:
    """expires_at is 24 hours after issued_at, or after the request where issued_at is not given."""
    given = _ask(ecs_cases)
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
    control = client.get(_QUERY)
    ecs_wait.sleep(aged)
    ecs_expect(
        "4.2/token-24h",
        "GET",
        _QUERY,
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
        answered = ecs_client.get(_QUERY)
        ecs_check.accepted("iam.tokens.create/rule/token-usable", answered)
        ecs_check.accepted("4.2/token-reuse", answered)


@pytest.mark.ecs_requirement("iam.tokens.create/rule/project-scope")
def test_a_token_is_good_for_its_project_only(ecs_client: Client, ecs_clients: Clients, ecs_expect: Expect) -> None:
    """With another project's id in the URL the token is refused."""
    other = ecs_clients("other_project")
    control = ecs_client.get(_QUERY)
    ecs_expect(
        "iam.tokens.create/rule/project-scope",
        "GET",
        _QUERY.replace("{project_id}", other.project_id),
        expects="foreign-project",
        change="the project in the URL is another one",
        control=control.id,
    )


@pytest.mark.ecs_requirement("iam.tokens.create/rule/wrong-password")
def test_a_wrong_password_gives_no_token(ecs_cases: Cases) -> None:
    """The login of the run with another password is refused."""

    def alter(request: Request) -> Request:
        body = copy.deepcopy(request.body)
        body["auth"]["identity"]["password"]["user"]["password"] = "not-the-password-1"  # noqa: S105
        return replace(request, body=body)

    rule = "iam.tokens.create/rule/wrong-password"
    ecs_cases.refuse_changed("iam.tokens.create", rule, "no-token", "the password is another one", alter=alter)


@pytest.mark.ecs_requirement("iam.tokens.create/rule/unknown-project")
def test_an_unknown_project_gives_no_token(ecs_cases: Cases, ecs_supplies: Supplies) -> None:
    """The login of the run for a project that does not exist, named by its id or its name as there, is refused."""

    def alter(request: Request) -> Request:
        body = copy.deepcopy(request.body)
        project = body["auth"]["scope"]["project"]
        project.update(
            {"id": ecs_supplies.unknown_id().replace("-", "")} if "id" in project else {"name": "no-such-one"}
        )
        return replace(request, body=body)

    rule = "iam.tokens.create/rule/unknown-project"
    ecs_cases.refuse_changed("iam.tokens.create", rule, "no-token", "the project does not exist", alter=alter)


@pytest.mark.ecs_requirement("iam.projects.list/rule/own-project", "iam.projects.list/rule/id-usable")
def test_the_own_project_is_listed(ecs_client: Client, ecs_target: Target, ecs_check: Check) -> None:
    """The list has the project by name, with the id that the run's requests have in their URLs."""
    listed = replace(ecs_client, base=ecs_target.iam).get(url_of("iam.projects.list"))
    check, name = ecs_check.after(listed), ecs_target.identities["primary"].project_name
    if name is None:
        ecs_check.not_tested("iam.projects.list/rule/own-project", "the credentials name the project by its id only")
    else:
        check("iam.projects.list/rule/own-project", listed, "body", "projects", "*", "name", contains=name)
    check("iam.projects.list/rule/id-usable", listed, "body", "projects", "*", "id", contains=ecs_client.project_id)
