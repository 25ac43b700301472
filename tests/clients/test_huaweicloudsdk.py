"""The vendor's SDK, unmodified, signing with AK and SK."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkecs import v2 as ecs

Described = dict[str, Any]


@pytest.fixture(scope="module")
def client(endpoint: Described) -> Iterator[Any]:
    """A client of the mock's project."""
    credentials = BasicCredentials(endpoint["ak"], endpoint["sk"], endpoint["project_id"])
    config = HttpConfig.get_default_config()
    made = ecs.EcsClient.new_builder().with_http_config(config).with_credentials(credentials)
    yield made.with_endpoints([endpoint["endpoint"]]).build()


@pytest.fixture(scope="module")
def finished(client: Any) -> Callable[[Any], Any]:
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


@pytest.fixture(scope="module")
def create(client: Any, endpoint: Described, finished: Callable[[Any], Any]) -> Iterator[Callable[..., list[str]]]:
    """Creates servers and gives their ids; they are deleted at the end."""
    made: list[str] = []
    own = endpoint["resources"]

    def create(count: int = 1, **more: Any) -> list[str]:
        server = ecs.PostPaidServer(
            name="sdk", image_ref=own["image_id"], flavor_ref=own["flavor_id"], vpcid=own["vpc_id"], count=count,
            nics=[ecs.PostPaidServerNic(subnet_id=own["subnet_id"])],
            root_volume=ecs.PostPaidServerRootVolume(volumetype="SSD"),
            availability_zone=own["availability_zone"], **more,
        )  # fmt: skip
        body = ecs.CreatePostPaidServersRequestBody(server=server)
        answer = client.create_post_paid_servers(ecs.CreatePostPaidServersRequest(body=body))
        job = finished(answer)
        ids = [str(part.entities.server_id) for part in job.entities.sub_jobs]
        assert len(ids) == count
        made.extend(ids)
        return ids

    yield create
    servers = [ecs.ServerId(id=one) for one in made]
    body = ecs.DeleteServersRequestBody(servers=servers, delete_publicip=True, delete_volume=True)
    finished(client.delete_servers(ecs.DeleteServersRequest(body=body)))
    with pytest.raises(ClientRequestException) as gone:
        client.nova_show_server(ecs.NovaShowServerRequest(server_id=made[0]))
    assert gone.value.status_code == 404


def test_flavors_and_quotas(client: Any, endpoint: Described) -> None:
    """5.4.1 and 5.7.1."""
    flavors = client.list_flavors(ecs.ListFlavorsRequest()).flavors
    assert {endpoint["resources"]["flavor_id"], endpoint["resources"]["other_flavor_id"]} <= {one.id for one in flavors}
    assert all(one.vcpus and one.ram and one.os_extra_specs for one in flavors)
    limits = client.show_server_limits(ecs.ShowServerLimitsRequest()).absolute
    assert limits.max_total_instances >= limits.total_instances_used


def test_servers_are_created_and_listed(client: Any, create: Callable[..., list[str]]) -> None:
    """5.1.1, 5.8.1, 6.2."""
    ids = create(2)
    detailed = client.nova_list_servers_details(ecs.NovaListServersDetailsRequest()).servers
    assert set(ids) <= {one.id for one in detailed}
    assert set(ids) <= {one.id for one in client.nova_list_servers(ecs.NovaListServersRequest()).servers}
    shown = client.nova_show_server(ecs.NovaShowServerRequest(server_id=ids[0])).server
    assert (shown.id, shown.status, shown.name) == (ids[0], "ACTIVE", "sdk-0001")
