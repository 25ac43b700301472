"""The whole state as JSON and back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._cli.keeping import kept
from pytest_ecs._mock import MockCloud, VirtualClock
from pytest_ecs.exceptions import ConfigurationError
from tests.mock.harness import Client


def _again(cloud: MockCloud) -> MockCloud:
    """Return another mock with the state of this one, as it went through a file."""
    made = MockCloud(clock=VirtualClock(0), seed=99)
    made.restore(json.loads(json.dumps(cloud.keep())))
    return made


def test_a_restored_mock_answers_as_the_one_before(client: Client, cloud: MockCloud) -> None:
    """Servers with disks, NICs and tags, jobs, groups, snapshots and the token that the client has."""
    (server,) = client.create(data_volumes=[{"volumetype": "SSD", "size": 10}], count=1)
    client.nova("PUT", f"servers/{server}/tags/blue", at="2.26")
    disk = client.volume()
    assert client.nova("POST", "os-snapshots", {"snapshot": {"volume_id": disk}}).status_code == 200
    job = client.deliver("cloudservers", client.request(name="two"))
    token = client.http.headers["X-Auth-Token"]
    other = Client(_again(cloud), token=False)
    other.http.headers["X-Auth-Token"] = token
    paths = (f"servers/{server}", "servers/detail", f"os-volumes/{disk}", "os-security-groups", "limits")
    for path in (*paths, f"servers/{server}/os-interface", f"servers/{server}/os-instance-actions"):
        assert other.nova("GET", path, at="2.26").content == client.nova("GET", path, at="2.26").content, path
    assert other.job(job)["status"] == "SUCCESS"
    assert other.me["ak"] == client.me["ak"]
    assert other.cloud.control("GET", "/_mock/consistency") == {"complaints": []}


def test_things_go_on_after_it(client: Client, cloud: MockCloud) -> None:
    """What is shared is shared still: a server is deleted with its disk, and ids and times do not repeat."""
    (server,) = client.create()
    other = Client(_again(cloud))
    before = other.cloud.clock.now()
    (second,) = other.create(name="second")
    assert second != server
    assert before >= cloud.clock.now()
    body = {"servers": [{"id": server}], "delete_volume": True}
    assert other.run("cloudservers/delete", body)["status"] == "SUCCESS"
    assert other.nova("GET", f"servers/{server}").status_code == 404
    assert len(other.nova("GET", "os-volumes").json()["volumes"]) == 1
    assert other.cloud.control("GET", "/_mock/consistency") == {"complaints": []}


def test_request_ids_do_not_repeat(client: Client, cloud: MockCloud) -> None:
    """6.13 finds what was done by them."""
    seen = {client.http.get("/").headers["X-Request-Id"] for _ in range(3)}
    other = Client(_again(cloud))
    assert not seen & {other.http.get("/").headers["X-Request-Id"] for _ in range(9)}


def test_what_is_under_way_or_frozen_comes_to_its_end(client: Client, cloud: MockCloud) -> None:
    """A file has no functions in it, so nothing may wait for one."""
    (server,) = client.create()
    cloud.control("PUT", f"/_mock/servers/{server}/state", {"vm_state": "error"})
    assert client.nova("DELETE", f"servers/{server}").status_code == 204
    new = client.nova("POST", "servers", client.native(name="new")).json()["server"]["id"]
    other = Client(_again(cloud))
    assert other.nova("GET", f"servers/{server}").status_code == 404
    assert other.show(new)["status"] == "ACTIVE"


@pytest.mark.parametrize(
    "change",
    [
        lambda kept: [],
        lambda kept: {},
        lambda kept: {**kept, "pytest-ecs mock": 99},
        lambda kept: {**kept, "objects": []},
        lambda kept: {**kept, "state": {}},
        lambda kept: {**kept, "objects": [["Popen", {"args": "true"}], *kept["objects"]]},
        lambda kept: {**kept, "objects": [[name, {**found, "more": 1}] for name, found in kept["objects"]]},
    ],
)
def test_what_no_mock_kept_is_refused(cloud: MockCloud, change: Any) -> None:
    """With a sentence, and never by making anything that is not of the state."""
    with pytest.raises(ValueError, match=r"format|version"):
        MockCloud().restore(change(json.loads(json.dumps(cloud.keep()))))


# The file that the command keeps


class _KilledError(Exception):
    """The command ends, and not in order."""


@contextmanager
def _killed(cloud: MockCloud, file: Path) -> Iterator[Callable[[], None]]:
    """Keep the state as the command does that is killed at the end of the block."""
    with suppress(_KilledError), kept(cloud, file) as look:
        yield look
        raise _KilledError


def test_a_change_is_in_the_file_before_the_end(client: Client, cloud: MockCloud, tmp_path: Path) -> None:
    """What is under way has come to its end in it, and goes on in the mock itself."""
    file = tmp_path / "state.json"
    with _killed(cloud, file) as look:
        server = client.nova("POST", "servers", client.native()).json()["server"]["id"]
        look()
    assert client.show(server)["status"] == "BUILD"
    other = MockCloud(clock=VirtualClock(0), seed=99)
    with _killed(other, file):
        assert Client(other).show(server)["status"] == "ACTIVE"
        assert other.control("GET", "/_mock/consistency") == {"complaints": []}
    assert list(tmp_path.iterdir()) == [file]


def test_nothing_is_written_without_a_change(client: Client, cloud: MockCloud, tmp_path: Path) -> None:
    """Who only looks lets the file alone."""
    file = tmp_path / "state.json"
    with _killed(cloud, file) as look:
        before = file.stat()
        client.nova("GET", "servers")
        look()
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_that_cannot_be_written_is_said_and_tried_again(
    client: Client, cloud: MockCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mock goes on; at the start it is an error."""
    folder = tmp_path / "state"
    folder.mkdir()
    file = folder / "state.json"
    with _killed(cloud, file) as look:
        shutil.rmtree(folder)
        client.nova("POST", "os-keypairs", {"keypair": {"name": "kept"}})
        look()
    assert "the state cannot be kept at the moment" in capsys.readouterr().err
    with pytest.raises(ConfigurationError, match="the state cannot be kept"), kept(cloud, file):
        pass
