"""The conformance suites: they drive the endpoint; `pytest_ecs._checks` judges."""

from . import recipes as recipes  # every test module may run a recipe, also when it runs alone
