"""One command per habit: ``nox`` runs tests, lint, typing, build, other tools and docs; ``nox -s bench`` measures."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import nox

nox.options.sessions = ["tests", "lint", "typing", "build", "openapi", "docs"]
nox.options.default_venv_backend = "venv"


@nox.session
def tests(session: nox.Session) -> None:
    """Run the project's own tests; arguments go to pytest."""
    session.install("-e", ".[dev]")
    session.run("pytest", "-n", "2", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting rules."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def typing(session: nox.Session) -> None:
    """Check types, strictly, in the package, the suites and the tests."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session
def build(session: nox.Session) -> None:
    """Build sdist and wheel, check them, install each elsewhere and certify the embedded mock with it, both ways."""
    session.install("build", "twine")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--outdir", folder)
        (wheel,) = Path(folder).glob("*.whl")
        (sdist,) = Path(folder).glob("*.tar.gz")
        session.run("twine", "check", "--strict", str(wheel), str(sdist))
        elsewhere = Path(folder) / "elsewhere"
        elsewhere.mkdir()
        session.chdir(elsewhere)
        session.install(str(sdist))
        session.run("pytest-ecs", "list", "operations", silent=True)
        session.install("--force-reinstall", "--no-deps", str(wheel))
        session.run("pytest-ecs", "run")
        session.run("pytest", "--pyargs", "pytest_ecs.suites", "-q")


@nox.session
def proof(session: nox.Session) -> None:
    """Show that exactly what a deviation of the mock breaks fails, and nothing by its variants; arguments go to the runner."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.suites.prove", "--table", "--processes", "2", *session.posargs)


@nox.session
def nova(session: nox.Session) -> None:
    """Certify a real Nova by chapter 6, alone and with two processes, and compare with what is known to differ.

    Its environment is made once and kept; ``-- --part --processes 1`` does what CI does.
    """
    session.install("-e", ".[dev]")
    folder = Path(session.cache_dir).absolute() / "nova"
    session.run("python", "-m", "tests.nova.certify", "--folder", str(folder), *session.posargs)


@nox.session
def openapi(session: nox.Session) -> None:
    """Let other tools read the OpenAPI document of the contract, those from npm where there is npm."""
    session.install("-e", ".[dev]", "openapi-python-client", "schemathesis")
    npm = shutil.which("npm")
    with tempfile.TemporaryDirectory() as folder:
        if npm is not None:
            session.run(npm, "install", "--silent", "--no-save", "--prefix", folder, *_NPM, external=True)
        else:
            session.warn("npm is not installed, so that Redocly, Spectral, Prism and TypeScript are left out")
        file = str(Path(folder) / "ecs.json")
        session.run("pytest-ecs", "openapi", "--output", file)
        session.run("openapi-spec-validator", file)
        session.run("python", "tests/openapi/listed.py", file)
        path = os.pathsep.join(
            [*(session.bin_paths or ()), str(Path(folder) / "node_modules" / ".bin"), os.environ["PATH"]]
        )
        tests = ("tests/openapi", "tests/suites/test_openapi_answers.py", "tests/unit/contract/test_openapi.py")
        session.run("pytest", *tests, *session.posargs, env={"PATH": path})


#: Tools for OpenAPI that the package index of Python does not have.
_NPM = (
    "@redocly/cli@2",
    "@stoplight/spectral-cli@6",
    "@stoplight/prism-cli@5",
    "openapi-typescript@7",
    "typescript@5",
)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation, with warnings as errors, into ``docs/_build``."""
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure contract load, collection, requests, whole runs and memory."""
    session.install("-e", ".[dev]")
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """Disturb a fifth of the requests, twenty seeds: no verdict is wrong, nothing hangs, nothing stops early."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.faults.runs", *session.posargs)
