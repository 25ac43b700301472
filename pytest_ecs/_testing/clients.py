"""Clients of other users, and clients that authenticate in other ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import httpx

from pytest_ecs._http.client import Client
from pytest_ecs._http.signature import AkSkAuth, AlteredAfterSigning
from pytest_ecs._http.token import FixedToken, NoAuth
from pytest_ecs._run.session import Session
from pytest_ecs._types import Identity
from pytest_ecs.exceptions import PrerequisiteMissing

__all__ = ["Clients"]

_OPTIONS = {"other_project": "--ecs-other-cloud", "restricted_user": "--ecs-restricted-cloud"}


@dataclass(frozen=True)
class Clients:
    """Gives clients: ``clients("other_project")``, ``clients.signed()``, ``clients.anonymous(client)``."""

    session: Session

    def __call__(self, identity: Identity) -> Client:
        """Return a user's client; raises `PrerequisiteMissing` when the run has no credentials for it."""
        clients = self.session.clients
        if identity not in clients or isinstance(clients[identity].auth, NoAuth):
            raise PrerequisiteMissing(
                f"There are no credentials for {identity}",
                seen="none given",
                hint=f"add {_OPTIONS.get(identity, '--ecs-cloud')} NAME",
            )
        return clients[identity]

    def signed(
        self,
        *,
        ak: str | None = None,
        sk: str | None = None,
        signed_headers: Sequence[str] | None = None,
        date_offset: float = 0.0,
        alter_body: bool = False,
        alter_header: bool = False,
    ) -> Client:
        """Return a client that signs with AK/SK (4.2), rightly or, with any argument, wrongly in that one way.

        *date_offset* is in seconds. Raises `PrerequisiteMissing` when the run has no key pair.
        """
        right = self.session.signed_client
        credentials = self.session.target.identities["primary"]
        auth: httpx.Auth = AkSkAuth(
            ak or str(credentials.ak),
            sk or str(credentials.sk),
            project_id=credentials.project_id,
            security_token=credentials.security_token,
            clock=self.session.target.clock,
            signed_headers=signed_headers,
            date_offset=date_offset,
        )
        if alter_body or alter_header:
            auth = AlteredAfterSigning(auth, body=alter_body)
        return replace(right, auth=auth)

    def with_token(self, token: str) -> Client:
        """Return the primary user's client, sending *token* and never another one."""
        return replace(self.session.client, auth=FixedToken(token))

    def anonymous(self, client: Client) -> Client:
        """Return *client* without credentials."""
        return replace(client, auth=NoAuth(), scheme="none")
