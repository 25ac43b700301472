"""The credentials file of the vendor's SDKs: an ini file with the sections ``basic`` (a project) and ``global`` (a domain)."""

from __future__ import annotations

import configparser
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_ecs._http.cloud_files import at_home
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["NAMES", "VARIABLE", "read_vendor_file"]

#: The variable that says where it is, if not in ``~/.huaweicloud/credentials``.
VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
#: Field of `Credentials` -> key of the section.
NAMES: Mapping[str, Sequence[str]] = {
    "ak": ("ak",),
    "sk": ("sk",),
    "security_token": ("security_token",),
    "project_id": ("project_id",),
    "iam": ("iam_endpoint",),
}


def read_vendor_file(environ: Mapping[str, str]) -> tuple[Path | None, Mapping[str, str], tuple[str, ...]]:
    """Return the file, what its section ``basic`` has, and remarks on what is in it and not used; no file: None and nothing.

    Raises `ConfigurationError` when the file that `VARIABLE` names is not there, or a file is not as it should be.
    """
    named, home = environ.get(VARIABLE, "").strip(), environ.get("HOME", "").strip()
    if not named and not home:
        return None, {}, ()
    file = at_home(named) if named else Path(home) / ".huaweicloud" / "credentials"
    if not named and not file.is_file():
        return None, {}, ()
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(
            f"The credentials file {file} cannot be read",
            seen=error.strerror or type(error).__name__,
            hint=f"check {VARIABLE}",
        ) from None
    except (ValueError, configparser.Error) as error:
        # Its text would hold the line, which may be the secret.
        raise ConfigurationError(
            f"The credentials file {file} is no ini file",
            seen=type(error).__name__,
            hint="it has a section [basic] with ak, sk and project_id",
        ) from None
    values = {key: text.strip() for key, text in parser.items("basic")} if parser.has_section("basic") else {}
    remarks = [f"[{name}] of {file}, where [basic] is read" for name in parser.sections() if name != "basic"]
    if values.get("idp_id"):
        remarks.append(f"idp_id of {file}: a login through an identity provider is not supported")
    known = {key for keys in NAMES.values() for key in keys} | {"idp_id"}
    remarks += [f"{key} of [basic] of {file}" for key in values if key not in known]
    return file, values, tuple(remarks)
