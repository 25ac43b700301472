"""Deviations of NICs, security groups and elastic IPs (5.5, 6.6, 6.7, 11)."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["NETWORK"]

NETWORK: Mapping[str, str] = {
    # NICs and networks
    "nic-lock-unchecked": "NICs of locked servers change",
    "nic-add-noop": "jobs that add NICs succeed and there is none",
    "nic-delete-noop": "jobs that delete NICs succeed and the NICs stay",
    "nic-primary-unprotected": "the primary NIC can be deleted",
    "nic-primary-status-wrong": "deleting the primary NIC is refused with 400",
    "nic-address-ignored": "a new NIC does not get the address that was asked for",
    "nic-address-taken-accepted": "addresses that are in use are given again",
    "nic-groups-dropped": "a new NIC is in the default security group whatever was asked for",
    "nic-limit-unchecked": "a server can have any number of NICs",
    "nic-vpc-unchecked": "NICs in the subnets of other VPCs are added",
    "nic-together-unchecked": "port_id and net_id may be used together",
    "nic-port-deleted": "a port that was there before its NIC does not outlive it",
    "nic-address-kept": "the address of a deleted NIC stays in use",
    "nic-state-unchecked": "NICs are added and deleted in any state of the server",
    "network-cidr-shown": "networks show their cidr",
    "network-label-missing": "networks have no label",
    "server-ips-incomplete": "only one address of each network is shown",
    "server-ips-unknown-empty": "a network that the server is not in is shown with no addresses",
    # security groups
    "server-group-by-name-only": "security groups of servers are not found by their ids",
    "server-group-add-noop": "a server is reported as added to a security group and is not",
    "server-group-add-replaces": "adding a server to a security group removes it from the others",
    "server-group-remove-noop": "a server is reported as removed from a security group and is not",
    "server-group-remove-all": "removing a server from a security group removes it from all",
    "server-group-absent-removed": "a server can be removed from a security group that it is not in",
    "server-group-rules-missing": "security groups of servers are shown without rules",
    "group-default-unprotected": "the default security group can be renamed",
    "group-rules-prefilled": "new security groups have a rule",
    "group-update-noop": "a new name of a security group is answered and not kept",
    "group-update-description-kept": "a new description of a security group is not kept",
    "group-in-use-deleted": "security groups are deleted while servers are in them",
    "group-delete-noop": "deleted security groups stay",
    "rule-range-unchecked": "ports of rules are not checked",
    "rule-cidr-unchecked": "any text is a cidr",
    "rule-cidr-first": "cidr counts more than group_id",
    "rule-twice-accepted": "a security group can have the same rule twice",
    "rule-limit-unchecked": "a security group can have any number of rules",
    "rule-create-noop": "new rules are answered and not kept",
    "rule-delete-noop": "deleted rules stay",
    # floating IP addresses
    "floating-ip-bind-noop": "floating IP addresses are reported as bound and are not",
    "floating-ip-fixed-ignored": "floating IP addresses are bound to the primary NIC whatever fixed_address",
    "floating-ip-moved": "a floating IP address that is bound moves to another server",
    "floating-ip-unbind-noop": "floating IP addresses are reported as unbound and are not",
    "floating-ip-unbind-releases": "floating IP addresses are released when they are unbound",
    "floating-ip-unbound-accepted": "a floating IP address can be unbound from a server that does not have it",
    "floating-ip-pool-unchecked": "the pool of floating IP addresses may be any",
    "floating-ip-quota-unchecked": "a project can have any number of floating IP addresses",
    "floating-ip-bound-unlisted": "bound floating IP addresses are not listed",
    "floating-ip-release-noop": "released floating IP addresses stay",
}
