"""What is derived from a requirement and a recipe: the variant, the requests, how they are sent, and what is expected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ecs._cases.derivation import AS_DOCUMENTED, Derivation, Sending, as_check, derive, uncovered
from pytest_ecs._cases.recipe import RECIPES, Build, Recipe, Request
from pytest_ecs._contract import load
from pytest_ecs._types import JSON

_NIC = "nova.nics.add"


def _always(request: Request) -> Build:
    return lambda _: request


def _derived(requirement_id: str, **bodies: JSON) -> tuple[Derivation, Request]:
    """Derive from a recipe whose variants have *bodies*; return the request of the variant that was chosen, too."""
    contract = load()
    requirement = contract.requirements[requirement_id]
    operation = contract.operations[requirement.operation or ""]
    requests = {name: Request({"server_id": "s"}, {"page": "1"}, body, "2.26") for name, body in bodies.items()}
    variants = {name: _always(one) for name, one in requests.items()}
    derived = derive(operation, requirement, Recipe(operation.id, variants))
    return derived, requests[derived.variant]


def test_the_first_variant_that_sets_the_field_is_taken() -> None:
    """A default request without the field gives no case; a later variant does, and one thing is changed in it."""
    plain, counted = {"server": {"name": "a"}}, {"server": {"name": "a", "count": 2}}
    name = "ecs.servers.create/request/server.count/maximum"
    derived, request = _derived(name, default=plain, several=counted)
    assert (derived.variant, derived.expects, derived.check_only, derived.others) == ("several", "invalid", True, ())
    (changed,) = derived.requests(request)
    assert changed.request.body == {"server": {"name": "a", "count": 501}, "dry_run": True}
    assert (changed.change, changed.sending) == ("server.count is 501", AS_DOCUMENTED)
    assert request.body == counted, "the accepted request is not touched"
    with pytest.raises(LookupError, match="no variant of the recipe sets this field"):
        _derived(name, default=plain)


def test_the_others_that_set_the_field_stand_by() -> None:
    """For when the endpoint refuses the first one; where variants exclude each other, none can take another's place."""
    full, counted = {"server": {"count": 2, "key_name": "k"}}, {"server": {"count": 2}}
    name = "ecs.servers.create/request/server.count/maximum"
    derived, _ = _derived(name, default={"server": {}}, full=full, counted=counted)
    assert (derived.variant, derived.fallbacks) == ("full", ("counted",))
    network, port = ({"interfaceAttachment": {key: "real"}} for key in ("net_id", "port_id"))
    derived, _ = _derived(f"{_NIC}/request/interfaceAttachment/exclusive", default=network, port=port)
    assert derived.fallbacks == ()


def test_what_names_a_thing_is_sent_for_good() -> None:
    """A check-only request does not promise to look for what a request names."""
    body = {"server": {"imageRef": "i"}}
    derived, request = _derived("ecs.servers.create/request/server.imageRef/reference", default=body)
    assert (derived.expects, derived.check_only) == ("unknown-reference", False)
    (changed,) = derived.requests(request)
    assert changed.request.body.keys() == {"server"}
    assert changed.request.body["server"]["imageRef"] != "i"


def test_what_excludes_each_other_comes_from_the_variants_that_have_it() -> None:
    """Their names are told, so that whoever sends the case has them accepted first."""
    network, port = ({"interfaceAttachment": {key: "real"}} for key in ("net_id", "port_id"))
    derived, request = _derived(f"{_NIC}/request/interfaceAttachment/exclusive", default=network, port=port)
    assert (derived.variant, derived.others) == ("default", ("port",))
    (changed,) = derived.requests(request, [port])
    assert changed.request.body == {"interfaceAttachment": {"net_id": "real", "port_id": "real"}}


@pytest.mark.parametrize(
    ("requirement", "expects", "sending"),
    [
        ("http/wrong-method", "method", Sending(method="PATCH")),
        ("http/malformed-json", "malformed", Sending(content='{"server": {"name": "cut')),
        ("http/media-type", "media-type", Sending(headers={"Content-Type": "text/xml"})),
        ("http/empty-body", "empty", Sending(content="")),
        ("auth/no-token", "unauthenticated", Sending(credentials="none")),
        ("auth/garbage-token", "unauthenticated", Sending(credentials="garbage")),
        ("auth/other-token", "foreign-project", Sending(credentials="other-token")),
        ("auth/other-project", "foreign-project", Sending(credentials="other-url")),
        ("auth/foreign-id", "foreign-id", Sending(credentials="other-user")),
    ],
)
def test_what_is_not_in_the_request_is_in_how_it_is_sent(requirement: str, expects: str, sending: Sending) -> None:
    """The request itself stays as it was accepted."""
    derived, request = _derived(f"{_NIC}/{requirement}", default={"interfaceAttachment": {}})
    (changed,) = derived.requests(request)
    assert (derived.variant, derived.expects) == ("default", expects)
    assert (changed.request, changed.sending) == (request, sending)
    assert changed.change


def test_an_unknown_id_stands_in_the_url() -> None:
    """Each time another one; jobs have ids of another form and an expectation of their own."""
    derived, request = _derived(f"{_NIC}/not-found/server_id", default={})
    first, second = (derived.requests(request)[0].request for _ in range(2))
    assert derived.expects == "not-found"
    assert len({first.parameters["server_id"], second.parameters["server_id"], "s"}) == 3
    assert replace(first, parameters=request.parameters) == request
    job, request = _derived("ecs.jobs.show/not-found/job_id", default=None)
    (changed,) = job.requests(request)
    assert job.expects == "unknown-job"
    assert len(changed.request.parameters["job_id"]) == 32


def test_an_unknown_version_may_be_answered_with_choices() -> None:
    """10.1 lists 300 beside 400 and 404, and no section says which."""
    version, _ = _derived("nova.versions.show/not-found/api_version", default=None)
    assert version.expects == "unknown-version"
    assert load().expectation("unknown-version", "nova").statuses == (300, 400, 404)


def test_a_query_parameter_is_added_to_the_others() -> None:
    """The rest of the query stays."""
    derived, request = _derived("nova.servers.list/query/limit/type", default=None)
    (changed,) = derived.requests(request)
    assert (derived.expects, changed.request.query) == ("invalid", {"page": "1", "limit": "not-a-number"})


def test_outside_its_microversions_an_operation_is_asked_at_the_next_one() -> None:
    """The one below the first, or the one from which on it is gone."""
    since, request = _derived("nova.tags.add/microversion/since", default=None)
    assert [one.sending.microversion for one in since.requests(request)] == ["2.25"]
    assert since.expects == "outside-microversions"
    until, request = _derived("deprecated.servers.add-floating-ip/microversion/until", default=None)
    limits = load().operations["deprecated.servers.add-floating-ip"].microversions
    assert [one.sending.microversion for one in until.requests(request)] == [limits.until]


def test_an_alias_is_asked_without_what_later_microversions_brought() -> None:
    """Version 2 has none of them (6.16)."""
    body = {"server": {"name": "a", "description": "b"}}
    derived, request = _derived("nova.servers.update/alias/v2", default=body)
    (changed,) = derived.requests(request)
    assert derived.expects == "accepted"
    assert changed.sending.path == "/v2/{project_id}/servers/{server_id}"
    assert (changed.request.body, changed.request.microversion) == ({"server": {"name": "a"}}, None)


def test_nothing_is_derived_for_what_needs_no_changed_request() -> None:
    """The judge sees it in any exchange, or a test of its own arranges it."""
    for part in ("status", "permission", "error/envelope", "response/interfaceAttachment.net_id/type"):
        with pytest.raises(LookupError, match="nothing can be changed in the recipe's request to break it"):
            _derived(f"{_NIC}/{part}", default={})


def test_the_reason_for_no_case_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a recipe, and without a variant that sets the field; other kinds are never without one."""
    contract = load()
    operation = contract.operations["ecs.servers.create"]
    count = contract.requirements["ecs.servers.create/request/server.count/maximum"]
    monkeypatch.delitem(RECIPES, operation.id, raising=False)
    assert uncovered(operation, count) == "there is no recipe for the operation"
    monkeypatch.setitem(RECIPES, operation.id, Recipe(operation.id, {"default": _always(Request(body={"server": {}}))}))
    assert uncovered(operation, count) == "no variant of the recipe sets this field"
    assert uncovered(operation, contract.requirements["ecs.servers.create/status"]) is None


def test_only_an_operation_that_can_check_is_asked_to() -> None:
    """And only where there is a body to put the flag into."""
    operations = load().operations
    assert as_check(operations["ecs.servers.create"], {"server": {}}) == {"server": {}, "dry_run": True}
    assert as_check(operations["ecs.servers.create"], None) is None
    assert as_check(operations["nova.servers.create"], {"server": {}}) == {"server": {}}
