"""Reads ``schemas/``: files, checks, values, requirements."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from pytest_ecs import _locations
from pytest_ecs._contract import build, crosscheck, shape
from pytest_ecs._contract.contract import Contract
from pytest_ecs._contract.edition import Edition, amended, contradiction
from pytest_ecs._contract.references import Shared
from pytest_ecs._contract.requirements import derive
from pytest_ecs._contract.source import Mistake, Source, ordered, raise_first
from pytest_ecs.exceptions import ContractError

__all__ = ["check", "document", "load", "use", "using"]

#: Files that every contract has.
_NEEDED = tuple(f"{name}.yaml" for name in ("errors", "general", "general-requirements", "permissions", "statuses"))


def load(root: Path | None = None, edition: Edition | None = None) -> Contract:
    """Return the contract in *root*, by default that of this package; a second call returns the same object.

    An *edition*, by default the one in `use`, is laid over that of this package.
    Raises `ContractError` with file and line when a file is wrong, or when an edition does not fit.
    """
    if root is None:
        return _load(_own(), edition or _IN_USE[-1])
    return _load(root.resolve(), edition)


def document() -> Contract:
    """Return the contract of this package by the document alone, whatever edition is in use."""
    return _load(_own(), None)


#: The edition of the run that this process is in; the first entry stands for none.
_IN_USE: list[Edition | None] = [None]


def use(edition: Edition | None) -> None:
    """Let `load` give the contract as *edition* has it, until somebody says otherwise; None is the document alone."""
    _IN_USE[-1] = edition


@contextmanager
def using(edition: Edition | None) -> Iterator[None]:
    """Let `load` give the contract as *edition* has it inside of a ``with``, if there is one."""
    use(edition)
    try:
        yield
    finally:
        use(None)


def check(root: Path | None = None) -> list[Mistake]:
    """Return everything that is wrong in *root*, sorted by file and line.

    Files that cannot be read hide what is wrong between files, so a second look may find more.
    """
    return ordered(_mistakes(_read((root or _locations.schemas()).resolve()), thorough=True)[0])


@cache
def _own() -> Path:
    return _locations.schemas().resolve()


@cache
def _load(root: Path, edition: Edition | None) -> Contract:
    own = sources = _read(root)
    if edition is not None:
        raise_first(_mistakes(own)[0])
        sources = amended(own, edition)
    mistakes, shared = _mistakes(sources)
    if mistakes and edition is not None:
        seen = partial(_with_amendments, own, edition)
        raise_first([contradiction(edition, ordered(mistakes)[0], seen)])
    raise_first(mistakes)
    general, statuses = sources["general.yaml"].data, sources["statuses.yaml"].data
    operations = build.operations(sources, shared)
    errors = build.errors(sources["errors.yaml"].data)
    state_rows = build.state_rows(statuses)
    permissions = build.permissions(sources["permissions.yaml"].data)
    envelopes = build.envelopes(sources["general.yaml"], shared)
    expectations = build.expectations(general)
    parameters = build.parameters(general)
    return Contract(
        title=general["title"],
        issue=general["issue"],
        date=general["date"],
        digest=_digest(sources, edition),
        groups=build.groups(sources),
        operations=operations,
        requirements=derive(
            operations=operations.values(),
            errors=errors.values(),
            state_rows=state_rows,
            permissions=permissions,
            envelopes=envelopes,
            expectations=expectations,
            parameters=parameters,
            general=build.general_requirements(sources["general-requirements.yaml"].data),
        ),
        errors=errors,
        statuses=build.statuses(statuses),
        states={(row.vm_state, row.task_state): row.status for row in state_rows},
        state_rows=state_rows,
        state_words=build.state_words(statuses),
        permissions=permissions,
        rulings=build.rulings(sources),
        envelopes={name: envelope.body for name, envelope in envelopes.items()},
        gateway_statuses=frozenset(general["gateway_statuses"]),
        environment_codes=frozenset(general.get("environment_codes", ())),
        quota_statuses=frozenset(general.get("quota_statuses", ())),
        roles=general.get("roles", {}),
        existing=build.existing(general),
        _expectations=expectations,
        _envelopes=envelopes,
    )


def _read(root: Path) -> dict[str, Source]:
    """Return the files below *root* by their path, sorted; the schemas of our own files are not among them."""
    if not root.is_dir():
        hint = "name the folder that holds general.yaml"
        raise ContractError(f"The contract folder {root} does not exist", hint=hint)
    paths = [path for path in root.rglob("*.yaml") if path.relative_to(root).parts[0] != "meta"]
    sources = {source.file: source for source in (Source.read(root, path) for path in paths)}
    absent = [file for file in _NEEDED if file not in sources]
    if absent:
        hint = "docs/contract.md says what each file holds"
        raise ContractError(f"The contract in {root} lacks {', '.join(absent)}", hint=hint)
    return dict(sorted(sources.items()))


def _mistakes(sources: Mapping[str, Source], *, thorough: bool = False) -> tuple[list[Mistake], Shared]:
    """Return what is wrong, step by step: a step is only taken when the one before found nothing.

    jsonschema looks at the files that the quick validator does not accept, and at all of them when *thorough*.
    """
    found = [mistake for source in sources.values() for mistake in source.mistakes]
    if not found:
        meta = _locations.schemas() / "meta"
        doubtful = [source for source in sources.values() if thorough or not shape.fits(source, meta)]
        found = [mistake for source in doubtful for mistake in shape.mistakes(source, meta)]
    shared = Shared({} if found else sources)
    if not found:
        found = [*crosscheck.mistakes(sources, shared), *shared.mistakes]
    return found, shared


def _with_amendments(own: Mapping[str, Source], edition: Edition, most: int) -> list[Mistake]:
    return _mistakes(amended(own, edition, most))[0]


def _digest(sources: Mapping[str, Source], edition: Edition | None) -> str:
    total = hashlib.sha256()
    for source in sources.values():
        total.update(source.content)
    if edition is not None:
        total.update(edition.text.encode())
    return total.hexdigest()
