from __future__ import annotations

import pytest

from tests.mock.harness import Client

OLD, NEW = "X-OpenStack-Nova-API-Version", "OpenStack-API-Version"
#: Tables 6-38 and 6-49: first microversion of a field.
SINCE = {
    "OS-EXT-SRV-ATTR:hostname": 3,
    "OS-EXT-SRV-ATTR:reservation_id": 3,
    "OS-EXT-SRV-ATTR:launch_index": 3,
    "OS-EXT-SRV-ATTR:kernel_id": 3,
    "OS-EXT-SRV-ATTR:ramdisk_id": 3,
    "OS-EXT-SRV-ATTR:root_device_name": 3,
    "OS-EXT-SRV-ATTR:user_data": 3,
    "locked": 9,
    "host_status": 16,
    "description": 19,
    "tags": 26,
}


@pytest.mark.parametrize("minor", [1, 2, 3, 8, 9, 15, 16, 18, 19, 25, 26, 27, 46, 47, 60])
def test_a_field_is_there_from_its_microversion_on(client: Client, minor: int) -> None:
    """Every field of the tables, on both sides of its version."""
    (server,) = client.create(user_data="eA==")
    for shown in (
        client.show(server, at=f"2.{minor}"),
        client.nova("GET", "servers/detail", at=f"2.{minor}").json()["servers"][0],
    ):
        assert {name for name in SINCE if name in shown} == {name for name, since in SINCE.items() if minor >= since}
        disk = shown["os-extended-volumes:volumes_attached"][0]
        assert ("delete_on_termination" in disk) == (minor >= 3)
        new_form = {"vcpus", "ram", "disk", "ephemeral", "swap", "original_name", "extra_specs"}
        assert shown["flavor"].keys() == (new_form if minor >= 47 else {"id", "links"})


def test_v2_has_no_microversions(client: Client) -> None:
    """Chapter 3: only V2.1 supports them."""
    (server,) = client.create()
    answer = client.nova("GET", f"servers/{server}", v="2", at="2.60")
    assert "tags" not in answer.json()["server"]
    assert OLD not in answer.headers


@pytest.mark.parametrize(
    ("headers", "status", "at"),
    [
        ({}, 200, "2.1"),
        ({OLD: "2.26"}, 200, "2.26"),
        ({NEW: "compute 2.27"}, 200, "2.27"),
        ({NEW: "compute 2.26"}, 200, "2.26"),
        ({NEW: "compute 2.27", OLD: "2.3"}, 200, "2.27"),
        ({NEW: "compute 2.10", OLD: "2.3"}, 200, "2.3"),
        ({NEW: "identity 3.1"}, 200, "2.1"),
        ({NEW: "volume 3.1, compute 2.30"}, 200, "2.30"),
        ({OLD: "latest"}, 200, "2.60"),
        ({OLD: "2.60"}, 200, "2.60"),
        ({OLD: "2.61"}, 406, ""),
        ({OLD: "2.0"}, 406, ""),
        ({OLD: "3.1"}, 406, ""),
        ({NEW: "compute 2.61"}, 406, ""),
        ({OLD: "two"}, 400, ""),
        ({OLD: "2"}, 400, ""),
        ({OLD: "2.1.1"}, 400, ""),
        ({NEW: "2.30"}, 400, ""),
        ({NEW: "compute"}, 400, ""),
        ({NEW: "compute x"}, 400, ""),
    ],
)
def test_a_microversion_is_negotiated(client: Client, headers: dict[str, str], status: int, at: str) -> None:
    """Chapter 3 and 6.1: both headers, the range, and the echo."""
    answer = client.http.get(f"/v2.1/{client.project}/servers", headers=headers)
    assert answer.status_code == status
    if at:
        assert (answer.headers[OLD], answer.headers[NEW]) == (at, f"compute {at}")
        assert {OLD, NEW} == set(answer.headers["Vary"].split(", "))


def test_the_versions_need_no_token(client: Client) -> None:
    """6.1: both documents, as the examples show them."""
    del client.http.headers["X-Auth-Token"]
    listed = client.http.get("/").json()["versions"]
    assert [(one["id"], one["status"], one["min_version"], one["version"]) for one in listed] == [
        ("v2.0", "SUPPORTED", "", ""),
        ("v2.1", "CURRENT", "2.1", "2.60"),
    ]
    for path in ("/v2.1", "/v2.1/", "/v2"):
        assert client.http.get(path).json()["version"]["media-types"][0]["base"] == "application/json"
    assert client.http.get("/v9").status_code == 404
