"""Makes the environment of stack/serve.py once, and runs it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["ensure", "running"]

STACK = Path(__file__).parent / "stack"
#: What the environment is made from; when one of them changes it is made anew.
_SOURCES = ("requirements.txt", "constraints.txt", "prepare.py", "paths.py")


def ensure(folder: Path) -> None:
    """Make the environment and the migrated databases in *folder*, unless they are there already."""
    digest = hashlib.sha256(sys.version.encode())
    for name in _SOURCES:
        digest.update((STACK / name).read_bytes())
    stamp = folder / "made-from"
    if stamp.is_file() and stamp.read_text() == digest.hexdigest():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    files = ["--requirement", str(STACK / "requirements.txt"), "--constraint", str(STACK / "constraints.txt")]
    subprocess.run(
        [str(_python(folder)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *files], check=True
    )
    subprocess.run([str(_python(folder)), str(STACK / "serve.py"), "prepare"], check=True, env=_environment(folder))
    stamp.write_text(digest.hexdigest())


@contextmanager
def running(folder: Path, log_name: str = "serve.log") -> Iterator[dict[str, Any]]:
    """Serve Nova and yield what it says of itself: endpoint, auth_url, users and what there is to use."""
    command = [str(_python(folder)), str(STACK / "serve.py")]
    with (
        (folder / log_name).open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=_environment(folder)) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"Nova ended with {process.wait()} before it was ready: see {log.name}")
            yield json.loads(line)
        finally:
            process.terminate()
            process.wait(30)


def _python(folder: Path) -> Path:
    return folder / "venv" / "bin" / "python"


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "PYTHON"))}
    return {**kept, "NOVA_STACK_HOME": str(folder / "home")}
