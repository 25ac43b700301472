"""Nothing that a run creates is lost: after failures, Ctrl-C, killed workers and killed runs, on a real HTTP endpoint."""

import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import pytest_ecs


@pytest.fixture
def mock() -> Iterator[dict[str, Any]]:
    """A mock in a process of its own, fast enough that waiting costs little."""
    command = [sys.executable, "-m", "pytest_ecs", "mock", "--speed=60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def _environment(about: dict[str, Any], folder: Path) -> dict[str, str]:
    resources = about["resources"]
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(pytest_ecs.__file__).parent.parent),
        "HOME": str(folder),
        "OS_AUTH_URL": about["iam"],
        "OS_USERNAME": about["username"],
        "OS_PASSWORD": about["password"],
        "OS_USER_DOMAIN_NAME": about["domain"],
        "OS_PROJECT_ID": about["project_id"],
        "OS_PROJECT_NAME": about["project_name"],
        "PYTEST_ECS_IMAGE": resources["image_id"],
        "PYTEST_ECS_FLAVOR": resources["flavor_id"],
        "PYTEST_ECS_VPC": resources["vpc_id"],
        "PYTEST_ECS_SUBNET": resources["subnet_id"],
        "PYTEST_ECS_BATCH": "1",
    }


def _start(about: dict[str, Any], folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            f"--ecs-endpoint={about['endpoint']}",
            *options,
        ],
        cwd=folder,
        env=_environment(about, folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_a_target_that_names_no_resources_is_blamed_for_nothing(mock: dict[str, Any], tmp_path: Path) -> None:
    """What a run needs is found; what cannot be found is not tested, and the reason names the option."""
    bare = {name: value for name, value in _environment(mock, tmp_path).items() if not name.startswith("PYTEST_ECS_")}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest_ecs", "run", "native", "-q", f"--ecs-endpoint={mock['endpoint']}"),
            *("--ecs-requirement=nova.servers.resize/rule/*", "--ecs-requirement=nova.nics.add/rule/*"),
        ],
        cwd=tmp_path,
        env=bare,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    certificate = json.loads((tmp_path / "ecs-report" / "report.json").read_text(encoding="utf-8"))
    assert (done.returncode, certificate["verdict"]) == (0, "partial"), done.stdout[-3000:]
    verdicts = {row["requirement"]: (row["verdict"], row["reason"]) for row in certificate["results"]}
    assert {verdict for verdict, _ in verdicts.values()} <= {"pass", "not_tested", "not_applicable"}
    assert verdicts["nova.servers.resize/rule/running"][0] == "pass"  # an image, two flavors and a network were found
    assert "--ecs-port" in verdicts["nova.nics.add/rule/fixed-ip-beside-port"][1]
    assert _servers(mock) == []


def _token(about: dict[str, Any]) -> str:
    """A token of the mock, obtained without any of the code under test."""
    user = {"name": about["username"], "password": about["password"], "domain": {"name": about["domain"]}}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"id": about["project_id"]}},
        }
    }
    return str(httpx.post(f"{about['iam']}/v3/auth/tokens", json=body, timeout=60).headers["X-Subject-Token"])


def _servers(about: dict[str, Any]) -> list[str]:
    """Ids of the servers that the mock has, asked for over its API."""
    token = _token(about)
    url = f"{about['endpoint']}/v2.1/{about['project_id']}/servers"
    return [server["id"] for server in httpx.get(url, headers={"X-Auth-Token": token}, timeout=60).json()["servers"]]


def _sweep(about: dict[str, Any], folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest_ecs", "sweep", f"--ecs-endpoint={about['endpoint']}", *options],
        cwd=folder,
        env=_environment(about, folder),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _ready(folder: Path) -> Callable[[], None]:
    """Make a pipe that the test under test writes to once it holds a server; return what waits for that."""
    os.mkfifo(folder / "ready")
    pipe = os.open(folder / "ready", os.O_RDONLY | os.O_NONBLOCK)

    def wait() -> None:
        readable, _, _ = select.select([pipe], [], [], 300)
        os.close(pipe)
        assert readable, "the test under test did not get a server within five minutes"

    return wait


_TESTS = """
import os, signal
from pathlib import Path

def test_holds_a_server(ecs_server):
    Path("has-server").write_text(ecs_server.id)
    if Path("ready").exists():
        Path("ready").write_text("now")
    {then}
"""


@pytest.mark.parametrize(
    ("then", "code"),
    [("pass", 0), ("raise RuntimeError('the test breaks')", 1)],
    ids=["passes", "fails"],
)
def test_servers_are_deleted_at_the_end(mock: dict[str, Any], tmp_path: Path, then: str, code: int) -> None:
    """Whether the test passes or not, its server is gone when the run is over."""
    (tmp_path / "test_it.py").write_text(_TESTS.format(then=then))
    run = _start(mock, tmp_path)
    output, _ = run.communicate(timeout=300)
    assert run.returncode == code, output
    assert (tmp_path / "has-server").exists()
    assert _servers(mock) == []


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let processes that are started heed Ctrl-C, also when a shell started these tests in the background, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_servers_are_deleted_after_ctrl_c(mock: dict[str, Any], tmp_path: Path) -> None:
    """An interrupted run cleans up before it ends."""
    (tmp_path / "test_it.py").write_text(_TESTS.format(then="signal.pause()"))
    wait = _ready(tmp_path)
    run = _start(mock, tmp_path)
    wait()
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=300)
    assert run.returncode == pytest.ExitCode.INTERRUPTED, output
    assert _servers(mock) == []


def test_the_controller_deletes_what_a_killed_worker_made(mock: dict[str, Any], tmp_path: Path) -> None:
    """A worker that dies leaves its server to the controller."""
    then = "os.kill(os.getpid(), 9)"
    (tmp_path / "test_it.py").write_text(_TESTS.format(then=then))
    run = _start(mock, tmp_path, "-n", "2", "--max-worker-restart=0")
    output, _ = run.communicate(timeout=300)
    assert run.returncode == 1, output
    assert "crashed" in output
    assert (tmp_path / "has-server").exists()
    assert _servers(mock) == []


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_sweep_deletes_what_a_killed_run_left(mock: dict[str, Any], tmp_path: Path, options: list[str]) -> None:
    """After SIGKILL to the whole run its servers stand in the ledger, and only they are swept."""
    foreign = _foreign_server(mock)
    (tmp_path / "test_it.py").write_text(_TESTS.format(then="signal.pause()"))
    wait = _ready(tmp_path)
    run = _start(mock, tmp_path, *options)
    wait()
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate(timeout=300)
    ours = (tmp_path / "has-server").read_text()
    assert set(_servers(mock)) == {ours, foreign}

    listed = _sweep(mock, tmp_path, "--dry-run")
    assert "would be deleted" in listed.stdout
    assert ours in listed.stdout
    assert set(_servers(mock)) == {ours, foreign}

    swept = _sweep(mock, tmp_path)
    assert swept.returncode == 0, swept.stdout + swept.stderr
    assert ours in swept.stdout
    assert _servers(mock) == [foreign]
    assert "0 thing(s) deleted" in _sweep(mock, tmp_path).stdout


def test_sweep_finds_a_server_whose_answer_never_came(mock: dict[str, Any], tmp_path: Path) -> None:
    """A run that died between request and answer is swept by the name in its intent."""
    code = (
        "import os\n"
        "from pytest_ecs._resources.ledger import Ledger\n"
        "def test_it(monkeypatch, ecs_servers):\n"
        "    monkeypatch.setattr(Ledger, 'accepted', lambda *a: os.kill(os.getpid(), 9))\n"
        "    ecs_servers()\n"
    )
    (tmp_path / "test_it.py").write_text(code)
    run = _start(mock, tmp_path)
    output, _ = run.communicate(timeout=300)
    assert run.returncode == -signal.SIGKILL, output
    assert len(_servers(mock)) == 1
    swept = _sweep(mock, tmp_path)
    assert "1 thing(s) deleted" in swept.stdout, swept.stdout + swept.stderr
    assert _servers(mock) == []


def _foreign_server(about: dict[str, Any]) -> str:
    """A server that somebody else made in the same project, with a name like ours."""
    token = _token(about)
    resources = about["resources"]
    server = {
        "name": "ecs-conformance-not-ours",
        "imageRef": resources["image_id"],
        "flavorRef": resources["flavor_id"],
        "networks": [{"uuid": resources["network_id"]}],
    }
    url = f"{about['endpoint']}/v2.1/{about['project_id']}/servers"
    answer = httpx.post(url, json={"server": server}, headers={"X-Auth-Token": token}, timeout=60)
    return str(answer.json()["server"]["id"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_is_ctrl_c(mock: dict[str, Any], tmp_path: Path, number: signal.Signals) -> None:
    """What ends a container or a job of a CI ends the run in order, and so does a terminal that is closed."""
    (tmp_path / "test_it.py").write_text(_TESTS.format(then="signal.pause()"))
    wait = _ready(tmp_path)
    run = _start(mock, tmp_path)
    wait()
    run.send_signal(number)
    output, _ = run.communicate(timeout=300)
    assert run.returncode == pytest.ExitCode.INTERRUPTED, output
    assert _servers(mock) == []


def test_the_second_signal_leaves_at_once_and_says_how_to_sweep(mock: dict[str, Any], tmp_path: Path) -> None:
    """Nothing more is deleted; the command that is printed does it."""
    then = "os.kill(os.getpid(), 15)\n    finally:\n        os.kill(os.getpid(), 15)"
    (tmp_path / "test_it.py").write_text(_TESTS.format(then=f"try:\n        {then}"))
    run = _start(mock, tmp_path)
    output, _ = run.communicate(timeout=300)
    assert run.returncode != 0
    assert f"pytest-ecs sweep --ecs-endpoint={mock['endpoint']} --ecs-ledger={tmp_path}" in output
    assert len(_servers(mock)) == 1
    assert _sweep(mock, tmp_path).returncode == 0
    assert _servers(mock) == []


def test_sweep_knows_what_was_made_without_the_pool(mock: dict[str, Any], tmp_path: Path) -> None:
    """A test of a stranger uses the client alone; its endpoint may be written in another way."""
    code = (
        "import os\n"
        "def test_it(ecs_client, ecs_servers):\n"
        "    ecs_client.post('/v1/{project_id}/cloudservers', ecs_servers.template('web', 1))\n"
        "    ecs_client.post('/v2.1/{project_id}/os-keypairs', {'keypair': {'name': 'mine'}})\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    (tmp_path / "test_it.py").write_text(code)
    run = _start(mock, tmp_path)
    output, _ = run.communicate(timeout=300)
    assert run.returncode == -signal.SIGKILL, output
    assert list((tmp_path / ".pytest-ecs").glob("tokens-*"))
    elsewhere = {**mock, "endpoint": mock["endpoint"].replace("127.0.0.1", "LOCALHOST") + "/"}
    swept = _sweep(elsewhere, tmp_path)
    assert swept.returncode == 0, swept.stdout + swept.stderr
    assert "key pair mine" in swept.stdout
    assert _servers(mock) == []
    left = {file.name for file in (tmp_path / ".pytest-ecs").iterdir()}
    assert left - {"ledger.sqlite-wal", "ledger.sqlite-shm"} == {"ledger.sqlite"}


def test_sweep_names_what_may_still_be_alive(mock: dict[str, Any], tmp_path: Path) -> None:
    """A run of another computer is touched only by force."""
    (tmp_path / "test_it.py").write_text(_TESTS.format(then="os.kill(os.getpid(), 9)"))
    _start(mock, tmp_path).communicate(timeout=300)
    with sqlite3.connect(tmp_path / ".pytest-ecs" / "ledger.sqlite") as db:
        db.execute("UPDATE runs SET host = 'elsewhere'")
    db.close()
    swept = _sweep(mock, tmp_path)
    assert swept.returncode == 1
    assert "may still be alive" in swept.stdout
    assert "on elsewhere" in swept.stdout
    assert len(_servers(mock)) == 1
    assert _sweep(mock, tmp_path, "--force").returncode == 0
    assert _servers(mock) == []


@pytest.mark.parametrize(
    "content", [None, "", "no database, and long enough to be read as one" * 40], ids=["none", "empty", "text"]
)
def test_a_ledger_that_says_nothing_is_one_sentence(mock: dict[str, Any], tmp_path: Path, content: str | None) -> None:
    """A ledger that is not there, or is none, is no proof that nothing is left."""
    if content is not None:
        (tmp_path / "other.sqlite").write_text(content)
    swept = _sweep(mock, tmp_path, f"--ecs-ledger={tmp_path / 'other.sqlite'}")
    assert swept.returncode == (0 if content == "" else 4), swept.stdout + swept.stderr
    assert "Traceback" not in swept.stdout + swept.stderr
    assert content == "" or "other.sqlite" in swept.stderr
