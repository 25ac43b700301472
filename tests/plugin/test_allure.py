"""``--alluredir``: what Allure shows of a test of the suites beside pytest's own words."""

import json
import sys

import pytest

pytest.importorskip("allure_pytest", reason="allure-pytest is not installed (the extra 'readers')")


def test_results_name_requirements_and_hold_the_evidence(pytester: pytest.Pytester) -> None:
    """By tags, features and stories; a broken requirement has its exchanges attached, without secrets."""
    command = (sys.executable, "-m", "pytest_ecs", "run", "-q", "--ecs-report=out", "--alluredir=allure")
    pytester.run(*command, "--ecs-deviation=quota-null", "--ecs-properties=off", "--ecs-operation=ecs.quotas.show")
    folder = pytester.path / "allure"
    results = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*-result.json")]
    assert results
    labels = {(label["name"], label["value"]) for result in results for label in result["labels"]}
    assert {("epic", "ECS API"), ("story", "ecs.quotas.show")} <= labels
    assert any(name == "tag" and value.startswith("ecs.quotas.show/") for name, value in labels)
    assert any(name == "feature" and value.startswith("5.7.1") for name, value in labels)
    failed = [result for result in results if result["status"] == "failed"]
    attached = [one for result in failed for one in result["attachments"] if "/cloudservers/limits" in one["name"]]
    assert attached
    text = (folder / attached[0]["source"]).read_text(encoding="utf-8")
    assert "curl" in text
    assert "HTTP 200" in text
    assert "$X_AUTH_TOKEN" in text
