"""What can go wrong, as one tree.

EcsError                    the root; its text says what happened, what was seen and what to do
├── ConfigurationError      the user's settings, files or options are wrong
├── ContractError           a file in schemas/ is wrong
├── TargetError             the endpoint cannot be used at all; never a verdict on what it answers
│   ├── Unreachable         no connection, a time-out, a broken TLS handshake
│   │   └── EndpointLost    ... several times in a row: the run stops
│   └── NotAnEcsEndpoint    something answers, but it does not speak the protocol
├── AuthenticationFailed    the endpoint refuses the credentials
│   └── CredentialsEnded    ... which it accepted before: the run stops
├── JobError                a job did not end in SUCCESS
│   ├── JobFailed           it ended in FAIL
│   └── JobTimeout          it did not end in the time it was given
├── StepFailed              an answer lacks what the test needs to go on
├── PrerequisiteMissing     something a test needs cannot be had; the requirement is then not tested
├── BudgetExceeded          the next request would go over --ecs-max-servers or --ecs-max-minutes
└── LedgerError             the record of created resources cannot be written; nothing is created then

`fault_of` says whose fault each of them is; docs/faults.md has the whole table.

ConformanceFailure is apart: an AssertionError, because it speaks of the endpoint and not of the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, get_args

from pytest_ecs._text import harmless

__all__ = [
    "AuthenticationFailed",
    "BudgetExceeded",
    "ConfigurationError",
    "ConformanceFailure",
    "ContractError",
    "CredentialsEnded",
    "EcsError",
    "EndpointLost",
    "Fault",
    "JobError",
    "JobFailed",
    "JobTimeout",
    "LedgerError",
    "NotAnEcsEndpoint",
    "PrerequisiteMissing",
    "StepFailed",
    "TargetError",
    "Unreachable",
    "fault_of",
]

#: Who has to look into it.
Fault = Literal["product", "environment", "credentials", "configuration", "harness"]


class EcsError(Exception):
    """Root of everything this package raises on purpose, failures of the endpoint apart."""

    #: What happened.
    what: str
    #: What was seen, in the endpoint's or the file's own words; secrets are already redacted.
    seen: str
    #: What the user can do about it.
    hint: str
    #: Whether nothing after it can succeed either, so that a run stops.
    stops = False

    def __init__(self, what: str, *, seen: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.seen = seen
        self.hint = hint

    def __str__(self) -> str:
        text = self.what.rstrip(".") + "."
        if self.seen:
            text += f" Seen: {self.seen.rstrip('.')}."
        if self.hint:
            text += f" {self.hint.rstrip('.')}."
        return harmless(text)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.seen, self.hint, self.__dict__))


def _rebuild(cls: type[EcsError], what: str, seen: str, hint: str, state: dict[str, object]) -> EcsError:
    error = cls.__new__(cls, what)
    Exception.__init__(error, what)
    error.__dict__.update(state, what=what, seen=seen, hint=hint)
    return error


class ConfigurationError(EcsError):
    """The settings do not make sense together, or name something that does not exist."""

    stops = True


class ContractError(EcsError):
    """A file in ``schemas/`` breaks its own schema or points to something that is not there."""


class TargetError(EcsError):
    """The endpoint cannot be used, so nothing can be said about its conformance."""


class Unreachable(TargetError):
    """No answer came: connection refused, name unknown, time-out, TLS failure."""


class EndpointLost(Unreachable):
    """So many requests in a row got no answer that no other would get one; the run stops."""

    stops = True


class NotAnEcsEndpoint(TargetError):
    """An answer came that no ECS endpoint would give to this request."""


class AuthenticationFailed(EcsError):
    """The credentials were refused when the run asked for a token or sent its first request."""


class CredentialsEnded(AuthenticationFailed):
    """What was accepted with these credentials before is refused now; the run stops."""

    stops = True


class JobError(EcsError):
    """A job did not end as it should."""

    #: The job's id.
    job_id: str
    #: The last body of the job query (5.8.1), redacted.
    last: object

    def __init__(self, what: str, *, seen: str = "", hint: str = "", job_id: str = "", last: object = None) -> None:
        super().__init__(what, seen=seen, hint=hint)
        self.job_id = job_id
        self.last = last


class JobFailed(JobError):
    """The job's status became FAIL (5.8.1, table 5-63)."""


class JobTimeout(JobError):
    """The job was still INIT or RUNNING when its time was up."""


class StepFailed(EcsError):
    """A request on the way was refused, or its answer lacks what the next step is made from."""


class PrerequisiteMissing(EcsError):
    """A resource, credential or state that a test needs is not available on this target."""


class OutsideProfile(PrerequisiteMissing):
    """What a test needs is asked for by an operation that the profile of the run does not have."""


class BudgetExceeded(PrerequisiteMissing):
    """A hard limit on servers or minutes would be passed."""


class LedgerError(EcsError):
    """The ledger could not be written, so the request it should record was not sent."""


class ConformanceFailure(AssertionError):
    """The endpoint breaks one or more requirements; the text reads like a bug report."""

    #: Ids of the requirements that failed.
    requirements: tuple[str, ...]

    def __init__(self, message: str, requirements: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.requirements = tuple(requirements)


#: Whose fault an exception is, by the nearest class that stands here.
_FAULTS: Mapping[type[BaseException], Fault] = MappingProxyType(
    {
        ConformanceFailure: "product",
        ConfigurationError: "configuration",
        NotAnEcsEndpoint: "configuration",
        TargetError: "environment",
        AuthenticationFailed: "credentials",
        JobError: "environment",
        StepFailed: "environment",
        PrerequisiteMissing: "configuration",
        LedgerError: "environment",
        ContractError: "harness",
        BaseException: "harness",
    }
)


def fault_of(error: BaseException | str) -> Fault:
    """Say whose fault an exception is, or what the reason of a verdict ``error`` tells of, by its first word.

    Only "product" is a verdict on the endpoint. A reason that does not begin with such a word tells of an answer that
    did not come, or of one that no check can bring about.
    """
    if isinstance(error, str):
        return next((word for word in get_args(Fault) if error.startswith(f"{word}: ")), "environment")
    return next(_FAULTS[cls] for cls in type(error).__mro__ if cls in _FAULTS)
