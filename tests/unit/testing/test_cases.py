"""Which variant of a recipe is taken, when the endpoint refuses the first one."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs._testing.cases import Cases
from pytest_ecs.exceptions import PrerequisiteMissing


def _cases(monkeypatch: pytest.MonkeyPatch, accepted: dict[str, Any]) -> Cases:
    """Return cases whose requests of the variants in *accepted*, and of no others, are accepted."""

    def control(
        self: Cases, operation: str, variant: str = "default", *, check_only: bool = False, servers: bool = True
    ) -> Any:
        if variant not in accepted:
            raise PrerequisiteMissing(f"{operation} by {variant} was not accepted")
        return accepted[variant]

    monkeypatch.setattr(Cases, "control", control)
    nothing: Any = None
    return Cases(nothing, nothing, nothing, nothing, nothing)


def test_a_refused_variant_takes_nothing_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is the control."""
    exchange: Any = object()
    cases = _cases(monkeypatch, {"plain": exchange, "key": object()})
    assert cases.accepted_variant("nova.servers.create", ("full", "plain", "key")) == ("plain", exchange)


def test_the_reason_is_that_of_the_first_variant(monkeypatch: pytest.MonkeyPatch) -> None:
    """When none is accepted."""
    with pytest.raises(PrerequisiteMissing, match="by full was not accepted"):
        _cases(monkeypatch, {}).accepted_variant("nova.servers.create", ("full", "plain"))
