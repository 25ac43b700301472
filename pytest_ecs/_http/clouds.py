"""Reads a cloud of clouds.yaml with openstacksdk's own configuration loader, which is imported only then.

It is given the one entry, whole and checked: what it would pass over in silence, take for something else or say with the
file's content is said before.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

from pytest_ecs._http.cloud_files import at_home, clouds_in, existing, find, readable
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["Cloud", "read_cloud"]

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
        "project_name",
        "project_id",
        "tenant_name",
        "tenant_id",
    }
)
#: What is true or false, and what of the rest is one text.
_SWITCHES = frozenset({"verify", "insecure"})
_TEXTS = _READ - _SWITCHES - {"auth", "regions", "identity_api_version"}
#: Texts for which a switch is mistaken; any other text of ``verify`` names a file of authorities.
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "0", "1", ""})
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
    path, entry = find(name, search, environ)
    source = f"cloud {name!r} in {path}"
    entries = [_entry(path, name, entry)]
    given = environ.get("OS_CLIENT_SECURE_FILE", "").strip()
    for secure in [at_home(given)] if given else list(existing(path.parent, "secure"))[:1]:
        hidden = clouds_in(secure)
        if hidden is None:
            raise ConfigurationError(
                f"OS_CLIENT_SECURE_FILE names {secure}, and there is no such file", hint="Correct or unset the variable"
            )
        if name in hidden:
            entries.append(_entry(secure, name, hidden[name]))
            source += f" and {secure.name}"
    whole = reduce(_merged, entries)
    public = [file for folder in (path.parent, *search) for file in existing(folder, "clouds-public")]
    for file in public if whole.get("profile") or whole.get("cloud") else []:
        readable(file)
    found = _interpreted(name, whole, region, source, public)
    verify, certificate = found.get_requests_verify_args()
    pair = certificate if isinstance(certificate, tuple) else (certificate, None)
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


def _interpreted(name: str, entry: Mapping[str, Any], region: str | None, source: str, public: Sequence[Path]) -> Any:
    """Return openstacksdk's view of the *entry* of a cloud; whatever goes wrong there is one sentence."""
    from openstack.config import OpenStackConfig
    from openstack.exceptions import ConfigException

    wanted: dict[str, Any] = {"region_name": region} if region else {}
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            config = OpenStackConfig(
                config_files=[],
                secure_files=[],
                vendor_files=[str(file) for file in public],
                load_envvars=False,
            )
            # Not from the files: it stumbles over what is null or a number, and a pipe can be read only once.
            config.cloud_config = {"clouds": {name: dict(entry)}}
            found = config.get_one(cloud=name, validate=False, **wanted)
    except ConfigException as error:
        raise ConfigurationError(
            f"{source} cannot be used",
            seen=" ".join(str(error).split())[:300],
            hint="Correct that entry, or --ecs-region",
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{source} names a profile that cannot be fetched",
            seen=type(error).__name__,
            hint="Write its values into the entry or clouds-public.yaml, or let the machine reach the vendor",
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


def _entry(path: Path, name: str, entry: object) -> dict[str, Any]:
    """Return a cloud's own entry without what is null, with ``auth`` a mapping; raises for what has not its form."""
    where = f"cloud {name!r} in {path}"
    auth = entry.get("auth") if isinstance(entry, dict) else None
    if not (entry is None or isinstance(entry, dict)) or not (auth is None or isinstance(auth, dict)):
        raise ConfigurationError(
            f"{where} is not a mapping with an auth block",
            hint="Indent its fields, and those of auth once more",
        )
    found = {str(key): value for key, value in (entry or {}).items() if value is not None}
    found["auth"] = {str(key): value for key, value in (auth or {}).items() if value is not None}
    for key, value in {**found, **{f"auth.{key}": value for key, value in found["auth"].items()}}.items():
        plain = key.replace("-", "_")
        if plain in _SWITCHES:
            _check_switch(key, value, where)
        elif plain in _TEXTS or key.startswith("auth."):
            _check_text(key, value, where)
    _check_regions(found.get("regions", []), where)
    return found


def _check_text(key: str, value: object, where: str) -> None:
    if not isinstance(value, str):
        # 0123 has become 83 by now, and true a truth value: the text the user meant is lost.
        raise ConfigurationError(
            f"{key} of {where} is not text",
            seen=f"YAML reads it as {type(value).__name__}",
            hint="Give one value" if isinstance(value, (list, dict)) else "Put the value into quotes",
        )


def _check_switch(key: str, value: object, where: str) -> None:
    """Raise for what openstacksdk would take for a file, or for true because it is some text."""
    names_file = key == "verify" and isinstance(value, str) and value.strip().lower() not in _WORDS
    if not isinstance(value, bool) and not names_file:
        raise ConfigurationError(
            f"{key} of {where} is neither true nor false",
            seen=f"YAML reads it as {type(value).__name__}",
            hint="Write true or false, without quotes",
        )


def _check_regions(regions: object, where: str) -> None:
    for one in regions if isinstance(regions, list) else [None]:
        named = one.get("name") if isinstance(one, dict) else one
        if not isinstance(named, str):
            raise ConfigurationError(
                f"regions of {where} is not a list of regions",
                seen=f"YAML reads it as {type(regions).__name__}" if one is None else f"one is {type(named).__name__}",
                hint="Give a list of names, or of mappings with name and values; region_name takes one",
            )


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return *first* with what *second* adds and replaces, mappings inside too."""
    found = dict(first)
    for key, value in second.items():
        mine = found.get(key)
        found[key] = _merged(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return found


def _unused(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for entry in entries:
        yield from (key for key in entry if key.replace("-", "_") not in _READ)
        yield from (f"auth.{key}" for key in entry["auth"] if key.replace("-", "_") not in _READ_AUTH)
