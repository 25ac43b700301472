"""What the document says of every answer, whatever the operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote, urlsplit

from pytest_ecs._checks.codes import is_error
from pytest_ecs._checks.finding import Finding, verdict
from pytest_ecs._contract.model import Operation
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._types import JSON

__all__ = ["LABELS", "answer_findings", "identity", "listed_twice"]

#: Headers that say which microversion an answer is of.
_VERSIONS = ("openstack-api-version", "x-openstack-nova-api-version")
#: All headers that are looked at in every answer.
LABELS = ("content-type", *_VERSIONS)


def answer_findings(exchange: Exchange, operation: Operation | None) -> Iterator[Finding]:
    """Yield what the answer says of the general requirements; *operation* is the one that was asked for."""
    yield from _labelled(exchange)
    if not exchange.accepted:
        return
    body = exchange.response_body
    if exchange.status == 204:
        empty = body is None and not exchange.response_text
        yield verdict("10.1/no-content", empty, exchange, "an answer with 204 has no body", _body(exchange), "body")
    yield from _versions(exchange)
    if not isinstance(body, dict) or operation is None:
        return
    if not operation.response_body or "error" not in operation.response_body.get("properties", {}):
        fine = not is_error(body) or _is_documented(body, operation)
        yield verdict("10.1/success-no-error", fine, exchange, "a success has no error in its body", body, "body")
    yield from _own_id(exchange, body)
    if operation.chapter != "iam":
        yield from _once(exchange, body)
        yield from _links(exchange, body)


def _body(exchange: Exchange) -> JSON:
    return exchange.response_body if exchange.response_body is not None else exchange.response_text


def _labelled(exchange: Exchange) -> Iterator[Finding]:
    """4.3: the body is structured as the header Content-Type says."""
    label = exchange.response_headers.get("content-type")
    structured = isinstance(exchange.response_body, dict | list)
    if structured:
        wanted = "the header Content-Type says of what form the body is"
        yield verdict("4.3/content-type-there", label is not None, exchange, wanted, "(missing)", "content-type")
    says_json = label is not None and "json" in label.partition(";")[0].lower()
    if label is not None and (structured or (says_json and exchange.response_text)):
        wanted = "JSON is labelled as JSON, and what is labelled as JSON is JSON"
        yield verdict("4.3/content-type", structured == says_json, exchange, wanted, label, "content-type")


def _versions(exchange: Exchange) -> Iterator[Finding]:
    """3: the microversion that was asked for is the one that an answer says it is of, where it says one."""
    asked = exchange.microversion
    for name in _VERSIONS:
        said = exchange.response_headers.get(name, "").split(",")[0].strip()
        if said and asked and asked != "latest":
            wanted = f"the answer is of microversion {asked}, which was asked for"
            yield verdict("3/microversion-answered", said.split()[-1] == asked, exchange, wanted, said, name)


def _is_documented(body: Mapping[str, JSON], operation: Operation) -> bool:
    """Whether what looks like an error is what the tables of the operation list."""
    documented = (operation.response_body or {}).get("properties", {})
    return len(body) == 1 and next(iter(body)) in documented


def _own_id(exchange: Exchange, body: Mapping[str, JSON]) -> Iterator[Finding]:
    """A thing that the URL names by its id is the thing that the answer shows; so is the server that it belongs to."""
    name, asked = _last(exchange)
    shown = next(iter(body.values())) if len(body) == 1 else None
    if name and isinstance(shown, dict) and isinstance(shown.get("id"), str):
        wanted = f"the id is the one in the URL, {asked}"
        yield verdict("4.1/own-id", shown["id"].lower() == asked.lower(), exchange, wanted, shown["id"], "id")
    server = exchange.parameters.get("server_id")
    for item in shown if isinstance(shown, list) else [shown]:
        if server and isinstance(item, dict) and isinstance(item.get("serverId"), str):
            wanted = f"serverId is the server in the URL, {server}"
            same = item["serverId"].lower() == server.lower()
            yield verdict("4.1/own-id", same, exchange, wanted, item["serverId"], "serverId")


def _last(exchange: Exchange) -> tuple[str, str]:
    """Return the parameter that the path ends with, if it is an id, and its value."""
    end = unquote(exchange.path.rstrip("/").rpartition("/")[2])
    for name, value in exchange.parameters.items():
        if name.endswith("_id") and name != "project_id" and value == end:
            return name, value
    return "", ""


def _once(exchange: Exchange, body: Mapping[str, JSON]) -> Iterator[Finding]:
    """A list names each thing once."""
    for name, listed in body.items():
        if not isinstance(listed, list):
            continue
        ids = [found for found in map(identity, listed) if found]
        if ids:
            twice = listed_twice(ids)
            yield verdict("6.2/listed-once", not twice, exchange, f"no id is in {name} twice", twice, name)


def identity(item: JSON) -> str:
    """Return the id of a thing in a list, nothing where it shows none."""
    found = (item.get(name) for name in ("id", "resource_id")) if isinstance(item, Mapping) else ()
    return next((one for one in found if isinstance(one, str)), "")


def listed_twice(ids: Sequence[str]) -> list[str]:
    """Return which of *ids* are there more than once."""
    return sorted({one for one in ids if ids.count(one) > 1}) if len(set(ids)) < len(ids) else []


def _links(exchange: Exchange, body: Mapping[str, JSON]) -> Iterator[Finding]:
    """The link of a thing to itself ends with its id."""
    things = [thing for value in body.values() for thing in (value if isinstance(value, list) else [value])]
    for thing in things:
        if not isinstance(thing, dict) or not isinstance(thing.get("id"), str):
            continue
        links = thing.get("links")
        for link in links if isinstance(links, list) else ():
            if isinstance(link, dict) and link.get("rel") == "self" and isinstance(link.get("href"), str):
                holds = _leads_to(link["href"], thing["id"])
                yield verdict(
                    "3/self-links", holds, exchange, f"the link leads to {thing['id']}", link["href"], "links"
                )


def _leads_to(href: str, thing: str) -> bool:
    """Whether a link ends with an id; that of a version may leave out the zero of a first one ("v2.0": ``/v2/``)."""
    try:
        path = unquote(urlsplit(href).path).rstrip("/")
    except ValueError:
        return False
    return path.rpartition("/")[2] in {thing, thing.removesuffix(".0")}
