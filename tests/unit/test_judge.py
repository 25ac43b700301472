"""Judging a whole exchange: what its status, headers and body say of an operation at a microversion."""

from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._checks import rejudge
from pytest_ecs._contracts import Contract

from .contracts.tiny_contract import contract, group, operation
from .exchanges import exchange


@pytest.fixture(scope="module")
def imaging(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """An operation that answered with a header once and with a body since 2.45."""
    made = operation(
        "nova.servers.image", "POST /v2.1/image", headers='{Location: {type: string, x-until: "2.45"}}',
        success='{type: object, required: [image_id], properties: {image_id: {type: string, x-since: "2.45"}}}',
    )  # fmt: skip
    folder: Path = tmp_path_factory.mktemp("contract")
    return contract(folder, {"nova/all.yaml": group(made, chapter="nova")})


@pytest.mark.parametrize(
    ("microversion", "headers", "body", "failed"),
    [
        ("2.44", {"location": "https://x"}, None, set()),
        ("2.44", {}, None, {"header/Location"}),
        (None, {}, None, {"header/Location"}),
        ("2.44", {"location": "https://x"}, {"image_id": "i"}, {"response/image_id/since"}),
        ("2.45", {}, {"image_id": "i"}, set()),
        ("2.45", {}, None, {"response/body/type"}),
        ("2.100", {}, {}, {"response/image_id/required"}),
    ],
)
def test_headers_and_bodies_come_and_go_with_microversions(
    imaging: Contract, microversion: str | None, headers: dict[str, str], body: Any, failed: set[str]
) -> None:
    """Neither is asked for where it is not documented, and each is where it is."""
    seen = exchange("nova.servers.image", 200, body, microversion=microversion, response_headers=headers)
    found = {f.requirement.partition("/")[2] for f in rejudge([seen], [], imaging) if f.outcome == "fail"}
    assert found == failed
