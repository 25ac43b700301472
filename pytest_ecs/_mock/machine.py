"""The server's states as tables: Table A-4, and the phases that each operation passes through with their durations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["POWER", "TRANSITIONS", "Phase", "status_of"]

_REBUILD = ("rebuilding", "rebuild_block_device_mapping", "rebuild_spawning")
#: Table A-4 by rows: vm_state -> [(task states, status)].
_TABLE: Mapping[str, Sequence[tuple[Sequence[str | None], str]]] = {
    "building": [(("scheduling", "block_device_mapping", "networking", "spawning", None), "BUILD")],
    "active": [
        (("rebooting", "reboot_pending", "reboot_started"), "REBOOT"),
        (("rebooting_hard", "reboot_pending_hard", "reboot_started_hard"), "HARD_REBOOT"),
        (_REBUILD, "REBUILD"),
        (("migrating",), "MIGRATING"),
        (("powering-off", "deleting", None), "ACTIVE"),
    ],
    "stopped": [
        (("resize_prep", "resize_migrating", "resize_migrated", "resize_finish"), "RESIZE"),
        (_REBUILD, "REBUILD"),
        (("powering-on", "deleting", None), "SHUTOFF"),
    ],
    "resized": [(("resize_reverting",), "REVERT_RESIZE"), ((None,), "VERIFY_RESIZE")],
    "error": [(_REBUILD, "REBUILD"), (("deleting", None), "ERROR")],
    "deleted": [((None,), "DELETED")],
    "shelved": [
        (("shelving", "shelving_image_pending_upload", "shelving_image_uploading", "unshelving", None), "SHELVED")
    ],
    "shelved_offloaded": [(("shelving_offloading", "unshelving", None), "SHELVED_OFFLOADED")],
}
_STATUS = {(vm, task): status for vm, rows in _TABLE.items() for tasks, status in rows for task in tasks}


def status_of(vm_state: str, task_state: str | None) -> str:
    """Return the status of a pair (Table A-4); UNKNOWN for one that the table does not list."""
    return _STATUS.get((vm_state, task_state), "UNKNOWN")


#: vm_state, task_state and how many seconds of the mock's clock it lasts; the last phase of an operation lasts.
Phase = tuple[str, str | None, float]

#: Operation -> phases. "gone" takes the server away.
TRANSITIONS: Mapping[str, Sequence[Phase]] = {
    "create": [
        ("building", "scheduling", 4), ("building", "block_device_mapping", 12), ("building", "networking", 6),
        ("building", "spawning", 20), ("active", None, 0),
    ],
    "start": [("stopped", "powering-on", 12), ("active", None, 0)],
    "stop": [("active", "powering-off", 10), ("stopped", None, 0)],
    "stop-hard": [("active", "powering-off", 5), ("stopped", None, 0)],
    "reboot-soft": [
        ("active", "rebooting", 3), ("active", "reboot_pending", 3), ("active", "reboot_started", 10), ("active", None, 0),
    ],
    "reboot-hard": [
        ("active", "rebooting_hard", 3), ("active", "reboot_pending_hard", 3), ("active", "reboot_started_hard", 8),
        ("active", None, 0),
    ],
    "resize": [
        ("stopped", "resize_prep", 5), ("stopped", "resize_migrating", 10), ("stopped", "resize_migrated", 4),
        ("stopped", "resize_finish", 6), ("stopped", None, 0),
    ],
    "delete-active": [("active", "deleting", 10), ("gone", None, 0)],
    "delete-stopped": [("stopped", "deleting", 10), ("gone", None, 0)],
    "delete-error": [("error", "deleting", 10), ("gone", None, 0)],
    "delete-building": [("building", "spawning", 5), ("gone", None, 0)],
}  # fmt: skip

#: power_state by vm_state (Table 6-38).
POWER: Mapping[str, int] = {"building": 0, "active": 1, "stopped": 3, "resized": 1, "error": 4}
