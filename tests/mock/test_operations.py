from __future__ import annotations

from typing import Any

import pytest

from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"


def _actions(client: Client, server: str) -> list[JsonObject]:
    return list(client.nova("GET", f"servers/{server}/os-instance-actions").json()["instanceActions"])


def test_what_was_done_to_a_server_is_listed(client: Client) -> None:
    """6.13.1: the latest first, by the ids of the requests, whichever view they came from."""
    (server,) = client.create()
    volume = client.volume()
    user = client.nova("GET", "os-keypairs/conformance-key").json()["keypair"]["user_id"]
    done = []
    for answer in (
        client.null(server, "lock"),
        client.null(server, "unlock"),
        client.nova("POST", f"servers/{server}/os-volume_attachments", {"volumeAttachment": {"volumeId": volume}}),
        client.v1("POST", "cloudservers/action", {"os-stop": {"servers": [{"id": server}]}}),
    ):
        assert answer.status_code < 300, answer.text
        done.append(answer.headers["X-Request-Id"])
        client.advance(30)
    actions = _actions(client, server)
    assert [one["action"] for one in actions] == ["stop", "attach_volume", "unlock", "lock", "create"]
    assert [one["request_id"] for one in actions[:-1]] == done[::-1]
    assert {(one["instance_uuid"], one["project_id"], one["user_id"]) for one in actions} == {
        (server, client.project, user)
    }
    assert actions == sorted(actions, key=lambda one: one["start_time"], reverse=True)
    assert all(one["message"] is None for one in actions)


@pytest.mark.parametrize(
    ("action", "inner", "name"),
    [
        ("rebuild", {"imageRef": ""}, "rebuild"),
        ("resize", {"flavorRef": "s3.xlarge.2"}, "resize"),
        ("reboot", {"type": "HARD"}, "reboot"),
        ("os-stop", {"type": "HARD"}, "stop"),
    ],
)
def test_an_operation_is_shown_by_its_request(client: Client, action: str, inner: JsonObject, name: str) -> None:
    """6.13.2: its event has no end and no result until it is over."""
    (server,) = client.create()
    inner = {key: value or client.resources["image_id"] for key, value in inner.items()}
    request = client.act(server, action, **inner).headers["X-Request-Id"]
    url = f"servers/{server}/os-instance-actions/{request}"
    (event,) = client.nova("GET", url).json()["instanceAction"]["events"]
    assert (event["finish_time"], event["result"], event["traceback"]) == (None, None, None)
    client.advance(120)
    shown = client.nova("GET", url).json()["instanceAction"]
    (event,) = shown["events"]
    assert (shown["action"], event["result"], event["traceback"]) == (name, "Success", None)
    assert event["event"].startswith("compute_")
    assert shown["start_time"] <= event["start_time"] < event["finish_time"]
    assert {key: value for key, value in shown.items() if key != "events"} == _actions(client, server)[0]


def test_an_operation_that_failed_says_so(client: Client) -> None:
    """Tables 6-209 and 6-213: Error, with a trace."""
    (server,) = client.create()
    request = client.act(server, "resize", flavorRef="s3.2xlarge.2").headers["X-Request-Id"]
    client.advance(60)
    shown = client.nova("GET", f"servers/{server}/os-instance-actions/{request}").json()["instanceAction"]
    assert (shown["message"], shown["events"][0]["result"]) == ("Error", "Error")
    assert shown["events"][0]["traceback"]


def test_an_image_of_a_server_is_nothing_that_was_done_to_it(client: Client) -> None:
    """Table 6-209 has no word for it."""
    (server,) = client.create()
    assert client.act(server, "createImage", name="copy").status_code == 202
    client.advance(60)
    assert [one["action"] for one in _actions(client, server)] == ["create"]


def test_what_was_refused_was_not_done(client: Client) -> None:
    """No action for it, and none for other requests, servers and projects."""
    first, second = client.create(count=2)
    assert [one["action"] for one in _actions(client, first)] == ["create"]
    assert _actions(client, first)[0]["request_id"] == _actions(client, second)[0]["request_id"]
    refused = client.act(first, "os-start").headers["X-Request-Id"]
    other = client.act(second, "os-stop").headers["X-Request-Id"]
    for request in (refused, other, "none"):
        answer = client.nova("GET", f"servers/{first}/os-instance-actions/{request}")
        assert (answer.status_code, answer.json()["itemNotFound"]["code"]) == (404, 404)
    stranger = Client(client.cloud, "other_project")
    assert stranger.nova("GET", f"servers/{first}/os-instance-actions").status_code == 404
    assert client.nova("GET", f"servers/{UNKNOWN}/os-instance-actions").status_code == 404


# Console logs


def _console(client: Client, server: str, length: Any = -1, at: str = "") -> Any:
    body = {"os-getConsoleOutput": {"length": length}}
    answer = client.nova("POST", f"servers/{server}/action", body, at=at)
    return answer.json()["output"] if answer.status_code == 200 else answer.status_code


def test_a_console_log_grows_with_what_a_server_does(client: Client) -> None:
    """6.14.1: the last lines of it, or all for -1; a number may be sent as text."""
    (server,) = client.create(name="web")
    first = _console(client, server)
    assert first.splitlines()[-1] == "web login:"
    assert server in first
    client.act(server, "reboot", type="SOFT")
    client.advance(60)
    both = _console(client, server)
    assert both.startswith(first)
    assert len(both) > len(first)
    lines = both.splitlines()
    assert _console(client, server, 3).splitlines() == _console(client, server, "3").splitlines() == lines[-3:]
    assert _console(client, server, 0) == ""
    assert _console(client, server, 1000) == both
    client.act(server, "os-stop")
    client.advance(60)
    assert _console(client, server).splitlines()[-1].endswith("Power down")


def test_a_console_log_needs_a_length_and_an_old_microversion(client: Client) -> None:
    """Table 6-216; gone above 2.5; not while the server is building."""
    (server,) = client.create()
    wrong: list[Any] = [-2, "x", None, [], 1.5]
    for length in wrong:
        assert _console(client, server, length) == 400
    assert client.act(server, "os-getConsoleOutput").status_code == 400
    assert _console(client, server, at="2.5")
    assert _console(client, server, at="2.6") == 404
    assert _console(client, UNKNOWN) == 404
    building = client.nova("POST", "servers", client.native()).json()["server"]["id"]
    assert _console(client, building) == 409


# Automatic recovery


def test_automatic_recovery_is_turned_off_and_on(client: Client) -> None:
    """11.1: as a string."""
    (server,) = client.create()
    url = f"cloudservers/{server}/autorecovery"
    assert client.v1("GET", url).json() == {"support_auto_recovery": "true"}
    for value in ("false", "true"):
        answer = client.v1("PUT", url, {"support_auto_recovery": value})
        assert (answer.status_code, answer.content) == (204, b"")
        assert client.v1("GET", url).json() == {"support_auto_recovery": value}
    for wrong in (True, "True", "", None, "yes"):
        assert client.code(client.v1("PUT", url, {"support_auto_recovery": wrong})) == (400, "Ecs.0005")
    assert client.code(client.v1("PUT", url, {"x": 1})) == (400, "Ecs.0005")


def test_automatic_recovery_is_the_flavors(client: Client) -> None:
    """Table 5-41: without cond:compute there is none."""
    (server,) = client.create(flavorRef="s1.medium")
    url = f"cloudservers/{server}/autorecovery"
    assert client.v1("GET", url).json() == {"support_auto_recovery": "false"}
    assert client.code(client.v1("PUT", url, {"support_auto_recovery": "true"})) == (400, "Ecs.0036")
    assert client.v1("PUT", url, {"support_auto_recovery": "false"}).status_code == 204
    for caller, wanted in ((client, UNKNOWN), (Client(client.cloud, "other_project"), server)):
        answer = caller.v1("GET", f"cloudservers/{wanted}/autorecovery")
        assert caller.code(answer) == (404, "Ecs.0114")
        body = {"support_auto_recovery": "true"}
        assert caller.code(caller.v1("PUT", f"cloudservers/{wanted}/autorecovery", body)) == (404, "Ecs.0114")
