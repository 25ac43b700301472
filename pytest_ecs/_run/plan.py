"""What a run will use, before it starts: from its selection, from measured figures, and from what the target has left."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ecs._report.certificate import inside
from pytest_ecs._run.doctor import quotas
from pytest_ecs._run.profiles import asked, chapters

if TYPE_CHECKING:
    from pytest_ecs._contract import Contract
    from pytest_ecs._run.options import Settings
    from pytest_ecs._run.session import Session

__all__ = ["Plan", "chosen", "lines", "plan_of"]


@dataclass(frozen=True)
class _Figures:
    """What a whole profile used when it was measured."""

    requirements: int
    servers: int
    disks: int
    requests: int
    #: Of a cloud's time, with one process.
    minutes: float


#: Measured on the embedded mock with one process; how many requirements there are was counted there, too.
_MEASURED = {
    "smoke": _Figures(2127, 2, 7, 730, 11.0),
    "core": _Figures(2600, 20, 12, 8000, 80.0),
    "native": _Figures(3550, 40, 8, 8000, 115.0),
    "deprecated": _Figures(1200, 10, 25, 4000, 40.0),
    "full": _Figures(6110, 43, 45, 19500, 190.0),
}
#: Servers that the pool and a test may hold at once, in each process.
_AT_ONCE = 6


@dataclass(frozen=True)
class Plan:
    """Estimates, each an upper one."""

    requirements: int
    servers: int
    at_once: int
    disks: int
    addresses: int
    requests: int
    minutes: float


def chosen(settings: Settings, contract: Contract) -> list[str]:
    """Return the requirements that *settings* select."""
    inner, filters = chapters(settings.profile), asked(settings, contract)
    every = contract.requirements.values()
    return [one.id for one in every if inside(inner, filters, one, contract.operations.get(one.operation or ""))]


def plan_of(settings: Settings, requirements: Collection[str], processes: int = 1) -> Plan:
    """Return what testing *requirements* will use; the limits of the settings are never passed."""
    whole = _MEASURED.get(settings.profile, _MEASURED["full"])
    share = min(1.0, len(requirements) / whole.requirements)
    # Even one requirement needs the pool's first servers.
    servers = min(settings.max_servers, max(settings.batch * processes, round(whole.servers * share)))
    return Plan(
        requirements=len(requirements),
        servers=servers,
        at_once=min(servers, _AT_ONCE * processes),
        disks=round(whole.disks * share),
        addresses=0 if settings.profile == "native" else round(4 * share),
        requests=round(whole.requests * share),
        minutes=min(settings.max_minutes, max(1.0, round(whole.minutes * share / processes, 1))),
    )


def lines(session: Session, settings: Settings, plan: Plan) -> Iterator[str]:
    """Yield what is said of a plan, against the limits that were set and the quotas that are left."""
    target = session.target
    missing = session.reach.missing
    yield (
        f"Plan for {target.name} ({target.endpoint}): {plan.requirements} requirements of the profile {settings.profile}"
        + (f", without chapter {', '.join(map(str, sorted(missing)))}, which it does not offer" if missing else "")
    )
    yield (
        f"  about {plan.servers} servers in all (limit {settings.max_servers}), {plan.at_once} at once, each of flavor "
        f"{target.resources.flavor_id or 'unknown'}; {plan.disks} disks; {plan.addresses} public addresses"
    )
    yield f"  about {plan.requests} requests and {plan.minutes:g} minutes (limit {settings.max_minutes:g})"
    for what, left, most in quotas(session, {5: not session.is_native, 6: True}):
        needed = plan.at_once if what == "servers" else 0
        note = f": less than the {needed} that may be needed at once" if left < needed else ""
        yield f"  quota: {left} {what} left of {most}{note}"
    yield from (f"  {remark}" for remark in target.remarks)
