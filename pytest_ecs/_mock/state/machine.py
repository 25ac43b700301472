"""The server's states as tables: Table A-4, and the phases of each operation with their durations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = [
    "FROM",
    "GONE",
    "OPERATIONS",
    "POWER",
    "SECONDS",
    "TASK_STATES",
    "VM_STATES",
    "Phase",
    "action_of",
    "failed",
    "phases_of",
    "status_of",
]

_REBUILD = ("rebuilding", "rebuild_block_device_mapping", "rebuild_spawning")
_SHELVE = ("shelving", "shelving_image_pending_upload", "shelving_image_uploading", "unshelving", None)
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
    "shelved": [(_SHELVE, "SHELVED")],
    "shelved_offloaded": [(("shelving_offloading", "unshelving", None), "SHELVED_OFFLOADED")],
}
_STATUS = {(vm, task): status for vm, rows in _TABLE.items() for tasks, status in rows for task in tasks}


#: The task_states of Table A-4.
TASK_STATES = tuple(dict.fromkeys(task for _, task in _STATUS if task is not None))
#: The vm_states of Table A-4, and those that other sections name (6.9).
VM_STATES = (*_TABLE, "paused", "suspended", "rescued", "soft_deleted")


def status_of(vm_state: str, task_state: str | None) -> str:
    """Return the status of a pair (Table A-4); UNKNOWN for one that the table does not list."""
    return _STATUS.get((vm_state, task_state), "UNKNOWN")


#: vm_state, task_state and how many seconds of the mock's clock it lasts.
Phase = tuple[str, str | None, float]

#: The vm_state of a phase that takes the server away.
GONE = "gone"

_RESIZING: Sequence[Phase] = (
    ("stopped", "resize_prep", 5),
    ("stopped", "resize_migrating", 10),
    ("stopped", "resize_migrated", 4),
    ("stopped", "resize_finish", 6),
)


def _rebuilding(vm_state: str, after: str) -> Sequence[Phase]:
    seconds = (4, 12, 15)
    return [*((vm_state, task, lasts) for task, lasts in zip(_REBUILD, seconds, strict=True)), (after, None, 0)]


_CREATING: Sequence[Phase] = (
    ("building", "scheduling", 4),
    ("building", "block_device_mapping", 13),
    ("building", "networking", 7),
    ("building", "spawning", 21),
    ("active", None, 0),
)
#: Operation -> phases. The last one is where the server stays. "build" is the creation by the native API (6.2.1).
OPERATIONS: Mapping[str, Sequence[Phase]] = {
    "create": _CREATING,
    "build": _CREATING,
    "start": [("stopped", "powering-on", 12), ("active", None, 0)],
    "stop": [("active", "powering-off", 10), ("stopped", None, 0)],
    "stop-hard": [("active", "powering-off", 5), ("stopped", None, 0)],
    "reboot": [
        ("active", "rebooting", 3),
        ("active", "reboot_pending", 3),
        ("active", "reboot_started", 10),
        ("active", None, 0),
    ],
    "reboot-hard": [
        ("active", "rebooting_hard", 3),
        ("active", "reboot_pending_hard", 3),
        ("active", "reboot_started_hard", 8),
        ("active", None, 0),
    ],
    "resize": [*_RESIZING, ("stopped", None, 0)],
    "migrate": [*_RESIZING, ("stopped", None, 0)],
    # 6.3.8 to 6.3.10, by what the server was when the resize began
    "native-resize-active": [("active", "powering-off", 10), *_RESIZING, ("resized", None, 0)],
    "native-resize-stopped": [*_RESIZING, ("resized", None, 0)],
    "confirm-active": [("resized", None, 3), ("active", None, 0)],
    "confirm-stopped": [("resized", None, 3), ("stopped", None, 0)],
    "revert-active": [("resized", "resize_reverting", 14), ("active", None, 0)],
    "revert-stopped": [("resized", "resize_reverting", 14), ("stopped", None, 0)],
    # 6.3.6; 5.2.1 and 5.2.2 start the server afterwards, and are possible again after they failed
    "rebuild-active": _rebuilding("active", "active"),
    "rebuild-stopped": _rebuilding("stopped", "stopped"),
    "reinstall-stopped": _rebuilding("stopped", "active"),
    "reinstall-error": _rebuilding("error", "active"),
}

#: Operation -> the vm_state that it needs; no other task may be under way.
FROM: Mapping[str, str] = {
    "start": "stopped",
    "stop": "active",
    "stop-hard": "active",
    "reboot": "active",
    "reboot-hard": "active",
    "resize": "stopped",
    "migrate": "stopped",
    "confirm": "resized",
    "revert": "resized",
}

#: power_state by vm_state (Table 6-38).
POWER: Mapping[str, int] = {
    "building": 0,
    "active": 1,
    "stopped": 3,
    "paused": 2,
    "error": 4,
    "shelved_offloaded": 3,
}

_DELETE_SECONDS = 10.0

#: How long things take that show no task of a server.
SECONDS: Mapping[str, float] = {
    "attach-disk": 6,
    "detach-disk": 5,
    "create-disk": 5,
    "delete-disk": 4,
    "create-snapshot": 8,
    "delete-snapshot": 4,
    "create-image": 20,
    "add-nic": 6,
    "remove-nic": 5,
}


def phases_of(operation: str, vm_state: str, task_state: str | None) -> Sequence[Phase]:
    """Return the phases of *operation* for a server in a state.

    Deletion is possible from every state. A-4 has no pair of "deleting" with some of them, for example
    "building":
    there the server keeps its task until it is gone.
    """
    if operation != "delete":
        return OPERATIONS[operation]
    task = "deleting" if (vm_state, "deleting") in _STATUS else task_state
    return [(vm_state, task, _DELETE_SECONDS), (GONE, None, 0)]


def failed(phases: Sequence[Phase], operation: str, vm_state: str) -> list[Phase]:
    """Return the phases of a failure.

    A creation by the ECS API is rolled back, one by the native API is not (6.2.1), and a server without its system
    disk is in error; others change nothing.
    """
    word = operation.partition("-")[0]
    after = GONE if word == "create" else "error" if word in {"build", "rebuild", "reinstall"} else vm_state
    return [*phases[:-1], (after, None, 0)]


#: First word of an operation -> what Table 6-209 calls it, where that is something else.
_ACTIONS = {
    "build": "create",
    "native": "resize",
    "confirm": "confirmResize",
    "revert": "revertResize",
    "reinstall": "rebuild",
}


def action_of(operation: str) -> str:
    """Return what Table 6-209 calls an operation."""
    word = operation.partition("-")[0]
    return _ACTIONS.get(word, word)
