"""Recipes: key pairs, and passwords of servers (6.11)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

_KEYS = url_of("nova.keypairs.list")
#: From this microversion on a request may name the user (6.11.3), and before it the type.
_OWNED = "2.10"


def _pair(use: Ingredients) -> str:
    made = str(use.make(_KEYS, {"keypair": {"name": use.name()}}, "keypair", "name"))
    # A pair that is not there under the name that was answered is not the fault of who shows or deletes it.
    use.read(f"{_KEYS}/{made}", "keypair")
    return made


def _delete_new(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [("DELETE", f"{_KEYS}/{exchange.response_body['keypair']['name']}", None)]


@recipe("nova.keypairs.list")
def _list(use: Ingredients) -> Request:
    _pair(use)
    return Request(microversion=_OWNED)


@recipe("nova.keypairs.show", personal=True)
def _show(use: Ingredients) -> Request:
    return Request({"keypair_name": _pair(use)}, microversion=_OWNED)


@recipe("nova.keypairs.create", undo=_delete_new)
def _create(use: Ingredients) -> Request:
    return Request(body={"keypair": {"name": use.name(), "type": "ssh"}}, microversion=_OWNED)


@recipe("nova.keypairs.create", variant="import")
def _import(use: Ingredients) -> Request:
    public = use.read(f"{_KEYS}/{_pair(use)}", "keypair", "public_key")
    return Request(body={"keypair": {"name": use.name(), "public_key": public}}, microversion=_OWNED)


@recipe("nova.keypairs.create", variant="owner")
def _create_own(use: Ingredients) -> Request:
    # Whose a new pair is stands in the answer to its creation; the example of a query has no real user (6.11.2).
    pair = {"keypair": {"name": use.name()}}
    user = use.make(_KEYS, pair, "keypair", "user_id", among="owners of key pairs", microversion=_OWNED)
    return Request(body={"keypair": {"name": use.name(), "user_id": user}}, microversion=_OWNED)


@recipe("nova.keypairs.delete", personal=True)
def _delete(use: Ingredients) -> Request:
    return Request({"keypair_name": _pair(use)})


@recipe("nova.server-passwords.show", server="ACTIVE")
def _show_password(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("nova.server-passwords.delete", server="ACTIVE")
def _delete_password(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})
