"""The contract that this package ships."""

from __future__ import annotations

from itertools import product

import pytest

from pytest_ecs._contract import Contract, check, load

REBUILDING = ("rebuilding", "rebuild_block_device_mapping", "rebuild_spawning")

#: Table A-4, read a second time: (vm_state, status) -> task states.
TABLE: dict[tuple[str, str], tuple[str | None, ...]] = {
    ("building", "BUILD"): ("scheduling", "block_device_mapping", "networking", "spawning", None),
    ("active", "REBOOT"): ("rebooting", "reboot_pending", "reboot_started"),
    ("active", "HARD_REBOOT"): ("rebooting_hard", "reboot_pending_hard", "reboot_started_hard"),
    ("active", "REBUILD"): REBUILDING,
    ("active", "MIGRATING"): ("migrating",),
    ("active", "ACTIVE"): ("powering-off", "deleting", None),
    ("stopped", "RESIZE"): ("resize_prep", "resize_migrating", "resize_migrated", "resize_finish"),
    ("stopped", "REBUILD"): REBUILDING,
    ("stopped", "SHUTOFF"): ("powering-on", "deleting", None),
    ("resized", "REVERT_RESIZE"): ("resize_reverting",),
    ("resized", "VERIFY_RESIZE"): (None,),
    ("error", "REBUILD"): REBUILDING,
    ("error", "ERROR"): ("deleting", None),
    ("deleted", "DELETED"): (None,),
    ("shelved", "SHELVED"): (
        "shelving",
        "shelving_image_pending_upload",
        "shelving_image_uploading",
        "unshelving",
        None,
    ),
    ("shelved_offloaded", "SHELVED_OFFLOADED"): ("shelving_offloading", "unshelving", None),
}
ROWS = [(vm_state, task, status) for (vm_state, status), tasks in TABLE.items() for task in tasks]


@pytest.fixture(scope="module")
def contract() -> Contract:
    """Return the contract of this package."""
    return load()


def test_it_has_no_mistakes() -> None:
    """Listed in full, so that one run shows them all."""
    assert [str(mistake) for mistake in check()] == []


def test_requirements_are_sorted_and_unique(contract: Contract) -> None:
    """And each names an operation that exists and a section."""
    assert list(contract.requirements) == sorted(contract.requirements)
    for name, requirement in contract.requirements.items():
        assert name == requirement.id
        assert requirement.operation is None or requirement.operation in contract.operations
        assert requirement.section
        assert requirement.ruling is None or requirement.ruling in contract.rulings


def test_no_reference_is_left(contract: Contract) -> None:
    """Whoever uses a schema needs no other file."""
    for operation in contract.operations.values():
        schemas = (
            operation.body,
            operation.response_body,
            operation.query,
            operation.headers,
            operation.response_headers,
        )
        assert "$ref" not in repr(schemas), operation.id
    assert "$ref" not in repr(contract.envelopes)


def test_every_operation_is_found_by_its_own_request(contract: Contract) -> None:
    """No operation hides behind another."""
    for operation in contract.operations.values():
        body: dict[str, object] = {operation.selects: {}} if operation.selects else {}
        match = contract.match(operation.method, operation.path.replace("{", "").replace("}", ""), body)
        assert match is not None, operation.id
        assert match[0].id == operation.id


@pytest.mark.parametrize(("vm_state", "task_state", "status"), ROWS)
def test_a_row_of_table_a_4_shows_as_it_says(
    contract: Contract, vm_state: str, task_state: str | None, status: str
) -> None:
    """In either case of letters, and with a requirement of its own."""
    assert contract.status_of(vm_state, task_state) == status
    assert contract.status_of(vm_state.upper(), task_state and task_state.upper()) == status
    assert f"A-4/{vm_state}+{task_state or 'null'}" in contract.requirements


def test_every_other_pair_shows_as_unknown(contract: Contract) -> None:
    """Of all words that the document knows."""
    assert len(ROWS) == len(contract.states) == 44
    listed = {(vm_state, task) for vm_state, task, _ in ROWS}
    words = contract.state_words
    for pair in product(sorted(words.vm_state | words.tolerated), (None, *sorted(words.task_state))):
        if pair not in listed:
            assert contract.status_of(*pair) == "UNKNOWN", pair
