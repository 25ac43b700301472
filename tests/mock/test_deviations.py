"""Each deviation against a probe, which holds for the good mock and does not for the deviant one."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from pytest_ecs._mock import DEVIATIONS, MockCloud
from pytest_ecs._mock.deviations.refused import REFUSED
from pytest_ecs._mock.deviations.shown import SHOWN
from tests.mock import probes, server_probes
from tests.mock.harness import Client, JsonObject
from tests.mock.test_signature import _signed

UNKNOWN = "00000000-0000-4000-a000-000000000000"
Probe = Callable[[Client], bool]


def _creation_refused(**changed: Any) -> Probe:
    return lambda c: c.v1("POST", "cloudservers", c.request(**changed)).status_code == 400


def _created(c: Client, **changed: Any) -> int:
    return c.v1("POST", "cloudservers", c.request(**changed)).status_code


def _nic_native(c: Client, network: str) -> httpx.Response:
    return c.nova("POST", "servers", c.native(networks=[{"uuid": network}]))


def _creation_error(status: int, code: str) -> Probe:
    def probe(c: Client) -> bool:
        answer = c.v1("POST", "cloudservers", c.request(name="a b"))
        return answer.status_code == status and answer.json().get("error", {}).get("code") == code

    return probe


def _stop(c: Client) -> JsonObject:
    (server,) = c.create()
    return c.run("cloudservers/action", {"os-stop": {"servers": [{"id": server}]}})


def _job(holds: Callable[[JsonObject], bool], **changed: Any) -> Probe:
    return lambda c: holds(c.run("cloudservers", c.request(**changed)))


def _early(c: Client) -> bool:
    job = c.deliver("cloudservers", c.request())
    c.advance(3)
    return bool(c.job(job)["status"] == "RUNNING")


def _steady(c: Client) -> bool:
    job = c.run("cloudservers", c.request())["job_id"]
    return all(c.job(job)["status"] == "SUCCESS" for _ in range(3))


def _failed(c: Client) -> bool:
    c.cloud.control("POST", "/_mock/fail", {"job_type": "createServer", "code": "Ecs.0204"})
    return bool(c.run("cloudservers", c.request())["error_code"])


def _status_while(path: str, action: JsonObject, expected: str) -> Probe:
    def probe(c: Client) -> bool:
        server = c.stopped() if path == "resize" else c.create()[0]
        if path == "resize":
            c.deliver(f"cloudservers/{server}/resize", {"resize": {"flavorRef": c.resources["other_flavor_id"]}})
        else:
            c.nova("POST", f"servers/{server}/action", action)
        c.advance(1)
        return bool(c.show(server)["status"] == expected)

    return probe


def _building(c: Client) -> bool:
    server = c.nova("POST", "servers", c.native()).json()["server"]["id"]
    return bool(c.show(server)["status"] == "BUILD")


def _after(
    change: Callable[[Client, str], Any], holds: Callable[[Client, str], bool], *, stopped: bool = False
) -> Probe:
    """Hold when, after a change to a new server and some time, something is so."""

    def probe(c: Client) -> bool:
        server = c.stopped() if stopped else c.create()[0]
        change(c, server)
        c.advance(120)
        return holds(c, server)

    return probe


def _v1(key: str) -> Callable[[Client, str], Any]:
    return lambda c, s: c.deliver("cloudservers/action", {key: {"servers": [{"id": s}]}})


def _delete(c: Client, server: str) -> Any:
    return c.v1("POST", "cloudservers/delete", {"servers": [{"id": server}]})


def _resize(flavor: str) -> Callable[[Client, str], Any]:
    def change(c: Client, server: str) -> Any:
        body = {"resize": {"flavorRef": c.resources[flavor]}}
        return c.v1("POST", f"cloudservers/{server}/resize", body)

    return change


def _shows(status: str) -> Callable[[Client, str], bool]:
    return lambda c, s: bool(c.show(s)["status"] == status)


def _details(holds: Callable[[JsonObject], bool], at: str = "", **changed: Any) -> Probe:
    return lambda c: holds(c.show(c.create(**changed)[0], at=at))


def _listed(holds: Callable[[list[str]], bool], at: str = "", **params: str) -> Probe:
    """Hold of the names that a list shows of a-0000 to a-0029 and b, which came last."""

    def probe(c: Client) -> bool:
        c.create(name="a", count=30)
        c.create(name="b", flavorRef=c.resources["other_flavor_id"])
        query = {key.replace("_since", "-since"): value for key, value in params.items()}
        answer = c.nova("GET", "servers", at=at, params=query)
        return answer.status_code == 200 and holds([one["name"] for one in answer.json()["servers"]])

    return probe


def _marker(c: Client) -> bool:
    servers = c.create(count=2)
    found = c.nova("GET", "servers", params={"marker": servers[0]}).json()["servers"]
    return not found


def _next(c: Client) -> bool:
    c.create(count=2)
    return "servers_links" in c.nova("GET", "servers", params={"limit": 1}).json()


def _updated(field: str) -> Probe:
    def probe(c: Client) -> bool:
        (server,) = c.create()
        c.nova("PUT", f"servers/{server}", {"server": {field: "new"}}, at="2.60")
        return bool(c.show(server, at="2.60")[field] == "new")

    return probe


def _used(c: Client) -> bool:
    c.create()
    return bool(c.v1("GET", "cloudservers/limits").json()["absolute"]["totalInstancesUsed"] == 1)


def _quota(c: Client) -> bool:
    for _ in range(4):
        c.create(count=500)
    return c.v1("POST", "cloudservers", c.request(count=49)).status_code == 400


def _names(c: Client, **changed: Any) -> list[str]:
    return [c.show(server)["name"] for server in c.create(**changed)]


def _version(asked: str, status: int) -> Probe:
    return lambda c: c.nova("GET", "servers", at=asked).status_code == status


def _token(token: str | None, *, wait: float = 0) -> Probe:
    def probe(c: Client) -> bool:
        c.advance(wait)
        if token is None:
            del c.http.headers["X-Auth-Token"]
        elif token:
            c.http.headers["X-Auth-Token"] = token
        return c.v1("GET", "cloudservers/limits").status_code == 401

    return probe


def _foreign(c: Client) -> bool:
    server = Client(c.cloud, "other_project").create()[0]
    return c.nova("GET", f"servers/{server}").status_code == 404 and _delete(c, server).status_code == 404


def _denied(status: int, *allowed: str) -> Probe:
    def probe(c: Client) -> bool:
        c.cloud.control("PUT", "/_mock/policy", {"allow": list(allowed)})
        return Client(c.cloud, "restricted_user").nova("GET", "servers/detail").status_code == status

    return probe


def _signature(**changed: str) -> Probe:
    def probe(c: Client) -> bool:
        del c.http.headers["X-Auth-Token"]
        request = _signed(c, "GET", f"/v1/{c.project}/cloudservers/limits", [])
        request.headers.update({name.replace("_", "-"): value for name, value in changed.items()})
        return c.http.send(request).status_code == 401

    return probe


def _refused_native(c: Client) -> JsonObject:
    return dict(c.nova("GET", f"servers/{UNKNOWN}").json()["itemNotFound"])


def _reserved(c: Client) -> bool:
    body = c.native(min_count=2, return_reservation_id=True)
    return "reservation_id" in c.nova("POST", "servers", body).json()


def _address(c: Client) -> bool:
    nics = [{"subnet_id": c.resources["subnet_id"], "ip_address": "192.168.77.7"}]
    shown = c.show(c.create(nics=nics)[0])
    return bool(shown["addresses"][c.resources["subnet_id"]][0]["addr"] == "192.168.77.7")


def _subnet(c: Client, address: str) -> JsonObject:
    return c.request(nics=[{"subnet_id": c.resources["subnet_id"], "ip_address": address}])


def _host_elsewhere(c: Client) -> bool:
    hints = {"tenancy": "dedicated", "dedicated_host_id": c.me["dedicated_host_ids"][0]}
    elsewhere = c.cloud._state.zones[1]
    return _creation_refused(availability_zone=elsewhere, **{"os:scheduler_hints": hints})(c)


def _shared_host(c: Client) -> bool:
    made = c.nova("POST", "servers", c.native()).json()["server"]["id"]
    return "os:scheduler_hints" not in c.show(made)


def _signed_large(c: Client) -> bool:
    del c.http.headers["X-Auth-Token"]
    path, body = f"/v2.1/{c.project}/servers/{UNKNOWN}", "{}" + " " * 13_000_000
    return c.http.send(_signed(c, "PUT", path, [], body)).status_code == 413


def _dry(status: int, **changed: Any) -> Probe:
    return lambda c: c.v1("POST", "cloudservers", {**c.request(**changed), "dry_run": True}).status_code == status


def _max_count(c: Client) -> bool:
    c.nova("POST", "servers", c.native(min_count=1, max_count=3))
    return len(c.nova("GET", "servers").json()["servers"]) == 3


def _deleted_alone(c: Client) -> bool:
    first, second = c.create(count=2)
    _delete(c, first)
    c.advance(60)
    return c.nova("GET", f"servers/{second}").status_code == 200


def _batch(c: Client) -> bool:
    servers = c.create(count=2)
    c.deliver("cloudservers/action", {"os-stop": {"servers": [{"id": server} for server in servers]}})
    c.advance(120)
    return [c.show(server)["status"] for server in servers] == ["SHUTOFF", "SHUTOFF"]


def _eip_kept(c: Client) -> bool:
    eip = c.nova("POST", "os-floating-ips", {}).json()["floating_ip"]["id"]
    (server,) = c.create(publicip={"id": eip, "delete_on_termination": True})
    c.v1("POST", "cloudservers/delete", {"servers": [{"id": server}], "delete_publicip": False})
    c.advance(60)
    return c.nova("GET", f"os-floating-ips/{eip}").status_code == 200


def _create_groups(c: Client) -> bool:
    group = c.resources["security_group_id"]
    (server,) = c.create(security_groups=[{"id": group}])
    listed = c.nova("GET", f"servers/{server}/os-security-groups").json()["security_groups"]
    return [one["id"] for one in listed] == [group]


def _zone(c: Client) -> bool:
    answer = c.v1("GET", "cloudservers/flavors", params={"availability_zone": "eu-test-1b"})
    return "m3.large.8" not in {flavor["id"] for flavor in answer.json()["flavors"]}


PAIRS_11 = {str(n): "" for n in range(11)}
PROBES: dict[str, Probe] = {
    "mandatory-unchecked": _creation_refused(vpcid=None),
    "type-unchecked": _creation_refused(description=5),
    "bound-over-unchecked": _creation_refused(count=501),
    "bound-under-unchecked": _creation_refused(count=0),
    "enum-unchecked": _creation_refused(root_volume={"volumetype": "TAPE"}),
    "pattern-unchecked": _creation_refused(name="a b"),
    "together-unchecked": _creation_refused(root_volume={"volumetype": "SSD", "cluster_type": "DSS"}),
    "reference-unchecked": _creation_refused(imageRef=UNKNOWN),
    "geneve-unchecked": lambda c: _nic_native(c, c.resources["geneve_network_id"]).status_code == 400,
    "foreign-subnet-unchecked": lambda c: _created(c, nics=[{"subnet_id": c.resources["foreign_subnet_id"]}]) == 400,
    "private-image-needs-password": lambda c: _created(c, imageRef=c.resources["private_image_id"]) == 200,
    "password-unchecked": _creation_refused(adminPass="aaaaaaaa"),
    "password-needs-all": lambda c: (
        c.v1("POST", "cloudservers", c.request(adminPass="Qm7tXw2pLz9R")).status_code == 200
    ),
    "name-length-unchecked": _creation_refused(name="n" * 129),
    "metadata-count-unchecked": _creation_refused(metadata=PAIRS_11),
    "user-data-unchecked": _creation_refused(user_data=base64.b64encode(b"x" * 32769).decode()),
    "disk-size-unchecked": _creation_refused(root_volume={"volumetype": "SSD", "size": 1}),
    "address-unchecked": lambda c: c.v1("POST", "cloudservers", _subnet(c, "10.9.9.9")).status_code == 400,
    "batch-size-unchecked": lambda c: (
        c.v1("POST", "cloudservers/delete", {"servers": [{"id": UNKNOWN}] * 1001}).status_code == 400
    ),
    "quota-unchecked": _quota,
    "wrong-method-accepted": lambda c: c.v1("PATCH", "cloudservers").status_code == 405,
    "media-type-unchecked": lambda c: (
        c.http.put(
            f"/v2.1/{c.project}/servers/{UNKNOWN}", content="{}", headers={"Content-Type": "text/xml"}
        ).status_code
        == 415
    ),
    "signed-body-unlimited": _signed_large,
    "large-body-crashes": lambda c: (
        c.http.put(f"/v2.1/{c.project}/servers/{UNKNOWN}", content="{}" + " " * 13_000_000).status_code == 404
    ),
    "unknown-field-crashes": lambda c: c.v1("POST", "cloudservers", c.request(new=1)).status_code == 200,
    "crash-on-unknown-id": lambda c: c.nova("GET", f"servers/{UNKNOWN}").status_code == 404,
    "envelope-flat": _creation_error(400, "Ecs.0005"),
    "native-code-missing": lambda c: "code" in _refused_native(c),
    "native-code-string": lambda c: _refused_native(c)["code"] == 404,
    "error-code-unknown": _creation_error(400, "Ecs.0005"),
    "error-code-other": _creation_error(400, "Ecs.0005"),
    "error-status-wrong": _creation_error(400, "Ecs.0005"),
    "error-status-undocumented": _creation_error(400, "Ecs.0005"),
    "errors-as-html": lambda c: c.v1("GET", "jobs/x").headers["Content-Type"] == "application/json",
    "content-type-text": lambda c: c.nova("GET", "servers").headers["Content-Type"] == "application/json",
    "create-status-203": lambda c: c.v1("POST", "cloudservers", c.request()).status_code == 200,
    "native-create-status-203": lambda c: c.nova("POST", "servers", c.native()).status_code == 202,
    "job-id-missing": lambda c: "job_id" in _delete(c, c.create()[0]).json(),
    "job-id-integer": lambda c: isinstance(
        c.v1("POST", "cloudservers/action", {"os-stop": {"servers": [{"id": c.create()[0]}]}}).json()["job_id"], str
    ),
    "job-too-early": _early,
    "job-fails": lambda c: _stop(c)["status"] == "SUCCESS",
    "job-backwards": _steady,
    "job-status-unknown": _early,
    "job-total-wrong": _job(lambda j: j["entities"]["sub_jobs_total"] == 1),
    "job-sub-missing": _job(lambda j: len(j["entities"]["sub_jobs"]) == 1),
    "job-error-left": _job(lambda j: j["error_code"] is None),
    "job-error-missing": _failed,
    "job-times-swapped": _job(lambda j: j["begin_time"] < j["end_time"]),
    "job-type-missing": _job(lambda j: "job_type" in j),
    "job-entities-empty": _job(lambda j: "server_id" in j["entities"]["sub_jobs"][0]["entities"]),
    "job-unknown-served": lambda c: c.v1("GET", "jobs/x").status_code == 400,
    "state-reboot-as-active": _status_while("action", {"reboot": {"type": "SOFT"}}, "REBOOT"),
    "state-hard-reboot-as-reboot": _status_while("action", {"reboot": {"type": "HARD"}}, "HARD_REBOOT"),
    "state-resize-as-shutoff": _status_while("resize", {}, "RESIZE"),
    "state-building-as-active": _building,
    "state-stopped-as-stopped": _after(lambda c, s: None, _shows("SHUTOFF"), stopped=True),
    "dry-run-creates": lambda c: _dry(202)(c) and not c.nova("GET", "servers").json()["servers"],
    "dry-run-status-200": _dry(202),
    "dry-run-unchecked": _dry(400, name="a b"),
    "name-suffix-missing": lambda c: _names(c, count=2) == ["one-0000", "one-0001"],
    "count-ignored": lambda c: len(_names(c, count=2)) == 2,
    "count-default-two": lambda c: len(_names(c)) == 1,
    "max-count-ignored": _max_count,
    "metadata-dropped": _details(lambda s: s["metadata"] == {"a": "b"}, metadata={"a": "b"}),
    "data-disks-dropped": _details(
        lambda s: len(s["os-extended-volumes:volumes_attached"]) == 2, data_volumes=[{"volumetype": "SSD", "size": 10}]
    ),
    "host-zone-unchecked": _host_elsewhere,
    "host-not-chosen": lambda c: (
        "dedicated_host_id"
        in c.show(c.create(**{"os:scheduler_hints": {"tenancy": "dedicated"}})[0])["os:scheduler_hints"]
    ),
    "tenancy-default-dedicated": _shared_host,
    "create-groups-ignored": _create_groups,
    "group-default-missing": _details(lambda s: s["security_groups"] == [{"name": "default"}]),
    "address-ignored": _address,
    "reservation-missing": _reserved,
    "delete-noop": _after(_delete, lambda c, s: c.nova("GET", f"servers/{s}").status_code == 404),
    "delete-all": _deleted_alone,
    "delete-publicip-ignored": _eip_kept,
    "batch-first-only": _batch,
    "stop-noop": _after(_v1("os-stop"), _shows("SHUTOFF")),
    "start-noop": _after(_v1("os-start"), _shows("ACTIVE"), stopped=True),
    "resize-noop": _after(
        _resize("other_flavor_id"),
        lambda c, s: c.show(s)["flavor"]["id"] == c.resources["other_flavor_id"],
        stopped=True,
    ),
    "resize-while-active": lambda c: _resize("other_flavor_id")(c, c.create()[0]).status_code == 400,
    "resize-same-flavor": lambda c: _resize("flavor_id")(c, c.stopped()).status_code == 400,
    "reboot-hard-refused": lambda c: c.act(c.create()[0], "reboot", type="HARD").status_code == 202,
    "state-unchecked": lambda c: c.act(c.create()[0], "os-start").status_code == 409,
    "usage-frozen": _used,
    "flavors-unfiltered": _zone,
    "flavor-ram-string": lambda c: isinstance(c.v1("GET", "cloudservers/flavors").json()["flavors"][0]["ram"], int),
    "quota-null": lambda c: c.v1("GET", "cloudservers/limits").json()["absolute"]["maxTotalCores"] is not None,
    "quota-unwrapped": lambda c: "absolute" in c.v1("GET", "cloudservers/limits").json(),
    "list-name-ignored": _listed(lambda names: names == ["b"], name="b"),
    "list-status-ignored": _listed(lambda names: not names, status="ERROR"),
    "list-flavor-ignored": _listed(lambda names: names == ["b"], flavor="xlarge"),
    "list-ip-ignored": _listed(lambda names: not names, ip="9.9.9.9"),
    "list-image-ignored": _listed(lambda names: not names, image="none"),
    "list-since-ignored": _listed(lambda names: not names, changes_since="2100-01-01T00:00:00Z"),
    "list-reservation-ignored": _listed(lambda names: not names, reservation_id="r-none"),
    "list-limit-ignored": _listed(lambda names: len(names) == 3, limit="3"),
    "list-default-ignored": _listed(lambda names: len(names) == 25),
    "list-marker-ignored": _marker,
    "list-next-missing": _next,
    "list-unsorted": _listed(lambda names: names[0] == "b"),
    "list-sort-keys-few": lambda c: c.nova("GET", "servers", params={"sort_key": "uuid"}).status_code == 200,
    "list-parts-unmatched": _listed(lambda names: names == ["b"], flavor="xlarge"),
    "status-filter-lenient": lambda c: c.nova("GET", "servers", at="2.38", params={"status": "X"}).status_code == 400,
    "status-filter-few": lambda c: c.nova("GET", "servers", at="2.38", params={"status": "ERROR"}).status_code == 200,
    "status-filter-strict": lambda c: c.nova("GET", "servers", at="2.37", params={"status": "X"}).status_code == 200,
    "server-id-missing": lambda c: c.create() == [one.get("id") for one in c.nova("GET", "servers").json()["servers"]],
    "server-created-null": _details(lambda s: s["created"] is not None),
    "server-progress-string": _details(lambda s: s["progress"] == 0),
    "admin-pass-leaked": _details(lambda s: "adminPass" not in s),
    "update-name-ignored": _updated("name"),
    "update-description-ignored": _updated("description"),
    "field-below-microversion": _details(lambda s: "locked" not in s),
    "field-missing-at-microversion": _details(lambda s: "tags" in s, at="2.26"),
    "flavor-old-form": _details(lambda s: "id" not in s["flavor"], at="2.47"),
    "microversion-ignored": _details(lambda s: "locked" in s, at="2.60"),
    "microversion-above-accepted": _version("2.61", 406),
    "microversion-unchecked": _version("2.61", 406),
    "microversion-status-wrong": _version("2.61", 406),
    "microversion-echo-missing": lambda c: "OpenStack-API-Version" in c.nova("GET", "servers").headers,
    "version-blank": lambda c: c.http.get("/v2.1").json()["version"]["version"] == "2.60",
    "token-header-missing": lambda c: "X-Subject-Token" in c.login().headers,
    "token-unchecked": _token("garbage"),
    "token-expiry-unchecked": _token("", wait=25 * 3600),
    "token-week": _token("", wait=25 * 3600),
    "no-token-accepted": _token(None),
    "password-ignored": lambda c: c.login(password="wrong").status_code == 401,
    "project-mismatch-accepted": lambda c: c.http.get(f"/v1/{UNKNOWN}/cloudservers/limits").status_code == 400,
    "foreign-server-served": _foreign,
    "permission-unchecked": _denied(403),
    "permission-dependencies-unchecked": _denied(403, "ecs:servers:list"),
    "permission-status-wrong": _denied(403),
    "signature-unchecked": _signature(host="elsewhere"),
    "signature-body-unchecked": _signature(host="elsewhere"),
    "signature-date-unchecked": lambda c: _signature_old(c),
    "bound-at-refused": lambda c: c.v1("POST", "cloudservers", c.request(name="a" * 128)).is_success,
    "deletions-say-ok": lambda c: c.nova("DELETE", f"servers/{c.create()[0]}").content == b"",
    "bound-least-refused": lambda c: c.v1("POST", "cloudservers", c.request(name="a")).is_success,
    "unicode-refused": lambda c: c.v1("POST", "cloudservers", c.request(metadata={"a": "\u00e9"})).is_success,
    "null-actions-refused": lambda c: c.nova("POST", f"servers/{c.create()[0]}/action", {"lock": None}).is_success,
    "microversion-header-new-ignored": lambda c: _answered(c, "compute 2.30") == "2.30",
    **probes.PROBES,
    **server_probes.PROBES,
}


def _answered(c: Client, asked: str) -> str:
    headers = {"OpenStack-API-Version": asked}
    answer = c.http.get(f"/v2.1/{c.project}/limits", headers=headers)
    return str(answer.headers["X-OpenStack-Nova-API-Version"])


def _signature_old(c: Client) -> bool:
    del c.http.headers["X-Auth-Token"]
    request = _signed(c, "GET", f"/v1/{c.project}/cloudservers/limits", [], **{"X-Sdk-Date": "20200101T000000Z"})
    return c.http.send(request).status_code == 401


def test_every_deviation_has_a_probe() -> None:
    """The table of deviations and that of probes have the same names, but for those that `test_shown` and `test_refused` try."""
    assert PROBES.keys() == DEVIATIONS.keys() - SHOWN.keys() - REFUSED.keys()


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_holds_for_the_good_mock_and_not_for_the_deviant_one(name: str) -> None:
    """Each deviation changes what it says."""
    assert PROBES[name](Client(MockCloud()))
    cloud = MockCloud(deviations=[name])
    client = Client(cloud, token=name != "token-header-missing")
    try:
        held = PROBES[name](client)
    except (KeyError, AssertionError, TypeError, ValueError):
        held = False  # the probe met what it did not expect, which is as good
    assert not held
    assert not [one for one in cloud.control("GET", "/_mock/requests")["requests"] if "fault" in one]


def test_an_unknown_deviation_is_named_with_those_that_are_close() -> None:
    """A misspelt name would prove nothing, silently."""
    with pytest.raises(ValueError, match="no deviation 'list-name-ignord'; did you mean list-name-ignored"):
        MockCloud(deviations=["list-name-ignord"])


def test_the_mock_imports_nothing_of_the_rest() -> None:
    """It is a second reading of the document, so it knows nothing of the first."""
    for file in (Path(__file__).parents[2] / "pytest_ecs" / "_mock").glob("*.py"):
        text = file.read_text()
        assert text.count("pytest_ecs.") == text.count("pytest_ecs._mock"), file
        assert "schemas" not in text, file
