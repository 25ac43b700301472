"""The credentials file of the vendor's SDKs is read where they read it, and never mixed with another account."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ecs._http.credentials import load
from pytest_ecs.exceptions import ConfigurationError

_FILE = """
[basic]
ak = FILEAK
sk = file-secret-17
project_id = f0
iam_endpoint = https://iam.example.com

[global]
ak = OTHERAK
sk = other-secret-17
domain_id = d0
"""


def _home(folder: Path, text: str = _FILE) -> dict[str, str]:
    (folder / ".huaweicloud").mkdir()
    (folder / ".huaweicloud" / "credentials").write_text(text, encoding="utf-8")
    return {"HOME": str(folder)}


def test_it_is_read_from_the_home_folder(tmp_path: Path) -> None:
    """What is in it and not used is named."""
    found = load(None, _home(tmp_path), [])
    assert (found.ak, found.sk, found.project_id, found.iam) == (
        "FILEAK",
        "file-secret-17",
        "f0",
        "https://iam.example.com",
    )
    assert found.source.endswith("/.huaweicloud/credentials")
    assert any(one.startswith("[global] of ") for one in found.unused)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[Basic]\nak = FILEAK\nsk = file-secret-17",
            r"ak not set, sk not set\), not used: \[Basic\] of .*where \[basic\] is read;",
        ),
        (
            "[basic]\naccess_key = FILEAK\nsk = file-secret-17",
            r"ak not set, sk set\), not used: access_key of \[basic\] of ",
        ),
    ],
)
def test_what_else_is_in_it_is_said_where_nothing_is_found(tmp_path: Path, text: str, said: str) -> None:
    """Whoever wrote it would look at a file that has all."""
    with pytest.raises(ConfigurationError, match=said) as caught:
        load(None, _home(tmp_path, text), [])
    assert "FILEAK" not in str(caught.value)
    assert "file-secret-17" not in str(caught.value)


def test_keys_that_nothing_reads_are_named(tmp_path: Path) -> None:
    """As variables are."""
    found = load(None, _home(tmp_path, "[basic]\nak = FILEAK\nsk = file-secret-17\nregion = r"), [])
    assert any(one.startswith("region of [basic] of ") for one in found.unused)


def test_the_variable_names_another_place(tmp_path: Path) -> None:
    """A file that is named and not there is a mistake; one that nobody named is none."""
    (tmp_path / "mine").write_text(_FILE, encoding="utf-8")
    assert load(None, {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(tmp_path / "mine")}, []).ak == "FILEAK"
    with pytest.raises(ConfigurationError, match=r"none cannot be read.*HUAWEICLOUD_SDK_CREDENTIALS_FILE"):
        load(None, {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(tmp_path / "none")}, [])
    with pytest.raises(ConfigurationError, match="no password and no AK/SK found"):
        load(None, {"HOME": str(tmp_path)}, [])


def test_the_variables_of_the_sdk_go_first_and_another_key_is_another_account(tmp_path: Path) -> None:
    """Nothing of the file fills what the variables leave open."""
    found = load(None, _home(tmp_path) | {"HUAWEICLOUD_SDK_AK": "VARAK", "HUAWEICLOUD_SDK_SK": "var-secret-17"}, [])
    assert (found.ak, found.sk, found.project_id, found.iam) == ("VARAK", "var-secret-17", None, None)
    assert any("credentials (left out: ak differs" in one for one in found.unused)


@pytest.mark.parametrize("text", ["ak = FILEAK-is-no-section", "[basic]\nak", "[basic]\nsk = a\nsk = file-secret-17"])
def test_a_file_that_is_none_is_a_sentence_without_its_text(tmp_path: Path, text: str) -> None:
    """The line that is wrong may be the secret."""
    with pytest.raises(ConfigurationError, match="is no ini file") as caught:
        load(None, _home(tmp_path, text), [])
    assert "FILEAK" not in str(caught.value)
    assert "file-secret-17" not in str(caught.value)
