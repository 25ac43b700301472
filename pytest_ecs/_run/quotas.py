"""What is left of the quotas of the project (5.7.1, 6.10.1, the volume service of the catalogue), and what flavors need of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pytest_ecs._run.discovery import PROBES, stock_of

if TYPE_CHECKING:
    from pytest_ecs._run.session import Session
    from pytest_ecs._types import JSON

__all__ = ["quotas", "vcpus"]

#: What people call a quota, the most and the used of 5.7.1 and 6.10.1.
_QUOTAS = (
    ("servers", "maxTotalInstances", "totalInstancesUsed"),
    ("vCPUs", "maxTotalCores", "totalCoresUsed"),
    ("MiB of memory", "maxTotalRAMSize", "totalRAMUsed"),
    ("public addresses", "maxTotalFloatingIps", "totalFloatingIpsUsed"),
    ("server groups", "maxServerGroups", "totalServerGroupsUsed"),
)
#: The same of the volume service.
_DISKS = (
    ("disks", "maxTotalVolumes", "totalVolumesUsed"),
    ("GiB of disks", "maxTotalVolumeGigabytes", "totalGigabytesUsed"),
)


def quotas(session: Session, chapters: Mapping[int, bool]) -> Iterator[tuple[str, int, int]]:
    """Yield what is left of each quota, and how much there is; unlimited and unknown ones are left out."""
    for number in (n for n, there in chapters.items() if there):
        shown = session.client.get(PROBES[number]).json_object  # 5.7.1 has no wrapper, 6.10.1 has one
        yield from _left(shown if "absolute" in shown else shown.get("limits"), _QUOTAS)
        break
    yield from _left(stock_of(session, chapters).disk_limits(), _DISKS)


def _left(limits: JSON, names: tuple[tuple[str, str, str], ...]) -> Iterator[tuple[str, int, int]]:
    absolute = limits.get("absolute") if isinstance(limits, Mapping) else None
    for what, most, used in names:
        limit, now = (absolute.get(most), absolute.get(used)) if isinstance(absolute, Mapping) else (None, None)
        if isinstance(limit, int) and isinstance(now, int) and limit >= 0:
            yield what, max(limit - now, 0), limit  # one may be lowered below what is used


def vcpus(session: Session, chapters: Mapping[int, bool]) -> tuple[int, int] | None:
    """Return the vCPUs of the flavor of the run and of the one that servers are resized to; None where nobody says so."""
    resources = session.target.resources
    known = stock_of(session, chapters).vcpus()
    first = known.get(resources.flavor_id or "")
    return None if first is None else (first, known.get(resources.other_flavor_id or "", first))
