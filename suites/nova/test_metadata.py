"""Rules of the metadata of servers (6.9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Lease, Servers, read

pytestmark = pytest.mark.ecs_group("servers")

_UPDATE, _REPLACE, _DELETE, _SHOW, _SET = (
    f"nova.metadata.{verb}/rule"
    for verb in (
        "update",
        "replace",
        "delete",
        "show",
        "set",
    )
)
#: Keys and values may have this many characters, and keys these (tables 6-156, 6-159, 6-167).
_LENGTH, _CHARACTERS = 255, "aZ0-_:."
#: Pairs that must be accepted and kept as they are: rule -> key and value.
_FORMS = {
    "longest": ("k" * _LENGTH, "v" * _LENGTH),
    "unicode-value": ("unicode", "值" * _LENGTH),
    "empty-value": ("empty", ""),
    "key-characters": (_CHARACTERS, "characters"),
}


def _path(server: str, key: str = "") -> str:
    return f"/v2.1/{{project_id}}/servers/{server}/metadata" + (f"/{quote(key, safe='')}" if key else "")


def _listed(client: Client, lease: Lease) -> Exchange:
    return client.get(_path(lease.id))


def _pairs(client: Client, lease: Lease) -> dict[str, str]:
    found: dict[str, str] = read(_listed(client, lease), "metadata")
    return found


def _update(client: Client, lease: Lease, pairs: Mapping[str, str]) -> Exchange:
    return client.post(_path(lease.id), {"metadata": dict(pairs)})


def _replace(client: Client, lease: Lease, pairs: Mapping[str, str]) -> Exchange:
    return client.put(_path(lease.id), {"metadata": dict(pairs)})


def _set(client: Client, lease: Lease, key: str, value: str) -> Exchange:
    return client.put(_path(lease.id, key), {"meta": {key: value}})


@contextmanager
def _unchanged(client: Client, *leases: Lease) -> Iterator[None]:
    """Give servers the metadata back that they had; one where that fails serves nobody again."""
    before = [_pairs(client, lease) for lease in leases]
    try:
        yield
    finally:
        for lease, pairs in zip(leases, before, strict=True):
            _replace(client, lease, pairs)
            lease.spoilt = lease.spoilt or _pairs(client, lease) != pairs
            lease.release()


def _has(check: Check, rule: str, shown: Exchange, pairs: Mapping[str, str], *at: str) -> None:
    """Each of the pairs is there, with its value."""
    for key, value in pairs.items():
        check(rule, shown, "body", *(at or ("metadata",)), key, equals=value)


def _only_there(check: Check, rule: str, answer: Exchange, listed: Exchange) -> None:
    """Each pair of an answer is one that the server has."""
    for key, value in read(answer, "metadata").items():
        check(rule, listed, "body", "metadata", key, equals=value)


@pytest.mark.ecs_requirement(
    "nova.metadata.update/rule/adds",
    "nova.metadata.update/rule/changes",
    "nova.metadata.update/rule/keeps",
    "nova.metadata.update/rule/answers-pairs",
    "nova.metadata.update/rule/several",
    "nova.metadata.update/rule/empty",
    "nova.metadata.update/rule/shown-by-server",
    "nova.metadata.update/rule/this-server-only",
    "nova.metadata.set/rule/adds",
    "nova.metadata.set/rule/changes",
    "nova.metadata.set/rule/keeps",
    "nova.metadata.set/rule/answers-pair",
    "nova.metadata.set/rule/same-key",
    "nova.metadata.set/rule/no-pair",
    "nova.metadata.set/rule/shown-by-server",
    "nova.metadata.set/rule/this-server-only",
    "nova.metadata.list/rule/all-pairs",
    "nova.metadata.list/rule/own-server",
    "nova.metadata.list/rule/same-as-server",
    "nova.metadata.list/rule/no-paging",
    "nova.metadata.show/rule/asked-key",
    "nova.metadata.show/rule/no-other-key",
    "nova.metadata.show/rule/same-as-list",
    "nova.metadata.show/rule/other-server",
)
def test_pairs_are_added_and_changed(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """Many at a time or one by its key, beside those that stay, on this server alone."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with _unchanged(ecs_client, lease, other):
        _update(ecs_client, other, {"theirs": "1", "first": "other"})
        theirs = _pairs(ecs_client, other)
        before = _pairs(ecs_client, lease)
        added = _update(ecs_client, lease, {"first": "1", "kept": "2"})
        listed = _listed(ecs_client, lease)
        _has(ecs_check, "nova.metadata.update/rule/adds", listed, {"first": "1", "kept": "2"})
        _has(ecs_check, "nova.metadata.update/rule/answers-pairs", added, {"first": "1", "kept": "2"})
        _only_there(ecs_check, "nova.metadata.update/rule/answers-pairs", added, listed)
        _update(ecs_client, lease, {"first": "one", "second": "2"})
        now = {**before, "first": "one", "kept": "2", "second": "2"}
        listed, shown = _listed(ecs_client, lease), lease.show()
        _has(ecs_check, "nova.metadata.update/rule/changes", listed, {"first": "one"})
        _has(ecs_check, "nova.metadata.update/rule/several", listed, {"first": "one", "second": "2"})
        _has(ecs_check, "nova.metadata.update/rule/keeps", listed, {**before, "kept": "2"})
        ecs_check("nova.metadata.list/rule/all-pairs", listed, "body", "metadata", equals=now)
        ecs_check("nova.metadata.list/rule/own-server", listed, "body", "metadata", lacks="theirs")
        ecs_check("nova.metadata.list/rule/same-as-server", shown, "body", "server", "metadata", equals=now)
        _has(
            ecs_check,
            "nova.metadata.update/rule/shown-by-server",
            shown,
            {"first": "one", "second": "2"},
            "server",
            "metadata",
        )
        ecs_check(
            "nova.metadata.update/rule/this-server-only", _listed(ecs_client, other), "body", "metadata", equals=theirs
        )
        for key, value in now.items():
            alone = ecs_client.get(_path(lease.id, key))
            for rule in ("asked-key", "same-as-list"):
                ecs_check(f"{_SHOW}/{rule}", alone, "body", "meta", key, equals=value)
            ecs_check("nova.metadata.show/rule/no-other-key", alone, "body", "meta", length=1)
        ecs_expect(
            "nova.metadata.show/rule/other-server",
            "GET",
            _path(lease.id, "theirs"),
            expects="not-found",
            change="only another server has the key",
        )
        for query in ({"limit": "1"}, {"marker": "first"}):
            paged = ecs_client.get(_path(lease.id), query=query)
            if paged.accepted:
                ecs_check("nova.metadata.list/rule/no-paging", paged, "body", "metadata", equals=now)
            else:
                ecs_check("nova.metadata.list/rule/no-paging", paged, "status", at_least=400)
        _update(ecs_client, lease, {})
        ecs_check("nova.metadata.update/rule/empty", _listed(ecs_client, lease), "body", "metadata", equals=now)

        for rule, key, value in (("adds", "third", "3"), ("changes", "first", "uno")):
            answer = _set(ecs_client, lease, key, value)
            _has(ecs_check, "nova.metadata.set/rule/answers-pair", answer, {key: value}, "meta")
            listed = _listed(ecs_client, lease)
            _has(ecs_check, f"{_SET}/{rule}", listed, {key: value})
            _has(
                ecs_check, "nova.metadata.set/rule/keeps", listed, {**now, "first": value if key == "first" else "one"}
            )
            _has(ecs_check, "nova.metadata.set/rule/shown-by-server", lease.show(), {key: value}, "server", "metadata")
        ecs_check(
            "nova.metadata.set/rule/this-server-only", _listed(ecs_client, other), "body", "metadata", equals=theirs
        )
        now = _pairs(ecs_client, lease)
        ecs_client.put(_path(lease.id, "first"), {"meta": {}})
        ecs_check("nova.metadata.set/rule/no-pair", _listed(ecs_client, lease), "body", "metadata", equals=now)
        now = _pairs(ecs_client, lease)
        control = ecs_cases.control("nova.metadata.set")
        refused = ecs_expect(
            "nova.metadata.set/rule/same-key",
            "PUT",
            _path(lease.id, "first"),
            json={"meta": {"second": "x"}},
            expects="invalid",
            change="the key is not that of the URL",
            control=control.id,
        )
        if refused.refused:
            ecs_check("nova.metadata.set/rule/same-key", _listed(ecs_client, lease), "body", "metadata", equals=now)


@pytest.mark.ecs_requirement(
    "nova.metadata.replace/rule/sets",
    "nova.metadata.replace/rule/deletes-others",
    "nova.metadata.replace/rule/answers-pairs",
    "nova.metadata.replace/rule/empty",
    "nova.metadata.replace/rule/refused-keeps",
    "nova.metadata.replace/rule/shown-by-server",
    "nova.metadata.replace/rule/this-server-only",
    "nova.metadata.delete/rule/deletes",
    "nova.metadata.delete/rule/keeps",
    "nova.metadata.delete/rule/gone-from-server",
    "nova.metadata.delete/rule/this-server-only",
    "nova.metadata.delete/rule/no-body",
    "nova.metadata.update/rule/refused-whole",
    "nova.metadata.list/rule/empty",
)
def test_pairs_are_replaced_and_deleted(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """Those that a replacement does not name are gone, and nothing is where it was refused."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with _unchanged(ecs_client, lease, other):
        _update(ecs_client, other, {"first": "theirs", "kept": "theirs"})
        theirs = _pairs(ecs_client, other)
        system = set(_pairs(ecs_client, lease))  # servers of the pool are created without metadata
        _update(ecs_client, lease, {"first": "1", "old": "2"})
        wanted = {"first": "one", "new": "3", "kept": "4"}
        answer = _replace(ecs_client, lease, wanted)
        listed, shown = _listed(ecs_client, lease), lease.show()
        _has(ecs_check, "nova.metadata.replace/rule/sets", listed, wanted)
        ecs_check("nova.metadata.replace/rule/deletes-others", listed, "body", "metadata", lacks="old")
        _has(ecs_check, "nova.metadata.replace/rule/answers-pairs", answer, wanted)
        ecs_check("nova.metadata.replace/rule/answers-pairs", answer, "body", "metadata", lacks="old")
        _has(ecs_check, "nova.metadata.replace/rule/shown-by-server", shown, wanted, "server", "metadata")
        ecs_check("nova.metadata.replace/rule/shown-by-server", shown, "body", "server", "metadata", lacks="old")
        ecs_check(
            "nova.metadata.replace/rule/this-server-only", _listed(ecs_client, other), "body", "metadata", equals=theirs
        )
        bad = {"good": "1", "bad<key>": "2"}
        for rule, send in (
            ("nova.metadata.update/rule/refused-whole", _update),
            ("nova.metadata.replace/rule/refused-keeps", _replace),
        ):
            now = _pairs(ecs_client, lease)
            refused = send(ecs_client, lease, bad)
            if refused.refused:
                ecs_check(rule, _listed(ecs_client, lease), "body", "metadata", equals=now)
            else:
                ecs_check.not_tested(rule, "the endpoint accepts a key with characters that are not allowed")
                _replace(ecs_client, lease, now)

        deleted = ecs_client.delete(_path(lease.id, "first"))
        ecs_check("nova.metadata.delete/rule/no-body", deleted, "body", equals=None)
        listed = _listed(ecs_client, lease)
        ecs_check("nova.metadata.delete/rule/deletes", listed, "body", "metadata", lacks="first")
        ecs_expect(
            "nova.metadata.delete/rule/deletes",
            "GET",
            _path(lease.id, "first"),
            expects="not-found",
            change="the pair was deleted",
        )
        _has(ecs_check, "nova.metadata.delete/rule/keeps", listed, {"new": "3", "kept": "4"})
        ecs_check(
            "nova.metadata.delete/rule/gone-from-server", lease.show(), "body", "server", "metadata", lacks="first"
        )
        _has(ecs_check, "nova.metadata.delete/rule/this-server-only", _listed(ecs_client, other), {"first": "theirs"})

        now = _pairs(ecs_client, lease)
        emptied = _replace(ecs_client, lease, {})
        listed = _listed(ecs_client, lease)
        left = {key: value for key, value in read(listed, "metadata").items() if key in system}
        ecs_check(
            "nova.metadata.replace/rule/empty", listed, "body", "metadata", equals=left if emptied.accepted else now
        )
        for key in _pairs(ecs_client, lease):
            ecs_client.delete(_path(lease.id, key))
        listed = _listed(ecs_client, lease)
        rest = set(read(listed, "metadata"))
        if rest and rest <= system:
            ecs_check.not_tested(
                "nova.metadata.list/rule/empty",
                f"the server keeps pairs that no request set: {', '.join(sorted(rest))}",
            )
        else:
            ecs_check("nova.metadata.list/rule/empty", listed, "body", "metadata", equals={})


@pytest.mark.ecs_requirement(
    "nova.metadata.update/rule/longest",
    "nova.metadata.update/rule/unicode-value",
    "nova.metadata.update/rule/empty-value",
    "nova.metadata.update/rule/key-characters",
    "nova.metadata.replace/rule/longest",
    "nova.metadata.replace/rule/unicode-value",
    "nova.metadata.replace/rule/empty-value",
    "nova.metadata.replace/rule/key-characters",
    "nova.metadata.set/rule/longest",
    "nova.metadata.set/rule/unicode-value",
    "nova.metadata.set/rule/empty-value",
    "nova.metadata.set/rule/key-characters",
    "nova.metadata.set/rule/key-too-long",
    "nova.metadata.list/rule/of-creation",
)
def test_keys_and_values_are_kept_as_they_are(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """The longest ones, those of other scripts, empty ones, and those that a server was created with."""
    lease = ecs_servers("ACTIVE")
    with _unchanged(ecs_client, lease):
        for form, (key, value) in _FORMS.items():
            for rule in (_UPDATE, _REPLACE, _SET):
                ecs_client.delete(_path(lease.id, key))
                sent = (
                    _set(ecs_client, lease, key, value)
                    if rule == _SET
                    else (_update if rule == _UPDATE else _replace)(ecs_client, lease, {key: value})
                )
                ecs_check.accepted(f"{rule}/{form}", sent)
                _has(ecs_check, f"{rule}/{form}", _listed(ecs_client, lease), {key: value})
        long = "k" * (_LENGTH + 1)
        control = ecs_cases.control("nova.metadata.set")
        ecs_expect(
            "nova.metadata.set/rule/key-too-long",
            "PUT",
            _path(lease.id, long),
            json={"meta": {long: "v"}},
            expects="invalid",
            change="the key has 256 characters",
            control=control.id,
        )
    created = ecs_cases.control("nova.servers.create")
    server = read(created, "server", "id")
    listed = ecs_client.get(_path(server))
    _has(ecs_check, "nova.metadata.list/rule/of-creation", listed, created.request_body["server"]["metadata"])


@pytest.mark.ecs_requirement(
    "nova.metadata.update/rule/active-and-stopped",
    "nova.metadata.update/rule/other-states",
    "nova.metadata.replace/rule/active-and-stopped",
    "nova.metadata.replace/rule/other-states",
    "nova.metadata.delete/rule/active-and-stopped",
    "nova.metadata.delete/rule/other-states",
    "nova.metadata.set/rule/active-and-stopped",
    "nova.metadata.set/rule/other-states",
    "nova.metadata.list/rule/any-state",
    "nova.metadata.show/rule/any-state",
)
def test_the_state_of_the_server_counts(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """Running and stopped servers take changes, one whose resizing waits to be confirmed does not; all answer queries."""
    running, stopped = ecs_servers("ACTIVE"), ecs_servers("SHUTOFF")
    with _unchanged(ecs_client, running, stopped):
        for lease in (running, stopped):
            for rule, sent in (
                (_UPDATE, _update(ecs_client, lease, {"first": "1"})),
                (_REPLACE, _replace(ecs_client, lease, {"first": "1"})),
                (_SET, _set(ecs_client, lease, "first", "2")),
                (_DELETE, ecs_client.delete(_path(lease.id, "first"))),
            ):
                ecs_check.accepted(f"{rule}/active-and-stopped", sent)
        _set(ecs_client, stopped, "first", "1")
        action = f"/v2.1/{{project_id}}/servers/{stopped.id}/action"
        resized = ecs_client.post(action, {"resize": {"flavorRef": ecs_servers.other_flavor(stopped)}})
        read(resized)
        status = ecs_servers.wait_stable(stopped.id)
        changes = (
            (_UPDATE, "POST", "", {"metadata": {"first": "2"}}),
            (_REPLACE, "PUT", "", {"metadata": {"first": "2"}}),
            (_SET, "PUT", "first", {"meta": {"first": "2"}}),
            (_DELETE, "DELETE", "first", None),
        )
        try:
            ecs_check.accepted("nova.metadata.list/rule/any-state", _listed(ecs_client, stopped))
            ecs_check.accepted("nova.metadata.show/rule/any-state", ecs_client.get(_path(stopped.id, "first")))
            for rule, method, key, body in changes:
                if status != "VERIFY_RESIZE":
                    ecs_check.not_tested(
                        f"{rule}/other-states", f"the server went to {status} instead of VERIFY_RESIZE"
                    )
                    continue
                ecs_expect(
                    f"{rule}/other-states",
                    method,
                    _path(stopped.id, key),
                    json=body,
                    expects="wrong-state",
                    change="the server waits for its resizing to be confirmed",
                )
        finally:
            ecs_client.post(action, {"revertResize": None})
            ecs_servers.wait_stable(stopped.id)


@pytest.mark.ecs_requirement(
    "nova.metadata.update/rule/quantity",
    "nova.metadata.replace/rule/quantity",
    "nova.metadata.set/rule/quantity",
)
def test_a_server_has_so_many_pairs(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """One more than the limits say is refused."""
    limits = ecs_client.get("/v2.1/{project_id}/limits")
    most = int(read(limits, "limits", "absolute", "maxServerMeta"))
    if not 0 <= most <= 1000:
        for rule in (_UPDATE, _REPLACE, _SET):
            ecs_check.not_tested(f"{rule}/quantity", f"maxServerMeta is {most}")
        return
    lease = ecs_servers("ACTIVE")
    with _unchanged(ecs_client, lease):
        full = {f"key-{number}": "v" for number in range(most)}
        more = {**full, "one-more": "v"}
        read(_replace(ecs_client, lease, full))
        for rule, method, key, body in (
            (_UPDATE, "POST", "", {"metadata": {"one-more": "v"}}),
            (_REPLACE, "PUT", "", {"metadata": more}),
            (_SET, "PUT", "one-more", {"meta": {"one-more": "v"}}),
        ):
            ecs_expect(
                f"{rule}/quantity",
                method,
                _path(lease.id, key),
                json=body,
                expects="over-limit",
                change="the server would have one pair too many",
            )
