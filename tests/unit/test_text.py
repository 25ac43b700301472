"""What a user names may be anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_ecs._report.verify import read_certificate
from pytest_ecs._text import text_of
from pytest_ecs.exceptions import ConfigurationError


def test_a_file_that_never_ends_is_refused() -> None:
    """It would be read until no memory is left."""
    with pytest.raises(
        ConfigurationError, match=re.escape("/dev/zero is no certificate. Seen: it has more than 64 MB")
    ):
        read_certificate(Path("/dev/zero"))


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    """Editors of some systems write one."""
    file = tmp_path / "list.txt"
    file.write_bytes("\ufefföne".encode())
    assert text_of(file) == "öne"
