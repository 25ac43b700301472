"""The hooks under /_mock/: what a test does to the cloud, which no client could."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from pytest_ecs._mock.compute.building import NicPlan, Plan, build
from pytest_ecs._mock.compute.jobs import JOB_TYPES
from pytest_ecs._mock.http.errors import CODES, GatewayError, RefusalError
from pytest_ecs._mock.http.validation import Field, Reader
from pytest_ecs._mock.identity.policy import PERMISSIONS
from pytest_ecs._mock.page import overview
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.consistency import complaints, usage
from pytest_ecs._mock.state.hardware import Disk
from pytest_ecs._mock.state.machine import TASK_STATES, VM_STATES
from pytest_ecs._mock.state.records import Limits
from pytest_ecs._mock.switches import closest

__all__ = ["control"]

#: Seconds; the most that a clock goes on by one hook is ten years, and it ends in the year 9000.
_TEN_YEARS, _LAST = 10 * 366 * 86400.0, 221_845_392_000.0
_ADVANCE = Field("object", fields={"advance": Field("integer|number", need=True)})
_AGED = Field("object", fields={"seconds": Field("integer|number", need=True)})
_CODE = Field("string", pattern=CODES)
_ALLOW = Field("object", fields={"allow": Field("array", need=True, item=Field("string"))})
_FAIL = Field(
    "object",
    fields={
        "job_type": Field("string", need=True, enum=tuple(JOB_TYPES)),
        "code": _CODE,
    },
)
#: What a job fails with when nothing is said: a failure inside the service.
_FAILURE = "Ecs.0204"
_LIMITS = Field("object", fields={one.name: Field("integer", low=0, high=10**12) for one in fields(Limits)})
_CROWD = Field("object", fields={"count": Field("integer", need=True, low=0)})
_REFUSE = Field(
    "object",
    fields={
        "method": Field("string", need=True, enum=("GET", "POST", "PUT", "DELETE")),
        "path": Field("string", need=True, pattern=r"/(v1|v1\.0|v2|v2\.1|v3)/.*"),
        "code": replace(_CODE, need=True),
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
    unknown = sorted(map(str, body.keys() - (field.fields or {}).keys()))
    if unknown:
        raise _refuse("", f"the hook knows no {unknown[0][:40]!r}; it takes {', '.join(field.fields or {})}")
    return Reader(_refuse, lambda name: False).read(dict(body), field)


def _seconds(value: float, least: float) -> float:
    """Return a number of seconds that the clock can go; infinity and what is no number are refused."""
    if not least <= value <= _TEN_YEARS:
        raise _refuse("", f"{value!r} is no number of seconds from {least:.0f} to {_TEN_YEARS:.0f}")
    return float(value)


def control(
    state: State,
    log: Sequence[dict[str, Any]],
    is_url: Callable[[str, str], bool],
    method: str,
    path: str,
    body: Any,
) -> dict[str, Any]:
    """Do what a hook does and return its answer; raises `GatewayError` for a wrong body or hook.

    *is_url* says whether the API has a method and path.
    """
    hooks: Mapping[tuple[str, str], Callable[[], dict[str, Any]]] = {
        ("GET", "/_mock/consistency"): lambda: {"complaints": complaints(state)},
        ("PUT", "/_mock/limits"): lambda: _limits(state, body),
        ("POST", "/_mock/refuse"): lambda: _refuse_next(state, is_url, body),
        ("PUT", "/_mock/servers"): lambda: _crowd(state, body),
        ("POST", "/_mock/clock"): lambda: _clock(state, body),
        ("PUT", "/_mock/policy"): lambda: _policy(state, body),
        ("POST", "/_mock/token"): lambda: _token(state, body),
        ("POST", "/_mock/keys"): lambda: _keys(state, body),
        ("POST", "/_mock/fail"): lambda: _fail(state, body),
        ("GET", "/_mock/requests"): lambda: {"requests": list(log)},
        ("GET", "/_mock/overview"): lambda: overview(state, log),
    }
    parts = path.split("/")
    if len(parts) == 5 and (parts[2], parts[4]) == ("servers", "state"):
        hooks = {("PUT", path): lambda: _state(state, parts[3], body)}
    allowed = [one for one, at in hooks if at == path]
    if not allowed:
        raise GatewayError(404, f"there is no control hook {path[:80]}")
    asked = "GET" if method == "HEAD" else method
    if asked not in allowed:
        refusal = GatewayError(405, f"the hook {path} is one of {', '.join(allowed)}")
        refusal.headers["Allow"] = ", ".join(sorted({*allowed, *(["HEAD"] if "GET" in allowed else [])}))
        raise refusal
    if asked == "GET" and body is not None:
        raise _refuse("", "the hook takes no body")
    return hooks[asked, path]()


def _clock(state: State, body: Any) -> dict[str, Any]:
    seconds = _seconds(_read(body, _ADVANCE)["advance"], 0)
    if state.clock.now() + seconds > _LAST:
        raise _refuse("", "the clock would go beyond the year 9000")
    state.clock.advance(seconds)
    state.settle()
    return {"now": state.clock.now()}


def _token(state: State, body: Any) -> dict[str, Any]:
    """Give a token of the first user that is as old as one that is valid for so many seconds more."""
    token, user = state.hex(128), state.primary
    state.tokens[token] = (
        user.id,
        user.project,
        state.clock.now() + _seconds(_read(body, _AGED)["seconds"], -_TEN_YEARS),
    )
    return {"token": token}


def _keys(state: State, body: Any) -> dict[str, Any]:
    """Give the first user an AK/SK with a security token that are valid for so many seconds more."""
    ends = state.clock.now() + _seconds(_read(body, _AGED)["seconds"], -_TEN_YEARS)
    ak, sk, token = state.hex(20).upper(), state.hex(40), state.hex(128)
    state.keys[ak] = (state.primary.id, sk, token, ends)
    return {"ak": ak, "sk": sk, "security_token": token}


def _crowd(state: State, body: Any) -> dict[str, Any]:
    """Let the first project have so many running servers beside those that requests made, which stay."""
    user, now = state.primary, state.clock.now()
    project = state.projects[user.project]
    for server in [project.servers[one] for one in state.crowd if one in project.servers]:
        state.forget(server)
    count, free = _read(body, _CROWD)["count"], project.networks[0].free()
    if count > free:
        raise _refuse("", f"the network has {free} free addresses, which is less than {count}")
    names = [f"crowd-{number:04d}" for number in range(count)]
    image, flavor = next(iter(state.images.values())), next(iter(state.flavors.values()))
    system = Disk("", image.min_disk, "SSD", system=True, delete_on_termination=True)
    made = build(
        state, project, user, Plan(image, flavor, state.zones[0], [NicPlan(project.networks[0])], [system]), names
    )
    for server in made:
        server.vm_state, server.task_state, server.power, server.launched = "active", None, 1, now
    state.crowd = [server.id for server in made]
    _tolerate(state)
    return {"count": len(made)}


def _policy(state: State, body: Any) -> dict[str, Any]:
    wanted = set(_read(body, _ALLOW)["allow"])
    known = {action for first, needs in PERMISSIONS.values() for action in (first, *needs)}
    for name in sorted(wanted - known):
        raise _refuse("", f"chapter 9 has no action {name[:80]!r}{closest(name, sorted(known))}")
    state.restricted.allowed = wanted
    return {"allow": sorted(state.restricted.allowed)}


def _fail(state: State, body: Any) -> dict[str, Any]:
    read = _read(body, _FAIL)
    state.fail_next[read["job_type"]] = read.get("code", _FAILURE)
    return dict(state.fail_next)


def _limits(state: State, body: Any) -> dict[str, Any]:
    """Change quotas, for all projects."""
    state.limits = replace(state.limits, **_read(body, _LIMITS))
    _tolerate(state)
    return asdict(state.limits)


def _tolerate(state: State) -> None:
    """Let what a hook allows itself contradict nothing: no request may go beyond the quotas, and what is there stays."""
    state.tolerated = {project.id: usage(project) for project in state.projects.values()}


def _refuse_next(state: State, is_url: Callable[[str, str], bool], body: Any) -> dict[str, Any]:
    """Let the next request with a method and path be answered with a code, as by a fault inside the service."""
    read = _read(body, _REFUSE)
    if not is_url(read["method"], read["path"]):
        raise _refuse("", f"there is no {read['method']} {read['path'][:80]}, which stands without a query")
    state.refuse_next[read["method"], read["path"]] = (read["code"], read.get("status"))
    return {"refusals": len(state.refuse_next)}


def _state(state: State, server_id: str, body: Any) -> dict[str, Any]:
    read = _read(body, _STATE)
    server = next((p.servers[server_id] for p in state.projects.values() if server_id in p.servers), None)
    if server is None:
        raise GatewayError(404, f"there is no server {server_id}")
    if read["vm_state"] is not None and read["vm_state"] not in VM_STATES:
        raise _refuse("", f"{read['vm_state'][:40]!r} is none of {', '.join(VM_STATES)}")
    if read.get("task_state") not in (None, *TASK_STATES):
        raise _refuse("", f"{read['task_state'][:40]!r} is none of {', '.join(TASK_STATES)}")
    if read["vm_state"] is None:
        state.thaw(server)
    else:
        state.freeze(server, read["vm_state"], read.get("task_state"), read.get("power_state"))
    return {"status": server.status}
