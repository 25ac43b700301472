"""Shows that schemathesis lists every operation of an OpenAPI document: ``python tests/openapi/listed.py FILE``."""

import json
import sys
from pathlib import Path

import schemathesis
from schemathesis.core.result import Ok


def main(file: str) -> int:
    """Return 0 when all operations are listed, 1 when not."""
    document = json.loads(Path(file).read_text(encoding="utf-8"))
    there = {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item.keys() - {"parameters", "servers"}
    }
    operations = schemathesis.openapi.from_path(file).get_all_operations()
    listed = {found.ok().label for found in operations if isinstance(found, Ok)}
    sys.stdout.write(f"schemathesis lists {len(listed & there)} of {len(there)} operations\n")
    return 0 if listed == there else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
