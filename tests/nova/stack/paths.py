"""Where things are, and how configuration files are written."""

from __future__ import annotations

import configparser
import os
import sys
import tempfile
from pathlib import Path

LOOPBACK = "127.0.0.1"
PREFIX = Path(sys.prefix)
#: Folder of the migrated databases, which every start copies.
HOME = Path(os.environ.get("NOVA_STACK_HOME") or Path(tempfile.gettempdir()) / "nova-stack")
TEMPLATE = HOME / "template"
DATABASES = ("api", "cell0", "cell1", "placement", "keystone")
ADMIN_PASSWORD = "stack-admin"


def ini(path: Path, sections: dict[str, dict[str, object]]) -> str:
    """Write a configuration file and return its path."""
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    for name, options in sections.items():
        if name != "DEFAULT":
            parser.add_section(name)
        for key, value in options.items():
            parser.set(name, key, str(value))
    with path.open("w") as stream:
        parser.write(stream)
    return str(path)


def sqlite_url(directory: Path, name: str) -> str:
    """Return the address of a database in *directory*."""
    return f"sqlite:///{directory / name}.sqlite"


def keystone_config(directory: Path) -> str:
    """Write Keystone's configuration and return its path."""
    return ini(
        directory / "keystone.conf",
        {
            "DEFAULT": {"log_file": directory / "keystone.log", "max_token_size": 400},
            "database": {"connection": sqlite_url(directory, "keystone")},
            "token": {"provider": "fernet", "expiration": 86400},
            "fernet_tokens": {"key_repository": directory / "fernet"},
            "credential": {"key_repository": directory / "credential"},
            "cache": {"enabled": "true", "backend": "dogpile.cache.memory"},
            "identity": {"password_hash_rounds": "4"},
        },
    )
