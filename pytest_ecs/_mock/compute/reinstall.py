"""Reinstalling and changing the operating system, and moving a server to another host (5.2.1 to 5.2.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_ecs._mock.compute.building import Resolver
from pytest_ecs._mock.compute.finding import find_servers, refusing
from pytest_ecs._mock.compute.jobs import deliver
from pytest_ecs._mock.http.errors import EcsError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import UUID, Field, Reader, check_user_data
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.disks import put, remove
from pytest_ecs._mock.state.hardware import Server
from pytest_ecs._mock.state.machine import FROM
from pytest_ecs._mock.state.records import Image

__all__: list[str] = []

# Table 5-12 and 5-16 make keyname mandatory; the first examples log in with a password and leave it out.
_COMMON = {
    "keyname": Field("string"),
    "mode": Field("string"),
    "metadata": Field("object", fields={"user_data": Field("string")}),
}
_REINSTALL = Field("object", need=True, fields={**_COMMON, "userid": Field("string", need=True)})
_CHANGE = Field(
    "object",
    need=True,
    fields={
        **_COMMON,
        "userid": Field("string"),
        "imageid": Field("string", need=True, pattern=UUID),
    },
)
_MIGRATE = Field("object|null", need=True, fields={"dedicated_host_id": Field("string")})  # Tables 5-19, 5-20
_URL = "/v2/{project_id}/cloudservers/{server_id}"


def _server(request: Request, state: State) -> Server:
    return find_servers(request, state, [request.parameters["server_id"]], managed=True)[0]


def _install(
    request: Request, state: State, server: Server, wanted: dict[str, Any], job_type: str, image: Image
) -> Response:
    """Give a server a new system disk from an image."""
    refuse, deviates = refusing(state), state.deviates
    key = Resolver(state, request.project, refuse).key(wanted.get("keyname"), request.user)
    user_data = wanted.get("metadata", {}).get("user_data")
    check_user_data(user_data, refuse, deviates)
    last = next((action for action in reversed(server.actions) if action.name == "rebuild"), None)
    again = server.ready("error") and last is not None and not last.well
    lax = server.task_state is None and deviates("reinstall-state-unchecked")
    if not (server.ready("stopped") or again or lax):
        raise EcsError("Ecs.0100", "The ECS status does not meet requirements.")
    old = next((disk for disk in server.disks if disk.system), None)
    if old is None:
        raise EcsError("Ecs.0105", "No system disk found. Attach the system disk to the ECS and try again.")
    if old.size < image.min_disk and not deviates("disk-size-unchecked"):
        raise refuse("Ecs.0007", "The system disk is smaller than the image needs.")

    project = state.projects[server.project]
    stays = project.has_snapshots(old) and len(project.volumes) >= state.limits.disks
    if stays and not deviates("quota-unchecked"):
        raise refuse("Ecs.0021", "Insufficient EVS disk quota.")
    if not image.agents and not deviates("agents-unchecked"):
        raise refuse("Ecs.0005", "The image has no Cloud-Init.")

    def installed(server: Server) -> None:
        where = remove(server, old)
        project.discard(old)
        new = replace(
            old,
            id=state.uuid(),
            created=state.clock.now(),
            attached={},
            metadata={},
            system=True,
            delete_on_termination=True,
            snapshot=None,
        )
        project.volumes[new.id] = new
        put(server, new, where.device if where is not None else None)
        server.disks.insert(0, server.disks.pop())
        if not deviates("change-os-image-ignored"):
            server.image = image
        if key is not None and not deviates("reinstall-key-ignored"):
            server.key_name = key
        if user_data is not None and not deviates("reinstall-user-data-ignored"):
            server.user_data = user_data
        server.secret = None

    done = None if deviates("reinstall-noop") else installed
    phases = f"reinstall-{server.vm_state}" if server.vm_state in {"stopped", "error"} else None
    job = deliver(state, request.project, job_type, [server], phases, done)
    return Response(200, {"job_id": job.id})


@route("POST", _URL + "/reinstallos", family="ecs", permission="ecs.reinstall")
def reinstall(request: Request, state: State) -> Response:
    """Reinstall the operating system from the image that it came from (5.2.1)."""
    read = Reader(refusing(state), state.deviates).read(
        request.json, Field("object", fields={"os-reinstall": _REINSTALL})
    )
    server = _server(request, state)
    return _install(request, state, server, read.get("os-reinstall", {}), "reinstallServer", server.image)


@route("POST", _URL + "/changeos", family="ecs", permission="ecs.change")
def change(request: Request, state: State) -> Response:
    """Install another image's operating system (5.2.2)."""
    read = Reader(refusing(state), state.deviates).read(request.json, Field("object", fields={"os-change": _CHANGE}))
    server, wanted = _server(request, state), read.get("os-change", {})
    image = Resolver(state, request.project, refusing(state)).image(wanted.get("imageid"))
    return _install(request, state, server, wanted, "changeServerOs", image)


@route("POST", "/v1/{project_id}/cloudservers/{server_id}/migrate", family="ecs")
def migrate(request: Request, state: State) -> Response:
    """Move a stopped server to a dedicated host, or from one to the public pool (5.2.3)."""
    refuse = refusing(state)
    read = Reader(refuse, state.deviates).read(request.json, Field("object", fields={"migrate": _MIGRATE}))
    server = _server(request, state)
    target = (read.get("migrate") or {}).get("dedicated_host_id")
    if target is not None and target not in request.project.hosts:
        Resolver(state, request.project, refuse).unknown("Ecs.0005", "The dedicated host does not exist.")
    if not server.ready(FROM["migrate"]) and not state.deviates("migrate-state-unchecked"):
        raise EcsError("Ecs.0100", "The ECS status does not meet requirements.")
    current = server.hints.get("dedicated_host_id") if server.hints.get("tenancy") == "dedicated" else None
    if target == current and not state.deviates("migrate-same-host-unchecked"):
        message = "on that dedicated host already" if target else "on no dedicated host"
        raise EcsError("Ecs.0221", f"The ECS is {message}.")

    def moved(server: Server) -> None:
        for name in ("tenancy", "dedicated_host_id"):
            server.hints.pop(name, None)
        if target is not None:
            server.hints.update(tenancy="dedicated", dedicated_host_id=target)
        server.host = f"pod{state.number() % 90 + 10:02d}.{server.zone}"

    operation = "migrate" if server.ready(FROM["migrate"]) else None
    done = None if state.deviates("migrate-noop") else moved
    job = deliver(state, request.project, "migrateServer", [server], operation, done)
    return Response(200, {"job_id": job.id})
