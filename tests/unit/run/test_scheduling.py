"""Which tests an xdist worker runs together."""

from __future__ import annotations

import pytest

from pytest_ecs._run.scheduling import together


@pytest.mark.parametrize(
    ("nodeid", "name"),
    [
        ("suites/test_status_codes.py::test_valid_request_succeeds[ecs.tags.add]", "ecs.tags.add"),
        ("suites/test_error_codes.py::test_x[nova.servers.show/not-found/server_id]", "nova.servers.show"),
        ("suites/test_error_codes.py::test_x[nova.servers.create-image/http/empty-body]", "nova.servers.create-image"),
        ("../lib/pytest_ecs/suites/nova/test_actions.py::test_x[limit]", "nova/test_actions.py"),
        ("suites/nova/test_lifecycle.py::test_x", "scarce"),
        ("suites/ecs/test_groups.py::test_x", "scarce"),
        ("suites/test_status_codes.py::test_x[nova.server-groups.create]", "scarce"),
        ("suites/test_state_mapping.py::test_x[A-4/unknown]", "suites/test_state_mapping.py::test_x[A-4/unknown]"),
        ("suites/test_status_codes.py::test_x[ecs.servers.delete]", "ecs.servers.delete"),
        ("my/test_own.py::test_x[1]", "my/test_own.py::test_x[1]"),
    ],
)
def test_what_shares_things_stays_together(nodeid: str, name: str) -> None:
    """By operation, by file of rules, and what there is little of; everything else goes wherever there is room."""
    assert together(nodeid, embedded=False) == name


@pytest.mark.parametrize(
    "nodeid",
    [
        "suites/test_state_mapping.py::test_x[A-4/unknown]",
        "suites/test_status_codes.py::test_x[ecs.servers.delete]",
        "suites/test_error_codes.py::test_x[ecs.servers.create/http/empty-body]",
        "suites/ecs/test_lifecycle.py::test_x",
    ],
)
def test_what_makes_servers_stays_together_where_workers_share_none(nodeid: str) -> None:
    """Each worker of a run on the embedded mock has a cloud of its own."""
    assert together(nodeid, embedded=True) == "scarce"
    assert together("suites/ecs/test_tags.py::test_x", embedded=True) == "ecs/test_tags.py"
