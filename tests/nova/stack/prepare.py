"""Migrates every database once; the files are templates that each start copies."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from paths import ADMIN_PASSWORD, DATABASES, LOOPBACK, PREFIX, TEMPLATE, ini, keystone_config, sqlite_url


def _tool(name: str, *arguments: str) -> None:
    subprocess.run(
        [str(PREFIX / "bin" / name), *arguments],
        check=True,
        env={**os.environ, "OS_NOVA_DISABLE_EVENTLET_PATCHING": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _nova(folder: Path) -> None:
    conf = ini(
        folder / "nova.conf",
        {
            "DEFAULT": {"transport_url": "fake:///", "log_file": folder / "prepare.log"},
            "api_database": {"connection": sqlite_url(folder, "api")},
            "database": {"connection": sqlite_url(folder, "cell1")},
        },
    )
    _tool("nova-manage", "--config-file", conf, "api_db", "sync")
    _tool("nova-manage", "--config-file", conf, "db", "sync", "--local_cell")
    shutil.copy(folder / "cell1.sqlite", folder / "cell0.sqlite")
    conf = ini(folder / "placement.conf", {"placement_database": {"connection": sqlite_url(folder, "placement")}})
    _tool("placement-manage", "--config-file", conf, "db", "sync")


def _keystone(folder: Path) -> None:
    manage = ("keystone-manage", "--config-file", keystone_config(folder))
    _tool(*manage, "db_sync")
    # Run by root it wants to know whose the key files are.
    owner = ("--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid()))
    for name in ("fernet", "credential"):
        (folder / name).mkdir(exist_ok=True)
        _tool(*manage, f"{name}_setup", *owner)
    anywhere = f"http://{LOOPBACK}:5000/v3"  # the port is known only when it starts
    urls = [
        part for interface in ("public", "internal", "admin") for part in (f"--bootstrap-{interface}-url", anywhere)
    ]
    _tool(*manage, "bootstrap", "--bootstrap-password", ADMIN_PASSWORD, "--bootstrap-region-id", "RegionOne", *urls)


def prepare() -> None:
    """Make the templates, in place of those that there may be; a set-up that was interrupted leaves none."""
    draft = TEMPLATE.with_suffix(".draft")
    for folder in (draft, TEMPLATE):
        shutil.rmtree(folder, ignore_errors=True)
    draft.mkdir(parents=True)
    _nova(draft)
    _keystone(draft)
    for name in DATABASES:
        with sqlite3.connect(draft / f"{name}.sqlite") as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
    draft.rename(TEMPLATE)
