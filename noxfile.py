"""One command per habit: ``nox`` does what CI does; ``nox -l`` lists what else there is.

``.ci/run`` is the command of the README and then the sessions tagged ``ci``, in the environment that the README makes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.options.sessions = ["tests", "lint", "typing", "build", "nova"]
nox.options.default_venv_backend = "venv"


@nox.session
def tests(session: nox.Session) -> None:
    """Run the project's own tests; arguments go to pytest."""
    session.install("-e", ".[dev]")
    session.run("pytest", "-n", "2", *session.posargs)


@nox.session(tags=["ci"])
def lint(session: nox.Session) -> None:
    """Check style and formatting rules."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(tags=["ci"])
def typing(session: nox.Session) -> None:
    """Check types, strictly, in the package, the suites and the tests."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session(tags=["ci"])
def build(session: nox.Session) -> None:
    """Build the sdist and from it the wheel, install that elsewhere, and certify the embedded mock with it, both ways."""
    session.install("build", "twine", "openapi-spec-validator")
    listed = Path("tests/openapi/listed.py").absolute()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session.run("python", "-m", "build", "--outdir", name, silent=True)
        (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
        session.run("twine", "check", "--strict", str(wheel), str(sdist))
        session.run("python", "-m", "venv", str(folder / "user"))
        commands = folder / "user" / ("Scripts" if os.name == "nt" else "bin")
        ours, pytest, pip = (str(commands / command) for command in ("pytest-ecs", "pytest", "pip"))
        session.run(pip, "install", "--quiet", "--disable-pip-version-check", str(wheel), external=True)
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        with session.chdir(elsewhere):
            session.run(ours, "run", "full", "-n", "2", "-q", external=True)
            # The same through pytest, in one process; a part is enough, since the suites are the same.
            part = ("--ecs-profile=core", "--ecs-properties=off", "--ecs-report=again")
            session.run(pytest, "--pyargs", "pytest_ecs.suites", "-q", *part, external=True)
            for report in ("ecs-report", "again"):
                session.run(ours, "report", "verify", f"{report}/report.json", external=True)
            session.run(ours, "openapi", "--output", "ecs.json", external=True)
            session.run("openapi-spec-validator", "ecs.json")
            session.run(pip, "install", "--quiet", "--disable-pip-version-check", "schemathesis", external=True)
            session.run(str(commands / "python"), str(listed), "ecs.json", external=True)


@nox.session
def proof(session: nox.Session) -> None:
    """Show that exactly what a deviation of the mock breaks fails, and nothing by its variants; arguments go to the runner.

    Without any, each operation is also tried on a mock that refuses all of its requests, each field of answers is broken, and
    each optional field of requests refused.
    """
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.suites.prove", "--table", "--processes", "2", *session.posargs)
    if not session.posargs:
        session.run("python", "-m", "tests.suites.closed", "--processes", "2")
        session.run("python", "-m", "tests.suites.wire", "--breaks", "5000", "--processes", "2")
        session.run("python", "-m", "tests.suites.refusing", "--fields", "1000", "--processes", "2")


@nox.session
def orders(session: nox.Session) -> None:
    """Show that the order of tests changes no verdict, by twenty orders by chance; arguments go to the runner."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.suites.orders", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Change the code of the mock by chance and count what the suites notice; arguments go to the runner.

    500 mutants take two cores half an hour; ``-- --folder .mutants --minutes 10`` does a part and goes on from there.
    """
    session.install("-e", ".[dev]", "coverage", "mutmut~=3.8")
    session.run("python", "-m", "tests.suites.mutants", "--processes", "2", *session.posargs)


@nox.session
def peers(session: nox.Session) -> None:
    """Give the same broken mocks to schemathesis and to the suites; arguments go to the runner.

    60 deviations take 20 minutes with ``-- --processes 2``, an hour without; ``-- --keep peers.json --minutes 10`` does a part and goes on from there.
    """
    session.install("-e", ".[dev]", "schemathesis~=4.32")
    session.run("python", "-m", "tests.openapi.peers", *session.posargs)


@nox.session(tags=["ci"])
def nova(session: nox.Session) -> None:
    """Certify a real Nova by a part of chapter 6 and compare with what is known to differ; ``-- --whole`` takes all of it.

    Its environment is made once and kept, in ``NOVA_CACHE`` or beside nox's own.
    """
    session.install("-e", ".[dev]")
    folder = os.environ.get("NOVA_CACHE") or str(Path(session.cache_dir).absolute() / "nova")
    arguments = [one for one in session.posargs if one != "--whole"]
    part = () if "--whole" in session.posargs else ("--part", "--processes", "1")
    command = ("python", "-m", "tests.nova.certify", "--folder", folder, *part, *arguments)
    try:
        session.run(*command)
    except CommandFailed:
        if not part:  # it takes long, and says what there is to look at
            raise
        session.warn("once more, in case the machine was busy")
        session.run(*command)


@nox.session
def clients(session: nox.Session) -> None:
    """Let clients of other projects loose on the mock: everyday commands, SDKs, Ansible and Tempest."""
    session.install("-e", ".[dev,clients]")
    with tempfile.TemporaryDirectory() as folder:
        # In an environment of its own: the collection does not work with the newest openstacksdk.
        session.run("python", "-m", "venv", folder)
        programs = Path(folder) / "bin"
        session.run(str(programs / "pip"), "install", "-q", "ansible", "openstacksdk==4.4.0", external=True)
        play = str(programs / "ansible-playbook")
        session.run("pytest", "tests/clients", *session.posargs, env={"ANSIBLE_PLAYBOOK": play})


@nox.session
def certificate(session: nox.Session) -> None:
    """Make the published certificate of the embedded mock anew and sign it with a key of its own; it has to be PASS."""
    session.install("-e", ".[sign]")
    folder = Path("reports") / "01" / "embedded-mock" / "current"
    with tempfile.TemporaryDirectory() as keys:
        key = f"{keys}/key.pem"
        session.run("openssl", "genpkey", "-algorithm", "ed25519", "-out", key, external=True)
        full = ("--ecs-require=pass", "--hypothesis-seed=7", "-q", f"--ecs-sign={key}")
        session.run("pytest-ecs", "run", "full", f"--ecs-report={folder}", *full)
        session.run("openssl", "pkey", "-in", key, "-pubout", "-out", str(folder / "key.pub"), external=True)
    (folder / "junit.xml").unlink()  # says again what report.json says, and is as large


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
def coverage(session: nox.Session) -> None:
    """Measure the lines and branches that the tests of parts and of the mock take, and fail below the floor in ``pyproject.toml``."""
    session.install("-e", ".[dev]", "coverage")
    measured = ("coverage", "run", "--branch", "--source=pytest_ecs", "-m", "pytest")
    session.run(*measured, "tests/unit", "tests/mock", *session.posargs)
    session.run("coverage", "report", "--skip-covered", "--sort=cover")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure contract load, collection, requests, whole runs and memory."""
    session.install("-e", ".[dev]")
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """Disturb a fifth of the requests, kill runs, answer with nonsense: one table, whose columns after "tried" are zero.

    ``-- --seeds 0 --kills 11 --answers 0`` does a part.
    """
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.faults", *session.posargs)
