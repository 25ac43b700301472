"""The examples are what they say: each runs, on the embedded mock, from a folder of its own."""

from pathlib import Path

import pytest

_EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("file", sorted(_EXAMPLES.glob("test_*.py")), ids=lambda file: file.stem)
def test_an_example_passes(pytester: pytest.Pytester, file: Path) -> None:
    """As a stranger would run it, with a certificate beside it, except where the mock is there for a client."""
    text = file.read_text(encoding="utf-8")
    (pytester.path / file.name).write_text(text, encoding="utf-8")
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider", "--ecs-report=out", "--ecs-level=must")
    outcomes = result.parseoutcomes()
    assert outcomes.get("passed"), result.stdout.str()
    assert set(outcomes) <= {"passed", "deselected", "warning", "warnings"}, result.stdout.str()
    assert (pytester.path / "out" / "report.json").exists() is ("ecs_mock" not in text)
