"""A project that may have little is no broken cloud: whatever its quotas leave no room for is an error of the environment."""

from __future__ import annotations

import pytest

from tests.faults.runs import run

_RULES = "deprecated.security-group-rules.create/rule"
#: Quota, of which there may be one -> where the tests are, what they test.
_SMALL = {
    "rules": ("suites/deprecated/test_security_groups_rules.py", f"{_RULES}/icmp-any", f"{_RULES}/tcp-and-udp"),
    "members": ("suites/nova/test_groups.py", "nova.server-groups.create/rule/usable"),
}


@pytest.mark.parametrize("quota", sorted(_SMALL))
def test_a_small_quota_fails_nothing(quota: str) -> None:
    """What could not be tested is an error, which says what was in the way."""
    suite, *rules = _SMALL[quota]
    seen = run((suite,), *(f"--ecs-requirement={rule}" for rule in rules), limits={quota: 1})
    assert not seen.hung
    assert {seen.verdicts[rule] for rule in rules} <= {"error", "not_tested", "pass"}
    errors = [reason for rule, reason in seen.reasons.items() if seen.verdicts[rule] == "error"]
    assert errors
    assert all("room" in reason or "lacks" in reason for reason in errors)
    assert "fail" not in seen.verdicts.values()
