"""Named misbehaviours, each implemented where the behaviour lives; the suite is shown to notice each."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping

__all__ = ["DEVIATIONS", "switchboard"]

DEVIATIONS: Mapping[str, str] = {
    # what is asked of requests
    "mandatory-unchecked": "mandatory fields may be left out",
    "type-unchecked": "fields may have any type",
    "bound-over-unchecked": "upper bounds of lengths, numbers and counts are not checked",
    "bound-under-unchecked": "lower bounds of lengths, numbers and counts are not checked",
    "enum-unchecked": "enumerations are not checked",
    "pattern-unchecked": "character sets are not checked",
    "together-unchecked": "fields that exclude or need each other are not checked",
    "reference-unchecked": "unknown images, flavors and subnets are accepted and replaced",
    "password-unchecked": "password complexity is not checked",
    "name-length-unchecked": "names of new servers may be longer than 128 characters",
    "metadata-count-unchecked": "a creation may bring more than 10 pairs of metadata",
    "user-data-unchecked": "user_data need not be base64 and may be of any size",
    "disk-size-unchecked": "the system disk may be smaller than the image needs",
    "address-unchecked": "an address outside the subnet is accepted",
    "batch-size-unchecked": "batch operations take more than 1,000 servers",
    "quota-unchecked": "quotas are not enforced",
    "wrong-method-accepted": "PATCH is answered with 200",
    "unknown-field-crashes": "a field that no table lists gives HTTP 500",
    "crash-on-unknown-id": "an unknown server id gives HTTP 500",
    # forms of answers
    "envelope-flat": "v1 errors are not wrapped in an error object",
    "native-code-missing": "native errors have no code",
    "native-code-string": "the code of native errors is a string",
    "error-code-unknown": "v1 errors have codes that A.2 does not list",
    "error-code-other": "invalid parameters are answered with Ecs.0614",
    "error-status-wrong": "v1 errors of invalid parameters come with HTTP 409",
    "error-status-undocumented": "v1 errors of invalid parameters come with HTTP 418",
    "errors-as-html": "v1 errors are an HTML page",
    "content-type-text": "JSON bodies are labelled text/plain",
    "create-status-203": "a creation is answered with HTTP 203",
    "native-create-status-203": "a native creation is answered with HTTP 203",
    # jobs
    "job-id-missing": "job_id is missing in the answer of delete",
    "job-id-integer": "job_id of batch operations is a number",
    "job-too-early": "create jobs are in SUCCESS while the server is still building",
    "job-fails": "batch stop jobs end in FAIL although the servers stop",
    "job-backwards": "a job in SUCCESS is RUNNING again at the next query",
    "job-status-unknown": "running jobs have the status PROCESSING",
    "job-total-wrong": "sub_jobs_total is one more than there are sub-jobs",
    "job-sub-missing": "the last sub-job is left out of a batch",
    "job-error-left": "error_code is an empty string after SUCCESS",
    "job-error-missing": "failed jobs have no error_code",
    "job-times-swapped": "end_time is before begin_time",
    "job-type-missing": "job_type is missing",
    "job-entities-empty": "sub-jobs do not name their server",
    "job-unknown-served": "an unknown job id is answered with a job in SUCCESS",
    # states
    "state-reboot-as-active": "a soft reboot shows as ACTIVE",
    "state-hard-reboot-as-reboot": "a hard reboot shows as REBOOT",
    "state-resize-as-shutoff": "a resize shows as SHUTOFF",
    "state-building-as-active": "a building server shows as ACTIVE",
    "state-stopped-as-stopped": "a stopped server shows as STOPPED",
    # what operations do
    "dry-run-creates": "a request with dry_run creates servers",
    "dry-run-status-200": "a checked request is answered with 200",
    "dry-run-unchecked": "a request with dry_run is accepted whatever it says",
    "name-suffix-missing": "servers of a batch have the same name",
    "count-ignored": "one server is created whatever the count",
    "count-default-two": "two servers are created when no count is given",
    "max-count-ignored": "a native creation makes min_count servers whatever max_count",
    "metadata-dropped": "metadata of a creation is not kept",
    "data-disks-dropped": "data disks of a creation are not made",
    "group-default-missing": "a server without security groups is in none",
    "address-ignored": "a new server does not get the address that was asked for",
    "reservation-missing": "a batch is answered with the first server and not with its reservation",
    "delete-noop": "delete jobs succeed and the servers stay",
    "delete-all": "delete deletes one more server than listed",
    "stop-noop": "stop jobs succeed and the servers run on",
    "start-noop": "start jobs succeed and the servers stay stopped",
    "resize-noop": "resize jobs succeed and the flavor stays",
    "resize-while-active": "a running server can be resized",
    "resize-same-flavor": "a server can be resized to the flavor that it has",
    "state-unchecked": "servers are started, stopped and restarted in any state",
    # flavors and quotas
    "usage-frozen": "used quotas do not move",
    "flavors-unfiltered": "the zone filter of flavors is ignored",
    "flavor-ram-string": "ram of flavors is a string",
    "quota-null": "maxTotalCores is null",
    "quota-unwrapped": "quotas are not wrapped in an absolute object",
    # lists and details
    "list-name-ignored": "the name filter is ignored",
    "list-status-ignored": "the status filter is ignored",
    "list-flavor-ignored": "the flavor filter is ignored",
    "list-ip-ignored": "the ip filter is ignored",
    "list-image-ignored": "the image filter is ignored",
    "list-since-ignored": "changes-since is ignored",
    "list-reservation-ignored": "the reservation_id filter is ignored",
    "list-limit-ignored": "limit is ignored",
    "list-default-ignored": "a page has 1,000 servers when no limit is given",
    "list-marker-ignored": "marker is ignored",
    "list-next-missing": "servers_links is missing when there is a next page",
    "list-unsorted": "lists come in the order of creation",
    "status-filter-lenient": "unknown words for status are an empty list from 2.38 on",
    "server-id-missing": "servers in lists have no id",
    "server-created-null": "created is null",
    "server-progress-string": "progress is a string",
    "admin-pass-leaked": "details show the administrator's password",
    "update-name-ignored": "a new name is answered and not kept",
    "update-description-ignored": "a new description is not kept",
    # versions
    "field-below-microversion": "locked shows below 2.9",
    "field-missing-at-microversion": "tags are missing from 2.26 on",
    "flavor-old-form": "the flavor keeps its id from 2.47 on",
    "microversion-ignored": "bodies are those of 2.1 whatever microversion is asked for",
    "microversion-unchecked": "microversions outside the range are accepted",
    "microversion-status-wrong": "microversions outside the range are answered with 400",
    "microversion-echo-missing": "answers do not say their microversion",
    "version-blank": "the versions document has no maximum microversion",
    # identity
    "token-header-missing": "X-Subject-Token is missing",
    "token-unchecked": "any token is accepted as the primary user's",
    "token-expiry-unchecked": "expired tokens are accepted",
    "no-token-accepted": "requests without a token are accepted as the primary user's",
    "token-week": "tokens live for a week",
    "password-ignored": "a token is issued whatever the password",
    "project-mismatch-accepted": "the project in the URL may be any",
    "foreign-server-served": "servers of other projects are found by their ids",
    "permission-unchecked": "permissions are not checked",
    "permission-dependencies-unchecked": "an action is permitted without those that it depends on",
    "permission-status-wrong": "missing permissions are answered with 400",
    "signature-unchecked": "signatures are not verified",
    "signature-body-unchecked": "what was signed is not compared, only keys, names and date",
    "signature-date-unchecked": "the date of a signature may be any",
}


def switchboard(names: Iterable[str]) -> Callable[[str], bool]:
    """Return what says whether a deviation is on; raises `ValueError` with the closest names."""
    chosen = frozenset(names)
    for name in sorted(chosen - DEVIATIONS.keys()):
        close = difflib.get_close_matches(name, DEVIATIONS, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(f"the mock has no deviation {name!r}{hint}")

    def deviates(name: str) -> bool:
        if name not in DEVIATIONS:
            raise KeyError(name)  # a misspelt name in the mock itself would never deviate
        return name in chosen

    return deviates
