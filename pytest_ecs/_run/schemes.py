"""How each identity of a run authenticates (4.2), by the credentials that were found for it."""

from __future__ import annotations

import httpx

from pytest_ecs._http.connection import Connection
from pytest_ecs._http.login import login_of
from pytest_ecs._http.signature import AkSkAuth
from pytest_ecs._http.token import NoAuth, TokenAuth
from pytest_ecs._http.token_store import TokenStore
from pytest_ecs._types import Identity
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["CLOUD_OPTIONS", "scheme"]

#: The option that names each second identity's credentials.
CLOUD_OPTIONS = {"other_project": "--ecs-other-cloud", "restricted_user": "--ecs-restricted-cloud"}


def scheme(connection: Connection, identity: Identity, store: TokenStore) -> httpx.Auth:
    """Return how *identity* authenticates; raises `ConfigurationError` when its credentials are not enough for it."""
    target = connection.target
    credentials = target.identities[identity]
    if credentials.login is not None:
        return TokenAuth(
            credentials.iam or target.iam if identity != "primary" else target.iam,
            login_of(credentials),
            clock=target.clock,
            store=store,
            secrets=connection.secrets,
            observe=lambda request, response: connection.record_login(identity, request, response),
            essential=identity == "primary",
            source="" if identity == "primary" else f"{CLOUD_OPTIONS[identity]}: {credentials.source}",
        )
    if credentials.ak and credentials.sk:
        return AkSkAuth(
            credentials.ak,
            credentials.sk,
            project_id=credentials.project_id,
            security_token=credentials.security_token,
            clock=target.clock,
        )
    if identity == "primary":
        raise ConfigurationError(
            f"The credentials from {credentials.source} have neither a login nor an AK/SK",
            hint="set OS_USERNAME and OS_PASSWORD, or HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK",
        )
    return NoAuth()
