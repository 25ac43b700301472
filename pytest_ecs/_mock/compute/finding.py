"""Finding the servers that a request names, and refusing what they or their states do not allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_ecs._mock.http.errors import CrashError, EcsError, NativeError, RefusalError
from pytest_ecs._mock.http.routing import Request
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Server

__all__ = ["ACTION", "find_server", "find_servers", "refuse_state", "refusing", "tail"]

#: Where the native actions on servers are.
ACTION = "/v2.1/{project_id}/servers/{server_id}/action"


def find_server(request: Request, state: State, *, managed: bool = False) -> Server:
    """Return the server of the URL, or refuse with 404 one that the project does not have.

    One that shall be *managed* must not be locked (6.3.4).
    """
    wanted = request.parameters["server_id"]
    server = request.project.servers.get(wanted)
    if server is None and state.deviates("foreign-server-served"):
        server = next((p.servers[wanted] for p in state.projects.values() if wanted in p.servers), None)
    if server is None and state.deviates("crash-on-unknown-id"):
        raise CrashError
    if server is None:
        raise NativeError(404, f"Instance {wanted[:64]} could not be found.")
    if managed and server.locked and not state.deviates("lock-unchecked"):
        raise NativeError(409, f"Instance {server.id} is locked")
    return server


def refuse_state(server: Server, action: str) -> NativeError:
    """Return the refusal of something that a server's state does not allow."""
    at = f"vm_state {server.vm_state}, task_state {server.task_state}"
    return NativeError(409, f"Cannot '{action}' instance {server.id} while it is in {at}")


def tail(ref: str | None, state: State) -> str | None:
    """Return the id in an id or URL (Table 6-11), None for nothing."""
    if ref and "/" in ref and state.varies("reference-urls-refused"):
        raise NativeError(400, "A reference has to be an id.")
    return ref.rpartition("/")[2] if ref else None


def refusing(state: State) -> Any:
    """Return what refuses invalid parameters, which some deviations garble."""

    def refuse(code: str, message: str) -> RefusalError:
        if state.deviates("error-code-unknown"):
            return EcsError("Ecs.9999", message)
        if state.deviates("error-code-other"):
            return EcsError("Ecs.0614", message, status=400)
        if state.deviates("error-status-wrong"):
            return EcsError(code, message, status=409)
        return EcsError(code, message, status=418 if state.deviates("error-status-undocumented") else None)

    return refuse


def find_servers(request: Request, state: State, ids: Sequence[str], *, managed: bool = False) -> list[Server]:
    """Return the project's servers with these ids, each once, or refuse with 404.

    Those that shall be *managed* must not be locked (6.3.4).
    """
    servers = {}
    for one in ids:
        server = request.project.servers.get(one)
        if server is None and state.deviates("foreign-server-served"):
            server = next((p.servers[one] for p in state.projects.values() if one in p.servers), None)
        if server is None:
            if state.deviates("crash-on-unknown-id"):
                raise CrashError
            raise EcsError("Ecs.0114", "The ECS does not exist.")
        if managed and server.locked and not state.deviates("lock-unchecked"):
            raise EcsError("Ecs.0605", "ECS locked.")
        servers[one] = server
    return list(servers.values())
