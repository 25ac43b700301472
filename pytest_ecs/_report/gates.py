"""The exit code of a run: one table, from the certificate and what was asked of it."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ecs._report.model import Report
from pytest_ecs._report.waiving import WRONG

__all__ = ["ENVIRONMENT", "GATE", "INTERNAL", "LEAK", "PRODUCT", "Gates", "RunEnd", "exit_code"]

#: A binding requirement is broken, or a test of the user's own failed (pytest's own code).
PRODUCT = 1
#: The harness itself broke (pytest's own code).
INTERNAL = 3
#: Something was wrong around the endpoint, so that not everything could be judged.
ENVIRONMENT = 6
#: Something that the run made could not be deleted.
LEAK = 7
#: Nothing failed, and it is not enough: --ecs-require, or waivers that are not right.
GATE = 8
#: 0 and 1: everything else says what happened already (interrupted, internal, configuration, nothing collected).
_ENDED = (0, PRODUCT)


@dataclass(frozen=True)
class Gates:
    """What was asked of a run."""

    baseline: Report | None = None
    #: "pass"; "partial", for which something binding must have been tested; None lets a run pass that tested nothing.
    require: str | None = None
    lenient_waivers: bool = False


@dataclass(frozen=True)
class RunEnd:
    """How the tests ended."""

    #: pytest's exit code.
    status: int = 0
    leaks: bool = False
    #: Whether a test failed for another reason than a requirement.
    own_failures: bool = False
    #: Whether a test failed since the target or its surroundings did.
    environment: bool = False


def exit_code(report: Report, run: RunEnd, gates: Gates) -> tuple[int, list[str]]:
    """Return the exit code and a sentence for each thing that it speaks of."""
    if run.status not in _ENDED:
        return run.status, []
    failed, errors, said = _new(report, gates.baseline)
    found: list[tuple[int, str]] = []
    if failed:
        found.append((PRODUCT, f"{len(failed)} binding requirement(s) failed"))
    if run.own_failures:
        found.append((PRODUCT, "a test failed for another reason than a requirement"))
    if run.leaks:
        found.append((LEAK, "something that the run made could not be deleted"))
    if report["troubles"] or errors or run.environment:
        found.append((ENVIRONMENT, "the environment or the harness was in the way"))
    if run.status == PRODUCT and not found and gates.baseline is None:
        found.append((ENVIRONMENT, "a test failed, and no binding requirement did"))
    found += [(GATE, sentence) for sentence in _not_enough(report, gates)]
    return (found[0][0] if found else 0), [*said, *(sentence for _, sentence in found)]


def _new(report: Report, baseline: Report | None) -> tuple[set[str], set[str], list[str]]:
    """The binding failures and errors that count, and what is said of those that do not."""
    failed, errors = (_binding(report, verdict) for verdict in ("fail", "error"))
    if baseline is None:
        return failed, errors, []
    before = _binding(baseline, "fail") | _binding(baseline, "error") | _binding(baseline, "waived")
    known = (failed | errors) & before
    said = [f"{len(known)} binding requirement(s) failed as in the baseline"] if known else []
    said += [f"new since the baseline: {name}" for name in sorted((failed | errors) - before)]
    return failed - before, errors - before, said


def _binding(report: Report, verdict: str) -> set[str]:
    return {r["requirement"] for r in report["results"] if r["verdict"] == verdict and r["level"] == "must"}


def _not_enough(report: Report, gates: Gates) -> list[str]:
    found = []
    wrong = [waiver for waiver in report["waivers"] if waiver["state"] in WRONG]
    if wrong and not gates.lenient_waivers:
        found.append(f"{len(wrong)} waiver(s) are not right; --ecs-lenient-waivers lets them pass")
    must = report["summary"]["levels"].get("must", {})
    asked = sum(must.values()) - must.get("not_applicable", 0)
    if gates.require == "pass" and report["verdict"] != "pass":
        found.append(f"the verdict is {report['verdict']}, and pass is required")
    elif gates.require == "partial" and report["verdict"] not in {"pass", "partial"}:
        found.append(f"the verdict is {report['verdict']}, and partial is required")
    elif gates.require is not None and asked == must.get("not_tested", 0):
        found.append("nothing binding that was asked for could be tested")
    return found
