"""The hooks under /_mock/: what a test does to the cloud, which no client could."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from pytest_ecs._mock.compute.building import NicPlan, Plan, build
from pytest_ecs._mock.compute.jobs import KINDS
from pytest_ecs._mock.http.errors import GatewayError, RefusalError
from pytest_ecs._mock.http.validation import Field, Reader
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.consistency import complaints
from pytest_ecs._mock.state.hardware import Disk
from pytest_ecs._mock.state.records import Limits

__all__ = ["control"]

_ADVANCE = Field("object", fields={"advance": Field("integer|number", need=True, low=0)})
_AGED = Field("object", fields={"seconds": Field("integer|number", need=True)})
_ALLOW = Field("object", fields={"allow": Field("array", need=True, item=Field("string"))})
_FAIL = Field(
    "object",
    fields={
        "job_type": Field("string", need=True, enum=tuple(KINDS)),
        "code": Field("string", need=True),
    },
)
_LIMITS = Field("object", fields={one.name: Field("integer", low=0) for one in fields(Limits)})
_CROWD = Field("object", fields={"count": Field("integer", need=True, low=0)})
_REFUSE = Field(
    "object",
    fields={
        "method": Field("string", need=True),
        "path": Field("string", need=True),
        "code": Field("string", need=True),
        "status": Field("integer", low=400, high=599),
    },
)
_STATE = Field(
    "object",
    fields={
        "vm_state": Field("string|null", need=True),
        "task_state": Field("string|null"),
        "power_state": Field("integer|null", low=0, high=4),
    },
)


def _refuse(code: str, message: str) -> RefusalError:
    return GatewayError(400, message)


def _read(body: Any, field: Field) -> dict[str, Any]:
    if not isinstance(body, Mapping):
        raise _refuse("", "the hook needs a JSON object")
    return Reader(_refuse, lambda name: False).read(dict(body), field)


def control(state: State, log: Sequence[dict[str, Any]], method: str, path: str, body: Any) -> dict[str, Any]:
    """Do what a hook does and return its answer; raises `GatewayError` for a wrong body or hook."""
    hooks: Mapping[tuple[str, str], Callable[[], dict[str, Any]]] = {
        ("GET", "/_mock/consistency"): lambda: {"complaints": complaints(state)},
        ("PUT", "/_mock/limits"): lambda: _limits(state, body),
        ("POST", "/_mock/refuse"): lambda: _refuse_next(state, body),
        ("PUT", "/_mock/servers"): lambda: _crowd(state, body),
        ("POST", "/_mock/clock"): lambda: _clock(state, body),
        ("PUT", "/_mock/policy"): lambda: _policy(state, body),
        ("POST", "/_mock/token"): lambda: _token(state, body),
        ("POST", "/_mock/fail"): lambda: _fail(state, body),
        ("GET", "/_mock/requests"): lambda: {"requests": list(log)},
    }
    hook = hooks.get((method, path))
    if hook is not None:
        return hook()
    parts = path.split("/")
    if method == "PUT" and len(parts) == 5 and (parts[2], parts[4]) == ("servers", "state"):
        return _state(state, parts[3], body)
    raise GatewayError(404, f"there is no control hook {method} {path}")


def _clock(state: State, body: Any) -> dict[str, Any]:
    state.clock.advance(float(_read(body, _ADVANCE)["advance"]))
    state.settle()
    return {"now": state.clock.now()}


def _token(state: State, body: Any) -> dict[str, Any]:
    """Give a token of the first user that is as old as one that is valid for so many seconds more."""
    token, user = state.hex(128), state.primary
    state.tokens[token] = (user.id, user.project, state.clock.now() + _read(body, _AGED)["seconds"])
    return {"token": token}


def _crowd(state: State, body: Any) -> dict[str, Any]:
    """Let the first project have so many running servers beside those that requests made, which stay."""
    user, now = state.primary, state.clock.now()
    project = state.projects[user.project]
    for server in [project.servers[one] for one in state.crowd if one in project.servers]:
        state.forget(server)
    names = [f"crowd-{number:04d}" for number in range(_read(body, _CROWD)["count"])]
    image, flavor = next(iter(state.images.values())), next(iter(state.flavors.values()))
    system = Disk("", image.min_disk, "SSD", system=True, delete_on_termination=True)
    made = build(
        state, project, user, Plan(image, flavor, state.zones[0], [NicPlan(project.networks[0])], [system]), names
    )
    for server in made:
        server.vm_state, server.task_state, server.power, server.launched = "active", None, 1, now
    state.crowd = [server.id for server in made]
    return {"count": len(made)}


def _policy(state: State, body: Any) -> dict[str, Any]:
    state.restricted.allowed = set(_read(body, _ALLOW)["allow"])
    return {"allow": sorted(state.restricted.allowed)}


def _fail(state: State, body: Any) -> dict[str, Any]:
    read = _read(body, _FAIL)
    state.fail_next[read["job_type"]] = read["code"]
    return dict(state.fail_next)


def _limits(state: State, body: Any) -> dict[str, Any]:
    """Change quotas, for all projects."""
    state.limits = replace(state.limits, **_read(body, _LIMITS))
    return asdict(state.limits)


def _refuse_next(state: State, body: Any) -> dict[str, Any]:
    """Let the next request with a method and path be answered with a code, as by a fault inside the service."""
    read = _read(body, _REFUSE)
    state.refuse_next[read["method"], read["path"]] = (read["code"], read.get("status"))
    return {"refusals": len(state.refuse_next)}


def _state(state: State, server_id: str, body: Any) -> dict[str, Any]:
    read = _read(body, _STATE)
    server = next((p.servers[server_id] for p in state.projects.values() if server_id in p.servers), None)
    if server is None:
        raise GatewayError(404, f"there is no server {server_id}")
    if read["vm_state"] is None:
        state.thaw(server)
    else:
        state.freeze(server, read["vm_state"], read.get("task_state"), read.get("power_state"))
    return {"status": server.status}
