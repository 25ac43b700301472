"""Deviations of disks and snapshots (5.4, 6.5, 11)."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["STORAGE"]

STORAGE: Mapping[str, str] = {
    # disks and snapshots
    "disk-lock-unchecked": "disks of locked servers are attached and detached",
    "attach-noop": "disks are reported as attached and are not",
    "attach-dry-run-attaches": "a request to attach with dry_run attaches the disk",
    "attach-sharing-unchecked": "a disk can be attached to any number of servers",
    "attach-status-unchecked": "disks are attached in any status",
    "attach-zone-unchecked": "disks of other zones are attached",
    "attach-limit-unchecked": "a server can have any number of disks",
    "attach-device-ignored": "the device that was asked for is ignored",
    "attach-device-unchecked": "device names that are taken or not possible are accepted",
    "detach-flag-zero-noop": "disks stay attached when delete_flag is 0",
    "xen-device-unneeded": "disks are attached to Xen servers without a device",
    "detach-running-refused": "no disk is detached from a running server",
    "agents-unchecked": "nobody looks whether an image has the tools that an operation needs",
    "detach-noop": "disks are reported as detached and are not",
    "detach-deletes": "a disk is deleted when it is detached",
    "detach-system-unchecked": "the system disk of a running server can be detached",
    "detach-force-ignored": "delete_flag is ignored",
    "attachments-system-unlisted": "only data disks are listed",
    "attachments-data-unlisted": "only the system disk is listed",
    "boot-index-zero": "bootIndex is 0 for all disks",
    "volume-noop": "created disks stay in the status creating",
    "volume-name-dropped": "display_name and display_description of disks are not kept",
    "volume-metadata-dropped": "metadata of disks is not kept",
    "volume-zone-unchecked": "a disk in an unknown zone becomes available",
    "volume-delete-noop": "deleted disks stay",
    "volume-creating-deleted": "disks are deleted while they are being created",
    "volume-delete-unchecked": "disks are deleted while attached or with snapshots",
    "snapshot-noop": "snapshots are reported as deleted and stay",
    "snapshot-force-unneeded": "a disk in use gets snapshots without force",
    "snapshot-prefix-unchecked": "snapshots may be called autobk_snapshot",
}
