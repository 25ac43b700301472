"""A client that openapi-python-client generates from the OpenAPI document takes the mock through a server's life."""

from __future__ import annotations

import importlib
import json
import pkgutil
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pytest_ecs._contract import load
from pytest_ecs._contract.openapi import openapi
from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve

_GENERATOR = shutil.which("openapi-python-client")

pytestmark = pytest.mark.skipif(_GENERATOR is None, reason="openapi-python-client is not installed")


class Generated:
    """The generated package and its functions by the ids of operations."""

    def __init__(self, package: str) -> None:
        self._package = importlib.import_module(package)
        names = [module.name for module in pkgutil.walk_packages(self._package.__path__, f"{package}.")]
        self.modules = [importlib.import_module(name) for name in names]
        self._by_name = {module.__name__.rpartition(".")[2]: module for module in self.modules}

    def client(self, url: str, token: str = "") -> Any:
        """Return a client; a token makes an authenticated one."""
        if not token:
            return self._package.Client(base_url=url)
        return self._package.AuthenticatedClient(
            base_url=url, token=token, prefix="", auth_header_name="X-Auth-Token", raise_on_unexpected_status=True
        )

    def model(self, name: str, data: Mapping[str, Any]) -> Any:
        """Return a body from *data*."""
        return getattr(importlib.import_module(f"{self._package.__name__}.models"), name).from_dict(data)

    def call(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        """Call an operation and return status, headers and parsed answer."""
        return self._by_name[operation].sync_detailed(*args, **kwargs)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generated]:
    """Return the client, generated once."""
    folder = tmp_path_factory.mktemp("generated")
    document = folder / "ecs.json"
    document.write_text(json.dumps(openapi(load())), encoding="utf-8")
    made = subprocess.run(
        [str(_GENERATOR), "generate", "--path", document, "--meta", "none", "--output-path", folder / "ecs_client"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield Generated("ecs_client")


@pytest.fixture
def cloud() -> MockCloud:
    """Return a mock whose clock the test moves."""
    return MockCloud()


@pytest.fixture
def about(cloud: MockCloud) -> Iterator[dict[str, Any]]:
    """Serve it and return what it says of itself."""
    with serve(cloud) as server:
        yield cloud.describe(server.url)


@pytest.fixture
def client(generated: Generated, about: dict[str, Any]) -> Iterator[Any]:
    """Return a client that has logged in."""
    user = {key: about[key] for key in ("password",)} | {"name": about["username"], "domain": {"name": about["domain"]}}
    identity = {"methods": ["password"], "password": {"user": user}}
    asked = {"auth": {"identity": identity, "scope": {"project": {"id": about["project_id"]}}}}
    body = generated.model("IamTokensCreateBody", asked)
    with generated.client(about["iam"]) as stranger:
        answer = generated.call("iam_tokens_create", client=stranger, body=body)
    assert answer.status_code == 201
    assert answer.parsed.token.expires_at
    with generated.client(about["endpoint"], answer.headers["x-subject-token"]) as known:
        yield known


def test_every_operation_is_generated(generated: Generated) -> None:
    """None is left out with a warning, and every module imports."""
    functions = [module for module in generated.modules if hasattr(module, "sync_detailed")]
    document = openapi(load())
    operations = [method for item in document["paths"].values() for method in item if method not in _NO_METHODS]
    assert len(functions) == len(operations)


_NO_METHODS = {"parameters", "servers"}


def test_a_life_of_a_server(generated: Generated, client: Any, about: dict[str, Any], cloud: MockCloud) -> None:
    """Create, look, stop, rename, tag, describe and delete, with answers of the generated types."""
    project, given = about["project_id"], about["resources"]

    def job(answer: Any) -> Any:
        assert answer.status_code == 200, answer.content
        cloud.clock.advance(600)
        shown = generated.call("ecs_jobs_show", project, answer.parsed.job_id, client=client).parsed
        assert str(shown.status) == "SUCCESS"
        return shown

    wanted = {
        "name": "generated",
        "imageRef": given["image_id"],
        "flavorRef": given["flavor_id"],
        "vpcid": given["vpc_id"],
        "nics": [{"subnet_id": given["subnet_id"]}],
        "root_volume": {"volumetype": "SSD"},
        "availability_zone": given["availability_zone"],
    }
    create = generated.model("EcsServersCreateBody", {"server": wanted})
    made = job(generated.call("ecs_servers_create", project, client=client, body=create))
    server = made.entities.sub_jobs[0].entities.server_id

    def shown() -> Any:
        return generated.call("nova_servers_show", project, server, client=client).parsed.server

    assert shown().name == "generated"
    assert str(shown().status) == "ACTIVE"
    listed = generated.call("nova_servers_list_detail", project, client=client).parsed.servers
    assert [row.name for row in listed if row.id == server] == ["generated"]

    stop = generated.model("NovaServersActionPostNovaServersStop", {"os-stop": {}})
    stopped = generated.call("nova_servers_action_post", project, server, client=client, body=stop)
    assert (stopped.status_code, stopped.parsed) == (202, None)
    cloud.clock.advance(600)
    assert str(shown().status) == "SHUTOFF"

    renamed = generated.model("NovaServersUpdateBody", {"server": {"name": "renamed"}})
    assert generated.call("nova_servers_update", project, server, client=client, body=renamed).parsed.server.name
    assert shown().name == "renamed"
    assert generated.call("nova_limits_show", project, client=client).parsed.limits.absolute.total_instances_used
    for operation in ("nova_keypairs_list", "nova_server_groups_list", "nova_flavors_list_detail", "ecs_flavors_list"):
        assert generated.call(operation, project, client=client).status_code == 200

    delete = generated.model("EcsServersDeleteBody", {"servers": [{"id": server}], "delete_volume": True})
    job(generated.call("ecs_servers_delete", project, client=client, body=delete))
    gone = generated.call("nova_servers_show", project, server, client=client)
    assert gone.status_code == 404
    assert type(gone.parsed).__name__.startswith("ErrorNova")
