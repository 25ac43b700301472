"""An optional field that is refused fails what speaks of it and nothing else; `refusing` tries all of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from pytest_ecs._contract import load
from pytest_ecs._contract.fields import leave_out, plainest
from pytest_ecs._types import JSON

from .forking import Outcome
from .refusing import Refused, optional, wrong

_ONE = Refused("nova.servers.create-image", "body", "createImage.metadata", ("createImage", "metadata"))
_STATUS = "nova.servers.create-image/status"


def test_a_sample_fails_what_speaks_of_the_field() -> None:
    """Its operation's own success is seen all the same."""
    command = [sys.executable, "-m", "tests.suites.refusing", "--fields", "12", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "'wrong'" in done.stdout) == (0, False), done.stdout
    assert "12 of " in done.stdout


def test_every_optional_field_of_a_request_is_tried() -> None:
    """What a request needs is not among them, nor what there is no plainer request without."""
    found = {str(one) for one in optional(load())}
    assert {"nova.servers.create-image body createImage.metadata", "nova.servers.list query limit"} <= found
    assert "nova.servers.create body server.flavorRef" not in found
    assert "nova.nics.add body interfaceAttachment.net_id" not in found


@pytest.mark.parametrize(
    ("failed", "passed", "said"),
    [
        ({"nova.servers.create-image/optional": "why"}, [_STATUS], []),
        ({"nova.servers.create-image/rule/metadata-bounds": "why"}, [_STATUS], []),
        ({"nova.servers.create-image/rule/name-longest": "why"}, [_STATUS], ["name-longest: why"]),
        ({_STATUS: "why"}, [], ["no success: no finding", f"{_STATUS}: why"]),
    ],
)
def test_what_speaks_of_a_field_may_fail(failed: Mapping[str, str], passed: Sequence[str], said: list[str]) -> None:
    """Not what speaks of another one, and not the operation as a whole."""
    lines = wrong(_ONE, replace(Outcome("", took_place=1), failed=dict(failed), passed=list(passed)))
    assert [line.endswith(end) for line, end in zip(lines, said, strict=True)] == [True] * len(said)


@pytest.mark.parametrize(
    ("body", "steps", "after"),
    [
        ({"a": {"b": 1, "c": 2}}, ("a", "b"), {"a": {"c": 2}}),
        ({"a": [{"b": 1}, {"c": 2}]}, ("a", "[]", "b"), {"a": [{}, {"c": 2}]}),
        ({"a": {"c": 2}}, ("a", "b"), None),
        ({"a": []}, ("a", "[]", "b"), None),
        ({"a": "text"}, ("a", "b"), None),
        (None, ("a",), None),
    ],
)
def test_a_field_is_left_out_wherever_it_is(body: JSON, steps: Sequence[str], after: JSON) -> None:
    """Where it is nowhere the body stays the very same."""
    left = leave_out(body, steps)
    assert left == (body if after is None else after)
    assert (left is body) == (after is None)


def test_the_plainest_request_has_what_it_needs() -> None:
    """The rest is as it was."""
    operation = load().operations["nova.servers.create"]
    body = {"server": {"name": "n", "flavorRef": "f", "metadata": {}, "adminPass": "p"}}
    assert plainest(operation, body) == {"server": {"name": "n", "flavorRef": "f"}}
    assert plainest(load().operations["nova.servers.start"], body) is body
