from __future__ import annotations

import pytest

from tests.mock.harness import Client

UNKNOWN = "0" * 32


def test_limits_are_those_of_the_ecs_view(client: Client) -> None:
    """6.10.1 and 5.7.1 speak of the same quotas and what is used of them."""
    client.create(count=2)
    limits = client.nova("GET", "limits", params={"project_id": client.project}).json()["limits"]
    assert limits["rate"] == []
    assert limits["absolute"] == client.v1("GET", "cloudservers/limits").json()["absolute"]
    assert (limits["absolute"]["totalInstancesUsed"], limits["absolute"]["totalCoresUsed"]) == (2, 4)
    assert "maxSecurityGroupRules" in client.nova("GET", "limits", at="2.34").json()["limits"]["absolute"]
    assert "maxSecurityGroupRules" not in client.nova("GET", "limits", at="2.35").json()["limits"]["absolute"]


def test_limits_of_others_are_not_shown(client: Client) -> None:
    """6.10.1: tenants only query their own."""
    other = Client(client.cloud, "other_project").project
    answer = client.nova("GET", "limits", params={"project_id": other})
    assert (answer.status_code, answer.json()["forbidden"]["code"]) == (403, 403)


@pytest.mark.parametrize("v", ["2.1", "2"])
def test_quotas_are_shown(client: Client, v: str) -> None:
    """6.10.2: of the project and its users; the defaults for what does not exist, or not for us."""
    quotas = client.nova("GET", f"os-quota-sets/{client.project}", v=v).json()["quota_set"]
    assert (quotas["id"], quotas["cores"], quotas["instances"], quotas["ram"]) == (
        client.project,
        20480,
        2048,
        25165824,
    )
    assert (quotas["server_groups"], quotas["server_group_members"], quotas["metadata_items"]) == (10, 16, 128)
    user = client.nova("GET", "os-keypairs/conformance-key").json()["keypair"]["user_id"]
    path = f"os-quota-sets/{client.project}"
    assert client.nova("GET", path, v=v, params={"user_id": user}).json()["quota_set"] == quotas
    defaults = client.nova("GET", f"{path}/defaults", v=v).json()["quota_set"]
    assert (defaults["id"], defaults["cores"], defaults["instances"], defaults["fixed_ips"]) == (
        client.project,
        20,
        10,
        -1,
    )
    assert client.nova("GET", path, v=v, params={"user_id": "none"}).json()["quota_set"] == defaults
    for project in (UNKNOWN, Client(client.cloud, "other_project").project):
        shown = client.nova("GET", f"os-quota-sets/{project}", v=v).json()["quota_set"]
        assert shown == {**defaults, "id": project}
    assert quotas.keys() == defaults.keys()
    assert len(quotas) == 15
