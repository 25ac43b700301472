"""What a profile may send."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import load_contract
from pytest_ecs._report.offered import declared
from pytest_ecs._run.options import Settings
from pytest_ecs._run.reach import Reach
from pytest_ecs._run.selection import declaration_of
from pytest_ecs.exceptions import OutsideProfile, PrerequisiteMissing


class _Next:
    def before(self, *_: Any) -> str:
        return "asked"

    def after(self, *_: Any) -> None:
        """Nothing to write down."""


@pytest.mark.parametrize(
    ("profile", "method", "path", "reason"),
    [
        ("native", "GET", "/v1/p/cloudservers/limits", "chapter 5"),
        ("native", "POST", "/v1/p/jobs/1", "chapter 5"),
        ("native", "GET", "/v2.1/p/servers", None),
        ("native", "POST", "/v1.0/servers/1/action", None),
        ("native", "POST", "/v3/auth/tokens", None),
        ("native", "GET", "/", None),
        ("core", "POST", "/v1/p/cloudservers", None),
        ("core", "GET", "/v2.1/p/servers", None),
        ("core", "GET", "/v2.1/p/servers/detail", None),
        ("core", "GET", "/v2.1/p/servers/1", None),
        ("core", "GET", "/v2.1/servers/1/block_device", None),
        ("core", "PATCH", "/v2.1/servers/1/block_device", None),
        ("native", "GET", "/v2.1/servers/1/block_device", "chapter 5"),
        ("native", "GET", "/v1/p/cloudservers/1/autorecovery", "chapter 5"),
        ("core", "DELETE", "/v2.1/p/servers/1", "chapter 6"),
        ("core", "GET", "/v2.1/p/servers/1/os-interface", "chapter 6"),
        ("core", "GET", "/v2.1/p/limits", "chapter 6"),
        ("core", "POST", "/v2.1/p/os-volumes", None),
        ("core", "GET", "/v2.1/p/os-volumes/1", None),
        ("core", "GET", "/v2.1/p/os-volumes_boot", "chapter 6"),
        ("full", "GET", "/v1/p/cloudservers/limits", None),
        ("deprecated", "GET", "/v2.1/p/images", None),
    ],
)
def test_what_is_outside_is_refused_before_it_leaves(profile: str, method: str, path: str, reason: str | None) -> None:
    """With the chapter that it belongs to."""
    reach = Reach(_Next(), profile, load_contract().match)
    if reason is None:
        assert reach.before(method, path, None, "primary") == "asked"
        return
    with pytest.raises(OutsideProfile, match=f"{reason}, which is not in the profile {profile}") as caught:
        reach.before(method, path, None, "primary")
    assert path not in str(caught.value), "reasons are grouped, and ids say nothing"


def test_what_the_endpoint_does_not_offer_is_not_asked_for() -> None:
    """A Nova has no chapter 5, whatever the profile."""
    reach = Reach(_Next(), "full", load_contract().match, missing=frozenset({5}))
    with pytest.raises(PrerequisiteMissing, match="does not offer the APIs of chapter 5") as caught:
        reach.before("GET", "/v1/p/cloudservers/limits", None, "primary")
    assert not isinstance(caught.value, OutsideProfile), "what the profile has and the endpoint has not is not tested"


def test_a_discarded_operation_below_v1_goes_with_chapter_5() -> None:
    """A Nova answers it as it answers any URL that it does not know, which says nothing of the operation."""
    contract = load_contract()
    reach = Reach(_Next(), "full", contract.match, missing=frozenset({5}))
    with pytest.raises(PrerequisiteMissing, match="does not offer the APIs of chapter 5"):
        reach.before("PUT", "/v1/p/cloudservers/1/autorecovery", {}, "primary")
    assert reach.before("GET", "/v2.1/p/images", None, "primary") == "asked"
    declaration = declaration_of(Settings(run="one"), contract, {5})
    gone = {name for name, one in contract.operations.items() if declared(name, declaration)}
    assert gone == {name for name, one in contract.operations.items() if one.chapter == "ecs" or "/v1/" in one.path}
    assert "deprecated.recovery.show" in gone
    assert not declaration_of(Settings(run="one"), contract, {6})[1:], "the chapter alone"


def test_nothing_is_refused_while_things_are_deleted() -> None:
    """What was made goes, whatever it takes."""
    reach = Reach(_Next(), "core", load_contract().match, closed=False)
    assert reach.before("POST", "/v2.1/p/servers/1/action", {"unlock": None}, "primary") == "asked"
    assert reach.before("DELETE", "/v2.1/p/servers/1", None, "primary") is None
