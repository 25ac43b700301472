"""Finds credentials where users keep them: clouds.yaml and secure.yaml, ``OS_*``, the SDK's and Terraform's variables.

Nothing here reads the process's environment or home folder by itself; both are given. No value that may be a secret
gets into a ``repr`` or an exception text.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from pytest_ecs.exceptions import ConfigurationError

__all__ = ["Credentials", "load"]

#: Returns the bytes of a file; raises `OSError` as `pathlib.Path.read_bytes` does.
Reader = Callable[[Path], bytes]

_SECRET_FIELDS = ("password", "ak", "sk", "security_token")
#: Fields that say whose credentials these are: sources that differ in one of them are not mixed.
_WHO = ("iam", "domain", "username", "project_id", "project_name")

#: Where each field stands in an entry of clouds.yaml; the first name that has a value wins.
_CLOUD_NAMES: dict[str, tuple[str, ...]] = {
    "endpoint": ("ecs_endpoint", "compute_endpoint_override"),
    "region": ("region_name",),
    "iam": ("auth.auth_url",),
    "domain": ("auth.user_domain_name", "auth.domain_name"),
    "username": ("auth.username",),
    "password": ("auth.password",),
    "project_id": ("auth.project_id",),
    "project_name": ("auth.project_name",),
    "ak": ("auth.access_key", "auth.ak"),
    "sk": ("auth.secret_key", "auth.sk"),
    "security_token": ("auth.security_token",),
}

#: Groups of variables in their order; each is taken as one source.
_VARIABLES: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "OS_* variables",
        {
            "iam": "OS_AUTH_URL",
            "username": "OS_USERNAME",
            "password": "OS_PASSWORD",
            "project_name": "OS_PROJECT_NAME",
            "project_id": "OS_PROJECT_ID",
            "domain": "OS_USER_DOMAIN_NAME",
            "region": "OS_REGION_NAME",
        },
    ),
    (
        "HUAWEICLOUD_SDK_* variables",
        {
            "ak": "HUAWEICLOUD_SDK_AK",
            "sk": "HUAWEICLOUD_SDK_SK",
            "project_id": "HUAWEICLOUD_SDK_PROJECT_ID",
            "security_token": "HUAWEICLOUD_SDK_SECURITY_TOKEN",
        },
    ),
    ("HW_* variables", {"ak": "HW_ACCESS_KEY", "sk": "HW_SECRET_KEY", "region": "HW_REGION_NAME"}),
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who sends the requests, and where to (4.1, 4.2); has a user name with password, an AK with SK, or both pairs."""

    #: Address of IAM, as the user wrote it.
    iam: str | None = None
    #: Address of the ECS endpoint, where the user overrides the catalogue.
    endpoint: str | None = None
    region: str | None = None
    #: Name of the account to which the user belongs.
    domain: str | None = None
    username: str | None = None
    password: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    ak: str | None = None
    sk: str | None = None
    #: Goes with a temporary AK/SK.
    security_token: str | None = None
    #: Where they were found, in words.
    source: str = ""

    def __repr__(self) -> str:
        shown = (
            f"{f.name}={'***' if f.name in _SECRET_FIELDS else repr(value)}"
            for f in fields(self)
            if (value := getattr(self, f.name)) is not None
        )
        return f"Credentials({', '.join(shown)})"

    def secrets(self) -> tuple[str, ...]:
        """Return the values that must be redacted wherever they show up; the AK is among them."""
        return tuple(value for name in _SECRET_FIELDS if (value := getattr(self, name)))


def load(
    cloud: str | None, environ: Mapping[str, str], search: Sequence[Path], *, read: Reader = Path.read_bytes
) -> Credentials:
    """Return the credentials of *cloud*, or without a name those of the environment.

    A named cloud comes from the first clouds.yaml in the folders of *search* that has it, secrets merged from the
    secure.yaml beside it. If it holds a password or an AK/SK it is taken alone: variables of another account must not
    turn a second identity into the first. If it holds neither, the variables complete it.

    Variables count in this order: ``OS_*``, ``HUAWEICLOUD_SDK_*``, ``HW_*``; an empty one counts as not set. A later
    source fills what earlier ones left open. It is left out as a whole when it names another user, domain, project or
    IAM; an AK only comes with the SK and security token of the same source.

    Raises `ConfigurationError` when a file cannot be read or is not as it should be, no file has *cloud*, or neither a
    user name with password nor an AK with SK was found; the text says every place that was looked at. Who else may
    read secure.yaml is the user's business and no error.
    """
    found = Credentials()
    looked: list[str] = []
    if cloud is not None:
        found = _from_clouds(cloud, search, read)
        looked.append(f"{found.source} {_lacks(found)}")
    if cloud is None or not _is_complete(found):
        for label, names in _VARIABLES:
            given = {field: value for field, name in names.items() if (value := environ.get(name, "").strip())}
            found, remark = _merge(found, Credentials(**given, source=label), names)
            looked.append(f"{label} {remark}")
    if _is_complete(found):
        return found
    raise ConfigurationError(
        f"no password and no AK/SK found{f' for cloud {cloud!r}' if cloud is not None else ''}",
        seen="; ".join(looked),
        hint="Set OS_USERNAME and OS_PASSWORD, or HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or "
        + ("put them" if cloud is not None else "name a cloud with --ecs-cloud that has them")
        + " under auth in clouds.yaml or secure.yaml",
    )


def _is_complete(found: Credentials) -> bool:
    return bool((found.username and found.password) or (found.ak and found.sk))


def _lacks(found: Credentials, names: Mapping[str, str] | None = None) -> str:
    """Say in brackets which halves of a credential are there."""
    names = names or {}
    halves = [
        f"{names.get(name, name)} {'set' if getattr(found, name) else 'not set'}"
        for name in ("username", "password", "ak", "sk")
        if not names or name in names
    ]
    return f"({', '.join(halves)})"


def _merge(first: Credentials, second: Credentials, names: Mapping[str, str]) -> tuple[Credentials, str]:
    """Return *first* with its gaps filled from *second*, and a remark on what *second* had."""
    for name in _WHO:
        mine, other = getattr(first, name), getattr(second, name)
        if mine and other and mine != other:
            return first, f"(left out: {names[name]} differs from what {first.source} says)"
    taken = {
        name: value
        for name in (*_WHO, "region", "password")
        if getattr(first, name) is None and (value := getattr(second, name)) is not None
    }
    if first.ak is None and second.ak and second.sk:
        taken.update(ak=second.ak, sk=second.sk, security_token=second.security_token)
    if taken:
        source = f"{first.source} + {second.source}" if first.source else second.source
        return replace(first, **taken, source=source), _lacks(second, names)
    return first, _lacks(second, names)


# -- files -----------------------------------------------------------------------------------------------------------


def _from_clouds(cloud: str, search: Sequence[Path], read: Reader) -> Credentials:
    names: dict[str, None] = {}
    files: list[Path] = []
    for folder in search:
        path = folder / "clouds.yaml"
        clouds = _clouds_in(path, read)
        if clouds is None:
            continue
        files.append(path)
        if cloud in clouds:
            secure_path = folder / "secure.yaml"
            secure = _clouds_in(secure_path, read) or {}
            values = _values(path, cloud, clouds[cloud])
            source = f"cloud {cloud!r} in {path}"
            if cloud in secure:
                values.update(_values(secure_path, cloud, secure[cloud]))
                source += " and secure.yaml"
            return Credentials(**values, source=source)
        names.update(dict.fromkeys(clouds))
    if not files:
        raise ConfigurationError(
            f"cloud {cloud!r} is asked for, but there is no clouds.yaml",
            seen=f"nothing in {', '.join(str(folder) for folder in search) or 'no folder at all'}",
            hint="Put clouds.yaml into one of these folders",
        )
    close = difflib.get_close_matches(cloud, names, n=max(len(names), 1), cutoff=0.0)
    raise ConfigurationError(
        f"cloud {cloud!r} is not in {' or '.join(map(str, files))}",
        seen=f"the clouds {', '.join(close)}" if close else "no cloud at all",
        hint="Use one of these names, or add the cloud to the file",
    )


def _clouds_in(path: Path, read: Reader) -> dict[str, Any] | None:
    """Return the entries below ``clouds``; None when there is no such file."""
    import yaml

    try:
        text = read(path).decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read",
            seen=error.strerror or type(error).__name__,
            hint="Correct the file's permissions, or take it away",
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        # Not chained: that exception carries the file's content.
        raise ConfigurationError(
            f"{path} is not YAML", seen=f"line {line} is not UTF-8 text", hint="Save the file as UTF-8"
        ) from None
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        at = getattr(error, "position", None)  # of a character that YAML does not allow
        if mark is not None:
            where = f"line {mark.line + 1}, column {mark.column + 1}"
        elif isinstance(at, int):
            where = f"line {text.count(chr(10), 0, at) + 1}, a character that YAML does not allow"
        else:
            where = "a value that cannot be read"
        # Neither chained nor quoted: YAML's own text shows the line or word it stumbled over, in a file of secrets.
        raise ConfigurationError(
            f"{path} is not YAML",
            seen=where,
            hint="Check indentation there, and put values with special characters into quotes",
        ) from None
    clouds = data.get("clouds") if isinstance(data, dict) else None
    if not isinstance(clouds, dict):
        raise ConfigurationError(
            f"{path} is not a file of clouds",
            seen="nothing" if data is None else "no mapping named clouds at its top",
            hint="It starts with clouds:, below which each cloud has its name and an auth block",
        )
    return {str(name): entry for name, entry in clouds.items()}


def _values(path: Path, cloud: str, entry: object) -> dict[str, str]:
    """Return the fields of a cloud's entry by our names; empty ones are absent."""
    auth = entry.get("auth") if isinstance(entry, dict) else None
    if not (entry is None or isinstance(entry, dict)) or not (auth is None or isinstance(auth, dict)):
        raise ConfigurationError(
            f"cloud {cloud!r} in {path} is not a mapping with an auth block",
            hint="Indent its fields, and those of auth once more",
        )
    flat = {**(entry or {}), **{f"auth.{name}": value for name, value in (auth or {}).items()}}
    values: dict[str, str] = {}
    for field, names in _CLOUD_NAMES.items():
        for name in names:
            value = flat.get(name)
            if value is None or value == "" or field in values:
                continue
            if not isinstance(value, str):
                # 0123 has become 83 by now, and true a truth value: the text the user meant is lost.
                raise ConfigurationError(
                    f"{name} of cloud {cloud!r} in {path} is not text",
                    seen=f"YAML reads it as {type(value).__name__}",
                    hint="Put the value into quotes",
                )
            values[field] = value
    return values
