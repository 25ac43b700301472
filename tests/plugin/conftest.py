"""Loads what the plugin imports late, once: pytester's in-process runs forget modules, and C extensions cannot be loaded twice."""

import pytest_ecs._bench
import pytest_ecs._report.recorder
import pytest_ecs._report.witness  # noqa: F401 - imported for what it imports
