"""Rules of API versions (6.1)."""

from __future__ import annotations

import pytest

from pytest_ecs import Bench

_LIST, _SHOW = "nova.versions.list/rule", "nova.versions.show/rule"
