"""``pytest-ecs doctor``: everything that a run stands on, and nothing is created."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from .conftest import Command

pytestmark = pytest.mark.usefixtures("clouds")


def test_everything_is_said_with_where_it_came_from(command: Command, mock: dict[str, Any], tmp_path: Path) -> None:
    """Endpoint, logins, chapters, quotas, and what servers are made from; no secret is shown."""
    done = command(
        "doctor", "--ecs-cloud=first", "--ecs-other-cloud=second", "--ecs-restricted-cloud=third", "--write=ecs.toml"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for part in (
        f"{mock['endpoint']}   [the catalogue of IAM]",
        "by password, for project",
        "chapter 5",
        "chapter 6",
        "clock",
        "logs in to project",
        "is denied GET",
        "servers left of",
        "flavor",
    ):
        assert part in done.stdout, part
    assert mock["password"] not in done.stdout
    kept = tomllib.loads((tmp_path / "ecs.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert {"ecs_flavor", "ecs_other_flavor", "ecs_image", "ecs_network"} <= kept.keys()
    assert not {"ecs_cloud", "ecs_endpoint"} & kept.keys()


def test_what_it_writes_is_read_by_a_run(command: Command, tmp_path: Path) -> None:
    """From the folder, without a word on the command line."""
    command("doctor", "--ecs-cloud=first", "--write", "ecs.ini")
    text = (tmp_path / "ecs.ini").read_text()
    (tmp_path / "ecs.ini").write_text(text.replace("ecs_flavor = ", "ecs_flavor = mine-"))
    assert "each of flavor mine-" in command("plan", "native", "--ecs-cloud=first").stdout


def test_what_does_not_work_is_said_and_fails(command: Command, clouds: Path) -> None:
    """The rest is looked at all the same."""
    text = json.loads(clouds.read_text())
    text["clouds"]["second"]["auth"]["password"] = "wrong-one-17"
    clouds.write_text(json.dumps(text))
    done = command("doctor", "--ecs-cloud=first", "--ecs-other-cloud=second", "--ecs-restricted-cloud=first")
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert [line[1:3] for line in lines] == [["second", "project"], ["restricted", "user"]]
    assert "is not denied GET" in done.stdout
    assert "wrong-one-17" not in done.stdout + done.stderr


def test_a_user_that_may_do_nothing_is_said(command: Command) -> None:
    """The login and the quotas look as good as anybody's."""
    done = command("doctor", "--ecs-cloud=third")
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert [line.partition(" is denied GET")[0].split() for line in lines] == [
        ["FAIL", "rights", "chapter", f"{number}:"] for number in (5, 6)
    ]
    assert "pytest-ecs permissions" in lines[0]
    assert "rights" not in command("doctor", "--ecs-cloud=first").stdout


def test_nothing_is_created(command: Command, mock: dict[str, Any], tmp_path: Path) -> None:
    """Not even a line in the ledger."""
    command("doctor", "--ecs-cloud=first")
    swept = command("sweep", "--ecs-cloud=first", "--dry-run")
    assert "0 unfinished run(s)" in swept.stdout or "no ledger" in swept.stderr


@pytest.mark.parametrize("verb", ["doctor", "plan"])
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ([], "needs a target"),
        (["natve"], "did you mean native?"),
        (["--ecs-cloud=nowhere"], "cloud 'nowhere' is not in"),
        (["--ecs-endpoint=nonsense"], "is not a URL"),
    ],
)
def test_a_users_mistake_is_a_sentence(command: Command, verb: str, options: list[str], text: str) -> None:
    """No traceback."""
    who = {"OS_USERNAME": "u", "OS_PASSWORD": "p-17", "OS_USER_DOMAIN_NAME": "d", "OS_PROJECT_ID": "p"}
    done = command(verb, *options, **who)
    assert done.returncode == 4
    assert text in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["", "ecs.yaml"])
def test_a_file_of_another_form_is_refused_before_anything_is_sent(command: Command, name: str) -> None:
    """The two forms that pytest reads."""
    done = command("doctor", "--ecs-cloud=first", f"--write={name}")
    assert done.returncode == 4
    assert ".toml or .ini" in done.stderr


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("pyproject.toml", '[project]\nname = "x"\n', "line 1 of it"),
        ("ecs.toml", "# of mine\n[tool.pytest.ini_options]\n", "line 1 of it"),
        ("ecs.toml", '[tool.pytest.ini_options]\necs_flavor = "f"\necs_waivers = "w.yaml"\n', "line 3 of it"),
        ("ecs.toml", '[tool.pytest.ini_options]\necs_flavor = "f" # the cheap one\n', "line 2 of it"),
        ("ecs.ini", None, "Is a directory"),
        ("nowhere/ecs.toml", None, "there is no such folder"),
    ],
)
def test_a_file_that_would_lose_something_is_refused_before_anything_is_sent(
    command: Command, tmp_path: Path, name: str, text: str | None, said: str
) -> None:
    """And left as it is."""
    if text is not None:
        (tmp_path / name).write_text(text)
    else:
        (tmp_path / "ecs.ini").mkdir()
    done = command("doctor", "--ecs-cloud=first", "--write", name)
    assert (done.returncode, done.stdout) == (4, "")
    assert said in done.stderr
    assert text is None or (tmp_path / name).read_text() == text


def test_a_file_beside_the_one_that_is_read_is_refused_before_anything_is_sent(
    command: Command, tmp_path: Path
) -> None:
    """The next run would read one of the two."""
    (tmp_path / "pytest.ini").write_text("[pytest]\necs_max_servers = 5\n")
    done = command("doctor", "--ecs-cloud=first", "--write", "ecs.toml")
    assert (done.returncode, done.stdout) == (4, "")
    assert "--write ecs.toml: pytest.ini has keys for this plugin, and only one file is read" in done.stderr
    assert command("doctor", "--ecs-cloud=first", "--write", "found.toml").returncode == 0


def test_an_id_that_was_given_is_not_called_good(command: Command, tmp_path: Path) -> None:
    """Nothing is sent for it; it is kept as it is."""
    done = command("doctor", "--ecs-cloud=first", "--ecs-image=nope", "--write", "found.toml")
    assert " -  image                  nope, as it was given: nothing looked at it   [--ecs-image]" in done.stdout
    assert 'ecs_image = "nope"' in (tmp_path / "found.toml").read_text()


def test_what_it_wrote_it_writes_again(command: Command, tmp_path: Path) -> None:
    """Such a file has nothing to lose."""
    for name in ("found.toml", "found.ini"):
        for _ in range(2):
            assert command("doctor", "--ecs-cloud=first", "--write", name).returncode == 0
        assert "ecs_flavor" in (tmp_path / name).read_text()


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({"ALL_PROXY": "ftp://127.0.0.1:9"}, "proxy"),
        ({"SSL_CERT_FILE": "/nowhere.pem"}, "SSL_CERT_FILE names /nowhere.pem"),
        ({"HTTP_PROXY": "http://["}, "proxy"),
    ],
)
def test_the_environment_of_a_target_is_a_sentence(command: Command, variables: dict[str, str], text: str) -> None:
    """Proxies and certificates go wrong in many places, and all of them end in one."""
    done = command("run", "native", "--ecs-cloud=first", **variables)
    assert done.returncode == 4, done.stdout + done.stderr
    assert text in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr
