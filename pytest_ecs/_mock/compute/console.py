"""Console logs of servers (6.14)."""

from __future__ import annotations

from pytest_ecs._mock.compute.finding import ACTION, find_server, refuse_state
from pytest_ecs._mock.http.errors import NativeError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import Field, Reader
from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Server

__all__: list[str] = []

_KEY = "os-getConsoleOutput"
# Table 6-216 has a number, its example a number in a string.
_BODY = Field(
    "object",
    fields={
        _KEY: Field(
            "object",
            need=True,
            fields={
                "length": Field("integer|string", need=True, low=-1),
            },
        )
    },
)
#: 6.14.1: the last microversion with this API.
_LAST = (2, 5)
_STARTING = {"create", "start", "reboot", "rebuild"}


def _lines(server: Server) -> list[str]:
    """Return what a server wrote to its console: each time it was started, and when it was stopped."""
    lines = []
    for action in server.actions:
        if action.ended is None or not action.well:
            continue
        if action.name in _STARTING:
            lines += [
                f"[    0.000000] {server.image.os_type} on {server.flavor.id}, {server.flavor.vcpus} CPUs",
                f"[    0.511203] Memory: {server.flavor.ram}M",
                *(f"[    1.{100000 + n:06d}] eth{n}: {nic.mac}" for n, nic in enumerate(server.nics)),
                f"[    3.204511] cloud-init: instance {server.id} at {stamp(action.ended)}",
                f"{server.name} login:",
            ]
        elif action.name == "stop":
            lines.append(f"[ {action.ended - server.created:11.6f}] Power down")
    return lines


@route("POST", ACTION, family="nova", selects=_KEY)
def console_output(request: Request, state: State) -> Response:
    """Show the last lines of a server's console, or all of them for -1 (6.14.1)."""
    if request.microversion > _LAST and not state.deviates("console-beyond-microversion"):
        raise NativeError(404, "There are no console logs above microversion 2.5")
    server = find_server(request, state)
    length = Reader(refuse_native, state.deviates).read(request.json, _BODY).get(_KEY, {}).get("length", -1)
    if server.vm_state == "building":
        raise refuse_state(server, _KEY)
    lines = _lines(server)
    if length >= 0 and not state.deviates("console-length-ignored"):
        lines = lines[len(lines) - min(length, len(lines)) :]
    return Response(200, {"output": "" if state.deviates("console-empty") else "\n".join(lines)})
