"""Properties: the mock has them, and a cloud without them gets a list of requests that anybody can send."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs import load_contract
from pytest_ecs._locations import suites
from pytest_ecs._report.verify import verify

_FILE = suites() / "test_properties.py"
_VALID, _INVALID = "test_valid_requests_are_answered", "test_invalid_requests_are_refused"


def _run(pytester: pytest.Pytester, test: str, *options: str) -> tuple[pytest.RunResult, dict[str, Any]]:
    """Run one test of the suite, from a folder of its own."""
    shown = pytester.runpytest(
        "-q",
        "-p",
        "no:cacheprovider",
        f"--rootdir={pytester.path}",
        "--ecs-report=out",
        "-c",
        "/dev/null",
        *options,
        f"{_FILE}::{test}",
    )
    certificate = json.loads((pytester.path / "out" / "report.json").read_text(encoding="utf-8"))
    assert verify(pytester.path / "out", load_contract()) == [], "whatever is found, its certificate verifies"
    return shown, certificate


def _row(certificate: dict[str, Any], requirement: str) -> dict[str, Any]:
    (row,) = [row for row in certificate["results"] if row["requirement"] == requirement]
    return dict(row)


def _sent(folder: Path) -> list[tuple[str, str]]:
    """Return what a run sent, without the names and ids that differ from run to run."""
    found = []
    for line in gzip.decompress((folder / "out" / "evidence.jsonl.gz").read_bytes()).splitlines():
        data = json.loads(line)
        if data.get("operation") == "ecs.tags.query" and "request_body" in data:
            found.append((data["method"], json.dumps(data["request_body"])))
    return found


def test_a_server_error_fails_with_the_request_that_shows_it(pytester: pytest.Pytester) -> None:
    """The reproduction is one request, with nothing in it that is not needed."""
    shown, certificate = _run(
        pytester, f"{_VALID}[ecs.server-groups.create]", "--ecs-deviation=unknown-field-crashes", "--hypothesis-seed=1"
    )
    shown.assert_outcomes(failed=1)
    row = _row(certificate, "10.1/no-server-error")
    assert row["verdict"] == "fail"
    first, *requests = row["reason"].splitlines()
    assert first == "the shortest requests found that show it (x-conformance is 'unlisted'):"
    (request,) = requests
    assert request.startswith("1. POST /v1/")
    assert '"x-conformance": "unlisted"' in request
    assert "-> HTTP 500" in request
    assert '"policies": ["anti-affinity"]' in request
    shown.stdout.fnmatch_lines(["*10.1/no-server-error*", "*the shortest requests found*", "*1. POST /v1/*HTTP 500"])


def test_an_accepted_mistake_fails_with_what_was_changed(pytester: pytest.Pytester) -> None:
    """The claim that was broken fails, and says which request was accepted."""
    shown, certificate = _run(
        pytester,
        f"{_INVALID}[ecs.server-groups.create]",
        "--ecs-deviation=bound-over-unchecked",
        "--hypothesis-seed=1",
        "--ecs-properties=deep",
    )
    shown.assert_outcomes(failed=1)
    failed = [row["requirement"] for row in certificate["results"] if row["verdict"] == "fail"]
    assert failed == ["ecs.server-groups.create/request/server_group.name/maxLength"]
    _, request = _row(certificate, failed[0])["reason"].splitlines()
    assert request.startswith("1. POST /v1/")
    assert "-> HTTP 200" in request


@pytest.mark.parametrize(
    ("deviation", "requirement", "methods", "shown_by"),
    [
        ("metadata-delete-noop", "6.2/views-agree", ["POST", "DELETE", "GET"], "/metadata/conformance-"),
        ("stop-noop", "6.3/state-follows", ["POST", "GET"], '"os-stop": '),
    ],
)
def test_a_broken_lifecycle_fails_with_the_shortest_way_there(
    pytester: pytest.Pytester, deviation: str, requirement: str, methods: list[str], shown_by: str
) -> None:
    """Of many steps, those that did nothing and the query that shows it are left."""
    shown, certificate = _run(pytester, "test_lifecycles", f"--ecs-deviation={deviation}", "--hypothesis-seed=1")
    shown.assert_outcomes(failed=1)
    _, *requests = _row(certificate, requirement)["reason"].splitlines()
    assert [line.split()[1] for line in requests] == methods
    assert shown_by in requests[-2]


def test_the_conforming_mock_has_every_property(pytester: pytest.Pytester) -> None:
    """With a seed that nobody chose; it is in the report, with the command that repeats it, and no folder is written."""
    shown, certificate = _run(pytester, "test_lifecycles")
    shown.assert_outcomes(passed=1)
    drawn = certificate["properties"]
    assert (drawn["profile"], drawn["database"]) == ("quick", None)
    assert drawn["command"] == f"pytest-ecs run full --hypothesis-seed={drawn['seed']}"
    shown.stdout.fnmatch_lines(
        [f"Properties: quick, seed {drawn['seed']}; repeat with --hypothesis-seed={drawn['seed']}"]
    )
    out = pytester.path / "out"
    assert f"seed {drawn['seed']}" in (out / "report.html").read_text(encoding="utf-8")
    assert f"seed {drawn['seed']}" in (out / "summary.md").read_text(encoding="utf-8")
    assert {row["verdict"] for row in certificate["results"]} == {"pass", "not_applicable", "not_tested"}
    assert [path.name for path in pytester.path.iterdir()] == ["out"]


def test_what_broke_is_tried_first_the_next_time(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples are kept beside the report, which names their folder; a run into the same folder begins with them."""
    monkeypatch.setattr(
        "hypothesis.core.global_force_seed", None
    )  # other tests' --hypothesis-seed stays in the process
    test, deviation = f"{_VALID}[ecs.server-groups.create]", "--ecs-deviation=unknown-field-crashes"
    shown, certificate = _run(pytester, test, deviation, "--ecs-properties=deep")
    shown.assert_outcomes(failed=1)
    assert certificate["properties"]["database"] == "examples"
    out = pytester.path / "out"
    assert any(file.is_file() for file in (out / "examples" / "valid" / "ecs.server-groups.create").rglob("*"))
    assert "folder examples beside this file" in (out / "report.html").read_text(encoding="utf-8")
    _run(pytester, test, deviation)
    rows = map(json.loads, gzip.decompress((out / "evidence.jsonl.gz").read_bytes()).splitlines())
    asked = [row for row in rows if row.get("operation") == "ecs.server-groups.create" and row.get("request_body")]
    control, first = asked[:2]
    assert (control["status"], first["status"]) == (200, 500)
    assert first["request_body"]["x-conformance"] == "unlisted"


def test_the_same_seed_gives_the_same_requests(pytester: pytest.Pytester) -> None:
    """Also where other modules are loaded, of whose constants hypothesis would make use; another seed gives others."""
    test = f"{_VALID}[ecs.tags.query]"
    _run(pytester, test, "--hypothesis-seed=5")
    once = _sent(pytester.path)
    _run(pytester, test, "--hypothesis-seed=6")
    other = _sent(pytester.path)
    pytester.makepyfile(constants="LENGTH, WORD = 77, 'seventy-seven'")
    pytester.syspathinsert()
    _run(pytester, test, "--hypothesis-seed=5", "-p", "constants")
    again = _sent(pytester.path)

    def plain(sent: list[tuple[str, str]]) -> list[str]:
        return [body.split("ecs-conformance")[0] for _, body in sent]

    assert len(once) > 5
    assert plain(once) == plain(again)
    assert plain(once) != plain(other)


def test_properties_can_be_switched_off(pytester: pytest.Pytester) -> None:
    """They are not tested then, and the report says by which option."""
    shown, certificate = _run(pytester, "test_lifecycles", "--ecs-properties=off")
    shown.assert_outcomes(skipped=1)
    row = _row(certificate, "6.2/views-agree")
    assert row["verdict"] == "not_tested"
    assert "--ecs-properties=off" in row["reason"]
    assert certificate["properties"]["seed"] is None


def test_an_unknown_profile_is_one_sentence(pytester: pytest.Pytester) -> None:
    """The option says what it takes."""
    shown = pytester.runpytest("-q", "--ecs-report=out", "--ecs-properties=quik")
    assert shown.ret == pytest.ExitCode.USAGE_ERROR
    shown.stderr.fnmatch_lines(["*--ecs-properties: 'quik' is not one of quick, deep, off; did you mean quick?"])


def test_all_workers_have_one_seed(pytester: pytest.Pytester) -> None:
    """The controller chooses it, and reports the one that they used."""
    pytester.makepyfile("""
        import pathlib, pytest
        @pytest.mark.parametrize("number", range(8))
        def test_seed(ecs_settings, number):
            with open(pathlib.Path(__file__).with_name("seeds.txt"), "a") as file:
                file.write(f"{ecs_settings.worker} {ecs_settings.seed}\\n")
            assert ecs_settings.seed
    """)
    pytester.runpytest_subprocess("-q", "-n", "2", "--dist=each").assert_outcomes(passed=16)
    rows = [line.split() for line in (pytester.path / "seeds.txt").read_text(encoding="utf-8").splitlines()]
    assert {worker for worker, _ in rows} == {"gw0", "gw1"}
    assert len({number for _, number in rows}) == 1
