"""Two clients of one cloud: what one does, the other sees."""

from __future__ import annotations

from typing import Any

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkecs import v2 as ecs
from openstack import exceptions

from tests.clients.conftest import Described, Finished

pytestmark = [
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning"),
    pytest.mark.filterwarnings("ignore:Method '.*' of EcsClient is deprecated:DeprecationWarning"),
]


def test_the_vendors_client_sees_and_deletes_what_openstacksdk_made(
    client: Any, cloud: Any, endpoint: Described, finished: Finished
) -> None:
    """One server, its tags and its power under both views."""
    own = endpoint["resources"]
    server = cloud.compute.create_server(
        name="native", image_id=own["image_id"], flavor_id=own["flavor_id"], networks=[{"uuid": own["network_id"]}]
    )
    server = cloud.compute.wait_for_server(server, interval=0.05, wait=10)
    seen = client.nova_show_server(ecs.NovaShowServerRequest(server_id=server.id)).server
    assert (seen.name, seen.status, seen.flavor.id) == ("native", "ACTIVE", own["flavor_id"])
    server.add_tag(cloud.compute, "team=blue")
    tags = client.show_server_tags(ecs.ShowServerTagsRequest(server_id=server.id)).tags
    assert [(one.key, one.value) for one in tags] == [("team", "blue")]
    option = ecs.BatchStopServersOption(servers=[ecs.ServerId(id=server.id)])
    body = ecs.BatchStopServersRequestBody(os_stop=option)
    finished(client.batch_stop_servers(ecs.BatchStopServersRequest(body=body)))
    assert cloud.compute.get_server(server.id).status == "SHUTOFF"
    gone = ecs.DeleteServersRequestBody(servers=[ecs.ServerId(id=server.id)])
    finished(client.delete_servers(ecs.DeleteServersRequest(body=gone)))
    with pytest.raises(exceptions.NotFoundException):
        cloud.compute.get_server(server.id)


def test_openstacksdk_sees_and_deletes_what_the_vendors_client_made(
    client: Any, cloud: Any, endpoint: Described, finished: Finished
) -> None:
    """One server, its group and its key pair under both views."""
    own = endpoint["resources"]
    server = ecs.PostPaidServer(
        name="sdk",
        image_ref=own["image_id"],
        flavor_ref=own["flavor_id"],
        vpcid=own["vpc_id"],
        key_name=own["key_name"],
        nics=[ecs.PostPaidServerNic(subnet_id=own["subnet_id"])],
        root_volume=ecs.PostPaidServerRootVolume(volumetype="SSD"),
    )
    body = ecs.CreatePostPaidServersRequestBody(server=server)
    job = finished(client.create_post_paid_servers(ecs.CreatePostPaidServersRequest(body=body)))
    made = job.entities.sub_jobs[0].entities.server_id
    seen = cloud.compute.get_server(made)
    assert (seen.name, seen.status, seen.key_name) == ("sdk", "ACTIVE", own["key_name"])
    assert own["key_name"] in {one.name for one in cloud.compute.keypairs()}
    disks = client.list_server_block_devices(ecs.ListServerBlockDevicesRequest(server_id=made)).volume_attachments
    assert {one.volume_id for one in cloud.compute.volume_attachments(seen)} == {one.volume_id for one in disks}
    option = ecs.CreateServerGroupOption(name="apart", policies=["anti-affinity"])
    group = client.create_server_group(
        ecs.CreateServerGroupRequest(body=ecs.CreateServerGroupRequestBody(server_group=option))
    ).server_group
    assert cloud.compute.get_server_group(group.id).name == "apart"
    cloud.compute.delete_server_group(group.id, ignore_missing=False)
    with pytest.raises(ClientRequestException):
        client.show_server_group(ecs.ShowServerGroupRequest(server_group_id=group.id))
    cloud.compute.delete_server(seen)
    cloud.compute.wait_for_delete(seen, interval=0.05, wait=10)
    with pytest.raises(ClientRequestException) as missing:
        client.nova_show_server(ecs.NovaShowServerRequest(server_id=made))
    assert missing.value.status_code == 404
