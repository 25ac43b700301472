"""Deviations of images, server groups, flavors and quotas (5.6 to 5.8, 6, 11)."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CATALOG"]

CATALOG: Mapping[str, str] = {
    # images
    "images-name-ignored": "the name filter of images is ignored",
    "images-status-ignored": "the status filter of images is ignored",
    "images-since-ignored": "changes-since of images is ignored",
    "images-min-ram-ignored": "the minRam filter of images is ignored",
    "images-min-disk-ignored": "the minDisk filter of images is ignored",
    "images-limit-ignored": "limit is ignored for images",
    "images-number-unchecked": "numbers in the query of images may be any text",
    "image-min-disk-string": "minDisk of images is a string",
    "image-status-lower": "the status of images is in lower case",
    "image-metadata-empty": "the metadata of images is empty",
    "image-public-deleted": "public images can be deleted",
    "image-delete-noop": "deleted images stay",
    # server groups
    "group-affinity": "members of a group may be on one host",
    "group-list-without-members": "lists of groups do not show members",
    "group-members-hidden": "members of groups are not shown",
    "group-owner-missing": "groups have no project_id and user_id from 2.13 on",
    "group-quota-unchecked": "a project can have any number of server groups",
    "group-refused-kept": "a group whose creation is refused is there all the same",
    "group-not-kept": "a group is reported as created and is not there",
    "group-running-unchecked": "running servers can be added to a group",
    "group-xen-unchecked": "Xen servers can be added to a group",
    "group-twice": "a server can be added to a group again",
    "group-members-unchecked": "a group can have any number of members",
    "group-add-noop": "servers are reported as added to a group and are not",
    "group-remove-noop": "servers are reported as removed from a group and are not",
    "group-stranger-removed": "removing a server that is not in the group is a success",
    "server-group-delete-noop": "server groups are reported as deleted and stay",
    "groups-marker-ignored": "the marker of group lists is ignored",
    "groups-limit-ignored": "the limit of group lists is ignored",
    "groups-next-missing": "group lists with a limit have no page_info",
    # native flavors, limits and quotas
    "native-flavor-links-missing": "native flavors have no links",
    "native-flavor-vcpus-string": "vcpus of native flavors is a string",
    "flavors-min-disk-ignored": "minDisk of native flavors is ignored",
    "flavors-min-ram-ignored": "minRam of native flavors is ignored",
    "flavors-unsorted": "native flavors are always sorted by their ids",
    "extra-specs-empty": "extended specifications are empty",
    "limits-of-others": "the limits of other projects are shown to whoever asks",
    "limits-rules-kept": "maxSecurityGroupRules is there from 2.35 on",
    "limits-flat": "native limits are not wrapped in an absolute object",
    "quotas-always-default": "the quotas of a project are the default ones",
    "quotas-id-missing": "quotas have no id",
    "quotas-defaults-string": "the default quota of cores is a string",
    # flavors and quotas
    "usage-frozen": "used quotas do not move",
    "flavors-unfiltered": "the zone filter of flavors is ignored",
    "flavor-ram-string": "ram of flavors is a string",
    "quota-null": "maxTotalCores is null",
    "quota-unwrapped": "quotas are not wrapped in an absolute object",
}
