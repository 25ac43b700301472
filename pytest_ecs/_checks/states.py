"""Table A-4, seen in the servers that an answer shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_ecs._checks.finding import Finding, verdict
from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import UNKNOWN, StateWords
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._types import JSON

__all__ = ["state_findings"]

#: What Table A-1 calls a server whose flavor is being changed; A-4 has that for stopped servers only, so that a running
#: one may show either (ruling resize-of-a-running-server).
_RESIZE = "RESIZE"
#: Without any of these nothing can be said: a task that is not shown is not the same as none.
_PAIR = ("OS-EXT-STS:vm_state", "OS-EXT-STS:task_state", "status")


def state_findings(exchange: Exchange, contract: Contract) -> Iterator[Finding]:
    """Yield what the answer's servers say of the pairs of states that they show."""
    for where, server in _servers(exchange.response_body):
        vm, task, status = (server[name] for name in _PAIR)
        if not isinstance(vm, str) or not isinstance(status, str) or not isinstance(task, str | None):
            continue
        vm, task = vm.lower(), task.lower() if task else None
        if not _known(vm, task, status, contract.state_words):
            continue  # a word that no list has is judged where it stands
        wanted = contract.status_of(vm, task)
        listed = (vm, task) in contract.states
        requirement = f"A-4/{vm}+{task or 'null'}" if listed else f"A-4/{UNKNOWN.lower()}"
        allowed = {wanted} if listed else {wanted, *(word.upper() for word in contract.tolerated_states)}
        if not listed and task is not None and task.startswith("resize_"):
            allowed.add(_RESIZE)
        expected = f"status is {' or '.join(sorted(allowed))} for vm_state {vm} and task_state {task}"
        yield verdict(requirement, status.upper() in allowed, exchange, expected, status, f"{where}.status")


def _known(vm: str, task: str | None, status: str, words: StateWords) -> bool:
    known = (vm, words.vm_state), (status.lower(), words.status)
    return all(word in (listed | words.tolerated) for word, listed in known) and (
        task is None or task in words.task_state
    )


def _servers(body: JSON) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    """Yield each server with its states, and where it stands: one alone (6.2.6) or a list (6.2.5)."""
    if not isinstance(body, dict):
        return
    listed = body.get("servers")
    shown = [("server", body.get("server"))]
    shown += [(f"servers.{number}", item) for number, item in enumerate(listed if isinstance(listed, list) else ())]
    for where, server in shown:
        if isinstance(server, dict) and all(name in server for name in _PAIR):
            yield where, server
