"""An operation that refuses everything is blamed once; `closed` tries all of them."""

from __future__ import annotations

import subprocess
import sys

from .closed import wrong
from .forking import Outcome

#: One whose test could not come to send it, one on which the servers of a run depend, and one with many forms of its request.
_OPERATIONS = ("deprecated.disks.show", "ecs.jobs.show", "ecs.disks.attach")


def test_a_sample_fails_its_status_alone() -> None:
    """What needs it is not tested."""
    command = [sys.executable, "-m", "tests.suites.closed", "--sample", *_OPERATIONS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, f"{len(_OPERATIONS)} operations, 0 not" in done.stdout) == (0, True), done.stdout


def test_what_is_wrong_is_said() -> None:
    """No failure, one beside it, an error, and what ended the run."""
    name, status = "ecs.jobs.show", "ecs.jobs.show/status"
    assert wrong(Outcome(name, failed={status: "refused"})) == []
    assert wrong(Outcome(name, untested={status: "why"})) == [f"{status} did not fail: why"]
    assert wrong(Outcome(name, failed={status: "", "4.1/own-id": "seen"})) == ["4.1/own-id: seen"]
    assert wrong(Outcome(name, failed={status: ""}, errors={"4.1/own-id": "e"})) == ["error: 4.1/own-id: e"]
    assert wrong(Outcome(name, failed={status: ""}, troubles=["it ended"])) == ["it ended"]
    assert wrong(Outcome("iam.tokens.create", failed={"iam.tokens.create/status": ""}, errors={"x": "e"})) == []
