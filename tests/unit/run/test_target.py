"""Which target the settings name, before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ecs._run.options import Settings
from pytest_ecs._run.target import _named, one_sentence, open_target
from pytest_ecs.exceptions import ConfigurationError, Unreachable

LOGIN = {
    "OS_AUTH_URL": "https://iam.example.com/v3",
    "OS_USERNAME": "eve",
    "OS_PASSWORD": "hidden-17",
    "OS_USER_DOMAIN_NAME": "acme",
}


def test_only_the_catalogue_knows_the_endpoint(tmp_path: Path) -> None:
    """Where a cloud has a login, that is enough."""
    (tmp_path / "clouds.yaml").write_text(
        "clouds: {c: {region_name: r, auth: {auth_url: 'https://k/v3', username: u, password: s-17, project_id: p}}}"
    )
    target = open_target(Settings(cloud="c", folder=tmp_path), {"HOME": str(tmp_path)})
    assert (target.endpoint, target.iam, target.region) == ("", "https://k", "r")


def test_a_project_in_the_url_counts_where_the_credentials_name_none() -> None:
    """An AK/SK without a project, for example."""
    keys = {"HUAWEICLOUD_SDK_AK": "ak", "HUAWEICLOUD_SDK_SK": "sk-17"}
    target = open_target(Settings(endpoint="https://ecs.example.com/v1/0a1b"), {**keys, "HOME": "/nowhere"})
    assert target.endpoint == "https://ecs.example.com"
    assert target.identities["primary"].project_id == "0a1b"


@pytest.mark.parametrize(
    ("environ", "verify"),
    [
        ({}, True),
        ({"OS_INSECURE": "true"}, False),
        ({"OS_CACERT": "/ca.pem"}, Path("/ca.pem")),
    ],
)
def test_what_was_said_of_tls_is_kept(environ: dict[str, str], verify: object) -> None:
    """From the place where the credentials are."""
    settings = Settings(endpoint="https://ecs.example.com")
    target = open_target(settings, {**LOGIN, **environ, "OS_PROJECT_ID": "p", "HOME": "/nowhere"})
    assert target.verify == verify


def test_options_go_before_what_the_credentials_say_of_tls() -> None:
    """The command line is the last word."""
    environ = {**LOGIN, "OS_INSECURE": "true", "OS_PROJECT_ID": "p", "HOME": "/nowhere"}
    settings = Settings(endpoint="https://ecs.example.com", ca_file=Path("/mine.pem"))
    assert open_target(settings, environ).verify == Path("/mine.pem")


def test_an_aksk_alone_needs_an_endpoint() -> None:
    """The catalogue needs a login."""
    environ = {"HW_ACCESS_KEY": "ak", "HW_SECRET_KEY": "sk-17", "HW_AUTH_URL": "https://iam/v3", "OS_CLOUD": ""}
    with pytest.raises(ConfigurationError, match=r"needs a login.*--ecs-endpoint"):
        _named(Settings(), {**environ, "HOME": "/nowhere"})


def test_any_exception_becomes_a_sentence_without_its_text() -> None:
    """It might hold a password; what is ours stays as it is."""
    with (
        pytest.raises(ConfigurationError, match=r"cannot be opened\. Seen: ValueError in test_target\.py") as caught,
        one_sentence(),
    ):
        raise ValueError("hidden-17")
    assert "hidden-17" not in f"{caught.value}"
    with pytest.raises(Unreachable), one_sentence():
        raise Unreachable("no")
    with pytest.raises(BrokenPipeError), one_sentence():  # nobody reads what is printed
        raise BrokenPipeError
