"""Conforming variants of the mock: each shows, alone and beside all others, and none breaks it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

import pytest_ecs
from pytest_ecs._mock import DEVIATIONS, VARIANTS, MockCloud
from tests.mock.harness import Client, JsonObject


def _client(*names: str) -> Client:
    return Client(MockCloud(variants=names))


def test_variants_have_names_of_their_own() -> None:
    """A name is never a deviation too, and each says what it is and what allows it."""
    assert not VARIANTS.keys() & DEVIATIONS.keys()
    assert all(what and allowed for what, allowed in VARIANTS.values())


def test_an_unknown_variant_is_refused() -> None:
    """With the closest name."""
    with pytest.raises(ValueError, match="no variant 'job-slow'; did you mean jobs-slow"):
        MockCloud(variants=["job-slow"])


def test_every_variant_is_asked_for() -> None:
    """One that no module looks at would be innocent for nothing."""
    folder = Path(pytest_ecs.__file__).parent / "_mock"
    source = "".join(
        file.read_text(encoding="utf-8") for file in folder.rglob("*.py") if file.parent.name != "deviations"
    )
    for name in VARIANTS:
        assert f'"{name}"' in source, name


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_a_server_lives_with_a_variant(name: str) -> None:
    """Creation, details and deletion by both APIs work, and the state stays consistent."""
    client = _client(name)
    job = client.v1("POST", "cloudservers", client.request()).json()["job_id"]
    client.advance(600)
    assert client.job(job)["status"] == "SUCCESS"
    native = client.nova("POST", "servers", client.native()).json()["server"]["id"]
    client.advance(600)
    assert client.show(native, at="2.60")["status"] == "ACTIVE"
    assert client.nova("DELETE", f"servers/{native}").is_success
    client.advance(600)
    assert client.cloud.control("GET", "/_mock/consistency") == {"complaints": []}
    assert [one for one in client.cloud.control("GET", "/_mock/requests")["requests"] if "fault" in one] == []


def _one(answer: httpx.Response) -> JsonObject:
    return dict(answer.json())


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("native-errors-flat", {"code", "message"}),
        ("native-errors-gateway", {"error_code", "error_msg"}),
        ("native-errors-wrapped", {"error"}),
        ("native-errors-other-name", {"computeFault"}),
    ],
)
def test_native_errors_have_other_forms(name: str, shape: set[str]) -> None:
    """The document gives none for chapter 6."""
    assert _one(_client(name).nova("GET", "servers/none")).keys() == shape


def test_native_errors_may_have_no_body() -> None:
    """Then the status says it all."""
    answer = _client("native-errors-without-body").nova("GET", "servers/none")
    assert (answer.status_code, answer.content) == (404, b"")


def test_some_statuses_are_others() -> None:
    """Rulings allow several for one success."""
    client = _client("job-status-202", "native-status-202-empty", "garbage-token-400")
    assert client.v1("POST", "cloudservers", client.request()).status_code == 202
    client.advance(600)
    server = client.nova("GET", "servers").json()["servers"][0]["id"]
    assert client.nova("DELETE", f"servers/{server}").status_code == 202
    client.http.headers["X-Auth-Token"] = "nonsense"
    assert client.code(client.v1("GET", "cloudservers/limits")) == (400, "Ecs.0023")


def test_some_requests_are_read_otherwise() -> None:
    """Each by the words of a ruling."""
    names = ("null-actions-lenient", "limit-zero-page", "limit-over-refused", "unknown-reference-404")
    client = _client(*names, "local-disk-refused")
    (server,) = client.create()
    assert client.act(server, "lock", more="than nothing").status_code == 202
    assert len(client.nova("GET", "servers?limit=0").json()["servers"]) == 1
    assert client.nova("GET", "servers?limit=1001").status_code == 400
    body = client.native(flavorRef="no-such-flavor")
    assert client.nova("POST", "servers", body).status_code == 404
    disk = {"source_type": "image", "uuid": client.resources["image_id"], "volume_size": 50, "boot_index": 0}
    local = client.native(block_device_mapping_v2=[{**disk, "destination_type": "local"}])
    assert client.nova("POST", "servers", local).status_code == 400


def test_null_may_be_meant_strictly() -> None:
    """An empty object is refused then, where the table and the example both say null; 6.3.1 takes it all the same."""
    strict, lenient = _client("null-actions-strict"), _client()
    for client, status in ((strict, 400), (lenient, 202)):
        server = client.stopped()
        assert client.act(server, "lock").status_code == status
        assert client.null(server, "lock").status_code == 202
        assert client.act(server, "unlock", more=1).status_code == 400
        assert client.null(server, "unlock").status_code == 202
        assert client.act(server, "os-start").status_code == 202


def test_ids_of_requests_have_one_name_or_three() -> None:
    """No section names one, and clients of OpenStack look for theirs."""
    names = {"x-request-id", "x-openstack-request-id", "x-compute-request-id"}
    answer = _client().nova("GET", "servers")
    assert len({answer.headers[name] for name in names}) == 1
    assert _client("request-id-alone").nova("GET", "servers").headers.keys() & names == {"x-request-id"}


def test_a_busy_server_may_say_so() -> None:
    """With the status that A.2 gives the code, until the first command is over."""
    client = _client("busy-501")
    server = client.stopped()
    listed = {"servers": [{"id": server}]}
    client.deliver("cloudservers/action", {"os-start": listed})
    assert client.code(client.v1("POST", "cloudservers/action", {"os-stop": listed})) == (501, "Ecs.0603")
    client.advance(120)
    assert client.run("cloudservers/action", {"os-stop": listed})["status"] == "SUCCESS"


def test_a_flavor_may_be_for_others_only() -> None:
    """Both lists say so, and a creation is refused."""
    for client, public in ((_client(), True), (_client("flavor-private"), False)):
        shown = client.v1("GET", "cloudservers/flavors").json()["flavors"]
        assert {one["os-flavor-access:is_public"] for one in shown if one["id"] == "c3.2xlarge.2"} == {public}
        native = client.nova("GET", "flavors/c3.2xlarge.2").json()["flavor"]
        assert native["os-flavor-access:is_public"] is public
    answer = client.v1("POST", "cloudservers", client.request(flavorRef="c3.2xlarge.2"))
    assert client.code(answer) == (400, "Ecs.0027")


def test_a_batch_may_count_from_one_and_take_its_time() -> None:
    """Names and durations are not fixed."""
    client = _client("batch-from-one", "jobs-slow")
    job = client.v1("POST", "cloudservers", client.request(count=2)).json()["job_id"]
    client.advance(60)
    assert client.job(job)["status"] == "RUNNING"
    client.advance(600)
    assert {one["name"] for one in client.nova("GET", "servers").json()["servers"]} == {"one-0001", "one-0002"}


@pytest.mark.parametrize(
    ("variant", "code", "fields"),
    [
        ("data-disks-few", "Ecs.0042", {"data_volumes": [{"volumetype": "SSD", "size": 10}] * 24}),
        (
            "bandwidth-narrow",
            "Ecs.0045",
            {"publicip": {"eip": {"iptype": "5_bgp", "bandwidth": {"size": 1, "sharetype": "PER"}}}},
        ),
        ("byol-unsupported", "Ecs.0090", {"metadata": {"BYOL": "True"}}),
        ("nics-few", "Ecs.0050", {}),
    ],
)
def test_a_flavor_or_a_region_may_offer_less(variant: str, code: str, fields: JsonObject) -> None:
    """Each is refused with the code that says so."""
    for client, wanted in ((_client(), (202, None)), (_client(variant), (400, code))):
        more = fields or {"nics": [{"subnet_id": client.resources["subnet_id"]}] * 5}
        answer = client.v1("POST", "cloudservers", {"dry_run": True, **client.request(**more)})
        assert (answer.status_code, answer.json()["error"]["code"] if answer.is_error else None) == wanted
