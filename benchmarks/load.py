"""Measure the mock under load: ``python benchmarks/load.py [SECONDS]``, 60 unless given.

load     sixteen clients that create, change and delete servers at random, over HTTP, against ``pytest-ecs mock --speed 100``;
         afterwards the mock says whether anything in it contradicts anything else
paging   10,000 servers, listed page by page
memory   resident set of the mock's process, before and after
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.mock.load import Load, run_load


@contextmanager
def _mock() -> Iterator[tuple[dict[str, Any], int]]:
    command = [sys.executable, "-m", "pytest_ecs", "mock", "--speed", "100"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline()), process.pid
        finally:
            process.terminate()


def _memory(pid: int) -> int:
    """MiB that a process has in memory."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(text.partition("VmRSS:")[2].split()[0]) // 1024


def _control(about: dict[str, Any], method: str, path: str, json: Any = None) -> Any:
    answer = httpx.request(method, about["endpoint"] + path, json=json, timeout=120, trust_env=False)
    answer.raise_for_status()
    return answer.json()


def _load(seconds: float) -> bool:
    with _mock() as (about, pid):
        before, end = _memory(pid), time.monotonic() + seconds
        report, _ = run_load(about, threads=16, more=lambda _: time.monotonic() < end)
        _control(about, "POST", "/_mock/clock", {"advance": 3600})
        complaints = _control(about, "GET", "/_mock/consistency")["complaints"]
        faults = [one for one in _control(about, "GET", "/_mock/requests")["requests"] if "fault" in one]
        took = sorted(report.seconds)
        refused = sum(count for status, count in report.statuses.items() if status >= 400)
        print(
            f"load, {seconds:g} s         {len(took) / seconds:,.0f} requests/s from 16 clients, {len(took):,} in all"
        )
        print(f"  accepted, refused  {len(took) - refused:,}, {refused:,}")
        print(f"  seconds, median    {statistics.median(took):.4f}, of 99 % below {took[int(len(took) * 0.99)]:.4f}")
        print(f"  5xx, hangs, faults {len(report.wrong)}, {len(faults)}")
        print(f"  contradictions     {len(complaints)}")
        print(f"  memory             {before} MiB before, {_memory(pid)} MiB after")
        for wrong in (*report.wrong[:5], *complaints[:5], *faults[:5]):
            print("   ", wrong, file=sys.stderr)
        return not (report.wrong or complaints or faults)


def _paging(wanted: int = 10_000) -> bool:
    with _mock() as (about, pid):
        _control(about, "PUT", "/_mock/limits", {"servers": wanted, "cores": 10**6, "ram": 10**10})
        client, resources = Load(about, 0, []), about["resources"]
        began = time.perf_counter()
        for number in range(wanted // 500):
            client.send(
                "POST",
                "/v1/{p}/cloudservers",
                {
                    "server": {
                        "name": f"page-{number}",
                        "imageRef": resources["image_id"],
                        "flavorRef": resources["flavor_id"],
                        "vpcid": resources["vpc_id"],
                        "nics": [{"subnet_id": resources["subnet_id"]}],
                        "count": 500,
                        "root_volume": {"volumetype": "SSD"},
                    }
                },
            )
        _control(about, "POST", "/_mock/clock", {"advance": 3600})
        created, seen, marker, pages = time.perf_counter() - began, list[str](), "", 0
        began = time.perf_counter()
        while page := client.send("GET", f"/v2.1/{{p}}/servers/detail?limit=500{marker}")["servers"]:
            seen += [server["id"] for server in page]
            marker, pages = f"&marker={seen[-1]}", pages + 1
        took = time.perf_counter() - began
        print(
            f"paging               {len(set(seen)):,} servers on {pages} pages in {took:.1f} s, created in {created:.1f} s"
        )
        print(f"  memory             {_memory(pid)} MiB")
        return len(seen) == len(set(seen)) == wanted


if __name__ == "__main__":
    went_well = [_load(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0), _paging()]
    sys.exit(0 if all(went_well) else "something went wrong")
