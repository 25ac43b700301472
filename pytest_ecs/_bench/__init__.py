"""The suite's work bench, and which requests it can derive."""

from pytest_ecs._bench.bench import Bench
from pytest_ecs._bench.derive import uncovered, variant_for

__all__ = ["Bench", "uncovered", "variant_for"]
