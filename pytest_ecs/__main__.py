"""The console script ``pytest-ecs``: argument parsing only, each verb calls one function."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pytest_ecs._cli.doctor import doctor
from pytest_ecs._cli.explain import explain
from pytest_ecs._cli.listing import list_
from pytest_ecs._cli.mock import add_options as add_mock_options
from pytest_ecs._cli.mock import mock as serve_mock
from pytest_ecs._cli.openapi import openapi as write_openapi
from pytest_ecs._cli.permissions import permissions
from pytest_ecs._cli.plan import plan
from pytest_ecs._cli.replay import replay
from pytest_ecs._cli.report import report as handle_reports
from pytest_ecs._cli.run import run
from pytest_ecs._cli.sweep import sweep
from pytest_ecs._run.profiles import PROFILES
from pytest_ecs.exceptions import EcsError

__all__ = ["main"]


_PROFILES = " | ".join([*PROFILES, "FILE"])
#: Verbs that take the options of pytest, and what is said of them.
_PASSED_ON: Mapping[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "run": (run, f"certify: pytest-ecs run [{_PROFILES}] [pytest options]; default full"),
    "doctor": (
        doctor,
        "say what a target offers and what a run needs there: pytest-ecs doctor [--write FILE] [--ecs-* options]",
    ),
    "plan": (plan, f"say what a run would use: pytest-ecs plan [{_PROFILES}] [--ecs-* options]"),
    "permissions": (
        permissions,
        f"print the least permissions of a run: pytest-ecs permissions [{_PROFILES}] [--ecs-* options]",
    ),
    "sweep": (
        sweep,
        "delete what killed runs left behind: pytest-ecs sweep [--dry-run] [--force] [--ecs-* options]",
    ),
    "replay": (
        replay,
        "send a recorded request and its control again: pytest-ecs replay EVIDENCE-ID [REPORT] [--ecs-* options]",
    ),
    "openapi": (
        write_openapi,
        "write the contract as an OpenAPI document: pytest-ecs openapi [--output FILE] [--for URL]",
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; a user's mistake is one paragraph on stderr and code 4."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if sys.stdout is None:  # closed by who started it; what is written to files is written all the same
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    try:
        code = _called(given)
        sys.stdout.flush()
        return code
    except EcsError as error:
        print(f"pytest-ecs: {error}", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        print("pytest-ecs: interrupted", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        what = error.filename or "the output"
        print(f"pytest-ecs: {what} cannot be written. Seen: {error.strerror}. Free some space.", file=sys.stderr)
        with suppress(OSError, ValueError):  # what is still in it would be tried again when Python ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 4


def _called(given: Sequence[str]) -> int:
    if given and given[0] in _PASSED_ON:
        # Everything after the verb is pytest's; argparse would claim options such as -k or --help-long.
        return _PASSED_ON[given[0]][0](given[1:])
    options = _parser().parse_args(given)
    return int(options.verb(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pytest-ecs", description="Conformance tests for the Elastic Cloud Server API."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, (_, said) in _PASSED_ON.items():
        verbs.add_parser(name, help=said)

    mock = verbs.add_parser("mock", help="serve the embedded mock on 127.0.0.1 until interrupted")
    add_mock_options(mock)
    mock.set_defaults(verb=serve_mock)

    listing = verbs.add_parser("list", help="print operations, requirements, rulings or deviations")
    listing.add_argument("what", choices=["operations", "requirements", "rulings", "deviations", "variants"])
    listing.add_argument(
        "--ecs-edition", type=Path, metavar="FILE", help="requirements: those that an edition's amendments change"
    )
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(verb=list_)

    explaining = verbs.add_parser(
        "explain", help="say what a requirement claims, where from, how it is judged, what proves it"
    )
    explaining.add_argument("requirement", metavar="REQUIREMENT")
    explaining.add_argument("--ecs-edition", type=Path, metavar="FILE", help="as that edition's amendments have it")
    explaining.set_defaults(verb=explain)

    report = verbs.add_parser(
        "report",
        help="show, compare, verify, sign, merge or recover certificates, or make a picture or an overview of them",
    )
    report.add_argument("action", choices=["show", "diff", "verify", "sign", "merge", "recover", "badge", "fleet"])
    report.add_argument("files", nargs="+", metavar="FILE")
    report.add_argument("--key", metavar="FILE", help="sign: the private key; verify: the public one, as PEM")
    report.add_argument(
        "--output",
        metavar="DIR",
        help="merge: folder to write the whole to; badge, fleet: folder for the picture or the overview",
    )
    report.set_defaults(verb=handle_reports)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
