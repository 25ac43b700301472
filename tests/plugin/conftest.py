"""Loads what the plugin imports late, once: pytester's in-process runs forget modules, and C extensions cannot be loaded twice."""

import pytest_ecs._run.controller
import pytest_ecs._run.worker
import pytest_ecs._testing.tools  # noqa: F401 - imported for what it imports
