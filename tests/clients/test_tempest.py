"""Tempest, OpenStack's own integration tests, unmodified: the tests of compute that stay inside the reference."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._mock.companions.networks import EXTERNAL
from tests.clients.conftest import Described
from tests.clients.shell import OUTSIDE

pytest.importorskip("tempest", reason="the extra 'clients' is not installed")

_MODULES = (
    "flavors.test_flavors",
    "flavors.test_flavors_negative",
    "keypairs.test_keypairs",
    "keypairs.test_keypairs_negative",
    "limits.test_absolute_limits",
    "servers.test_attach_interfaces",
    "servers.test_create_server",
    "servers.test_create_server_multi_nic",
    "servers.test_delete_server",
    "servers.test_instance_actions",
    "servers.test_list_server_filters",
    "servers.test_list_servers_negative",
    "servers.test_multiple_create",
    "servers.test_multiple_create_negative",
    "servers.test_server_actions",
    "servers.test_server_addresses",
    "servers.test_server_group",
    "servers.test_server_metadata",
    "servers.test_server_metadata_negative",
    "servers.test_server_tags",
    "servers.test_servers",
    "servers.test_servers_negative",
    "servers.test_servers_microversions",
    "test_quotas",
    "test_versions",
    "volumes.test_attach_volume",
)


def _user(about: Described) -> dict[str, str]:
    domain = {"user_domain_name": about["domain"], "project_domain_name": about["domain"]}
    named = {name: about[name] for name in ("username", "password", "project_name")}
    return {**named, **domain}


def _configure(about: Described, folder: Path) -> None:
    """Write Tempest's configuration; it wants a member and a reader of one project, and a member of another one."""
    own, user, other = about["resources"], _user(about), _user(about["other_project"])
    reader = {**user, "project_id": about["project_id"]}
    roles = [{**user, "roles": ["member"]}, {**reader, "roles": ["reader"]}, {**other, "roles": ["member"]}]
    (folder / "accounts.yaml").write_text(json.dumps(roles), encoding="utf-8")
    off = ("pause", "suspend", "shelve", "rescue", "console_output", "personality", "metadata_service", "vnc_console")
    sections: dict[str, dict[str, Any]] = {
        "DEFAULT": {"log_file": folder / "tempest.log"},
        "oslo_concurrency": {"lock_path": folder},
        "auth": {
            "use_dynamic_credentials": False,
            "test_accounts_file": folder / "accounts.yaml",
            "default_credentials_domain_name": about["domain"],
        },
        "identity": {"auth_version": "v3", "uri_v3": f"{about['iam']}/v3", "region": about["region"]},
        "compute": {
            "image_ref": own["image_id"],
            "image_ref_alt": own["image_id"],
            "flavor_ref": own["flavor_id"],
            "flavor_ref_alt": own["other_flavor_id"],
            "fixed_network_name": "network_demo1",
            "build_interval": 1,
            "build_timeout": 60,
            "min_microversion": "2.1",
            "max_microversion": "2.60",
        },
        "compute-feature-enabled": dict.fromkeys(off, False),
        "service_available": {"neutron": True, "cinder": True, "glance": True, "swift": False, "nova": True},
        "network": {"public_network_id": EXTERNAL, "floating_network_name": "external"},
        "validation": {"run_validation": False},
        "volume": {"build_interval": 1, "build_timeout": 60, "volume_size": 40},
    }
    lines = [
        line
        for name, values in sections.items()
        for line in (f"[{name}]", *(f"{key} = {value}" for key, value in values.items()))
    ]
    (folder / "tempest.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_tempest_finds_what_is_listed_and_nothing_else(endpoint: Described, tmp_path: Path) -> None:
    """Each failure stands in outside.yaml, and each entry there fails."""
    _configure(endpoint, tmp_path)
    names = [f"tempest.api.compute.{name}" for name in _MODULES]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "unittest", "-v", *names],
        cwd=tmp_path,
        env={**os.environ, "TEMPEST_CONFIG_DIR": str(tmp_path), "TEMPEST_CONFIG": "tempest.conf"},
        capture_output=True,
        text=True,
        check=False,
    )
    (tmp_path / "said.txt").write_text(done.stderr, encoding="utf-8")
    told = re.findall(r"^(.+?) \.\.\. (ok|FAIL|ERROR)$", done.stderr, re.MULTILINE)
    results = {_short(name): result for name, result in told}
    assert sum(result == "ok" for result in results.values()) > 100, done.stderr[-3000:]
    failed = {name for name, result in results.items() if result != "ok"}
    listed = set(OUTSIDE["tempest"] or ())
    assert failed == listed, (
        f"new: {sorted(failed - listed)}, no more: {sorted(listed - failed)}\n{done.stderr[-5000:]}"
    )


def _short(name: str) -> str:
    """Return class and test of an id like ``tempest.api.x.Class.test_y[id-...]``, or of a class whose set-up failed."""
    tests = re.findall(r"(\w+\.test_\w+)", name.partition("[")[0])
    setup = re.search(r"setUpClass \(.*?(\w+)\)", name)
    return f"{setup[1]}.setUpClass" if setup else str((tests or [name])[-1])
