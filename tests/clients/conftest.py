from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import openstack
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkecs import v2 as ecs

Described = dict[str, Any]
Create = Callable[..., list[str]]
Finished = Callable[[Any], Any]
ROOT = Path(__file__).parents[2]
#: A creation takes a tenth of a second, a token's day three minutes.
SPEED = "500"


@pytest.fixture(scope="package")
def endpoint() -> Iterator[Described]:
    """What `pytest-ecs mock` says of itself, while it runs on a free port."""
    command = [sys.executable, "-m", "pytest_ecs", "mock", "--port", "0", "--speed", SPEED]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                pytest.fail(f"The mock ended with {process.wait(10)} before it was ready: {_said(errors)}")
            about = json.loads(line)
            yield about
            if process.poll() is not None:
                pytest.fail(f"The mock ended with {process.returncode} during the tests: {_said(errors)}")
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0, f"The mock did not stop cleanly: {_said(errors)}"
            assert process.stdout.read() == "", "The mock printed more than its one line"
            assert not _said(errors), f"The mock complained: {_said(errors)}"
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture(autouse=True)
def _nothing_contradicts_itself(endpoint: Described) -> Iterator[None]:
    """Ask the mock after each test, whatever the client did, and look for faults in its log."""
    yield
    hooks = f"{endpoint['endpoint']}/_mock"
    assert httpx.get(f"{hooks}/consistency").json() == {"complaints": []}
    assert [one for one in httpx.get(f"{hooks}/requests").json()["requests"] if "fault" in one] == []


@pytest.fixture(scope="package")
def client(endpoint: Described) -> Any:
    """The vendor's client, with the keys of the mock's user."""
    credentials = BasicCredentials(endpoint["ak"], endpoint["sk"], endpoint["project_id"])
    config = HttpConfig.get_default_config()
    made = ecs.EcsClient.new_builder().with_http_config(config).with_credentials(credentials)
    return made.with_endpoints([endpoint["endpoint"]]).build()


@pytest.fixture(scope="package")
def finished(client: Any) -> Finished:
    """Waits for the job of an answer, as the SDK's users do: by asking until it is over."""

    def wait(answer: Any) -> Any:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            job = client.show_job(ecs.ShowJobRequest(job_id=answer.job_id))
            if job.status not in {"INIT", "RUNNING"}:
                assert job.status == "SUCCESS", job
                return job
        raise AssertionError(f"The job is not over: {job}")

    return wait


@pytest.fixture(scope="package")
def connect(endpoint: Described) -> Iterator[Callable[..., Any]]:
    """Makes openstacksdk connections that were told no more than OS_* variables say."""
    with ExitStack() as stack:

        def connect(**more: Any) -> Any:
            made = openstack.connect(
                load_envvars=False,
                load_yaml_config=False,
                auth_url=f"{endpoint['iam']}/v3",
                username=endpoint["username"],
                password=endpoint["password"],
                user_domain_name=endpoint["domain"],
                project_id=endpoint["project_id"],
                region_name=endpoint["region"],
                **more,
            )
            return stack.enter_context(made)

        yield connect


@pytest.fixture(scope="package")
def cloud(connect: Callable[..., Any]) -> Any:
    """A connection at the microversions that openstacksdk and the mock agree about."""
    return connect()


@pytest.fixture
def volume(endpoint: Described) -> Callable[[], str]:
    """Makes a disk, which the document has only among the discarded APIs (11.4.4), and waits for it."""
    me = {name: endpoint[key] for name, key in (("name", "username"), ("password", "password"))}
    identity = {"methods": ["password"], "password": {"user": {**me, "domain": {"name": endpoint["domain"]}}}}
    scope = {"project": {"id": endpoint["project_id"]}}

    def make() -> str:
        with httpx.Client(base_url=endpoint["endpoint"]) as http:
            answer = http.post("/v3/auth/tokens", json={"auth": {"identity": identity, "scope": scope}})
            http.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
            path = f"/v2.1/{endpoint['project_id']}/os-volumes"
            made = http.post(path, json={"volume": {"size": 10, "volume_type": "SSD"}}).json()["volume"]["id"]
            deadline = time.monotonic() + 10
            while http.get(f"{path}/{made}").json()["volume"]["status"] != "available":
                assert time.monotonic() < deadline
            return str(made)

    return make


def _said(errors: Any) -> str:
    """Return what the mock wrote to its standard error."""
    errors.seek(0)
    return str(errors.read())
