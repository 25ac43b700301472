from __future__ import annotations

from typing import Any

import pytest

from tests.mock.harness import BASE, Client

ALL = [
    "c3.2xlarge.2",
    "d2.xlarge.8",
    "g1.xlarge",
    "m3.large.8",
    "s1.medium",
    "s3.2xlarge.2",
    "s3.large.2",
    "s3.xlarge.2",
]


def _ids(client: Client, path: str = "flavors", **params: Any) -> list[str]:
    answer = client.nova("GET", path, params=params)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["flavors"]]


@pytest.mark.parametrize("v", ["2.1", "2"])
def test_flavors_are_listed_and_shown(client: Client, v: str) -> None:
    """6.6.1 to 6.6.4: the same flavors as 5.4.1, with links at the version that was asked."""
    brief = {
        "id": "c3.2xlarge.2",
        "name": "c3.2xlarge.2",
        "links": [
            {"rel": "self", "href": f"{BASE}/v{v}/{client.project}/flavors/c3.2xlarge.2"},
            {"rel": "bookmark", "href": f"{BASE}/{client.project}/flavors/c3.2xlarge.2"},
        ],
    }
    full = {
        **brief,
        "vcpus": 8,
        "ram": 16384,
        "disk": 0,
        "swap": "",
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "rxtx_factor": 1,
        "os-flavor-access:is_public": True,
    }
    assert client.nova("GET", "flavors", v=v).json()["flavors"][0] == brief
    assert client.nova("GET", "flavors/detail", v=v).json()["flavors"][0] == full
    assert client.nova("GET", "flavors/c3.2xlarge.2", v=v).json() == {"flavor": full}
    extra = client.nova("GET", "flavors/c3.2xlarge.2/os-extra_specs", v=v).json()["extra_specs"]
    vendor = client.v1("GET", "cloudservers/flavors").json()["flavors"]
    assert extra == next(one["os_extra_specs"] for one in vendor if one["id"] == "c3.2xlarge.2")
    assert {one["id"] for one in vendor} == set(ALL)
    for path in ("flavors/none", "flavors/none/os-extra_specs"):
        assert client.nova("GET", path, v=v).json()["itemNotFound"]["code"] == 404


@pytest.mark.parametrize("path", ["flavors", "flavors/detail"])
def test_flavors_are_filtered_and_sorted(client: Client, path: str) -> None:
    """Tables 6-110 and 6-115: by their ids and upwards unless asked otherwise."""
    assert _ids(client, path) == ALL
    assert _ids(client, path, sort_dir="desc") == ALL[::-1]
    assert _ids(client, path, sort_key="vcpus")[0] == "s1.medium"
    assert _ids(client, path, sort_key="memory_mb", sort_dir="desc")[:3] == [
        "d2.xlarge.8",
        "c3.2xlarge.2",
        "m3.large.8",
    ]
    for key in ("name", "flavorid", "root_gb"):
        assert _ids(client, path, sort_key=key) == ALL
    assert _ids(client, path, minRam=8192) == [one for one in ALL if one not in {"s1.medium", "s3.large.2"}]
    assert _ids(client, path, minRam=32769) == _ids(client, path, minDisk=1) == []
    assert _ids(client, path, minDisk=0, minRam="") == ALL
    for params in ({"minRam": "x"}, {"minDisk": "1.5"}, {"sort_key": "swap"}, {"sort_dir": "up"}, {"marker": "none"}):
        assert client.nova("GET", path, params=params).status_code == 400


def test_flavors_come_in_pages(client: Client) -> None:
    """6.6.1: flavors_links lead to the next one."""
    seen: list[str] = []
    url: str | None = f"/v2.1/{client.project}/flavors?limit=4"
    while url is not None:
        body = client.http.get(url).json()
        seen += [one["id"] for one in body["flavors"]]
        url = body["flavors_links"][0]["href"] if "flavors_links" in body else None
    assert seen == ALL
