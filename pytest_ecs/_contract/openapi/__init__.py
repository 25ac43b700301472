"""The contract as an OpenAPI 3.1 document, for tools that do not know our files."""

from pytest_ecs._contract.openapi.document import openapi
from pytest_ecs._contract.openapi.known import Known

__all__ = ["Known", "openapi"]
