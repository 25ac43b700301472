"""What a certificate says of how it was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ecs._run.about import command_line
from pytest_ecs._run.options import Settings


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("waivers.yaml", "waivers.yaml"),
        ("/srv/run/sub/waivers.yaml", "sub/waivers.yaml"),
        ("/srv/customers/acme/waivers.yaml", "waivers.yaml"),
        ("../acme/waivers.yaml", "waivers.yaml"),
        ("/srv/running/waivers.yaml", "waivers.yaml"),
    ],
)
def test_a_command_holds_no_folder_of_the_machine(file: str, said: str) -> None:
    """Only what is in the folder of the run can be found from there by others."""
    folder = Path("/srv/run")
    settings = Settings(cloud="a", waivers=folder / file, folder=folder)
    assert command_line(settings) == f"pytest-ecs run full --ecs-cloud=a --ecs-waivers={said}"
    assert command_line(Settings(profile=file, folder=folder)) == f"pytest-ecs run {said}"
