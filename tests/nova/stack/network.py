"""A stand-in for Neutron: Nova's own fixture, grown to serve many servers and security groups."""

from __future__ import annotations

import copy
import itertools
import secrets
import threading


def neutron_class():
    """nova's Neutron fixture, grown to serve many servers and groups."""
    from neutronclient.common import exceptions as neutron_errors
    from nova.tests import fixtures as nova_fixtures
    from oslo_utils import uuidutils

    def owned(resource, project, **changes):
        fresh = copy.deepcopy(resource)
        fresh.update(tenant_id=project, project_id=project, **changes)
        return fresh

    class Neutron(nova_fixtures.NeutronFixture):
        def __init__(self, test, project):
            super().__init__(test)
            self.lock = threading.RLock()
            self.project = project
            self.sequence = itertools.count(10)
            self.floating = {}
            self.default_group = self.security_group["id"]
            self._networks = {key: owned(value, project, shared=True) for key, value in self._networks.items()}
            self._subnets = {key: owned(value, project) for key, value in self._subnets.items()}
            # the fixture names rules by id only; nova reads whole rules
            rules = [
                owned(rule, project)
                for rule in (
                    self.security_group_rule_ip4_ingress,
                    self.security_group_rule_ip4_egress,
                    self.security_group_rule_ip6_ingress,
                    self.security_group_rule_ip6_egress,
                )
            ]
            self._security_groups = {
                key: owned(value, project, security_group_rules=rules) for key, value in self._security_groups.items()
            }
            self._ports = {}
            # One group that no server is in, and one port that no server has.
            self.own_group = self.create_security_group(
                {"security_group": {"name": "own", "description": "in no server"}}
            )["security_group"]
            self.free_port = self.create_port({"port": {}})["port"]

        # ports ------------------------------------------------------------
        def create_port(self, body=None):
            wanted = copy.deepcopy((body or {}).get("port", {}))
            network = wanted.get("network_id", self.network_1["id"])
            with self.lock:
                if network not in self._networks:
                    raise neutron_errors.NetworkNotFoundClient(message=f"Network {network} could not be found.")
                number = next(self.sequence)
                subnet = next(
                    item for item in self._subnets.values() if item["network_id"] == network and item["ip_version"] == 4
                )
                base = subnet["gateway_ip"].rsplit(".", 1)[0]
                port = copy.deepcopy(self.port_2)
                port.update(
                    id=uuidutils.generate_uuid(),
                    mac_address=f"fa:16:3e:{secrets.randbelow(256):02x}:{number // 256 % 256:02x}:{number % 256:02x}",
                    tenant_id=self.project,
                    project_id=self.project,
                    network_id=network,
                    security_groups=[self.default_group],
                    fixed_ips=[{"subnet_id": subnet["id"], "ip_address": f"{base}.{2 + number % 250}"}],
                )
                fixed = wanted.pop("fixed_ips", None)
                if fixed and fixed[0].get("ip_address"):
                    address = fixed[0]["ip_address"]
                    if any(
                        address == other["ip_address"]
                        for known in self._ports.values()
                        if known["network_id"] == network
                        for other in known["fixed_ips"]
                    ):
                        raise neutron_errors.IpAddressInUseClient(message=f"{address} is in use")
                    port["fixed_ips"][0]["ip_address"] = address
                port.update(wanted)
                port["tenant_id"] = port["project_id"] = wanted.get("tenant_id", self.project)
                self._ports[port["id"]] = port
                return {"port": copy.deepcopy(port)}

        def update_port(self, port_id, body=None):
            if port_id not in self._ports:
                raise neutron_errors.PortNotFoundClient(message=f"Port {port_id} could not be found.")
            with self.lock:
                fields = (body or {}).get("port", {})
                if "security_groups" in fields:  # a set, as in Neutron
                    fields = dict(fields, security_groups=list(dict.fromkeys(fields["security_groups"])))
                    body = {"port": fields}
                if "binding:host_id" not in fields and not self._port_bindings.get(port_id):
                    self._ports[port_id].update(copy.deepcopy(fields))
                    return {"port": copy.deepcopy(self._ports[port_id])}
                if fields.get("binding:host_id", "") is None and not self._port_bindings.get(port_id):
                    self._ports[port_id].update(copy.deepcopy(fields))
                    return {"port": copy.deepcopy(self._ports[port_id])}
                return super().update_port(port_id, body)

        def show_port(self, port_id, **params):
            if port_id not in self._ports:
                raise neutron_errors.PortNotFoundClient(message=f"Port {port_id} could not be found.")
            return super().show_port(port_id, **params)

        def delete_port(self, port_id, **params):
            with self.lock:
                if port_id not in self._ports:
                    raise neutron_errors.PortNotFoundClient(message=f"Port {port_id} could not be found.")
                return super().delete_port(port_id, **params)

        def list_subnets(self, retrieve_all=True, **params):
            network = params.get("network_id")
            wanted = params.get("id")
            return {
                "subnets": [
                    copy.deepcopy(item)
                    for item in self._subnets.values()
                    if (not network or item["network_id"] == network) and (not wanted or item["id"] in wanted)
                ]
            }

        # security groups --------------------------------------------------
        def _group(self, group_id):
            try:
                return self._security_groups[group_id]
            except KeyError:
                raise neutron_errors.NeutronClientException(
                    message=f"Security group {group_id} does not exist", status_code=404
                ) from None

        def find_resource(self, resource, name_or_id, project_id=None, cmd_resource=None, parent_id=None, fields=None):
            known = {"security_group": self._security_groups, "network": self._networks, "port": self._ports}[resource]
            found = [item for item in known.values() if name_or_id in (item["id"], item.get("name"))]
            if len(found) > 1:
                raise neutron_errors.NeutronClientNoUniqueMatch(resource=resource, name=name_or_id)
            if not found:
                raise neutron_errors.NotFound(message=f"Unable to find {resource} with name or id '{name_or_id}'")
            return copy.deepcopy(found[0])

        def show_security_group(self, group_id, **params):
            return {"security_group": copy.deepcopy(self._group(group_id))}

        def create_security_group(self, body=None):
            fields = copy.deepcopy(body["security_group"])
            group = dict(
                owned({"id": uuidutils.generate_uuid(), "security_group_rules": [], "description": ""}, self.project),
                **fields,
            )
            self._security_groups[group["id"]] = group
            return {"security_group": copy.deepcopy(group)}

        def update_security_group(self, group_id, body=None):
            self._group(group_id).update(copy.deepcopy(body["security_group"]))
            return {"security_group": copy.deepcopy(self._group(group_id))}

        def delete_security_group(self, group_id):
            self._group(group_id)
            if any(group_id in port["security_groups"] for port in self._ports.values()):
                raise neutron_errors.NeutronClientException(message="Security group in use", status_code=409)
            del self._security_groups[group_id]

        def create_security_group_rule(self, body=None):
            rules = body.get("security_group_rules") or [body["security_group_rule"]]
            made = []
            for rule in rules:
                rule = dict(
                    owned(
                        {
                            "id": uuidutils.generate_uuid(),
                            "description": None,
                            "remote_group_id": None,
                            "remote_ip_prefix": None,
                            "protocol": None,
                            "port_range_min": None,
                            "port_range_max": None,
                        },
                        self.project,
                    ),
                    **copy.deepcopy(rule),
                )
                self._group(rule["security_group_id"])["security_group_rules"].append(rule)
                made.append(rule)
            return {"security_group_rules": made, "security_group_rule": made[0]}

        def _rule(self, rule_id):
            for group in self._security_groups.values():
                for rule in group["security_group_rules"]:
                    if rule["id"] == rule_id:
                        return group, rule
            raise neutron_errors.NeutronClientException(
                message=f"Security group rule {rule_id} does not exist", status_code=404
            )

        def show_security_group_rule(self, rule_id):
            return {"security_group_rule": copy.deepcopy(self._rule(rule_id)[1])}

        def delete_security_group_rule(self, rule_id):
            group, rule = self._rule(rule_id)
            group["security_group_rules"].remove(rule)

        # floating addresses (the network is not external: list only) ------
        def list_floatingips(self, retrieve_all=True, **params):
            return {"floatingips": []}

        def show_floatingip(self, address_id, **params):
            raise neutron_errors.NeutronClientException(
                message=f"Floating IP {address_id} could not be found", status_code=404
            )

    return Neutron
