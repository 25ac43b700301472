from __future__ import annotations

import configparser
import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from pytest_ecs.__main__ import main
from pytest_ecs._mock import MockCloud, ScaledClock, VirtualClock
from pytest_ecs._mock.server import serve

ROOT = Path(__file__).parents[2]


def test_a_connection_serves_many_requests(cloud: MockCloud) -> None:
    """HTTP/1.1 keep-alive: one connection, bodies read to their end, also by chunks."""
    with serve(cloud) as server, httpx.Client(base_url=server.url) as client:
        ports = set()
        for _ in range(5):
            answer = client.get("/")
            ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
            assert answer.status_code == 200
            assert client.post("/v3/auth/tokens", content=iter([b'{"auth"', b": {}}"])).status_code == 400
        assert len(ports) == 1


def test_answers_do_not_wait_for_acknowledgements(cloud: MockCloud) -> None:
    """TCP_NODELAY is in effect on accepted connections: otherwise each answer would take 40 ms."""
    with serve(cloud) as server, httpx.Client(base_url=server.url) as client:
        client.get("/")
        fastest = min(client.get("/").elapsed.total_seconds() for _ in range(20))
    assert fastest < 0.03


def test_only_this_machine_is_served(cloud: MockCloud) -> None:
    """The mock has no secrets worth keeping and is not for others."""
    with serve(cloud) as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n{}",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_the_server_lives(cloud: MockCloud, raw: bytes) -> None:
    """400 and the end of the connection; the next client is served."""
    with serve(cloud) as server:
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=5) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while data := connection.recv(65536):
                received += data
        assert b" 400 " in received.split(b"\r\n")[0]
        assert httpx.get(server.url).status_code == 200


def test_paths_and_queries_arrive_as_they_were_sent(cloud: MockCloud) -> None:
    """Quoted characters are decoded once."""
    with serve(cloud) as server:
        httpx.get(f"{server.url}/a%25b%C3%BC?x=%26")
    assert cloud.control("GET", "/_mock/requests")["requests"][-1]["path"] == "/a%b\u00fc"


def test_a_busy_port_is_an_error(cloud: MockCloud) -> None:
    """The caller learns that the port is taken."""
    with (
        serve(cloud) as server,
        pytest.raises(OSError, match="in use"),
        serve(cloud, int(server.url.rpartition(":")[2])),
    ):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_when_it_is_ready_and_stops_on_a_signal(number: signal.Signals) -> None:
    """One line of JSON; the clock runs at its speed; the exit code is 0."""
    command = [sys.executable, "-m", "pytest_ecs", "mock", "--speed=1000"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        described = json.loads(process.stdout.readline())
        assert httpx.get(described["endpoint"]).status_code == 200
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stdout.read() == ""


def test_the_command_writes_who_may_log_in(tmp_path: Path) -> None:
    """clouds.yaml, openrc and ecs.ini are those of the line that it prints, and nobody else can read them."""
    command = [sys.executable, "-m", "pytest_ecs", "mock", f"--write={tmp_path / 'access'}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        about = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    files = {file.name: file.read_text(encoding="utf-8") for file in (tmp_path / "access").iterdir()}
    assert files.keys() == {"clouds.yaml", "openrc", "ecs.ini"}
    clouds = yaml.safe_load(files["clouds.yaml"])["clouds"]
    assert clouds["mock"]["auth"]["password"] == about["password"]
    assert clouds["mock-other"]["auth"]["project_id"] == about["other_project"]["project_id"]
    assert f"export OS_AUTH_URL={about['iam']}/v3\n" in files["openrc"]
    options = configparser.ConfigParser()
    options.read_string(files["ecs.ini"])
    assert options["pytest"]["ecs_cloud"] == "mock"
    named = {value for key, value in options["pytest"].items() if not key.endswith("cloud")}
    assert named == set(about["resources"].values())
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "access").iterdir()} == {0o600}


def test_virtual_time_passes_only_when_told() -> None:
    """Waiting costs nothing, and time never runs backwards."""
    clock = VirtualClock(5.0)
    clock.sleep(10)
    clock.advance(-3)
    assert (clock.now(), clock.wall()) == (15.0, 15.0)


def test_scaled_time_is_faster_than_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures are dated with real time, whatever the speed."""
    real = {"time": 1000.0, "monotonic": 50.0}
    for name in real:
        monkeypatch.setattr(f"time.{name}", lambda name=name: real[name])
    clock = ScaledClock(60)
    real["monotonic"] += 2
    real["time"] += 2
    clock.advance(5)
    assert (clock.now(), clock.wall()) == (1125.0, 1002.0)


def _command(*options: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pytest_ecs", "mock", *map(str, options)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _log_in(about: dict[str, Any]) -> httpx.Response:
    user = {"name": about["username"], "password": about["password"], "domain": {"name": about["domain"]}}
    identity = {"methods": ["password"], "password": {"user": user}}
    return httpx.post(
        f"{about['iam']}/v3/auth/tokens",
        json={"auth": {"identity": identity, "scope": {"project": {"id": about["project_id"]}}}},
    )


def test_the_command_keeps_its_state_and_goes_on_from_it(tmp_path: Path) -> None:
    """A key pair outlives the command, and so does the token; nobody else can read the file. With it, the log."""
    file, answers = tmp_path / "state.json", []
    token = ""
    for _ in range(2):
        with _command("--state", file, "--log") as process:
            assert process.stdout is not None
            about = json.loads(process.stdout.readline())
            token = token or _log_in(about).headers["X-Subject-Token"]
            path = f"{about['endpoint']}/v2.1/{about['project_id']}/os-keypairs"
            answers.append(httpx.post(path, headers={"X-Auth-Token": token}, json={"keypair": {"name": "kept"}}))
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=20)
            assert process.returncode == 0
        assert f" POST /v2.1/{about['project_id']}/os-keypairs " in log
        assert token not in log
        assert about["password"] not in log
    assert [one.status_code for one in answers] == [200, 409]
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--state", "{bad}"], "the state cannot be restored"),
        (["--state", "{bad}/deeper/state.json"], "the state cannot be"),
        (["--latency", "soon"], "--latency must be seconds"),
        (["--latency", "0.5-0.1"], "the lower one first"),
        (["--fail-rate", "2"], "--fail-rate must be from 0 to 1"),
        (["--throttle", "0"], "--throttle must be greater than 0"),
    ],
)
def test_what_cannot_be_is_refused_before_it_serves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    """With a sentence and the code for a user's mistake."""
    bad = tmp_path / "bad.json"
    bad.write_text("{}", encoding="utf-8")
    assert main(["mock", *(one.format(bad=bad) for one in options)]) == 4
    assert says in capsys.readouterr().err
    assert bad.read_text(encoding="utf-8") == "{}"


def test_a_bad_day_is_had_by_all(tmp_path: Path) -> None:
    """Everything fails, and the command itself ends as ever."""
    with _command("--fail-rate=1", "--throttle=1000", "--latency=0-0.01") as process:
        assert process.stdout is not None
        about = json.loads(process.stdout.readline())
        assert httpx.get(about["endpoint"]).status_code in {503, 504}
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 0
