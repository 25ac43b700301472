"""Sends one request until an answer of the service came, or says why none did. What is repeated stands in `limits`."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import httpx

from pytest_ecs._http.between import BETWEEN, over, proxy_error
from pytest_ecs._http.connection import Connection
from pytest_ecs._http.exchange import Draft, Exchange
from pytest_ecs._http.limits import GATEWAY, IN_A_ROW, PAUSES, THROTTLE_PAUSES, TIMEOUTS
from pytest_ecs._http.opening import authorities
from pytest_ecs._http.pace import retry_after
from pytest_ecs._http.recording import answered, sent
from pytest_ecs._http.token import LOGIN_PATH
from pytest_ecs._http.transport import AnswerTooLarge
from pytest_ecs._types import JSON, Identity
from pytest_ecs.exceptions import (
    CredentialsEnded,
    EcsError,
    EndpointLost,
    NotAnEcsEndpoint,
    PrerequisiteMissing,
    TargetError,
    Unreachable,
)

__all__ = ["ended", "logged_in", "send"]

_T = TypeVar("_T")

#: Methods that change nothing (RFC 9110, 9.2.1): these alone may be sent again when nobody knows what became of them.
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: The request never left.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
#: Repeating cannot help.
_HOPELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, AnswerTooLarge)
#: Takes the place of a stream that was read: the library's refers back to its answer, which would stay until somebody looks for
#: garbage, with its request.
_READ = httpx.ByteStream(b"")
_STOPS = "look whether the endpoint, its IAM and the network are up; the run stops here"
_HOPELESS_WORDS = ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "NAME OR SERVICE", "NOT KNOWN")


def send(connection: Connection, request: httpx.Request, draft: Draft, body: JSON, auth: httpx.Auth) -> Exchange:
    """Send *request* and return *draft* with what became of it, recorded in the journal.

    Raises `Unreachable` when no answer came, `EndpointLost` when that happens again and again, `NotAnEcsEndpoint` when
    nothing that speaks HTTP has ever answered, and what authentication raises.
    """
    attempt = _Attempts(connection, request)
    while True:
        connection.pace.wait()
        try:
            response = connection.http.send(request, auth=auth)
        except EcsError as error:
            if isinstance(error, TargetError):
                connection.contact.miss()
                if connection.contact.is_lost:
                    raise EndpointLost(error.what, seen=error.seen, hint=_STOPS) from None
            raise
        except Exception as error:  # noqa: BLE001 - whatever a library trips over: the answer is not the caller's fault
            pause = attempt.pause_after_error(error)
            if pause is None:
                failure = connection.secrets.scrub(_describe(error))
                secrets = connection.secrets
                failed = draft.exchange(failure=failure, repeated=attempt.made, **sent(request, body, secrets))
                connection.journal.add(failed)
                if isinstance(error, httpx.HTTPError):
                    connection.contact.miss()
                # Without its cause: a traceback through the HTTP library shows headers to pytest --showlocals.
                raise _broken(connection, failed, error) from None
        else:
            response.stream = _READ
            pause = attempt.pause_after_answer(response)
            if pause is None:
                exchange = answered(draft, response, body, connection.secrets, repeated=attempt.made)
                return _concluded(connection, exchange)
        connection.target.clock.sleep(pause)
        attempt.made += 1


def logged_in(connection: Connection, login: Callable[[], _T]) -> _T:
    """Return what *login* returns, which is repeated where no answer comes as a login before a request is.

    Raises as a login does, and `Unreachable` when IAM does not answer.
    """
    iam = connection.target.iam
    attempt = _Attempts(connection, httpx.Request("GET", iam))
    while True:
        try:
            return login()
        except httpx.HTTPError as error:
            pause = attempt.pause_after_error(error)
            if pause is None:
                raise unreachable(connection, f"IAM at {iam}", error) from None
        connection.target.clock.sleep(pause)
        attempt.made += 1


def ended(identity: Identity, seen: str) -> EcsError:
    """Return what stops a run whose credentials are not accepted any more; what needs another *identity* is not tested."""
    if identity != "primary":
        return PrerequisiteMissing(
            f"The credentials of the {identity.replace('_', ' ')} ended: what was accepted with them before is refused now",
            seen=seen,
            hint="renew them, or give the run some that last as long as it",
        )
    return CredentialsEnded(
        "The credentials ended: what was accepted with them before is refused now",
        seen=seen,
        hint="renew them, or give the run some that last as long as it; nothing is said about the endpoint",
    )


class _Attempts:
    """How often a request was repeated, and whether it may be once more."""

    def __init__(self, connection: Connection, request: httpx.Request) -> None:
        self._connection = connection
        self._request = request
        #: How often it was repeated.
        self.made = 0
        self._timeouts = 0

    def pause_after_error(self, error: Exception) -> float | None:
        """Return the seconds until the next attempt; None when there is none."""
        if not isinstance(error, httpx.HTTPError) or isinstance(error, _HOPELESS):
            return None
        if any(word in str(error).upper() for word in _HOPELESS_WORDS):
            return None
        if isinstance(error, httpx.TimeoutException):
            self._timeouts += 1
            if self._timeouts > TIMEOUTS:
                return None
        if not (self._request.method in _SAFE or isinstance(error, _NEVER_LEFT) or self._was_login(error)):
            return None
        return self._next(PAUSES)

    def pause_after_answer(self, response: httpx.Response) -> float | None:
        """Return the seconds until the next attempt; None when the answer stands."""
        status = response.status_code
        if status not in GATEWAY or (status != 429 and self._request.method not in _SAFE):
            return None
        pause = self._next(THROTTLE_PAUSES if status == 429 else PAUSES)
        if pause is None:
            return None
        asked = retry_after(response, self._connection.target.clock.now())
        pause = pause if asked is None else asked
        if status == 429:
            self._connection.pace.hold(pause)
            return 0.0  # the pace waits, here and in the other processes
        return pause

    def _next(self, pauses: Sequence[float]) -> float | None:
        if self.made >= len(pauses) or self._connection.contact.is_suspect:
            return None
        return pauses[self.made]

    def _was_login(self, error: httpx.HTTPError) -> bool:
        """Whether it was the login before the request that failed: the request itself had not left, or was refused."""
        try:
            return error.request.url != self._request.url
        except RuntimeError:
            return False


def _concluded(connection: Connection, exchange: Exchange) -> Exchange:
    """Record an answer that stands; one of a gateway is no answer of the service."""
    if exchange.status not in GATEWAY and exchange.status not in BETWEEN:
        connection.contact.hear()
        if exchange.is_page:
            page = f"HTTP {exchange.status} as a page, which a gateway may have written: nobody knows whether the request was done"
            exchange = replace(exchange, failure=page)
        connection.journal.add(exchange)
        return exchange
    tried = f"HTTP {exchange.status} after {exchange.repeated + 1} attempt{'s' if exchange.repeated else ''}"
    if exchange.status == 429:
        why = "throttling"
    elif exchange.status in BETWEEN:
        why = f"{BETWEEN[exchange.status]}, so that the service was not asked"
    elif exchange.method in _SAFE:
        why = "the gateway could not reach the service"
    else:
        why = "the gateway could not reach the service, and nobody knows whether the request was done"
    exchange = replace(exchange, failure=f"{tried}: {why}")
    connection.contact.miss()
    connection.journal.add(exchange)
    if connection.contact.is_lost:
        raise _lost(exchange, str(exchange.failure))
    return exchange


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _lost(exchange: Exchange, seen: str) -> EndpointLost:
    return EndpointLost(
        f"{exchange.base} has not answered {IN_A_ROW} requests in a row, the last of them {exchange.request_line}",
        seen=seen,
        hint=_STOPS,
    )


def _broken(connection: Connection, exchange: Exchange, error: Exception) -> EcsError:
    """Return what to raise for an exchange that an exception ended."""
    seen = str(exchange.failure)
    if not isinstance(error, httpx.HTTPError):
        frames = traceback.extract_tb(error.__traceback__)
        at = f" (at {frames[-1].filename}:{frames[-1].lineno})" if frames else ""
        return EcsError(f"The client broke at {exchange.request_line}", seen=seen + at, hint="this is a bug: report it")
    if connection.contact.is_lost:
        return _lost(exchange, seen)
    where = f"{exchange.base} ({exchange.request_line})"
    return unreachable(connection, where, error, safe=exchange.method in _SAFE)


def unreachable(connection: Connection, where: str, error: httpx.HTTPError, *, safe: bool = True) -> TargetError:
    """Return the error that says why *where* did not answer; a request that is not *safe* may have been done."""
    seen = connection.secrets.scrub(_describe(error))
    asked = str(error.request.url) if error._request is not None else ""
    if asked.endswith(LOGIN_PATH):
        where, safe = f"IAM at {asked.removesuffix(LOGIN_PATH)} (POST {LOGIN_PATH})", True
    by_proxy = proxy_error(error, asked, where, seen) if connection.target.transport is None else None
    if by_proxy is not None:
        return by_proxy
    if "CERTIFICATE_VERIFY_FAILED" in seen.upper():
        used, others = authorities(connection.target.verify, os.environ)
        unused = f"; {', '.join(others)} {'are' if len(others) > 1 else 'is'} not used for it" if others else ""
        return Unreachable(
            f"The TLS certificate of {where} does not verify by {used}{over(asked)}",
            seen=seen,
            hint=f"check that it has not expired and fits the host name; --ecs-ca-file names authorities to trust{unused}",
        )
    if "WRONG_VERSION_NUMBER" in seen.upper():
        return NotAnEcsEndpoint(
            f"What answers at {where} does not speak TLS", seen=seen, hint="write http:// where it has none"
        )
    if isinstance(error, httpx.RemoteProtocolError) and not connection.contact.heard:
        return NotAnEcsEndpoint(
            f"What answers at {where} does not speak HTTP",
            seen=seen,
            hint="check the port and the scheme of the endpoint",
        )
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(
            f"{where} did not answer in time", seen=seen, hint="check the network, or raise --ecs-request-timeout"
        )
    if not isinstance(error, _NEVER_LEFT) and not safe:
        hint = "what became of the request is not known, so it was not repeated; nothing is said about the endpoint"
        return Unreachable(f"The answer to {where} was lost", seen=seen, hint=hint)
    return Unreachable(
        f"{where} cannot be reached", seen=seen, hint="check the URL, the network and the proxy settings"
    )
