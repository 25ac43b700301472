"""A run with a fifth of its requests disturbed says nothing wrong: the part of ``nox -s faults`` that fits into CI."""

from __future__ import annotations

from tests.faults.proxy import Fault
from tests.faults.runs import Outcome, compare, run

_SUITE = ("suites/nova/test_keypairs.py",)


def test_a_disturbed_run_judges_as_the_clean_one_or_not_at_all() -> None:
    """Errors there may be; no verdict is wrong, nothing hangs, nothing stops early."""
    clean = run(_SUITE, longest=300)
    seen = run(_SUITE, rate=0.2, seed=1, longest=300)
    assert "fail" not in clean.verdicts.values()
    assert sum(verdict == "pass" for verdict in clean.verdicts.values()) > 50
    assert seen.disturbed > 5
    assert (compare(clean, seen), seen.hung, seen.aborted) == ([], False, False)


def test_a_request_that_the_network_doubles_is_not_blamed_on_the_endpoint() -> None:
    """What came twice is asked for once more where it is counted."""
    suites = (
        "suites/ecs/test_nics.py",
        "suites/nova/test_nics.py",
        "suites/ecs/test_jobs.py",
        "suites/nova/test_create_many.py",
    )
    rules = [
        "ecs.nics.add/rule/success-adds",
        "ecs.nics.add/rule/several",
        "nova.nics.add/rule/adds",
        "ecs.servers.create/rule/count-servers",
        "nova.servers.create/rule/count-servers",
    ]
    counted = [f"--ecs-requirement={rule}" for rule in rules]
    faults = [
        Fault("duplicate", "POST", f"/{last}$", times=times)
        for last, times in (("nics", 1), ("os-interface", 1), ("cloudservers", 2), ("servers", 1))
    ]
    seen = run(suites, *counted, longest=300, faults=faults)
    assert (seen.hung, seen.aborted, seen.lost, seen.disturbed) == (False, False, (), 5)
    assert {name: seen.verdicts[name] for name in rules} == dict.fromkeys(rules, "pass"), seen.reasons


def test_what_the_network_doubles_is_made_once_more_or_named() -> None:
    """Servers in lists and groups are made anew; a group whose name does not say whose it is is named, and a snapshot's disk."""
    rules = [
        "nova.servers.create/rule/min-default",
        "nova.servers.list/rule/pages-complete",
        "nova.server-groups.show/rule/members",
        "nova.server-groups.create/rule/shortest-name",
        "deprecated.disks.delete/rule/after-snapshot",
    ]
    names = ("nova/test_create", "nova/test_list_pages", "nova/test_groups", "deprecated/test_disks_and_snapshots")
    suites = [f"suites/{name}.py" for name in names]
    counted = [f"--ecs-requirement={rule}" for rule in rules]
    faults = [
        Fault("duplicate", "POST", f"/{last}$", times=times)
        for last, times in (("servers", 3), ("os-server-groups", 9), ("os-snapshots", 1))
    ]
    seen = run(suites, *counted, longest=300, faults=faults)
    assert (seen.hung, seen.aborted, seen.lost) == (False, False, ())
    assert {name: seen.verdicts[name] for name in rules} == dict.fromkeys(rules, "pass"), seen.reasons
    kinds = sorted(name.split()[0] for name in seen.said)
    assert (kinds, seen.disturbed > 4) == (["server_groups", "snapshots", "volumes"], True)


def test_a_wrong_verdict_would_be_seen() -> None:
    """Both ways; what is not judged is not wrong, but what fails is, whatever the clean run says of it."""
    clean = Outcome({"a": "pass", "b": "fail", "c": "pass", "d": "pass", "e": "not_tested", "f": "not_tested"})
    seen = Outcome({"a": "fail", "b": "pass", "c": "error", "d": "pass", "e": "pass", "f": "fail", "g": "fail"})
    assert compare(clean, seen) == ["a", "b", "f", "g"]
