"""Deviations of jobs and states (5.9 and A.1)."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["JOBS"]

JOBS: Mapping[str, str] = {
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
}
