"""What the tests of images of servers (6.3.7) share: making an image, finding it, and deleting it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pytest_ecs import Check, Client, Exchange, Lease, Servers, Wait, read, url_of

#: Images are seen through operations of chapter 11 only (ruling create-image-seen).
_IMAGES = url_of("deprecated.images.list")
#: Seconds that an image may take to become ACTIVE.
_TRIES = 600


@dataclass(frozen=True)
class Made:
    """An image that was asked for."""

    #: The answer to the request.
    answer: Exchange
    #: Its id, and the query that shows it ACTIVE; None where it is not seen, and why not.
    id: str | None
    shown: Exchange | None
    missing: str = ""

    def not_tested(self, check: Check, *rules: str) -> bool:
        """Say of *rules* that they are not tested when there is no image; return whether that is so."""
        if self.shown is None:
            for rule in rules:
                check.not_tested(rule, self.missing)
        return self.shown is None


@contextmanager
def image_of(
    client: Client,
    servers: Servers,
    wait: Wait,
    lease: Lease,
    name: str,
    at: str = "2.1",
    at_once: Callable[[str], object] = lambda image: None,
    **fields: object,
) -> Iterator[Made]:
    """Make an image of a server and wait for its end; the image is deleted when the block ends.

    *at_once* is called with the image before it is waited for, where the answer names it.
    """
    body = {"createImage": {"name": name, **fields}}
    answer = client.post(url_of("nova.servers.create-image", server_id=lease.id), body, microversion=at)
    if answer.accepted and (image := _named(answer)):
        at_once(image)
    servers.wait_stable(lease.id)
    made = _seen(client, wait, answer, name) if answer.accepted else Made(answer, None, None, _refused(answer))
    try:
        yield made
    finally:
        if made.id is not None:
            path = f"{_IMAGES}/{made.id}"
            client.delete(path)
            wait.gone(path)


def _refused(answer: Exchange) -> str:
    return f"no image was made: {answer.answer}"


def _seen(client: Client, wait: Wait, answer: Exchange, name: str) -> Made:
    """Wait until an image that was accepted is ACTIVE; it is found by its id, else by its name."""
    image = _named(answer)
    if image is None:
        listed = client.get(_IMAGES)
        if not listed.accepted:
            return Made(answer, None, None, f"the endpoint does not show images: {listed.answer}")
        image = next((one["id"] for one in read(listed, "images") if one.get("name") == name), None)
        if image is None:
            return Made(answer, None, None, "the list of images does not have it")
    for _ in wait.polls(_TRIES, until="an image is ACTIVE"):
        shown = client.get(f"{_IMAGES}/{image}")
        if not shown.accepted:
            return Made(answer, image, None, f"the endpoint does not show the image: {shown.answer}")
        if read(shown, "image", "status") == "ACTIVE":
            return Made(answer, image, shown)
    return Made(answer, image, None, f"the image is not ACTIVE {_TRIES} s after it was made")


def _named(answer: Exchange) -> str | None:
    """Return the id of an image that an answer names, in its body or in Location."""
    body = answer.response_body
    found = body.get("image_id") if isinstance(body, Mapping) else None
    located = str(answer.response_headers.get("location", "")).rstrip("/").rpartition("/")[2]
    return str(found or located) or None
