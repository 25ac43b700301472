"""A test of one's own: a server, a request, a job, and a look at what came of it."""

from pytest_ecs import Client, Jobs, Lease, Servers, Supplies, url_of


def test_a_server_is_renamed(ecs_client: Client, ecs_server: Lease, ecs_supplies: Supplies) -> None:
    """One ACTIVE server for this test alone; it goes back to the pool when the test ends."""
    name = ecs_supplies.name("renamed")
    answer = ecs_client.put(url_of("nova.servers.update", server_id=ecs_server.id), {"server": {"name": name}})
    assert answer.accepted, answer.answer
    assert ecs_server.show().json_object["server"]["name"] == name


def test_a_server_is_stopped(ecs_client: Client, ecs_servers: Servers, ecs_jobs: Jobs) -> None:
    """`ecs_jobs` waits on the target's clock, which costs no time on the embedded mock."""
    server = ecs_servers("ACTIVE")
    body = {"os-stop": {"servers": [{"id": server.id}]}}
    stopping = ecs_client.post(url_of("ecs.servers.batch-stop"), body)
    ecs_jobs.settle(stopping, [server])
    assert server.show().json_object["server"]["status"] == "SHUTOFF"
