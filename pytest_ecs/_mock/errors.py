"""What the mock answers when it refuses: the ECS form (10.3.1), the native forms and the gateway's (4.3)."""

from __future__ import annotations

from typing import Any

__all__ = ["EcsRefusal", "Gateway", "NativeRefusal", "Refusal"]

#: HTTP status of each code that the mock uses (A.2).
STATUS = {
    "Ecs.0001": 400, "Ecs.0005": 400, "Ecs.0009": 400, "Ecs.0010": 400, "Ecs.0011": 400, "Ecs.0013": 400, "Ecs.0014": 400,
    "Ecs.0023": 400, "Ecs.0029": 400, "Ecs.0031": 400, "Ecs.0038": 400, "Ecs.0039": 400, "Ecs.0041": 400, "Ecs.0042": 400,
    "Ecs.0043": 400, "Ecs.0050": 400, "Ecs.0064": 400, "Ecs.0100": 400, "Ecs.0114": 404, "Ecs.0118": 400, "Ecs.0314": 400,
    "Ecs.0614": 404, "Ecs.0603": 501, "Pdp.0001": 403, "Common.0002": 400, "Common.0011": 400, "Common.0013": 401,
    "Common.0018": 400, "Common.0001": 500,
}  # fmt: skip
_NATIVE = {
    400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod", 406: "notAcceptable",
    409: "conflictingRequest", 413: "overLimit", 415: "badMediaType", 429: "overLimit", 500: "computeFault",
}  # fmt: skip


class Refusal(Exception):
    """An answer that is an error."""

    status: int

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        raise NotImplementedError


class EcsRefusal(Refusal):
    """The form of the v1 APIs (Table 10-1)."""

    def __init__(self, code: str, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.status = status if status is not None else STATUS[code]

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {"error": {"code": self.code, "message": self.message}}


class NativeRefusal(Refusal):
    """The form of the native APIs: one object, named after the status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {_NATIVE.get(self.status, "computeFault"): {"message": self.message, "code": self.status}}


class Gateway(Refusal):
    """The form of 4.3, also what IAM answers here."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {"error_code": self.code, "error_msg": self.message}
