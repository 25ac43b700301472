"""URLs of operations, for people who write tests: the contract knows them."""

from __future__ import annotations

from urllib.parse import quote

from pytest_ecs._contract.loader import load
from pytest_ecs._contract.matching import parameters as names_in
from pytest_ecs.exceptions import ContractError

__all__ = ["url_of"]


def url_of(operation: str, /, **parameters: str) -> str:
    """Return the path of an operation with its parameters in place, each quoted.

    ``url_of("nova.servers.show", server_id=lease.id)`` is ``/v2.1/{project_id}/servers/<id>``. The client puts the project
    in, so that ``project_id`` need not be given. Operations that share a URL have the same path. Raises `ContractError`
    for an operation that the contract does not have, and for a parameter that is missing or unknown; `LookupError` for
    an empty one, as an answer that lacks an id gives it.
    """
    template = load().operation(operation).path
    wanted = set(names_in(template))
    lacking, unknown = wanted - {"project_id"} - parameters.keys(), parameters.keys() - wanted
    if lacking or unknown:
        said = (("without", lacking), ("with the unknown", unknown))
        seen = ", ".join(f"{how} {', '.join(sorted(which))}" for how, which in said if which)
        raise ContractError(f"{operation} has the path {template}", seen=f"it was asked for {seen}")
    for name, value in parameters.items():
        if not value:
            raise LookupError(f"{operation} needs the {name} of something, and what was found is empty")
        template = template.replace(f"{{{name}}}", quote(value, safe=""))
    return template
