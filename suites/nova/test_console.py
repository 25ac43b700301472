"""Rules of the console logs of servers (6.14)."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Exchange, Servers, read

_RULE = "nova.servers.console-output/rule"


def _console(client: Client, server: str, length: int | str, microversion: str = "2.1") -> Exchange:
    body = {"os-getConsoleOutput": {"length": length}}
    return client.post(f"/v2.1/{{project_id}}/servers/{server}/action", body, microversion=microversion)


def _lines(most: int) -> str:
    """Return what a text of at most so many lines matches; a line break at the end does not begin a line."""
    return rf"\A([^\n]*\n){{0,{most - 1}}}[^\n]*\n?\Z" if most else r"\A\Z"


@pytest.mark.ecs_requirement(
    "nova.servers.console-output/rule/lines",
    "nova.servers.console-output/rule/unlimited",
    "nova.servers.console-output/rule/zero",
    "nova.servers.console-output/rule/length-as-number",
    "nova.servers.console-output/rule/length-as-text",
    "nova.servers.console-output/rule/last-microversion",
)
def test_the_log_is_as_long_as_asked_for(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """At most so many lines, by a number or a text, at the first and at the last microversion; -1 means all."""
    (server,) = ecs_servers.shared("ACTIVE")
    longest = 0
    for length, rule in ((1, "length-as-number"), (3, "length-as-number"), ("2", "length-as-text"), (0, "zero")):
        shown = _console(ecs_client, server.id, length)
        ecs_check.accepted(f"{_RULE}/{rule}", shown)
        limit = "zero" if length == 0 else "lines"
        ecs_check(f"{_RULE}/{limit}", shown, "body", "output", matches=_lines(int(length)))
        if shown.accepted:
            longest = max(longest, len(read(shown, "output")))
    latest = _console(ecs_client, server.id, 2, "2.5")
    ecs_check.accepted("nova.servers.console-output/rule/last-microversion", latest)
    everything = _console(ecs_client, server.id, -1)
    ecs_check(
        "nova.servers.console-output/rule/unlimited", everything, "body", "output", matches=rf"(?s)\A.{{{longest}}}"
    )
