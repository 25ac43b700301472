"""Targets of one's own: ``--ecs-cloud=vault:NAME`` finds address and credentials in a file that a vault hands out."""

import json
import os
from pathlib import Path

import pytest

from pytest_ecs import Credentials, Resources, SystemClock, Target


def pytest_ecs_target(name: str) -> Target | None:
    """Return the target of that name; None leaves all other names to clouds.yaml."""
    kind, _, name = name.partition(":")
    if kind != "vault":
        return None
    secret = json.loads(Path(os.environ["VAULT_FILE"]).read_text(encoding="utf-8")).get(name)
    if secret is None:
        raise pytest.UsageError(f"the vault has no target {name!r}")
    credentials = Credentials(
        iam=secret["iam"],
        domain=secret["domain"],
        username=secret["username"],
        password=secret["password"],
        project_id=secret["project_id"],
        source="the vault",
    )
    return Target(
        name=name,
        endpoint=secret["endpoint"],
        iam=secret["iam"],
        region=secret["region"],
        simulated=False,
        clock=SystemClock(),
        resources=Resources(**secret["resources"]),
        identities={"primary": credentials},
    )
