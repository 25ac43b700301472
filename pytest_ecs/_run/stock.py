"""What the project may use: images, flavors, networks, zones, security groups, each by the API that has it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_ecs._http.access import Access, address_of
from pytest_ecs._http.client import Client
from pytest_ecs._http.paths import segment
from pytest_ecs._http.target import Resources
from pytest_ecs._types import JSON

__all__ = ["Stock"]

#: Name in `Resources` -> id and where it was found.
Found = dict[str, tuple[str, str]]

#: Vendor flavors that are sold out or taken off the market (table 6-75: cond:operation:status), and that everybody may have.
_NOT_SOLD, _FOR_ALL = frozenset({"abandon", "sellout", "obt_sellout"}), frozenset({"normal", "promotion"})
#: Extra specifications that two flavors share where a server can be resized from one to the other.
_SAME_WHEN_RESIZED = ("resource_type", "ecs:virtualization_env_types")


@dataclass(frozen=True)
class _Sale:
    """How a flavor is sold: in the zones that it names, and in all others (table 6-75)."""

    zones: Mapping[str, str]
    elsewhere: str

    @classmethod
    def of(cls, specs: JSON) -> _Sale:
        """Return what extra specifications say of it; a zone with nothing in its parentheses says nothing."""
        given = specs if isinstance(specs, Mapping) else {}
        zones = re.findall(r"([^\s,()]+)\s*\(\s*(\w+)\s*\)", str(given.get("cond:operation:az") or ""))
        return cls(dict(zones), str(given.get("cond:operation:status") or "normal"))

    def at(self, zone: str) -> str:
        """Return the status in *zone*; the empty one stands for all that are not named."""
        return self.zones.get(zone, self.elsewhere)


def _sold_together(zone: str | None, *sales: _Sale) -> bool:
    """Whether all *sales* are open in *zone*, or, where that is None, in one and the same zone."""
    zones = [zone] if zone else ["", *(name for sale in sales for name in sale.zones)]
    return any(all(sale.at(name) not in _NOT_SOLD for sale in sales) for name in zones)


@dataclass(frozen=True)
class Stock:
    """Reads lists and picks what costs least; nothing is changed."""

    client: Client
    access: Access | None
    region: str | None
    #: Whether chapter 6 and chapter 5 are offered.
    native: bool
    ecs: bool
    #: Interface of the services beside ECS, as that of the endpoint; None for the public one.
    interface: str | None = None

    def image(self, known: Resources) -> Found:
        """Return the smallest public Linux image that is active."""
        rows = self._companion("image", "/v2/images", "images", {"status": "active", "limit": "100"})
        where = "the image service of the catalogue"
        if not rows and self.native:
            rows, where = self._list("/v2.1/{project_id}/images/detail", "images"), "11.2.2"
        fit = [
            one
            for one in rows
            if str(one.get("status")).lower() == "active" and not _says(one, "windows") and one.get("id")
        ]
        # Nova shows snapshots among the images; they belong to somebody's servers.
        fit = [one for one in fit if not _says(one.get("metadata") or one, "snapshot", key="image_type")] or fit
        best = min(
            fit,
            key=lambda one: (_number(one, "min_disk", "minDisk"), _number(one, "size", "OS-EXT-IMG-SIZE:size")),
            default=None,
        )
        return {"image_id": (str(best["id"]), where)} if best else {}

    def flavors(self, known: Resources) -> Found:
        """Return the smallest flavor in stock and the next one that a server with it can be resized to."""
        rows, where = self._flavors()
        least_disk, least_ram = self._needs_of_image(known.image_id)
        fit = [
            one
            for one in rows
            if one.get("id")
            and not one.get("OS-FLV-DISABLED:disabled")
            and _sold_together(known.availability_zone, _Sale.of(one.get("os_extra_specs")))
            and _number(one, "ram") >= least_ram
            and (not _number(one, "disk") or _number(one, "disk") >= least_disk)
        ]
        ordered = sorted(fit, key=lambda one: (_number(one, "vcpus"), _number(one, "ram"), _number(one, "disk")))
        if known.flavor_id is not None:
            candidates = [next((one for one in rows if one.get("id") == known.flavor_id), {"id": known.flavor_id})]
        else:
            candidates = ordered
        pairs = ((first, self._larger(first, ordered, known.availability_zone)) for first in candidates)
        # The smallest one is of little use where no server can be resized from it to another.
        first, other = next(((one, more) for one, more in pairs if more), (next(iter(candidates), None), None))
        found = {"flavor_id": (str(first["id"]), where)} if first else {}
        return found | ({"other_flavor_id": (str(other["id"]), where)} if other else {})

    def _flavors(self) -> tuple[list[Mapping[str, Any]], str]:
        if self.ecs:
            return self._list("/v1/{project_id}/cloudservers/flavors", "flavors"), "5.4.1"
        return self._list("/v2.1/{project_id}/flavors/detail", "flavors"), "6.6.2"

    def vcpus(self) -> dict[str, int]:
        """Return the number of vCPUs of each flavor that says it."""
        return {str(one.get("id")): int(_number(one, "vcpus")) for one in self._flavors()[0] if _number(one, "vcpus")}

    def disk_limits(self) -> JSON:
        """Return what the volume service says of the limits of the project; None where there is none."""
        shown = self._companion("volumev3", "/v3/{project_id}/limits", None, {})
        return shown[0].get("limits") if shown else None

    def _larger(
        self, first: Mapping[str, Any], ordered: Iterable[Mapping[str, Any]], zone: str | None
    ) -> Mapping[str, Any] | None:
        """Return the smallest flavor that is no smaller than *first* and that its servers can be resized to."""
        larger = (
            one
            for one in ordered
            if one["id"] != first["id"]
            and all(_number(one, key) >= _number(first, key) for key in ("vcpus", "ram", "disk"))
        )
        return next((one for one in larger if self._exchangeable(first, one, zone)), None)

    def _exchangeable(self, one: Mapping[str, Any], other: Mapping[str, Any], zone: str | None) -> bool:
        """Whether a server with *one* flavor can be resized to the *other*, as far as their specifications say (8.7)."""
        now, then = self._specs(one), self._specs(other)
        # A flavor that was given is taken as it is; the other one has to be sold where it is.
        together = (_Sale.of(now), _Sale.of(then)) if _sold_together(zone, _Sale.of(now)) else (_Sale.of(then),)
        return _sold_together(zone, *together) and all(now.get(key) == then.get(key) for key in _SAME_WHEN_RESIZED)

    def _specs(self, flavor: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the extra specifications of a flavor: those in its row, else those that 6.6.4 shows."""
        listed = flavor.get("os_extra_specs")
        if isinstance(listed, Mapping) or not self.native:
            return listed if isinstance(listed, Mapping) else {}
        shown = self.client.get(f"/v2.1/{{project_id}}/flavors/{segment(flavor['id'])}/os-extra_specs").json_object
        specs = shown.get("extra_specs")
        return specs if isinstance(specs, Mapping) else {}

    def _needs_of_image(self, image: str | None) -> tuple[float, float]:
        if image is None:
            return 0, 0
        shown = self._companion("image", f"/v2/images/{segment(image)}", None, {})
        if not shown and self.native:
            answer = self.client.get(f"/v2.1/{{project_id}}/images/{segment(image)}").json_object.get("image")
            shown = [answer] if isinstance(answer, Mapping) else []
        one = shown[0] if shown else {}
        return _number(one, "min_disk", "minDisk"), _number(one, "min_ram", "minRam")

    def network(self, known: Resources) -> Found:
        """Return a network that servers can be put into; with its VPC and subnet by the VPC service, else by a server in them."""
        found: Found = {}
        if self.ecs:
            subnets = self._companion("vpc", "/v1/{project_id}/subnets", "subnets", {})
            fit = [one for one in subnets if known.vpc_id in {None, one.get("vpc_id")} and one.get("id")]
            if fit:
                where = "the VPC service of the catalogue"
                found |= {"vpc_id": (str(fit[0]["vpc_id"]), where), "subnet_id": (str(fit[0]["id"]), where)}
                found["network_id"] = (str(fit[0].get("neutron_network_id") or fit[0]["id"]), where)
        if self.ecs and self.native and not found:
            found = self._network_of_a_server(known)
        if "network_id" not in found:
            rows = self._companion("network", "/v2.0/networks", "networks", {})
            where = "the network service of the catalogue"
            if not rows and self.native:
                rows, where = self._list("/v2.1/{project_id}/os-networks", "networks"), "6.4.1"
            inner = [one for one in rows if not one.get("router:external") and one.get("id")]
            if inner:
                found["network_id"] = (str(inner[0]["id"]), where)
        return found

    def _network_of_a_server(self, known: Resources) -> Found:
        """Return what a server of the project shows of where it is: its VPC (table 8-17), and the network of its first NIC."""
        for one in self._list("/v2.1/{project_id}/servers/detail", "servers"):
            vpc = one["metadata"].get("vpc_id") if isinstance(one.get("metadata"), Mapping) else None
            if vpc is None or known.vpc_id not in {None, vpc}:
                continue
            nics = self._list(f"/v2.1/{{project_id}}/servers/{segment(one['id'])}/os-interface", "interfaceAttachments")
            if nics and nics[0].get("net_id") and known.subnet_id in {None, nics[0]["net_id"]}:
                network = (str(nics[0]["net_id"]), f"6.7.1 of server {one['id']}")
                return {
                    "vpc_id": (str(vpc), f"metadata of server {one['id']}"),
                    "subnet_id": network,
                    "network_id": network,
                }
        return {}

    def zone(self, known: Resources) -> Found:
        """Return an availability zone that the flavors are sold in: one that the flavor names, or that a list has as available."""
        sales = self._sales(known)
        # Where no zone has both, servers are made all the same.
        for wanted in (sales, sales[:1]) if len(sales) > 1 else (sales,):
            named = (
                [name for name in sales[0].zones if all(sale.at(name) in _FOR_ALL for sale in wanted)] if sales else []
            )
            if named:
                return {"availability_zone": (named[0], "cond:operation:az of the flavor")}
            # The document has no list of zones; Nova has this one.
            rows = self._list("/v2.1/{project_id}/os-availability-zone", "availabilityZoneInfo") if self.native else []
            for one in rows:
                state, name = one.get("zoneState"), str(one.get("zoneName") or "")
                if isinstance(state, Mapping) and state.get("available") and name and _sold_together(name, *wanted):
                    return {"availability_zone": (name, "os-availability-zone")}
        return {}

    def _sales(self, known: Resources) -> list[_Sale]:
        """Return where the flavor is sold, and then where the other one is, as far as 5.4.1 says it."""
        rows = {one.get("id"): one for one in self._flavors()[0]} if self.ecs and known.flavor_id else {}
        names = [name for name in (known.flavor_id, known.other_flavor_id) if name in rows]
        return [_Sale.of(rows[name].get("os_extra_specs")) for name in names] if known.flavor_id in rows else []

    def security_group(self, known: Resources) -> Found:
        """Return a security group that is not the default one, which every server is in (table 6-13)."""
        rows = self._companion("network", "/v2.0/security-groups", "security_groups", {})
        fit = [one for one in rows if one.get("name") != "default" and one.get("id")]
        return {"security_group_id": (str(fit[0]["id"]), "the network service of the catalogue")} if fit else {}

    def _list(self, path: str, key: str) -> list[Mapping[str, Any]]:
        exchange = self.client.get(path)
        return _rows(exchange.json_object.get(key)) if exchange.accepted else []

    def _companion(
        self, service_type: str, path: str, key: str | None, query: Mapping[str, str]
    ) -> list[Mapping[str, Any]]:
        """Return what a service beside ECS lists, where the catalogue has it; with no *key* its whole answer."""
        # Who reaches the endpoint from inside may not reach what is outside; a service may have no such address, though.
        surfaces = (self.interface, None) if self.interface else (None,)
        asked = (self.access.find(service_type, region=self.region, interface=one) for one in surfaces if self.access)
        url = next((one for one in asked if one is not None), None)
        if url is None:
            return []
        exchange = replace(self.client, base=address_of(url, f"{service_type} endpoint of the catalogue").root).get(
            path, query=query
        )
        if not exchange.accepted:
            return []
        return _rows(exchange.json_object.get(key)) if key else [exchange.json_object]


def _rows(value: JSON) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _number(row: Mapping[str, Any], *names: str) -> float:
    for name in names:
        with_text = str(row.get(name, ""))
        if re.fullmatch(r"\d+(\.\d+)?", with_text):
            return float(with_text)
    return 0


def _says(row: Any, word: str, key: str | None = None) -> bool:
    values: Iterable[Any] = [row.get(key)] if key else row.values()
    return any(word in str(value).lower() for value in values)
