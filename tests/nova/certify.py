"""Certifies a real Nova by chapter 6 and compares the certificate with the list of known differences.

python -m tests.nova.certify --folder CACHE [--report DIR] [--part] [--processes N ...] [--publish]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.nova.differences import compare, read
from tests.nova.environment import ensure, running
from tests.nova.publish import publish

#: What CI certifies each time.
PART = ("6.3.1", "6.6.3", "6.9.4", "6.9.6", "6.10.1", "6.15.4")
_USERS = {"cloud": "demo", "other-cloud": "other", "restricted-cloud": "restricted"}
_GIVEN = ("image", "flavor", "other_flavor", "network", "security_group", "port")


def main() -> int:
    """Certify with each number of processes, each by a Nova of its own; return 0 when nothing is otherwise than the list says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--folder", type=Path, required=True, help="where the environment of Nova is kept")
    parser.add_argument("--report", type=Path, help="where the certificates go")
    parser.add_argument("--part", action="store_true", help="only what CI certifies")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--publish", action="store_true", help="put the first certificate under reports/")
    options = parser.parse_args()
    ensure(options.folder)
    sections = PART if options.part else ()
    with tempfile.TemporaryDirectory() as scratch:
        reports = (options.report or Path(scratch)).absolute()

        def certify(processes: int) -> list[str]:
            """Certify a Nova of its own."""
            folder = Path(scratch) / f"by-{processes}"
            folder.mkdir()
            with running(options.folder, f"serve-{processes}.log") as nova:
                return _certify(nova, folder, reports / f"n{processes}", processes, sections)

        # At the same time, since most of it is waiting.
        with ThreadPoolExecutor(len(options.processes)) as pool:
            problems = [one for found in pool.map(certify, options.processes) for one in found]
        if options.publish and not options.part and not problems:
            print(f"published: {publish(reports / f'n{options.processes[0]}')}")
    print("\n".join(problems) or "Nova differs exactly as listed.")
    return 1 if problems else 0


def write_clouds(nova: Mapping[str, Any], folder: Path) -> None:
    """Write a clouds.yaml with the users of *nova*."""
    clouds = {
        name: {
            "region_name": nova["region"],
            "auth": {
                "auth_url": nova["auth_url"],
                "username": name,
                "password": nova["users"][name]["password"],
                "project_name": nova["users"][name]["project"],
                "user_domain_id": "default",
                "project_domain_id": "default",
            },
        }
        for name in _USERS.values()
    }
    (folder / "clouds.yaml").write_text(json.dumps({"clouds": clouds}), encoding="utf-8")


def pytest_ecs(folder: Path, *arguments: str, module: str = "pytest_ecs") -> subprocess.CompletedProcess[str]:
    """Run the command, or another *module*, in *folder* with none of the variables that choose an account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "HW_", "HUAWEI"))}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=folder, env=kept, text=True, capture_output=True, check=False)


def example() -> str:
    """Return the file of tests that the README shows."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```python\n((?:(?!```).)*?def test_.*?)```", readme, re.DOTALL)
    return str(shown)


def _stranger(folder: Path) -> list[str]:
    """Run the file that the README shows, with no more than the name of a cloud."""
    (folder / "test_readme.py").write_text(example(), encoding="utf-8")
    done = pytest_ecs(folder, "test_readme.py", "-q", f"--ecs-cloud={_USERS['cloud']}", module="pytest")
    return (
        [] if "1 passed" in done.stdout else [f"the example of the README: {done.stdout[-2000:]}{done.stderr[-2000:]}"]
    )


def _certify(nova: Mapping[str, Any], folder: Path, report: Path, processes: int, sections: Iterable[str]) -> list[str]:
    write_clouds(nova, folder)
    who = [f"--ecs-{option}={name}" for option, name in _USERS.items()]
    what = [f"--ecs-{name.replace('_', '-')}={nova[name]}" for name in _GIVEN]
    properties = "off" if sections else "quick"
    # One seed: another one may come upon another difference.
    how = [f"--ecs-properties={properties}", "--hypothesis-seed=7", "--ecs-max-servers=200", f"--ecs-report={report}"]
    how += [f"--ecs-section={section}" for section in sections] + (["-n", str(processes)] if processes > 1 else [])
    began = time.monotonic()
    done = pytest_ecs(folder, "run", "native", *who, *what, *how)
    minutes = (time.monotonic() - began) / 60
    file = report / "report.json"
    if not file.is_file():
        return [f"no certificate was written: {done.stdout[-2000:]}{done.stderr[-2000:]}"]
    certificate = json.loads(file.read_text(encoding="utf-8"))
    cost = certificate["cost"]
    print(f"{processes} process(es): {minutes:.1f} min, {cost['requests']} requests, {cost['servers_created']} servers")
    problems = [f"{processes} process(es): {one}" for one in compare(certificate, read(), whole=not sections)]
    verified = pytest_ecs(folder, "report", "verify", str(file))
    if verified.returncode:
        problems.append(f"the certificate does not verify: {verified.stdout}{verified.stderr}")
    problems += _stranger(folder)
    swept = pytest_ecs(folder, "sweep", "--dry-run", *who)
    if not re.search(r": 0 thing\(s\)", swept.stdout):
        problems.append(f"something was left: {swept.stdout}{swept.stderr}")
    return problems


if __name__ == "__main__":
    raise SystemExit(main())
