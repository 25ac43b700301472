"""What the mock answers when it refuses: the ECS form (10.3.1), the native form and the gateway's (4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "CODES",
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
#: The codes of A.2 as a pattern; services that ECS depends on have codes of their own.
CODES = (
    r"Ecs\.("
    "0000|0001|0002|0003|0004|0005|0007|0008|0009|0010|0011|0012|0013|0014|0015|0017|"
    "0021|0022|0023|0025|0027|0028|0029|0030|0031|0032|0034|0036|0037|0038|0039|0041|"
    "0042|0043|0044|0045|0046|0048|0050|0051|0052|0053|0057|0058|0062|0064|0066|0067|"
    "0068|0069|0070|0071|0073|0074|0075|0085|0086|0090|0100|0101|0102|0103|0104|0105|"
    "0106|0110|0111|0114|0118|0119|0121|0201|0202|0203|0204|0205|0207|0208|0209|0210|"
    "0211|0212|0213|0214|0216|0217|0219|0221|0226|0227|0301|0302|0303|0304|0306|0307|"
    "0308|0309|0310|0311|0313|0314|0315|0319|0320|0321|0322|0323|0401|0402|0403|0405|"
    "0501|0502|0503|0507|0603|0605|0611|0614|0615|0616|0617|0618|0707|0803|0810|0811|"
    "0904|0905|0906|0907|0908|0909|0910|0911|0912|0913|0914|0915|0919|1000|1001|1002|"
    "1100|1200|1201|1300"
    r")|Common\.(0001|0002|0011|0013|0018|0020|0021|0022|0024|0025|0026|0999|1503)"
    r"|(?!Ecs|Common)[A-Z][A-Za-z]*\.[0-9]{4}"
)
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
