"""A refused request with optional fields says nothing of its operation where the plainest request is accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_ecs._cases.recipe import Recipe, Request
from pytest_ecs._checks import Finding
from pytest_ecs._contract.fields import plainest
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.limits import GATEWAY
from pytest_ecs._resources.lease import Lease
from pytest_ecs._testing.driver import Driver

__all__ = ["blamed"]

#: Refusals that no field of the body brings about, whatever else is left out.
_ELSEWHERE = frozenset({401}) | GATEWAY


def blamed(
    exchange: Exchange,
    driver: Driver,
    recipe: Recipe,
    request: Request,
    leases: list[Lease],
    first: Callable[[], Exchange] | None = None,
) -> Exchange:
    """Return the *exchange* of a recipe's *request*, blamed on its optional fields if it was refused for them.

    The plainest request then shows that the operation works: *first* sends the one that this is a variant of, and the recipe's
    own is sent again without those fields. What that starts has ended and is taken back when this returns.
    """
    operation, case = driver.session.contract.operations[recipe.operation], exchange.case
    if case is None or not operation.optional or not exchange.refused or exchange.status in _ELSEWHERE:
        return exchange
    about = f"{operation.id}/optional"
    shown = _shown(first(), about) if first is not None else _sent_plainly(exchange, driver, recipe, request, leases)
    if shown is None:
        if plainest(operation, request.body) is not request.body:
            reason = f"no valid request of {operation.id} was accepted (see {case.requirement})"
            driver.session.pending.append(Finding(about, "not_tested", (exchange.id,), reason=reason))
        return exchange
    change = f"{case.change}, with fields that may be left out"
    case = replace(case, requirement=about, change=change, control=shown)
    return driver.session.connection.journal.amend(replace(exchange, case=case))


def _shown(first: Exchange, about: str) -> str | None:
    """Return the accepted request that *first*, which may have been refused for its own optional fields, rests on."""
    if first.accepted:
        return first.id
    return first.case.control if first.case is not None and first.case.requirement == about else None


def _sent_plainly(
    refused: Exchange, driver: Driver, recipe: Recipe, request: Request, leases: list[Lease]
) -> str | None:
    operation = driver.session.contract.operations[recipe.operation]
    body = plainest(operation, request.body)
    if body is request.body:
        return None
    plain = driver.send(operation, recipe, replace(request, body=body), refused.case)
    if not plain.accepted:
        return None
    driver.jobs.settle(plain, leases)
    driver.take_back(plain, recipe, leases)
    return plain.id
