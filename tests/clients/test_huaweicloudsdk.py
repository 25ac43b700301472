"""The vendor's SDK, unmodified, signing with AK and SK."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkecs import v2 as ecs

from tests.clients.conftest import Create, Described, Finished

#: The SDK calls native operations deprecated; the document does not.
pytestmark = pytest.mark.filterwarnings("ignore:Method '.*' of EcsClient is deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def create(client: Any, endpoint: Described, finished: Finished) -> Iterator[Create]:
    """Creates servers and gives their ids; they are deleted at the end."""
    made: list[str] = []
    own = endpoint["resources"]

    def create(count: int = 1, **more: Any) -> list[str]:
        server = ecs.PostPaidServer(
            name="sdk",
            image_ref=own["image_id"],
            flavor_ref=own["flavor_id"],
            vpcid=own["vpc_id"],
            count=count,
            nics=[ecs.PostPaidServerNic(subnet_id=own["subnet_id"])],
            root_volume=ecs.PostPaidServerRootVolume(volumetype="SSD"),
            availability_zone=own["availability_zone"],
            **more,
        )
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


def test_servers_are_created_and_listed(client: Any, create: Create) -> None:
    """5.1.1, 5.8.1, 6.2."""
    ids = create(2)
    detailed = client.nova_list_servers_details(ecs.NovaListServersDetailsRequest()).servers
    assert set(ids) <= {one.id for one in detailed}
    assert set(ids) <= {one.id for one in client.nova_list_servers(ecs.NovaListServersRequest()).servers}
    shown = client.nova_show_server(ecs.NovaShowServerRequest(server_id=ids[0])).server
    assert (shown.id, shown.status, shown.name) == (ids[0], "ACTIVE", "sdk-0000")


def _server(client: Any, server: str) -> Any:
    return client.nova_show_server(ecs.NovaShowServerRequest(server_id=server)).server


def _stop(client: Any, finished: Finished, servers: list[str]) -> None:
    option = ecs.BatchStopServersOption(servers=[ecs.ServerId(id=one) for one in servers], type="HARD")
    body = ecs.BatchStopServersRequestBody(os_stop=option)
    finished(client.batch_stop_servers(ecs.BatchStopServersRequest(body=body)))


def test_servers_are_stopped_started_and_rebooted(client: Any, create: Create, finished: Finished) -> None:
    """5.3."""
    ids = create(2)
    servers = [ecs.ServerId(id=one) for one in ids]
    _stop(client, finished, ids)
    assert {_server(client, one).status for one in ids} == {"SHUTOFF"}
    start = ecs.BatchStartServersRequestBody(os_start=ecs.BatchStartServersOption(servers=servers))
    finished(client.batch_start_servers(ecs.BatchStartServersRequest(body=start)))
    assert {_server(client, one).status for one in ids} == {"ACTIVE"}
    reboot = ecs.BatchRebootServersRequestBody(reboot=ecs.BatchRebootSeversOption(servers=servers, type="SOFT"))
    finished(client.batch_reboot_servers(ecs.BatchRebootServersRequest(body=reboot)))
    assert {_server(client, one).status for one in ids} == {"ACTIVE"}


def test_a_stopped_server_is_resized(client: Any, endpoint: Described, create: Create, finished: Finished) -> None:
    """5.1.3: and one that runs is not."""
    (server,) = create()
    other = endpoint["resources"]["other_flavor_id"]
    body = ecs.ResizePostPaidServerRequestBody(resize=ecs.ResizePostPaidServerOption(flavor_ref=other))
    request = ecs.ResizePostPaidServerRequest(server_id=server, body=body)
    with pytest.raises(ClientRequestException) as refused:
        client.resize_post_paid_server(request)
    assert (refused.value.status_code, refused.value.error_code) == (400, "Ecs.0100")
    _stop(client, finished, [server])
    finished(client.resize_post_paid_server(request))
    assert _server(client, server).flavor.id == other


def test_disks_are_attached_shown_and_detached(
    client: Any, create: Create, finished: Finished, volume: Callable[[], str]
) -> None:
    """5.6, and block devices where the SDK looks for them."""
    (server,), disk = create(), volume()
    body = ecs.AttachServerVolumeRequestBody(
        volume_attachment=ecs.AttachServerVolumeOption(volume_id=disk, device="/dev/vdb")
    )
    finished(client.attach_server_volume(ecs.AttachServerVolumeRequest(server_id=server, body=body)))
    listed = client.list_server_block_devices(ecs.ListServerBlockDevicesRequest(server_id=server))
    assert disk in {one.volume_id for one in listed.volume_attachments}
    assert len(listed.volume_attachments) == 2
    shown = client.show_server_block_device(ecs.ShowServerBlockDeviceRequest(server_id=server, volume_id=disk))
    assert (shown.volume_attachment.volume_id, shown.volume_attachment.server_id) == (disk, server)
    assert shown.volume_attachment.device == "/dev/vdb"
    assert shown.volume_attachment.size == 10
    finished(client.detach_server_volume(ecs.DetachServerVolumeRequest(server_id=server, volume_id=disk)))
    listed = client.list_server_block_devices(ecs.ListServerBlockDevicesRequest(server_id=server))
    assert len(listed.volume_attachments) == 1


def test_nics_are_added_and_deleted(client: Any, endpoint: Described, create: Create, finished: Finished) -> None:
    """5.5."""
    (server,) = create()
    option = ecs.BatchAddServerNicOption(
        subnet_id=endpoint["resources"]["subnet_id"],
        security_groups=[ecs.ServerNicSecurityGroup(id=endpoint["resources"]["security_group_id"])],
    )
    add = ecs.BatchAddServerNicsRequestBody(nics=[option])
    job = finished(client.batch_add_server_nics(ecs.BatchAddServerNicsRequest(server_id=server, body=add)))
    nic = job.entities.sub_jobs[0].entities.nic_id
    shown = client.nova_show_server_interface(ecs.NovaShowServerInterfaceRequest(server_id=server, port_id=nic))
    assert shown.interface_attachment.port_id == nic
    delete = ecs.BatchDeleteServerNicsRequestBody(nics=[ecs.BatchDeleteServerNicOption(id=nic)])
    finished(client.batch_delete_server_nics(ecs.BatchDeleteServerNicsRequest(server_id=server, body=delete)))
    with pytest.raises(ClientRequestException) as gone:
        client.nova_show_server_interface(ecs.NovaShowServerInterfaceRequest(server_id=server, port_id=nic))
    assert gone.value.status_code == 404


def test_tags_are_created_queried_and_deleted(client: Any, create: Create) -> None:
    """5.9, under the URIs of the SDK."""
    (server,) = create()
    create_body = ecs.BatchCreateServerTagsRequestBody(
        action="create",
        tags=[ecs.BatchAddServerTag(key="team", value="blue"), ecs.BatchAddServerTag(key="t2", value="")],
    )
    client.batch_create_server_tags(ecs.BatchCreateServerTagsRequest(server_id=server, body=create_body))
    of_server = client.show_server_tags(ecs.ShowServerTagsRequest(server_id=server)).tags
    assert {one.key: one.value for one in of_server} == {"team": "blue", "t2": ""}
    of_project = client.list_server_tags(ecs.ListServerTagsRequest()).tags
    assert {one.key: one.values for one in of_project}["team"] == ["blue"]
    wanted = ecs.ListServersByTagRequestBody(action="filter", tags=[ecs.ServerTags(key="team", values=["blue"])])
    found = client.list_servers_by_tag(ecs.ListServersByTagRequest(body=wanted))
    assert ([one.resource_id for one in found.resources], found.total_count) == ([server], 1)
    counted = ecs.ListServersByTagRequestBody(action="count", tags=[ecs.ServerTags(key="team", values=["blue"])])
    assert client.list_servers_by_tag(ecs.ListServersByTagRequest(body=counted)).total_count == 1
    delete_body = ecs.BatchDeleteServerTagsRequestBody(action="delete", tags=[ecs.ServerTag(key="team", value="blue")])
    client.batch_delete_server_tags(ecs.BatchDeleteServerTagsRequest(server_id=server, body=delete_body))
    assert [one.key for one in client.show_server_tags(ecs.ShowServerTagsRequest(server_id=server)).tags] == ["t2"]


def test_server_groups_have_members(client: Any, create: Create, finished: Finished) -> None:
    """5.10: only a stopped server becomes a member."""
    (server,) = create()
    _stop(client, finished, [server])
    option = ecs.CreateServerGroupOption(name="apart", policies=["anti-affinity"])
    body = ecs.CreateServerGroupRequestBody(server_group=option)
    group = client.create_server_group(ecs.CreateServerGroupRequest(body=body)).server_group.id

    def members() -> list[str]:
        shown = client.show_server_group(ecs.ShowServerGroupRequest(server_group_id=group)).server_group
        return list(shown.members)

    listed = client.list_server_groups(ecs.ListServerGroupsRequest()).server_groups
    assert (group, "apart") in {(one.id, one.name) for one in listed}
    add = ecs.AddServerGroupMemberRequestBody(add_member=ecs.ServerGroupMember(instance_uuid=server))
    client.add_server_group_member(ecs.AddServerGroupMemberRequest(server_group_id=group, body=add))
    assert members() == [server]
    remove = ecs.DeleteServerGroupMemberRequestBody(remove_member=ecs.ServerGroupMember(instance_uuid=server))
    client.delete_server_group_member(ecs.DeleteServerGroupMemberRequest(server_group_id=group, body=remove))
    assert members() == []
    client.delete_server_group(ecs.DeleteServerGroupRequest(server_group_id=group))
    with pytest.raises(ClientRequestException):
        members()


def test_the_os_is_reinstalled_and_changed(
    client: Any, endpoint: Described, create: Create, finished: Finished
) -> None:
    """5.2; the document has only those with Cloud-Init."""
    (server,) = create()
    login = {"keyname": endpoint["resources"]["key_name"], "userid": "7e25b1da389f4697a79df3a0e5bd494e"}
    _stop(client, finished, [server])
    again = ecs.ReinstallServerWithCloudInitRequestBody(os_reinstall=ecs.ReinstallServerWithCloudInitOption(**login))
    request = ecs.ReinstallServerWithCloudInitRequest(server_id=server, body=again)
    finished(client.reinstall_server_with_cloud_init(request))
    assert _server(client, server).status == "ACTIVE"
    _stop(client, finished, [server])
    option = ecs.ChangeServerOsWithCloudInitOption(**login, imageid=endpoint["resources"]["image_id"])
    other = ecs.ChangeServerOsWithCloudInitRequestBody(os_change=option)
    finished(
        client.change_server_os_with_cloud_init(ecs.ChangeServerOsWithCloudInitRequest(server_id=server, body=other))
    )
    assert _server(client, server).status == "ACTIVE"
