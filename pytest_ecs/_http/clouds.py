"""Reads a cloud of clouds.yaml with openstacksdk's own configuration loader, which is imported only then.

What the loader would pass over in silence or say with the file's content is looked at before: a file that is no YAML
is named with the line, never with its text, since it holds secrets.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_ecs._text import by_likeness
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["Cloud", "read_cloud"]

_ENDINGS = ("yaml", "yml", "json")
#: What is read of an entry beside its ``auth`` block.
_READ = frozenset(
    {
        "auth",
        "auth_type",
        "auth_plugin",
        "region_name",
        "regions",
        "profile",
        "cloud",
        "verify",
        "insecure",
        "cacert",
        "cert",
        "key",
        "interface",
        "endpoint_type",
        "identity_interface",
        "compute_interface",
        "compute_endpoint_override",
        "ecs_endpoint",
        "ecs_endpoint_override",
        "identity_endpoint_override",
        "identity_api_version",
        "user_domain_name",
        "user_domain_id",
        "project_domain_name",
        "project_domain_id",
        "domain_name",
        "domain_id",
        "default_domain",
        "default_domain_name",
        "default_domain_id",
        "username",
        "password",
        "project_name",
        "project_id",
        "tenant_name",
        "tenant_id",
    }
)
_READ_AUTH = frozenset(
    {
        "auth_url",
        "username",
        "user_id",
        "password",
        "user_domain_name",
        "user_domain_id",
        "project_id",
        "project_name",
        "project_domain_name",
        "project_domain_id",
        "tenant_name",
        "tenant_id",
        "domain_name",
        "domain_id",
        "default_domain_name",
        "default_domain_id",
        "token",
        "auth_token",
        "application_credential_id",
        "application_credential_name",
        "application_credential_secret",
        "access_key",
        "secret_key",
        "ak",
        "sk",
        "security_token",
    }
)


@dataclass(frozen=True)
class Cloud:
    """An entry of clouds.yaml with its secrets and its profile, as openstacksdk sees it."""

    #: The ``auth`` block.
    auth: Mapping[str, str] = field(repr=False)
    auth_type: str
    region: str | None
    interface: str
    #: Address of the ECS or compute endpoint, where the entry overrides the catalogue.
    endpoint: str | None
    #: Address of IAM, where the entry overrides ``auth_url``.
    iam: str | None
    verify: bool
    ca_file: str | None
    certificate: str | None
    key: str | None
    #: Where it was found, in words.
    source: str
    #: What stands there and is not used.
    unused: tuple[str, ...]


def read_cloud(name: str, search: Sequence[Path], environ: Mapping[str, str], region: str | None = None) -> Cloud:
    """Return the cloud *name* from ``OS_CLIENT_CONFIG_FILE`` or the first clouds.yaml of *search* that has it.

    Raises `ConfigurationError` when no file has it, a file cannot be read or is not as it should be, or *region* is none
    of the cloud's.
    """
    path, entry = _find(name, search, environ)
    given = environ.get("OS_CLIENT_SECURE_FILE", "").strip()
    secure_files = [Path(given)] if given else list(_existing(path.parent, "secure"))
    source = f"cloud {name!r} in {path}"
    raws = [(path, entry)]
    own = [(path, _entry(path, name, entry))]
    for secure in secure_files[:1]:
        hidden = _clouds_in(secure)
        if hidden is not None and name in hidden:
            raws.append((secure, hidden[name]))
            own.append((secure, _entry(secure, name, hidden[name])))
            source += f" and {secure.name}"
    if not all(raw for _, raw in raws):
        return _plain([one for _, one in own], source)
    public = [file for folder in (path.parent, *search) for file in _existing(folder, "clouds-public")]
    found = _interpreted(name, region, source, [path], secure_files[:1], public)
    verify, certificate = found.get_requests_verify_args()
    pair = certificate if isinstance(certificate, tuple) else (certificate, None)
    entries = [one for _, one in own]
    override = next(
        (str(one[key]) for one in entries for key in ("ecs_endpoint", "ecs_endpoint_override") if one.get(key)), None
    )
    return Cloud(
        auth=_auth(found.config),
        auth_type=str(found.config.get("auth_type") or "password"),
        region=found.config.get("region_name") or None,
        interface=str(found.get_interface("compute") or "public"),
        endpoint=override or found.config.get("compute_endpoint_override") or None,
        iam=found.config.get("identity_endpoint_override") or None,
        verify=bool(verify),
        ca_file=verify if isinstance(verify, str) else None,
        certificate=pair[0] or None,
        key=pair[1] or None,
        source=source,
        unused=(*dict.fromkeys(_unused(entries)), *_lonely_key(entries)),
    )


def _auth(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the ``auth`` block, with the domain for what has none, which openstacksdk leaves beside it."""
    values = {**{key: config.get(key) for key in _DEFAULT_DOMAIN}, **config["auth"]}
    return {key: str(value) for key, value in values.items() if value not in (None, "")}


#: The domain of a user and a project that have none of their own.
_DEFAULT_DOMAIN = ("default_domain", "default_domain_name", "default_domain_id")


def _lonely_key(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if any(one.get("key") for one in entries) and not any(one.get("cert") for one in entries):
        yield "key, without the cert that it belongs to,"


def _plain(entries: Sequence[Mapping[str, Any]], source: str) -> Cloud:
    """Return a cloud of which one of the files has nothing but the name, which openstacksdk cannot read."""
    auth = {key: value for one in entries for key, value in one["auth"].items() if value}
    return Cloud(
        auth=auth,
        auth_type="password",
        region=None,
        interface="public",
        endpoint=None,
        iam=None,
        verify=True,
        ca_file=None,
        certificate=None,
        key=None,
        source=source,
        unused=(),
    )


def _interpreted(
    name: str, region: str | None, source: str, files: Sequence[Path], secure: Sequence[Path], public: Sequence[Path]
) -> Any:
    """Return openstacksdk's view of a cloud; whatever goes wrong there is one sentence."""
    from openstack.config import OpenStackConfig
    from openstack.exceptions import ConfigException

    wanted: dict[str, Any] = {"region_name": region} if region else {}
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            config = OpenStackConfig(
                config_files=[str(file) for file in files],
                secure_files=[str(file) for file in secure],
                vendor_files=[str(file) for file in public],
                load_envvars=False,
            )
            found = config.get_one(cloud=name, validate=False, **wanted)
    except ConfigException as error:
        raise ConfigurationError(
            f"{source} cannot be used",
            seen=" ".join(str(error).split())[:300],
            hint="Correct that entry, or --ecs-region",
        ) from None
    except Exception as error:  # noqa: BLE001 - the loader raises whatever its parts raise; its text may hold secrets
        raise ConfigurationError(
            f"{source} cannot be understood by openstacksdk",
            seen=type(error).__name__,
            hint="Check it with: openstack --os-cloud NAME token issue",
        ) from None
    missing = [str(one.message) for one in caught if "vendor profile" in str(one.message)]
    if missing:
        raise ConfigurationError(
            f"{source} names a profile that is not known",
            seen=missing[0],
            hint="Add it to clouds-public.yaml beside clouds.yaml, or write its values into the entry",
        )
    return found


def _existing(folder: Path, stem: str) -> Iterator[Path]:
    for ending in _ENDINGS:
        file = folder / f"{stem}.{ending}"
        try:
            present = file.exists()
        except OSError:
            present = False
        if present:
            yield file


def _find(name: str, search: Sequence[Path], environ: Mapping[str, str]) -> tuple[Path, Any]:
    names: dict[str, None] = {}
    files: list[Path] = []
    given = environ.get("OS_CLIENT_CONFIG_FILE", "").strip()
    named = [Path(given).expanduser()] if given else []
    for path in (*named, *(file for folder in search for file in _existing(folder, "clouds"))):
        clouds = _clouds_in(path)
        if clouds is None:
            raise ConfigurationError(
                f"OS_CLIENT_CONFIG_FILE names {path}, and there is no such file", hint="Correct or unset the variable"
            )
        files.append(path)
        if name in clouds:
            return path, clouds[name]
        names.update(dict.fromkeys(clouds))
    if not files:
        raise ConfigurationError(
            f"cloud {name!r} is asked for, but there is no clouds.yaml",
            seen=f"nothing in {', '.join(str(folder) for folder in search) or 'no folder at all'}",
            hint="Put clouds.yaml into one of these folders, or name it by OS_CLIENT_CONFIG_FILE",
        )
    close = by_likeness(name, names)
    raise ConfigurationError(
        f"cloud {name!r} is not in {' or '.join(map(str, files))}",
        seen=f"the clouds {', '.join(close)}" if close else "no cloud at all",
        hint="Use one of these names, or add the cloud to the file",
    )


def _clouds_in(path: Path) -> dict[str, Any] | None:
    """Return the entries below ``clouds``; None when there is no such file."""
    text = _text(path)
    if text is None:
        return None
    data = _parsed(path, text)
    clouds = data.get("clouds") if isinstance(data, dict) else None
    if not isinstance(clouds, dict):
        raise ConfigurationError(
            f"{path} is not a file of clouds",
            seen="nothing" if data is None else "no mapping named clouds at its top",
            hint="It starts with clouds:, below which each cloud has its name and an auth block",
        )
    return {str(name): entry for name, entry in clouds.items()}


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")
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


def _parsed(path: Path, text: str) -> Any:
    import yaml

    try:
        if path.suffix == ".json":
            return json.loads(text)
        _each_once(path, yaml.compose(text, Loader=yaml.SafeLoader), yaml.MappingNode)
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        at = getattr(error, "position", None)  # of a character that YAML does not allow
        if mark is not None:
            where = f"line {mark.line + 1}, column {mark.column + 1}"
        elif isinstance(error, json.JSONDecodeError):
            where = f"line {error.lineno}, column {error.colno}"
        elif isinstance(at, int):
            where = f"line {text.count(chr(10), 0, at) + 1}, a character that YAML does not allow"
        else:
            where = "a value that cannot be read"
        # Neither chained nor quoted: YAML's own text shows the line or word it stumbled over, in a file of secrets.
        raise ConfigurationError(
            f"{path} is not {'JSON' if path.suffix == '.json' else 'YAML'}",
            seen=where,
            hint="Check indentation there, and put values with special characters into quotes",
        ) from None


def _each_once(path: Path, node: Any, mapping: type) -> None:
    """Raise `ConfigurationError` for a key that a mapping has twice: YAML would take the last one, and say nothing."""
    if not isinstance(getattr(node, "value", None), list):
        return
    seen: set[str] = set()
    for part in node.value:
        if not isinstance(node, mapping):
            _each_once(path, part, mapping)
            continue
        key, value = part
        name = str(key.value)
        if name in seen and name != "<<":
            raise ConfigurationError(
                f"{path} has {name!r} twice in one mapping",
                seen=f"again in line {key.start_mark.line + 1}",
                hint="Keep one of them: which one counts cannot be seen",
            )
        seen.add(name)
        _each_once(path, value, mapping)


def _entry(path: Path, name: str, entry: object) -> dict[str, Any]:
    """Return a cloud's own entry, with ``auth`` a mapping of texts."""
    auth = entry.get("auth") if isinstance(entry, dict) else None
    if not (entry is None or isinstance(entry, dict)) or not (auth is None or isinstance(auth, dict)):
        raise ConfigurationError(
            f"cloud {name!r} in {path} is not a mapping with an auth block",
            hint="Indent its fields, and those of auth once more",
        )
    entry = dict(entry or {})
    texts = {f"auth.{key}": value for key, value in (auth or {}).items()}
    texts |= {key: entry.get(key) for key in ("region_name", "compute_endpoint_override", "ecs_endpoint", "cacert")}
    for key, value in texts.items():
        if value is not None and not isinstance(value, str):
            # 0123 has become 83 by now, and true a truth value: the text the user meant is lost.
            raise ConfigurationError(
                f"{key} of cloud {name!r} in {path} is not text",
                seen=f"YAML reads it as {type(value).__name__}",
                hint="Put the value into quotes",
            )
    return {**entry, "auth": dict(auth or {})}


def _unused(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for entry in entries:
        yield from (key for key in entry if key.replace("-", "_") not in _READ)
        yield from (f"auth.{key}" for key in entry["auth"] if key.replace("-", "_") not in _READ_AUTH)
