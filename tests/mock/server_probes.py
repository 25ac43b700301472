"""Probes of the deviations of actions on servers and of their data; `test_deviations` runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization

from tests.mock.harness import Client, JsonObject

__all__ = ["PROBES"]

Probe = Callable[[Client], bool]
Step = Callable[[Client, str], Any]
_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
_ANTI = {"name": "g", "policies": ["anti-affinity"]}


def _done(*steps: Step, stopped: bool = False, wait: float = 90, **changed: Any) -> Callable[[Client], str]:
    """Return what makes a server, takes it through steps with some time after each, and returns it."""

    def done(c: Client) -> str:
        server = c.stopped() if stopped else c.create(**changed)[0]
        for step in steps:
            step(c, server)
            c.advance(wait)
        return server

    return done


def _native(action: str, **inner: Any) -> Step:
    return lambda c, s: c.act(s, action, **inner)


def _null(action: str) -> Step:
    return lambda c, s: c.null(s, action)


def _rebuild(second: bool = False, **more: Any) -> Step:
    return lambda c, s: c.act(s, "rebuild", imageRef=list(c.cloud._state.images)[second], **more)


def _other(c: Client, s: str) -> httpx.Response:
    return c.act(s, "resize", flavorRef=c.resources["other_flavor_id"])


def _flavor(c: Client, s: str) -> str:
    return str(c.show(s)["flavor"]["id"])


def _v2(what: str, **more: Any) -> Step:
    def step(c: Client, s: str) -> httpx.Response:
        image = list(c.cloud._state.images)[1]
        named = {"reinstallos": {"os-reinstall": {"userid": "u", **more}}}
        changed = {"changeos": {"os-change": {"imageid": image, **more}}}
        return c.http.post(f"/v2/{c.project}/cloudservers/{s}/{what}", json={**named, **changed}[what])

    return step


def _new_disk(c: Client) -> bool:
    server = c.stopped()
    before = c.attached(server)
    _v2("reinstallos")(c, server)
    c.advance(60)
    return c.attached(server) != before


def _migrate(c: Client, s: str) -> httpx.Response:
    return c.v1("POST", f"cloudservers/{s}/migrate", {"migrate": {"dedicated_host_id": c.me["dedicated_host_ids"][0]}})


def _image(c: Client, s: str, at: str = "2.1", **more: Any) -> httpx.Response:
    answer = c.nova("POST", f"servers/{s}/action", {"createImage": {"name": "n", **more}}, at=at)
    c.advance(30)
    return answer


def _images(c: Client) -> list[JsonObject]:
    return [one for one in c.nova("GET", "images/detail").json()["images"] if "server" in one]


def _error(c: Client) -> str:
    """Return a server in error."""
    server = c.stopped()
    c.cloud.control("POST", "/_mock/fail", {"job_type": "reinstallServer", "code": "Ecs.0202"})
    _v2("reinstallos")(c, server)
    c.advance(60)
    assert c.show(server)["status"] == "ERROR"
    return server


def _recovery(c: Client, s: str, value: str) -> httpx.Response:
    return c.v1("PUT", f"cloudservers/{s}/autorecovery", {"support_auto_recovery": value})


def _recovers(c: Client, s: str) -> Any:
    return c.v1("GET", f"cloudservers/{s}/autorecovery").json()["support_auto_recovery"]


def _unsafe(c: Client) -> bool:
    (server,) = c.create(flavorRef="s1.medium")
    return _recovery(c, server, "true").status_code == 400


def _console(c: Client, length: int, at: str = "2.1") -> httpx.Response:
    body = {"os-getConsoleOutput": {"length": length}}
    return c.nova("POST", f"servers/{c.create()[0]}/action", body, at=at)


def _actions(c: Client, s: str) -> list[JsonObject]:
    return list(c.nova("GET", f"servers/{s}/os-instance-actions").json()["instanceActions"])


def _failed_action(c: Client) -> bool:
    server = c.create()[0]
    c.act(server, "resize", flavorRef="s3.2xlarge.2")
    c.advance(60)
    return bool(_actions(c, server)[0]["message"] == "Error")


def _ordered(c: Client) -> bool:
    server = _done(_null("lock"))(c)
    return [one["action"] for one in _actions(c, server)] == ["lock", "create"]


def _action(c: Client, s: str, request: str = "") -> httpx.Response:
    return c.nova("GET", f"servers/{s}/os-instance-actions/{request or _actions(c, s)[0]['request_id']}")


# Metadata


def _meta(method: str, path: str = "", body: Any = None) -> Step:
    return lambda c, s: c.nova(method, f"servers/{s}/metadata{path}", body)


def _metadata(expected: JsonObject, *steps: Step) -> Probe:
    return lambda c: c.show(_done(*steps, metadata={"a": "b"})(c))["metadata"] == expected


def _full(c: Client) -> bool:
    pairs = {str(n): "" for n in range(129)}
    return bool(_meta("PUT", "", {"metadata": pairs})(c, c.create()[0]).status_code == 403)


def _building(c: Client) -> bool:
    server = c.nova("POST", "servers", c.native()).json()["server"]["id"]
    return bool(_meta("PUT", "", {"metadata": {}})(c, server).status_code == 409)


# Tags


def _change(action: str, **tags: str) -> Step:
    pairs = [{"key": key, "value": value} for key, value in tags.items()]
    return lambda c, s: c.v1("POST", f"servers/{s}/tags/action", {"action": action, "tags": pairs})


def _tags(c: Client, s: str) -> dict[str, str]:
    return {one["key"]: one["value"] for one in c.v1("GET", f"servers/{s}/tags").json()["tags"]}


def _tagged(expected: dict[str, str], *steps: Step) -> Probe:
    return lambda c: _tags(c, _done(*steps)(c)) == expected


def _overwritten_alone(c: Client) -> bool:
    first, second = c.create(count=2)
    _change("create", a="1")(c, first)
    _change("create", a="2")(c, second)
    return _tags(c, first) == {"a": "1"}


def _twice(c: Client) -> bool:
    body = {"action": "create", "tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}
    return c.v1("POST", f"servers/{c.create()[0]}/tags/action", body).status_code == 400


def _found(expected: list[str], **query: Any) -> Probe:
    """Hold when a query finds these of x (a=1, b=1), y (a=2) and z (no tags)."""

    def probe(c: Client) -> bool:
        for name, tags in (("x", {"a": "1", "b": "1"}), ("y", {"a": "2"}), ("z", {})):
            (server,) = c.create(name=name)
            if tags:
                _change("create", **tags)(c, server)
        body = {"action": "filter", **query}
        found = c.v1("POST", "servers/resource_instances/action", body).json()["resources"]
        return [one["resource_name"] for one in found] == expected

    return probe


def _total(c: Client) -> bool:
    c.create(count=3)
    body = {"action": "filter", "limit": "1"}
    return bool(c.v1("POST", "servers/resource_instances/action", body).json()["total_count"] == 3)


def _project_tags(c: Client) -> bool:
    for server in c.create(count=2):
        _change("create", a="1")(c, server)
    return bool(c.v1("GET", "servers/tags").json()["tags"] == [{"key": "a", "values": ["1"]}])


def _strings(expected: list[str], *steps: Step) -> Probe:
    return lambda c: c.show(_done(*steps)(c), at="2.26")["tags"] == expected


def _tag(method: str, path: str = "", body: Any = None, at: str = "2.26") -> Step:
    return lambda c, s: c.nova(method, f"servers/{s}/tags{path}", body, at=at)


def _fifty(c: Client) -> bool:
    server = c.create()[0]
    _tag("PUT", "", {"tags": [str(n) for n in range(50)]})(c, server)
    return bool(_tag("PUT", "/more")(c, server).status_code == 400)


# Key pairs, passwords


def _keypair(c: Client, at: str = "2.1", **wanted: Any) -> httpx.Response:
    return c.nova("POST", "os-keypairs", {"keypair": {"name": "new", **wanted}}, at=at)


def _keys(c: Client) -> list[str]:
    return [one["keypair"]["name"] for one in c.nova("GET", "os-keypairs").json()["keypairs"]]


def _password(c: Client, s: str) -> Any:
    return c.nova("GET", f"servers/{s}/os-server-password").json()["password"]


def _ciphered(c: Client) -> bool:
    server = _done(wait=600, imageRef=c.resources["windows_image_id"], key_name=c.resources["key_name"])(c)
    c.advance(600)
    return bool(_password(c, server) != c.cloud._state.projects[c.project].servers[server].password)


def _halves(c: Client) -> bool:
    pair = _keypair(c).json()["keypair"]
    private = serialization.load_pem_private_key(pair["private_key"].encode(), None)
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return bool(pair["public_key"].split()[1] == public.decode().split()[1])


def _forgotten(c: Client) -> bool:
    windows = list(c.cloud._state.images)[1]
    server = _done(wait=600, imageRef=windows, key_name=c.resources["key_name"])(c)
    c.advance(600)
    assert _password(c, server)
    c.nova("DELETE", f"servers/{server}/os-server-password")
    return not _password(c, server)


# Server groups


def _group(c: Client) -> str:
    return str(c.v1("POST", "cloudservers/os-server-groups", {"server_group": _ANTI}).json()["server_group"]["id"])


def _join(c: Client, group: str, server: str, key: str = "add_member") -> httpx.Response:
    return c.v1("POST", f"cloudservers/os-server-groups/{group}/action", {key: {"instance_uuid": server}})


def _shown(c: Client, group: str, at: str = "2.1") -> JsonObject:
    answer = c.nova("GET", f"os-server-groups/{group}", at=at)
    return dict(answer.json()["server_group"])


def _joined(c: Client, *keys: str) -> list[str]:
    server, group = c.stopped(), _group(c)
    for key in keys or ("add_member",):
        _join(c, group, server, key)
    return list(_shown(c, group)["members"])


def _hosts(c: Client) -> bool:
    hints = {"group": _group(c)}
    servers = c.create(count=6, **{"os:scheduler_hints": hints})
    return len({c.show(server)["hostId"] for server in servers}) == 6


def _full_group(c: Client) -> bool:
    group = _group(c)
    c.create(count=16, **{"os:scheduler_hints": {"group": group}})
    return _join(c, group, c.stopped()).status_code == 400


def _again(c: Client) -> bool:
    server, group = c.stopped(), _group(c)
    _join(c, group, server)
    return _join(c, group, server).status_code == 400


def _xen(c: Client) -> bool:
    server = _done(_native("os-stop"), flavorRef="s1.medium")(c)
    return _join(c, _group(c), server).status_code == 400


def _groups(**params: Any) -> Callable[[Client], JsonObject]:
    def groups(c: Client) -> JsonObject:
        made = [_group(c), _group(c)]
        query = {key: made[0] if value == "first" else value for key, value in params.items()}
        return dict(c.v1("GET", "cloudservers/os-server-groups", params=query).json())

    return groups


def _group_quota(c: Client) -> bool:
    for _ in range(10):
        _group(c)
    return c.v1("POST", "cloudservers/os-server-groups", {"server_group": _ANTI}).status_code == 400


def _group_gone(c: Client) -> bool:
    group = _group(c)
    c.nova("DELETE", f"os-server-groups/{group}")
    return c.nova("GET", f"os-server-groups/{group}").status_code == 404


# Flavors, limits, quotas


def _flavors(c: Client, **params: Any) -> list[str]:
    return [one["id"] for one in c.nova("GET", "flavors", params=params).json()["flavors"]]


def _get(path: str, at: str = "2.1") -> Callable[[Client], JsonObject]:
    return lambda c: dict(c.nova("GET", path.format(c.project), at=at).json())


PROBES: dict[str, Probe] = {
    "lock-noop": lambda c: c.show(_done(_null("lock"))(c), at="2.9")["locked"],
    "unlock-noop": lambda c: not c.show(_done(_null("lock"), _null("unlock"))(c), at="2.9")["locked"],
    "lock-unchecked": lambda c: c.act(_done(_null("lock"))(c), "os-stop").status_code == 409,
    "rebuild-state-unchecked": lambda c: _rebuild()(c, _error(c)).status_code == 409,
    "rebuild-image-ignored": lambda c: (
        c.show(_done(_rebuild(second=True), root_volume={"volumetype": "SSD", "size": 60})(c))["image"]["id"]
        == list(c.cloud._state.images)[1]
    ),
    "rebuild-name-ignored": lambda c: c.show(_done(_rebuild(name="two"))(c))["name"] == "two",
    "rebuild-metadata-merged": _metadata({"c": "d"}, _rebuild(metadata={"c": "d"})),
    "rebuild-noop": lambda c: c.show(_done(_rebuild(), wait=1)(c))["status"] == "REBUILD",
    "image-state-unchecked": lambda c: _image(c, _error(c)).status_code == 409,
    "image-metadata-refused": lambda c: _image(c, c.create()[0], metadata={"a": "b"}).status_code == 202,
    "image-metadata-dropped": lambda c: (
        _image(c, c.create()[0], metadata={"a": "b"}).status_code == 202 and _images(c)[0]["metadata"]["a"] == "b"
    ),
    "image-noop": lambda c: _image(c, c.create()[0]).status_code == 202 and len(_images(c)) == 1,
    "image-id-missing": lambda c: "image_id" in _image(c, c.create()[0], at="2.45").json(),
    "native-resize-noop": lambda c: _flavor(c, _done(_other)(c)) == c.resources["other_flavor_id"],
    "resize-unconfirmed": lambda c: c.show(_done(_other, stopped=True)(c))["status"] == "VERIFY_RESIZE",
    "confirm-state-unchecked": lambda c: c.null(c.create()[0], "confirmResize").status_code == 409,
    "confirm-noop": lambda c: c.show(_done(_other, _null("confirmResize"))(c))["status"] == "ACTIVE",
    "revert-keeps-flavor": lambda c: _flavor(c, _done(_other, _null("revertResize"))(c)) == c.resources["flavor_id"],
    "reinstall-state-unchecked": lambda c: _v2("reinstallos")(c, c.create()[0]).status_code == 400,
    "reinstall-key-ignored": lambda c: (
        c.show(_done(_v2("reinstallos", keyname="conformance-key"), stopped=True)(c))["key_name"] == "conformance-key"
    ),
    "reinstall-user-data-ignored": lambda c: (
        c.show(
            _done(_v2("reinstallos", metadata={"user_data": "eA=="}), stopped=True)(c),
            at="2.3",
        )["OS-EXT-SRV-ATTR:user_data"]
        == "eA=="
    ),
    "reinstall-noop": _new_disk,
    "change-os-image-ignored": lambda c: (
        c.show(
            _done(_native("os-stop"), _v2("changeos"), root_volume={"volumetype": "SSD", "size": 60})(c),
        )["image"]["id"]
        == list(c.cloud._state.images)[1]
    ),
    "migrate-state-unchecked": lambda c: _migrate(c, c.create()[0]).status_code == 400,
    "migrate-same-host-unchecked": lambda c: _migrate(c, _done(_migrate, stopped=True)(c)).status_code == 400,
    "migrate-noop": lambda c: "os:scheduler_hints" in c.show(_done(_migrate, stopped=True)(c)),
    "recovery-boolean": lambda c: _recovers(c, c.create()[0]) == "true",
    "recovery-flavor-unchecked": _unsafe,
    "recovery-noop": lambda c: _recovers(c, _done(lambda c, s: _recovery(c, s, "false"))(c)) == "false",
    "console-beyond-microversion": lambda c: _console(c, 1, "2.6").status_code == 404,
    "console-length-ignored": lambda c: len(_console(c, 2).json()["output"].splitlines()) == 2,
    "console-empty": lambda c: bool(_console(c, -1).json()["output"]),
    "action-error-hidden": _failed_action,
    "actions-unordered": _ordered,
    "actions-create-only": _ordered,
    "action-unknown-served": lambda c: _action(c, c.create()[0], "req-x").status_code == 404,
    "action-events-missing": lambda c: bool(_action(c, c.create()[0]).json()["instanceAction"]["events"]),
    "metadata-state-unchecked": _building,
    "metadata-quota-unchecked": _full,
    "metadata-update-replaces": _metadata({"a": "b", "c": "d"}, _meta("POST", "", {"metadata": {"c": "d"}})),
    "metadata-set-merges": _metadata({"c": "d"}, _meta("PUT", "", {"metadata": {"c": "d"}})),
    "metadata-unknown-deleted": lambda c: _meta("DELETE", "/x")(c, c.create()[0]).status_code == 404,
    "metadata-delete-noop": _metadata({}, _meta("DELETE", "/a")),
    "metadatum-in-metadata": lambda c: "meta" in _meta("GET", "/a")(c, c.create(metadata={"a": "b"})[0]).json(),
    "metadatum-key-unchecked": lambda c: _meta("PUT", "/a", {"meta": {"c": "d"}})(c, c.create()[0]).status_code == 400,
    "metadatum-set-replaces": _metadata({"a": "b", "c": "d"}, _meta("PUT", "/c", {"meta": {"c": "d"}})),
    "tags-duplicates-unchecked": _twice,
    "tags-limit-unchecked": lambda c: (
        _change("create", **{f"k{n}": "" for n in range(11)})(c, c.create()[0]).status_code == 400
    ),
    "tags-not-idempotent": lambda c: _change("create", a="1")(c, _done(_change("create", a="1"))(c)).status_code == 204,
    "tags-overwritten-everywhere": _overwritten_alone,
    "tags-not-overwritten": _tagged({"a": "2"}, _change("create", a="1"), _change("create", a="2")),
    "tags-delete-noop": _tagged({}, _change("create", a="1"), _change("delete", a="1")),
    "tags-delete-unknown-refused": lambda c: _change("delete", a="1")(c, c.create()[0]).status_code == 204,
    "tags-delete-value-ignored": _tagged({"a": "1"}, _change("create", a="1"), _change("delete", a="2")),
    "project-tags-repeated": _project_tags,
    "tags-query-tags-ignored": _found(["y"], tags=[{"key": "a", "values": ["2"]}]),
    "tags-query-any": _found(["x"], tags=[{"key": "a"}, {"key": "b"}]),
    "tags-query-not-tags-ignored": _found(["y", "z"], not_tags=["b"]),
    "tags-query-matches-ignored": _found(["z"], matches=[{"key": "resource_name", "value": "z"}]),
    "tags-query-offset-ignored": _found(["z"], offset="2"),
    "tags-query-limit-ignored": _found(["x"], limit="1"),
    "tags-count-paged": _total,
    "tags-below-microversion": lambda c: _tag("GET", at="2.25")(c, c.create()[0]).status_code == 404,
    "tags-set-merges": _strings(["b"], _tag("PUT", "/a"), _tag("PUT", "", {"tags": ["b"]})),
    "tags-clear-noop": _strings([], _tag("PUT", "/a"), _tag("DELETE")),
    "tag-add-noop": _strings(["a"], _tag("PUT", "/a")),
    "tag-not-idempotent": lambda c: _tag("PUT", "/a")(c, _done(_tag("PUT", "/a"))(c)).status_code == 204,
    "tag-always-there": lambda c: _tag("GET", "/a")(c, c.create()[0]).status_code == 404,
    "tag-delete-noop": _strings([], _tag("PUT", "/a"), _tag("DELETE", "/a")),
    "native-tags-limit-unchecked": _fifty,
    "keypairs-of-all-users": lambda c: _keys(c) == ["conformance-key"],
    "keypairs-unwrapped": lambda c: _keys(c) == ["conformance-key"],
    "keypair-deleted-string": lambda c: _get("os-keypairs/conformance-key")(c)["keypair"]["deleted"] is False,
    "keypair-user-unchecked": lambda c: _keypair(c, "2.10", public_key=_KEY, user_id="x").status_code == 403,
    "keypair-duplicates": lambda c: _keypair(c, name="conformance-key", public_key=_KEY).status_code == 409,
    "keypair-length-unchecked": lambda c: _keypair(c, public_key=f"{_KEY} {'x' * 1024}").status_code == 400,
    "keypair-content-unchecked": lambda c: _keypair(c, public_key="x").status_code == 400,
    "keypair-not-kept": lambda c: _keypair(c, public_key=_KEY).status_code == 200 and "new" in _keys(c),
    "keypair-private-missing": lambda c: "private_key" in _keypair(c).json()["keypair"],
    "keypair-delete-noop": lambda c: (
        c.nova("DELETE", "os-keypairs/conformance-key").status_code == 202 and not _keys(c)
    ),
    "keypair-private-of-another": _halves,
    "password-in-clear": _ciphered,
    "password-null": lambda c: _password(c, c.create()[0]) == "",
    "password-delete-noop": _forgotten,
    "group-affinity": _hosts,
    "group-list-without-members": lambda c: (
        bool(_joined(c)) and all(one["members"] for one in c.nova("GET", "os-server-groups").json()["server_groups"])
    ),
    "group-members-hidden": lambda c: len(_joined(c)) == 1,
    "group-owner-missing": lambda c: {"project_id", "user_id"} <= _shown(c, _group(c), "2.13").keys(),
    "group-quota-unchecked": _group_quota,
    "group-refused-kept": lambda c: (
        c.nova("POST", "os-server-groups", {"server_group": {"name": "g"}}).status_code == 400
        and not c.nova("GET", "os-server-groups").json()["server_groups"]
    ),
    "group-not-kept": lambda c: bool(_shown(c, _group(c))),
    "group-running-unchecked": lambda c: _join(c, _group(c), c.create()[0]).status_code == 400,
    "group-xen-unchecked": _xen,
    "group-twice": _again,
    "group-members-unchecked": _full_group,
    "group-add-noop": lambda c: len(_joined(c)) == 1,
    "group-remove-noop": lambda c: not _joined(c, "add_member", "remove_member"),
    "group-stranger-removed": lambda c: _join(c, _group(c), c.stopped(), "remove_member").status_code == 400,
    "server-group-delete-noop": _group_gone,
    "groups-marker-ignored": lambda c: len(_groups(limit=2, marker="first")(c)["server_groups"]) == 1,
    "groups-limit-ignored": lambda c: len(_groups(limit=1)(c)["server_groups"]) == 1,
    "groups-next-missing": lambda c: "page_info" in _groups(limit=1)(c),
    "native-flavor-links-missing": lambda c: bool(_get("flavors/s3.large.2")(c)["flavor"]["links"]),
    "native-flavor-vcpus-string": lambda c: _get("flavors/s3.large.2")(c)["flavor"]["vcpus"] == 2,
    "flavors-min-disk-ignored": lambda c: not _flavors(c, minDisk=1),
    "flavors-min-ram-ignored": lambda c: len(_flavors(c, minRam=16384)) == 4,
    "flavors-unsorted": lambda c: _flavors(c, sort_key="vcpus")[0] == "s1.medium",
    "extra-specs-empty": lambda c: bool(_get("flavors/s3.large.2/os-extra_specs")(c)["extra_specs"]),
    "limits-of-others": lambda c: c.nova("GET", "limits", params={"project_id": "x"}).status_code == 403,
    "limits-rules-kept": lambda c: "maxSecurityGroupRules" not in _get("limits", "2.35")(c)["limits"]["absolute"],
    "limits-flat": lambda c: "absolute" in _get("limits")(c)["limits"],
    "quotas-always-default": lambda c: _get("os-quota-sets/{}")(c)["quota_set"]["instances"] == 2048,
    "quotas-id-missing": lambda c: _get("os-quota-sets/{}")(c)["quota_set"]["id"] == c.project,
    "quotas-defaults-string": lambda c: _get("os-quota-sets/{}/defaults")(c)["quota_set"]["cores"] == 20,
}
