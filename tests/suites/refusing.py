"""Refuses single optional fields of requests, end to end: ``python -m tests.suites.refusing --fields 200``.

Each field of a body and each query parameter that a request need not have is refused with 400 wherever it is given, in the
form of its API. What speaks of that field may fail; nothing else may, nothing may be an error, and the operation's own success
still has to be seen: its plainest form does without the field.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pytest_ecs._contract import Contract, load
from pytest_ecs._contract.fields import walk
from pytest_ecs._contract.model import Requirement
from pytest_ecs._mock.http.reading import fail
from pytest_ecs._mock.http.routing import Request, Response
from pytest_ecs._run.process import Keeper

from .answering import LOGIN, answer_otherwise
from .choosing import Choice
from .forking import Around, Collected, Outcome, Task, collected, opened
from .wire import broken

__all__ = ["Refused", "main", "optional", "try_refused", "wrong"]

#: Fields that may be left out and without which there is no plainer request, by operation and path.
_NEEDED: Mapping[str, str] = {
    "deprecated.disks.create volume.size": "a disk has a size, or is made from what has one",
    "deprecated.security-group-rules.create security_group_rule.cidr": "a rule names addresses or a group",
    "deprecated.security-groups.create security_group.name": "a run finds what it made by its name",
    "ecs.servers.change-os os-change.keyname": "a user logs in with a key pair or a password",
    "ecs.servers.migrate migrate.dedicated_host_id": "the server is on no dedicated host",
    "ecs.servers.reinstall-os os-reinstall.keyname": "a user logs in with a key pair or a password",
    "nova.nics.add interfaceAttachment.net_id": "a NIC is in a network, or on a port that is in one",
    "nova.servers.create server.imageRef": "a server is made from an image, or from a disk",
    "nova.servers.create server.networks[].uuid": "a NIC is in a network, or on a port that is in one",
    "nova.servers.update server.name": "something is updated",
}
#: Rules that are about a field, or what is inside it, and say so in other words.
_ABOUT: Mapping[str, Collection[str]] = {
    "ecs.servers.create server.count": {"ecs.server-groups.create/rule/usable"},  # of several servers
    "ecs.servers.create server.data_volumes": {"not-encrypted-accepted", "sata-accepted"},
    "ecs.servers.create server.nics[].extra_dhcp_opts": {"mtu-largest", "mtu-smallest"},
    "ecs.servers.create server.publicip": {
        "eip-chargemode-omitted",
        "eip-shared-bandwidth",
        "eip-size-largest",
        "eip-size-smallest",
    },
    "ecs.servers.batch-stop os-stop.type": {"soft-and-hard"},
    "ecs.servers.change-os os-change.metadata": {"user-data-accepted"},
    "ecs.servers.reinstall-os os-reinstall.metadata": {"user-data-accepted"},
    "ecs.tags.query tags": {"not-tags"},
    "ecs.tags.query matches": {"match-longest", "match-shortest"},
    "nova.servers.create os:scheduler_hints": {"dedicated-host-chosen"},
    # A disk is in the zone of its server.
    "nova.servers.create server.availability_zone": {"az-given", "disk-of-snapshot", "disk-of-volume"},
    "nova.servers.create server.block_device_mapping_v2": {
        "blank-disk",
        "disk-of-snapshot",
        "disk-of-volume",
        "image-by-disk",
        "text-values",
    },
    "nova.servers.create server.max_count": {"batch-server", "text-values"},
    "nova.servers.create server.min_count": {"batch-server", "text-values"},
    "nova.servers.create server.return_reservation_id": {"text-values"},
    "nova.servers.stop os-stop.type": {"soft-and-hard"},
}


#: Words of fields that are no more about them than about others.
_COMMON = frozenset({"server", "id", "volume", "os", "interface", "attachment", "block", "mapping", "v"})


@dataclass(frozen=True)
class Refused:
    """An optional field of the requests of an operation."""

    operation: str
    #: ``body`` or ``query``.
    part: str
    path: str
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.operation} {self.part} {self.path}"


def optional(contract: Contract) -> Iterator[Refused]:
    """Yield every optional field and query parameter."""
    for operation in contract.operations.values():
        if operation.id in LOGIN:
            continue
        for field in walk(operation.body) if operation.body is not None else ():
            if field.parent is not None and not field.required and f"{operation.id} {field.path}" not in _NEEDED:
                yield Refused(operation.id, "body", field.path, field.steps)
        for name in operation.query:  # the contract demands none
            yield Refused(operation.id, "query", name, (name,))


def _refusing(one: Refused, keeper: Keeper, outcome: Outcome) -> Around:
    """Let the mock of a fork refuse what has the field, and open its session."""

    def answer(request: Request, usual: Callable[[], Response]) -> Response:
        if one.part == "query":
            given = bool(request.args(one.path))
        else:
            given = broken(request.json, one.steps, lambda *_: True) > 0
        if not given:
            return usual()
        outcome.took_place += 1
        raise fail(request.path, 400, "The request is refused.", "Ecs.0005")

    answer_otherwise(one.operation, answer)
    return opened(keeper, outcome)


def wrong(one: Refused, outcome: Outcome) -> list[str]:
    """Return what is not as it should be of a run in which a field was refused."""
    contract = load()
    lines = []
    if f"{one.operation}/status" not in outcome.passed:
        lines.append(f"no success: {outcome.untested.get(f'{one.operation}/status', 'no finding')}")
    for name, why in sorted(outcome.failed.items()):
        if not _speaks_of(contract.requirements[name], one):
            lines.append(f"{contract.requirements[name].level} {name}: {why}")
    return lines + [f"error: {name}: {why}" for name, why in sorted(outcome.errors.items())] + outcome.troubles


def _speaks_of(requirement: Requirement, one: Refused) -> bool:
    """Whether a requirement is about a field: it names it, or says one of its words."""
    if requirement.operation == one.operation:
        if requirement.kind == "optional":
            return True
        if requirement.field and f"{requirement.field}.".startswith(one.path):
            return True
    about = {name for path, names in _ABOUT.items() if f"{one.operation} {one.path}".startswith(path) for name in names}
    said = _words(f"{requirement.id} {requirement.says}")
    own = _words(one.path) - _COMMON - _words(one.operation)
    return bool({requirement.case, requirement.id} & about or own & said)


def _words(text: str) -> set[str]:
    return set(re.findall("[a-z]+", re.sub("([a-z])([A-Z])", r"\1 \2", text).lower().replace("_", " ")))


def try_refused(
    work: Collected, choice: Choice, chosen: Sequence[Refused], processes: int = 1
) -> Iterator[tuple[Refused, Outcome]]:
    """Yield each field with what became of it, as they end."""
    named = {str(one): one for one in chosen}
    tasks = (
        Task(name, tests=choice.about(one.operation), around=partial(_refusing, one)) for name, one in named.items()
    )
    for outcome in work.run(tasks, processes):
        yield named[outcome.name], outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Try so many fields and print what is wrong with each; return 1 where something is."""
    parser = argparse.ArgumentParser(prog="python -m tests.suites.refusing", description=__doc__)
    parser.add_argument("--fields", type=int, default=200, metavar="N", help="so many")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="which ones")
    parser.add_argument("--operation", action="append", default=[], metavar="ID", help="of these operations alone")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="at a time")
    options = parser.parse_args(arguments)
    found = [one for one in optional(load()) if not options.operation or one.operation in options.operation]
    chosen = random.Random(options.seed).sample(found, min(options.fields, len(found)))
    counts: Counter[str] = Counter()

    def work(tests: Collected) -> None:
        choice = Choice(tests)
        for one, outcome in try_refused(tests, choice, chosen, options.processes):
            lines = wrong(one, outcome)
            sort = "never given" if not outcome.took_place else "wrong" if lines else "right"
            counts.update([sort])
            counts["CPU seconds"] += round(outcome.seconds)
            if not outcome.took_place:
                print(f"{one}: never given", flush=True)  # noqa: T201 - that is its output
            elif lines:
                said = "".join(f"\n    {line[:250]}" for line in lines)
                print(f"{one}{said}", flush=True)  # noqa: T201 - likewise

    code = collected(work, ["--ecs-properties=off"])
    print(f"{len(chosen)} of {len(found)} fields: {dict(counts)}")  # noqa: T201
    return code or int(counts["wrong"] > 0)


if __name__ == "__main__":
    sys.exit(main())
