"""What the mock answers when it refuses: the ECS form (10.3.1), the native form and the gateway's (4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "STATUS",
    "CrashError",
    "EcsError",
    "GatewayError",
    "NativeError",
    "RefusalError",
    "refuse_ecs",
    "refuse_native",
]

#: HTTP status of each code that the mock uses (A.2); those not listed have 400.
STATUS: Mapping[str, int] = {
    "Ecs.0114": 404,
    "Ecs.0614": 404,
    "Ecs.0003": 403,
    "Pdp.0001": 403,
    "Common.0013": 401,
    "Common.0001": 500,
}
_NATIVE: Mapping[int, str] = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    406: "notAcceptable",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
}


class RefusalError(Exception):
    """An answer that is an error."""

    status: int

    def __init__(self, message: str) -> None:
        super().__init__(message)
        #: What its answer has beside the usual headers.
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        raise NotImplementedError


class EcsError(RefusalError):
    """The form of the v1 APIs (Table 10-1), with the HTTP status that A.2 gives the code."""

    def __init__(self, code: str, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.status = status if status is not None else STATUS.get(code, 400)

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {"error": {"code": self.code, "message": self.message}}


class NativeError(RefusalError):
    """The form of the native APIs: one object, named after the status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {_NATIVE.get(self.status, "computeFault"): {"message": self.message, "code": self.status}}


class GatewayError(RefusalError):
    """The form of 4.3, which IAM and the gateway in front of the v1 APIs answer with."""

    def __init__(self, status: int, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code or f"APIGW.0{status}", message

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {"error_code": self.code, "error_msg": self.message}


class CrashError(Exception):
    """What a deviation raises to let the request end in HTTP 500."""


def refuse_ecs(code: str, message: str) -> RefusalError:
    """Return the refusal of a v1 API."""
    return EcsError(code, message)


def refuse_native(code: str, message: str) -> RefusalError:
    """Return the refusal of a native API, which has no code; only a quota has another status."""
    return NativeError(403 if code in {"Ecs.0001", "Ecs.0013", "Ecs.0021", "Ecs.0022"} else 400, message)
