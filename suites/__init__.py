"""The conformance suites: they drive the endpoint; `pytest_ecs._checks` judges."""
