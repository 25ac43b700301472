"""Rules of the console logs of servers (6.14)."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Exchange, Servers, url_of

_OUTPUT = ("body", "output")


def _console(client: Client, server: str, length: int | str, microversion: str = "2.1") -> Exchange:
    body = {"os-getConsoleOutput": {"length": length}}
    return client.post(url_of("nova.servers.console-output", server_id=server), body, microversion=microversion)


def _lines(most: int) -> str:
    """Return what a text of at most so many lines matches; a line break at the end does not begin a line."""
    return rf"\A([^\n]*\n){{0,{most - 1}}}[^\n]*\n?\Z" if most else r"\A\Z"


@pytest.mark.ecs_requirement(
    "nova.servers.console-output/rule/lines", "nova.servers.console-output/rule/length-as-number"
)
@pytest.mark.parametrize("length", [1, 3])
def test_the_log_is_as_long_as_asked_for(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, length: int
) -> None:
    """At most so many lines."""
    (server,) = ecs_servers.shared("ACTIVE")
    shown = _console(ecs_client, server.id, length)
    ecs_check.accepted("nova.servers.console-output/rule/length-as-number", shown)
    ecs_check.after(shown)("nova.servers.console-output/rule/lines", shown, *_OUTPUT, matches=_lines(length))


@pytest.mark.parametrize(
    ("rule", "length", "microversion"),
    [
        pytest.param(rule, length, microversion, id=form, marks=pytest.mark.ecs_requirement(rule))
        for rule, length, microversion, form in (
            ("nova.servers.console-output/rule/length-as-text", "2", "2.1", "text"),
            ("nova.servers.console-output/rule/zero", 0, "2.1", "zero"),
            ("nova.servers.console-output/rule/last-microversion", 2, "2.5", "last-microversion"),
        )
    ],
)
def test_the_length_has_other_forms(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    rule: str,
    length: int | str,
    microversion: str,
) -> None:
    """A text, nothing at all, and a number at the last microversion that has the log."""
    (server,) = ecs_servers.shared("ACTIVE")
    shown = _console(ecs_client, server.id, length, microversion)
    if ecs_check.accepted(rule, shown):
        ecs_check(rule, shown, *_OUTPUT, matches=_lines(int(length)))


@pytest.mark.ecs_requirement("nova.servers.console-output/rule/unlimited")
def test_the_whole_log_is_the_longest(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """It has what a part of it has, at least: a log only grows."""
    (server,) = ecs_servers.shared("ACTIVE")
    part = _console(ecs_client, server.id, 3)
    output = part.json_object.get("output")
    if not isinstance(output, str) or not output:
        ecs_check.not_tested("nova.servers.console-output/rule/unlimited", f"no log is shown: {part.answer}")
        return
    whole = _console(ecs_client, server.id, -1)
    if ecs_check.accepted("nova.servers.console-output/rule/unlimited", whole):
        longer = rf"(?s)\A.{{{len(output)}}}"
        ecs_check("nova.servers.console-output/rule/unlimited", whole, *_OUTPUT, matches=longer)
