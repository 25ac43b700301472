"""What a login says to IAM (4.1): who, with which proof, for which project."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from pytest_ecs._http.credentials import Credentials, unused_in
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["Login", "login_of"]


@dataclass(frozen=True)
class Login:
    """The two parts of the body of 4.1, and how people call them."""

    #: ``auth.identity``; holds the proof.
    identity: JSON = field(repr=False)
    #: ``auth.scope``; None where the proof itself says for which project it is.
    scope: JSON
    #: Such as "user 'alice' of domain 'acme'".
    who: str
    #: Such as "the project with id '0a1b'".
    where: str
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def body(self) -> dict[str, JSON]:
        """The body of the request."""
        auth = {"identity": self.identity} | ({"scope": self.scope} if self.scope is not None else {})
        return {"auth": auth}

    def key(self, iam: str, source: str = "") -> str:
        """Return what tells this login from others at *iam*, with nothing in it that could be guessed from.

        So a password is not in it, and *source* says from where it is: another one may be wrong.
        """
        token = self.identity.get("token", {}).get("id", "")
        proof = hashlib.sha256(str(token).encode()).hexdigest() if token else ""
        text = json.dumps([iam, self.who, self.scope, proof, source], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def login_of(credentials: Credentials) -> Login:
    """Return the login of *credentials*; raises `ConfigurationError` when something is missing for it."""
    method = credentials.login
    if method == "application credential":
        return _by_application(credentials)
    scope, where = _scope(credentials)
    if method == "token":
        identity: JSON = {"methods": ["token"], "token": {"id": credentials.token}}
        return Login(identity, scope, "the given token", where, (str(credentials.token),))
    user, who = _user(credentials)
    if scope is None:
        raise ConfigurationError(
            f"no project is named for {who}, and ECS tokens are scoped to one (4.2)",
            seen=f"{credentials.source}{unused_in(credentials)}" if credentials.unused else "",
            hint="Set project_name or project_id in clouds.yaml, or OS_PROJECT_NAME or OS_PROJECT_ID",
        )
    identity = {"methods": ["password"], "password": {"user": {**user, "password": credentials.password}}}
    return Login(identity, scope, who, where, (str(credentials.password),))


def _by_application(credentials: Credentials) -> Login:
    given: dict[str, JSON] = {"secret": credentials.application_secret}
    if credentials.application_id:
        given["id"], who = credentials.application_id, f"the application credential {credentials.application_id!r}"
    else:
        user, owner = _user(credentials)
        given |= {"name": credentials.application_name, "user": user}
        who = f"the application credential {credentials.application_name!r} of {owner}"
    identity = {"methods": ["application_credential"], "application_credential": given}
    # It belongs to one project and may not name any.
    return Login(identity, None, who, "its project", (str(credentials.application_secret),))


def _user(credentials: Credentials) -> tuple[dict[str, JSON], str]:
    if credentials.user_id:
        return {"id": credentials.user_id}, f"the user with id {credentials.user_id!r}"
    if not credentials.username:
        raise ConfigurationError(
            f"no user is named for the application credential {credentials.application_name!r}, whose name is the user's own",
            seen=credentials.source,
            hint="Set username or user_id in clouds.yaml, or OS_USERNAME or OS_USER_ID, or give its id instead of its name",
        )
    domain = _named(credentials.domain, credentials.domain_id)
    if domain is None:
        raise ConfigurationError(
            f"no domain (account) is named for user {credentials.username!r}",
            seen=credentials.source,
            hint="Set user_domain_name in clouds.yaml, or OS_USER_DOMAIN_NAME or OS_USER_DOMAIN_ID",
        )
    (name,) = domain.values()
    return {"name": credentials.username, "domain": domain}, f"user {credentials.username!r} of domain {name!r}"


def _scope(credentials: Credentials) -> tuple[JSON, str]:
    if credentials.project_id:
        return {"project": {"id": credentials.project_id}}, f"the project with id {credentials.project_id!r}"
    if not credentials.project_name:
        return None, "its project"
    domain = _named(credentials.project_domain, credentials.project_domain_id)
    # The document names a project by its name alone (4.1); Keystone wants its domain too, so that is sent when known.
    project = {"name": credentials.project_name} | ({"domain": domain} if domain else {})
    of_domain = "".join(f" of domain {one!r}" for one in (domain or {}).values())
    return {"project": project}, f"the project with name {credentials.project_name!r}{of_domain}"


def _named(name: str | None, identifier: str | None) -> dict[str, str] | None:
    return {"id": identifier} if identifier else {"name": name} if name else None
