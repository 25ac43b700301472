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

from pytest_ecs._http.cloud_files import at_home, clouds_in, existing, find, profiles_in
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
    profile = whole.get("profile", whole.get("cloud"))
    known = profiles_in(public[0]) if profile and public else {}  # openstacksdk reads the first of them alone
    shared = [_entry(public[0], f"{profile}", known[profile], "profile")] if profile in known else []
    found = _interpreted(name, whole, region, source, public)
    verify, certificate = found.get_requests_verify_args()
    pair = certificate if isinstance(certificate, tuple) else (certificate, None)
    override = next((str(whole[key]) for key in ("ecs_endpoint", "ecs_endpoint_override") if whole.get(key)), None)
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
        unused=(*dict.fromkeys(_unused([*entries, *shared])), *_lonely_key(entries), *_passed_over(whole, region)),
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


def _passed_over(entry: Mapping[str, Any], region: str | None) -> Iterator[str]:
    """Name what is read and decides nothing: a region beside a list of them, and a version of IAM that is not asked."""
    regions, chosen = [_region_of(one) for one in entry.get("regions") or []], entry.get("region_name")
    if region is None and regions and chosen and chosen != regions[0]:
        yield "region_name, where the first of the regions is taken,"
    version = str(entry.get("identity_api_version", "3"))
    if version.removeprefix("v").partition(".")[0] != "3":
        yield f"identity_api_version {version}, where IAM is asked by version 3,"


def _region_of(one: Any) -> Any:
    return one.get("name") if isinstance(one, dict) else one


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


def _entry(path: Path, name: str, entry: object, what: str = "cloud") -> dict[str, Any]:
    """Return a cloud's own entry without what is null, with ``auth`` a mapping; raises for what has not its form.

    What is null in a profile has not: openstacksdk, which reads that by itself, takes it for a text.
    """
    where = f"{what} {name!r} in {path}"
    auth = entry.get("auth") if isinstance(entry, dict) else None
    if not (entry is None or isinstance(entry, dict)) or not (auth is None or isinstance(auth, dict)):
        raise ConfigurationError(
            f"{where} is not a mapping with an auth block",
            hint="Indent its fields, and those of auth once more",
        )
    if what != "cloud":
        _check_fields({**(entry or {}), "auth": auth or {}}, where)
    found = _set(entry or {})
    found["auth"] = _set(auth or {})
    _check_fields(found, where)
    if "regions" in found:
        found["regions"] = _regions(found["regions"], where)
    return found


def _set(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in mapping.items() if value is not None}


def _check_fields(found: Mapping[Any, Any], where: str) -> None:
    named = {str(key): value for key, value in found.items()}
    for key, value in {**named, **{f"auth.{key}": value for key, value in found.get("auth", {}).items()}}.items():
        plain = key.replace("-", "_")
        if plain in _SWITCHES:
            _check_switch(key, value, where)
        elif plain in _TEXTS or key.startswith("auth."):
            _check_text(key, value, where)


def _check_text(key: str, value: object, where: str) -> None:
    if not isinstance(value, str):
        # 0123 has become 83 by now, and true a truth value: the text the user meant is lost.
        raise ConfigurationError(
            f"{key} of {where} is not text",
            seen=f"YAML reads it as {'null' if value is None else type(value).__name__}",
            hint="Give one value" if isinstance(value, (list, dict, type(None))) else "Put the value into quotes",
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


def _regions(regions: object, where: str) -> list[Any]:
    """Return *regions* with the values of each checked and without what is null; raises for what has not their form."""
    found: list[Any] = []
    for one in regions if isinstance(regions, list) else [None]:
        named, values = _region_of(one), one.get("values") if isinstance(one, dict) else None
        if not isinstance(named, str):
            raise ConfigurationError(
                f"regions of {where} is not a list of regions",
                seen=f"YAML reads it as {type(regions).__name__}" if one is None else f"one is {type(named).__name__}",
                hint="Give a list of names, or of mappings with name and values; region_name takes one",
            )
        beside = [str(key) for key in one if key not in {"name", "values"}] if isinstance(one, dict) else []
        auth = values.get("auth") if isinstance(values, dict) else None
        if beside or not isinstance(values, (dict, type(None))) or not isinstance(auth, (dict, type(None))):
            # Said here, since openstacksdk would show the whole region, with a password.
            raise ConfigurationError(
                f"region {named!r} of {where} is not a name with a mapping of values",
                seen=f"{', '.join(beside)} beside them" if beside else "",
                hint="Put what is special to it below values, and what is of auth below auth in there",
            )
        inside = _set(values or {}) | ({"auth": _set(auth)} if auth is not None else {})
        _check_fields(inside, f"region {named!r} of {where}")
        found.append({"name": named, "values": inside} if isinstance(one, dict) else named)
    return found


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return *first* with what *second* adds and replaces, mappings inside too."""
    found = dict(first)
    for key, value in second.items():
        mine = found.get(key)
        found[key] = _merged(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return found


def _unused(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for entry in entries:
        inside = [("", entry)]
        for one in entry.get("regions") or []:
            inside += [(f"{one['name']}.", one["values"])] if isinstance(one, dict) else []
        for region, values in inside:
            yield from (f"{region}{key}" for key in values if key.replace("-", "_") not in _READ)
            auth = values.get("auth", {})
            yield from (f"{region}auth.{key}" for key in auth if key.replace("-", "_") not in _READ_AUTH)
