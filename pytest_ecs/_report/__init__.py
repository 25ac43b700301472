"""From findings to a certificate: verdicts, evidence, files, signatures, and reading certificates again."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pytest_ecs.exceptions import ConfigurationError

__all__ = ["command"]


def command(action: str, files: Sequence[Path], key: Path | None = None, output: Path | None = None) -> int:
    """Do what ``pytest-ecs report ACTION FILE...`` says; 1 when something regressed or does not verify, else 0.

    *key* is the private key of ``sign`` and the public one of ``verify``, *output* the folder that ``merge``, ``badge`` and ``fleet`` write.
    """
    from pytest_ecs._report.summary import table
    from pytest_ecs._report.verify import read_certificate

    if action == "show":
        for file in files:
            print(table(read_certificate(file)))  # noqa: T201
        return 0
    if action == "diff":
        return _diff(files)
    if action == "sign":
        return _sign(files, key)
    if action == "recover":
        return _recover(files)
    if action == "merge":
        return _merge(files, output)
    if action == "badge":
        return _badges(files, output)
    if action == "fleet":
        return _fleet(files, output)
    return _verify(files, key)


def _diff(files: Sequence[Path]) -> int:
    from pytest_ecs._report.diff import as_text, diff
    from pytest_ecs._report.verify import read_certificate

    if len(files) != 2:
        raise ConfigurationError(
            "report diff compares two certificates", seen=f"{len(files)} given", hint="name the old one and the new one"
        )
    old, new = map(read_certificate, files)
    print(as_text(old, new))  # noqa: T201
    return 1 if diff(old, new)["newly failing"] else 0


def _sign(files: Sequence[Path], key: Path | None) -> int:
    from pytest_ecs._report.sign import sign

    if key is None:
        raise ConfigurationError("report sign needs a private key", hint="give it with --key FILE")
    for file in files:
        folder = file if file.is_dir() else file.parent
        try:
            print(f"{sign(folder, key)}: signed")  # noqa: T201
        except OSError as error:
            raise ConfigurationError(
                f"The signature in {folder} cannot be written", seen=str(error), hint="free some space"
            ) from None
    return 0


def _verify(files: Sequence[Path], key: Path | None) -> int:
    from pytest_ecs._contract import load
    from pytest_ecs._report.verify import verify

    found = 0
    for file in files:
        with _no_collection():
            problems = verify(file, load(), key)
        found += len(problems)
        shown = problems[:20] + ([f"… and {len(problems) - 20} more"] if len(problems) > 20 else [])
        print("\n".join([f"{file}: {'does not verify' if problems else 'verified'}", *(f"  {p}" for p in shown)]))  # noqa: T201
    return 1 if found else 0


@contextmanager
def _no_collection() -> Iterator[None]:
    """Read a whole run without looking for garbage in it again and again: there is none."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _recover(files: Sequence[Path]) -> int:
    from pytest_ecs._contract import load
    from pytest_ecs._report.recover import recover

    for folder in files:
        print("\n".join(map(str, recover(folder, load()))))  # noqa: T201
    return 0


def _merge(files: Sequence[Path], output: Path | None) -> int:
    from pytest_ecs._contract import load
    from pytest_ecs._report.merge import merge

    if output is None:
        raise ConfigurationError("report merge needs a folder to write", hint="give it with --output DIR")
    paths, said = merge(files, output, load())
    print("\n".join([*said, *map(str, paths)]))  # noqa: T201
    return 0


def _badges(files: Sequence[Path], output: Path | None) -> int:
    from pytest_ecs._report.badge import badge
    from pytest_ecs._report.files import write
    from pytest_ecs._report.verify import read_certificate

    for file in files:
        report = read_certificate(file)
        folder = output or (file if file.is_dir() else file.parent)
        print(write(folder / f"badge-{report['selection']['profile']}.svg", badge(report)))  # noqa: T201
    return 0


def _fleet(files: Sequence[Path], output: Path | None) -> int:
    from pytest_ecs._report.files import write
    from pytest_ecs._report.fleet import markdown, page
    from pytest_ecs._report.verify import read_certificate

    reports = [read_certificate(file) for file in files]
    if output is None:
        print(markdown(reports), end="")  # noqa: T201
        return 0
    for name, text in (("fleet.md", markdown(reports)), ("fleet.html", page(reports))):
        print(write(output / name, text))  # noqa: T201
    return 0
