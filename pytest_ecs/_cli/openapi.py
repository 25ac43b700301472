"""``pytest-ecs openapi``: the contract as an OpenAPI document."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pytest_ecs._cli.instead import with_target
from pytest_ecs._run.options import Settings
from pytest_ecs.exceptions import ConfigurationError

if TYPE_CHECKING:
    from pytest_ecs._contract.openapi import Known

__all__ = ["openapi"]


def openapi(arguments: Sequence[str]) -> int:
    """Write the contract as an OpenAPI 3.1 document in JSON; with ``--for URL`` for that target, and with ids from there.

    Returns 0, 4 for a user's mistake.
    """
    options, rest = _parser().parse_known_args(list(arguments))
    if options.target is None:
        if rest:
            raise ConfigurationError(
                f"pytest-ecs openapi has no option {rest[0]!r} without --for",
                hint="the --ecs-* options say how to reach a target, which --for URL names",
            )
        return _write(options.output, None)
    with TemporaryDirectory() as folder:
        # Nothing is created, so that nothing has to be remembered where the user works.
        named = [f"--ecs-endpoint={options.target}", f"--ecs-ledger={folder}/ledger.sqlite", *rest]
        return with_target("openapi", named, lambda settings: _for(settings, options.output))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pytest-ecs openapi",
        description="Write the whole contract as an OpenAPI 3.1 document.",
        epilog="With --for, the --ecs-* options of pytest-ecs run say how to log in and which resources to name.",
        allow_abbrev=False,
    )
    parser.add_argument("--output", metavar="FILE", help="where to write it; standard output without it")
    parser.add_argument(
        "--for", dest="target", metavar="URL", help="endpoint to fill in, with ids of what exists there"
    )
    return parser


def _for(settings: Settings, output: str | None) -> int:
    from pytest_ecs._run.existing import existing
    from pytest_ecs._run.session import open_session

    session = open_session(settings, creates=False)
    try:
        known = existing(session.clients["primary"], session.target.resources, session.contract)
    finally:
        session.close()
    found = ", ".join(sorted({*known.parameters, *known.references}))
    print(f"Filled in from {known.endpoint}: {found}", file=sys.stderr)  # noqa: T201
    return _write(output, known)


def _write(output: str | None, known: Known | None) -> int:
    from pytest_ecs._contract import load
    from pytest_ecs._contract.openapi import openapi as document

    text = json.dumps(document(load(), known), indent=1, ensure_ascii=False)
    if output is None:
        print(text)  # noqa: T201
        return 0
    try:
        Path(output).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{output} cannot be written", seen=str(error), hint="name another file with --output"
        ) from None
    return 0
