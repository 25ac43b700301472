"""What tests of error codes (A.2) share: what came where a code was to come."""

from __future__ import annotations

from pytest_ecs import Check, Exchange, Jobs, load_contract


def provoked(check: Check, jobs: Jobs, answer: Exchange, *requirements: str) -> None:
    """Say of each code that did not come what came instead; where it came, the judge looks at its status.

    It comes in the answer, or in the job of a request that was accepted, which is waited for.
    """
    jobs.wait_out(answer)
    job = answer.json_object.get("job_id") if answer.accepted else None
    last = [*jobs.queries(job)][-1:] if isinstance(job, str) else []
    for requirement in requirements:
        code = load_contract().requirements[requirement].case
        if not any(f"'{code}'" in str(one.response_body) for one in (answer, *last)):
            instead = (last or [answer])[-1].answer
            check.not_tested(requirement, f"what this code is for is answered in another way: {instead}")
