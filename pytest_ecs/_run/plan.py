"""What a run will use, before it starts: from its selection, from measured figures, and from what the target has left."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ecs._report.certificate import inside
from pytest_ecs._run.profiles import asked, chapters
from pytest_ecs._run.quotas import quotas, vcpus
from pytest_ecs.exceptions import PrerequisiteMissing

if TYPE_CHECKING:
    from pytest_ecs._contract import Contract
    from pytest_ecs._run.options import Settings
    from pytest_ecs._run.session import Session

__all__ = ["MISFIT", "Plan", "lines", "plan_of", "requirements_of"]


@dataclass(frozen=True)
class _Figures:
    """What a whole profile used when it was measured."""

    requirements: int
    servers: int
    #: Of those, at any time.
    at_once: int
    disks: int
    requests: int
    #: Of a cloud's time, with one process.
    minutes: float


#: Measured on the embedded mock with one process; how many requirements there are was counted there, too.
_MEASURED = {
    "smoke": _Figures(2126, 2, 2, 2, 670, 10.0),
    "core": _Figures(1802, 27, 11, 6, 5600, 69.0),
    "native": _Figures(3412, 34, 11, 8, 11500, 126.0),
    "deprecated": _Figures(1275, 9, 6, 31, 5600, 48.0),
    "full": _Figures(6171, 56, 11, 45, 20000, 217.0),
}
#: How a line begins that says what does not fit.
MISFIT = "  does not fit: "
#: Servers that each further process has at once: what nobody needs is deleted once the run has ten, or fourteen.
_MORE_AT_ONCE = 2
#: Servers that each further process makes: what one has just in use is not free when another one needs it.
_MORE_IN_ALL = 6


@dataclass(frozen=True)
class Plan:
    """Estimates, each an upper one, whatever the limits of the run are."""

    requirements: int
    servers: int
    at_once: int
    #: How many servers have the flavor that they are resized to, at once.
    resized: int
    #: Beside those that servers boot from.
    disks: int
    addresses: int
    requests: int
    minutes: float


def requirements_of(settings: Settings, contract: Contract) -> list[str]:
    """Return the requirements that *settings* select."""
    inner, filters = chapters(settings.profile), asked(settings, contract)
    every = contract.requirements.values()
    return [one.id for one in every if inside(inner, filters, one, contract.operations.get(one.operation or ""))]


def plan_of(settings: Settings, requirements: Collection[str], processes: int = 1) -> Plan:
    """Return what testing *requirements* will use."""
    whole = _MEASURED.get(settings.profile, _MEASURED["full"])
    share = min(1.0, len(requirements) / whole.requirements)
    # Even one requirement needs the pool's first servers.
    servers = max(settings.batch * processes, round((whole.servers + _MORE_IN_ALL * (processes - 1)) * share))
    return Plan(
        requirements=len(requirements),
        servers=servers,
        at_once=min(servers, whole.at_once + _MORE_AT_ONCE * (processes - 1)),
        resized=min(servers, processes),
        disks=round(whole.disks * share),
        addresses=0 if settings.profile == "native" else round(4 * share),
        requests=round(whole.requests * share),
        minutes=max(1.0, round(whole.minutes * share / processes, 1)),
    )


def lines(session: Session, settings: Settings, plan: Plan) -> Iterator[str]:
    """Yield what is said of a plan, against the limits that were set and the quotas that are left.

    What does not fit comes last, each in a line that begins with `MISFIT`.
    """
    target, missing = session.target, session.reach.missing
    chapters = {5: not session.is_native and 5 not in missing, 6: 6 not in missing}
    each = vcpus(session, chapters)
    needed = {"servers": plan.at_once, "disks": plan.at_once + plan.disks, "public addresses": plan.addresses}
    if each is not None:
        needed["vCPUs"] = (plan.at_once - plan.resized) * each[0] + plan.resized * max(each)
    yield (
        f"Plan for {target.name} ({target.endpoint}): {plan.requirements} requirements of the profile {settings.profile}"
        + (f", without chapter {', '.join(map(str, sorted(missing)))}, which it does not offer" if missing else "")
    )
    cpus = "" if each is None else f" and {each[0]} vCPUs"
    yield (
        f"  about {plan.servers} servers in all (limit {settings.max_servers}), {plan.at_once} at once, each of flavor "
        f"{target.resources.flavor_id or 'unknown'}{cpus}; {plan.disks} disks; {plan.addresses} public addresses"
    )
    try:
        session.template("plan", 1)
    except PrerequisiteMissing as error:
        yield f"  no server can be made, and what needs one is not tested: {error.what}"
    yield f"  about {plan.requests} requests and {plan.minutes:g} minutes (limit {settings.max_minutes:g})"
    misfits = list(_beyond(settings, plan))
    left = {what: (free, most) for what, free, most in quotas(session, chapters)}
    for what, (free, most) in left.items():
        asked = needed.get(what)
        yield f"  quota: {free} {what} left of {most}" + ("" if asked is None else f"; up to {asked} at once")
        if asked is not None and asked > free:
            misfits.append(f"up to {asked} {what} at once, and {free} are left of the quota of {most}")
    unknown = [what for what in needed if what not in left]
    if unknown:
        yield f"  quota: nothing found that limits {', '.join(unknown)}"
    yield from (f"  {remark}" for remark in target.remarks)
    yield from (f"{MISFIT}{one}" for one in misfits)


def _beyond(settings: Settings, plan: Plan) -> Iterator[str]:
    """Yield which limits of the run the plan passes; at the first one all creating ends, and with the minutes all testing."""
    ends = "nothing is created beyond that, and what needs it is not tested"
    if plan.servers > settings.max_servers:
        yield f"about {plan.servers} servers in all, and --ecs-max-servers={settings.max_servers}: {ends}"
    if plan.minutes > settings.max_minutes:
        yield f"about {plan.minutes:g} minutes, and --ecs-max-minutes={settings.max_minutes:g}: no test begins after them"
    rate = settings.max_requests_per_second
    if rate is not None and plan.requests / rate / 60 > min(plan.minutes, settings.max_minutes):
        yield (
            f"about {plan.requests} requests, which take {plan.requests / rate / 60:.0f} minutes by "
            f"--ecs-max-requests-per-second={rate:g}"
        )
