"""Named misbehaviours: each is implemented where the behaviour lives, and the suite is shown to notice each."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping

__all__ = ["DEVIATIONS", "switchboard"]

DEVIATIONS: Mapping[str, str] = {
    "mandatory-unchecked": "mandatory fields may be left out",
    "type-unchecked": "fields may have any type",
    "bound-over-unchecked": "upper bounds of lengths, numbers and counts are not checked",
    "bound-under-unchecked": "lower bounds of lengths, numbers and counts are not checked",
    "enum-unchecked": "enumerations are not checked",
    "pattern-unchecked": "character sets are not checked",
    "together-unchecked": "fields that exclude or need each other are not checked",
    "reference-unchecked": "unknown images, flavors and subnets are accepted and replaced",
    "password-unchecked": "password complexity is not checked",
    "wrong-method-accepted": "PATCH is answered with 200",
    "envelope-flat": "v1 errors are not wrapped in an error object",
    "native-code-missing": "native errors have no code",
    "error-code-unknown": "v1 errors have codes that A.2 does not list",
    "error-code-other": "invalid parameters are answered with Ecs.0614",
    "error-status-wrong": "v1 errors of invalid parameters come with HTTP 409",
    "error-status-undocumented": "v1 errors of invalid parameters come with HTTP 418",
    "errors-as-html": "v1 errors are an HTML page",
    "crash-on-unknown-id": "an unknown server id gives HTTP 500",
    "job-id-missing": "job_id is missing in the answer of delete",
    "job-id-integer": "job_id of batch operations is a number",
    "create-status-203": "a creation is answered with HTTP 203",
    "job-too-early": "create jobs are in SUCCESS while the server is still building",
    "job-fails": "batch stop jobs end in FAIL although the servers stop",
    "job-backwards": "a job in SUCCESS is RUNNING again at the next query",
    "job-total-wrong": "sub_jobs_total is one more than there are sub-jobs",
    "job-error-left": "error_code is an empty string after SUCCESS",
    "job-times-swapped": "end_time is before begin_time",
    "job-type-missing": "job_type is missing",
    "job-unknown-served": "an unknown job id is answered with a job in SUCCESS",
    "state-reboot-as-active": "a soft reboot shows as ACTIVE",
    "state-resize-as-shutoff": "a resize shows as SHUTOFF",
    "state-building-as-active": "a building server shows as ACTIVE",
    "state-stopped-as-stopped": "a stopped server shows as STOPPED",
    "dry-run-creates": "a request with dry_run creates servers",
    "dry-run-status-200": "a checked request is answered with 200",
    "name-suffix-missing": "servers of a batch have the same name",
    "count-ignored": "one server is created whatever the count",
    "metadata-dropped": "metadata of a creation is not kept",
    "data-disks-dropped": "data disks of a creation are not made",
    "delete-noop": "delete jobs succeed and the servers stay",
    "delete-all": "delete deletes one more server than listed",
    "stop-noop": "stop jobs succeed and the servers run on",
    "start-noop": "start jobs succeed and the servers stay stopped",
    "resize-noop": "resize jobs succeed and the flavor stays",
    "resize-while-active": "a running server can be resized",
    "usage-frozen": "used quotas do not move",
    "flavors-unfiltered": "the zone filter of flavors is ignored",
    "flavor-ram-string": "ram of flavors is a string",
    "quota-null": "maxTotalCores is null",
    "list-name-ignored": "the name filter is ignored",
    "list-status-ignored": "the status filter is ignored",
    "list-limit-ignored": "limit is ignored",
    "list-marker-ignored": "marker is ignored",
    "list-unsorted": "lists come in the order of creation",
    "server-id-missing": "servers in lists have no id",
    "server-created-null": "created is null",
    "update-name-ignored": "a new name is answered and not kept",
    "update-description-ignored": "a new description is not kept",
    "field-below-microversion": "locked shows below 2.9",
    "field-missing-at-microversion": "tags are missing from 2.26 on",
    "flavor-old-form": "the flavor keeps its id from 2.47 on",
    "microversion-unchecked": "microversions outside the range are accepted",
    "version-blank": "the versions document has no maximum microversion",
    "token-header-missing": "X-Subject-Token is missing",
    "token-unchecked": "any token is accepted as the primary user's",
    "no-token-accepted": "requests without a token are accepted as the primary user's",
    "project-mismatch-accepted": "the project in the URL may be any",
    "permission-unchecked": "permissions are not checked",
    "signature-unchecked": "signatures are not verified",
    "signature-body-unchecked": "the body is not part of the signature",
    "signature-date-unchecked": "the date of a signature may be any",
    "token-week": "tokens live for a week",
}


def switchboard(names: Iterable[str]) -> Callable[[str], bool]:
    """Return a function that says whether a deviation is switched on; raises ValueError with the closest names."""
    chosen = frozenset(names)
    for name in sorted(chosen - DEVIATIONS.keys()):
        close = difflib.get_close_matches(name, DEVIATIONS, n=3)
        raise ValueError(
            f"the mock has no deviation {name!r}" + (f"; did you mean {' or '.join(close)}?" if close else "")
        )

    def on(name: str) -> bool:
        if name not in DEVIATIONS:
            raise KeyError(name)
        return name in chosen

    return on
