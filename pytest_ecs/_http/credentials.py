"""Finds credentials where users keep them: clouds.yaml, ``OS_*``, the SDK's and Terraform's variables.

Nothing here reads the process's environment or home folder by itself; both are given. Values of two accounts are never
mixed, and what is set and not used is named. No value that may be a secret gets into a ``repr`` or an exception text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from pytest_ecs._http.clouds import Cloud, read_cloud
from pytest_ecs._http.credential_names import CLOUD_NAMES, VARIABLES
from pytest_ecs._http.vendor_file import NAMES, VARIABLE, read_vendor_file
from pytest_ecs._text import truth
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["Credentials", "accounts_in", "load", "unused_in"]

_SECRET_FIELDS = ("password", "application_secret", "token", "ak", "sk", "security_token")
#: Fields that say whose credentials these are, in which project: sources that differ in one of them are not mixed.
_ACCOUNT = ("domain", "domain_id", "username", "user_id", "application_id", "project_id", "project_name")
_PAIR = ("ak", "sk", "security_token")
#: A domain by its name and by its id, of the user and of the project.
_DOMAINS = (("domain", "domain_id"), ("project_domain", "project_domain_id"))
#: Ways to name one user, and one project. Two sources that do so in different ways cannot be compared.
_WAYS = (frozenset({"user_id", "username", "application_id"}), frozenset({"project_id", "project_name"}))
#: What says nothing of the account where it stands alone: each has a project that is named as the region is.
_COMMON = frozenset({"project_name"})

#: What is one word, and how it is called.
_WORDS = {"ak": "AK", "sk": "SK", "security_token": "security token", "token": "token"}
_WORD = re.compile(r"[!#-&(-_a-~]+")

#: Variables that say how the others are meant, or which file is read.
_READ_APART = frozenset(
    {"OS_CLOUD", "OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE", "OS_AUTH_TYPE", "OS_INSECURE", VARIABLE}
)

#: How a login is called by openstacksdk, and what it is here.
_AUTH_TYPES: dict[str, AuthMethod | None] = {
    "password": "password",
    "v3password": "password",
    "v3applicationcredential": "application credential",
    "token": "token",
    "v3token": "token",
    "aksk": None,
}

AuthMethod = Literal["password", "application credential", "token"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who sends the requests, and where to (4.1, 4.2); has a way to log in to IAM, an AK with SK, or both."""

    #: Address of IAM, as the user wrote it.
    iam: str | None = None
    #: Address of the ECS endpoint, where the user overrides the catalogue.
    endpoint: str | None = None
    region: str | None = None
    #: Which of a service's addresses in the catalogue: public, internal or admin.
    interface: str | None = None
    #: Name of the account (domain) to which the user belongs.
    domain: str | None = None
    domain_id: str | None = None
    username: str | None = None
    user_id: str | None = None
    password: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    #: Name of the domain that a project given by name belongs to; Keystone needs it, the document does not (4.1).
    project_domain: str | None = None
    project_domain_id: str | None = None
    application_id: str | None = None
    application_name: str | None = None
    application_secret: str | None = None
    #: One that somebody else obtained.
    token: str | None = None
    ak: str | None = None
    sk: str | None = None
    #: Goes with a temporary AK/SK.
    security_token: str | None = None
    #: Whether certificates are verified; None where nothing was said.
    verify: bool | None = None
    #: PEM file of the authorities to trust.
    ca_file: str | None = None
    #: PEM files of the client's own certificate and its key.
    certificate: str | None = None
    key: str | None = None
    #: Where they were found, in words.
    source: str = ""
    #: What was set and is not used, each with the reason where there is one.
    unused: tuple[str, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        shown = (
            f"{f.name}={'***' if f.name in _SECRET_FIELDS else repr(value)}"
            for f in fields(self)
            if f.name != "unused" and (value := getattr(self, f.name)) is not None
        )
        return f"Credentials({', '.join(shown)})"

    def secrets(self) -> tuple[str, ...]:
        """Return the values that must be redacted wherever they show up; the AK is among them."""
        return tuple(value for name in _SECRET_FIELDS if (value := getattr(self, name)))

    @property
    def login(self) -> AuthMethod | None:
        """How a token is obtained; None when nothing is there to obtain one with."""
        if self.password and (self.username or self.user_id):
            return "password"
        if self.application_secret and (self.application_id or self.application_name):
            return "application credential"
        return "token" if self.token else None

    @property
    def complete(self) -> bool:
        """Whether a request can be sent with them."""
        return self.login is not None or bool(self.ak and self.sk)


def load(
    cloud: str | None, environ: Mapping[str, str], search: Sequence[Path], *, region: str | None = None
) -> Credentials:
    """Return the credentials of *cloud*, or without a name those of the environment.

    A named cloud comes from the file that ``OS_CLIENT_CONFIG_FILE`` names or from the first clouds.yaml in the folders
    of *search* that has it; see `read_cloud`. If it can log in by itself it is taken alone: variables of another account
    must not turn a second identity into the first. If it cannot, the variables complete it. Without a name
    ``OS_CLOUD`` is one, unless ``OS_*`` variables name another account.

    Variables count in this order: ``OS_*``, ``HUAWEICLOUD_SDK_*``, the credentials file of the vendor's SDKs, ``HW_*``; an empty one counts as not set. A later
    source fills what earlier ones left open. It is left out as a whole when it names another user, domain, project or
    IAM, or when nothing in it says that it is the same account; an AK only comes with the SK and security token of the
    same source.

    Raises `ConfigurationError` when a file cannot be read or is not as it should be, no file has *cloud*, its way to log
    in is not supported, or nothing to log in with was found; the text says every place that was looked at. Who else may
    read secure.yaml is the user's business and no error.
    """
    named = cloud or environ.get("OS_CLOUD", "").strip() or None
    found = Credentials()
    looked: list[str] = []
    if named is not None:
        found = _from_cloud(read_cloud(named, search, environ, region))
        looked.append(f"{found.source} {_halves(found)}{unused_in(found)}")
    file, values, remarks = read_vendor_file(environ)
    given: list[tuple[Mapping[str, Sequence[str]], Credentials]] = [
        (names, _from_variables(label, names, environ)) for label, names in VARIABLES
    ]
    if file is not None:  # the SDKs read it after their variables
        given.insert(2, (NAMES, _from_variables(str(file), NAMES, values)))
        found = _unused(found, *remarks)
    sources = [one for _, one in given]
    if named is not None and found.complete:
        if cloud is None:
            _same_account(found, sources[0])
        found = _unused(found, *(what for names, one in given for what in _beside(found, one, names, environ)))
    else:
        for names, one in given:
            found, remark = _merge(found, one, names)
            also = f", not used: {', '.join(remarks)}" if names is NAMES and remarks else ""
            looked.append(f"{one.source} {remark}{also}")
        found = _unused(found, *_unread(environ))
    if found.complete:
        _check_words(found)
        return found
    raise ConfigurationError(
        f"no password and no AK/SK found{f' for cloud {named!r}' if named is not None else ''}",
        seen="; ".join(looked),
        hint="Set OS_USERNAME and OS_PASSWORD, or HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or "
        + ("put them" if named is not None else "name a cloud with --ecs-cloud that has them")
        + " under auth in clouds.yaml or secure.yaml",
    )


def unused_in(found: Credentials) -> str:
    """Return a remark on what was set beside the credentials and is not used; nothing where all is."""
    return f", not used: {', '.join(found.unused)}" if found.unused else ""


def accounts_in(environ: Mapping[str, str]) -> list[str]:
    """Return what in the environment would be enough to log in: ``OS_CLOUD``, and each group of variables."""
    named = ["OS_CLOUD"] if environ.get("OS_CLOUD", "").strip() else []
    return named + [label for label, names in VARIABLES if _from_variables(label, names, environ).complete]


def _from_cloud(cloud: Cloud) -> Credentials:
    # A block of YAML ends in a line break; only what somebody thought of may have a blank at its end.
    auth = {name: text if name.endswith(("password", "secret")) else text.strip() for name, text in cloud.auth.items()}
    values: dict[str, Any] = _chosen(CLOUD_NAMES, auth)
    values["iam"] = cloud.iam or values.get("iam")
    found = Credentials(
        **values,
        endpoint=cloud.endpoint,
        region=cloud.region,
        interface=None if cloud.interface == "public" else cloud.interface,
        verify=None if cloud.verify else False,
        ca_file=cloud.ca_file,
        certificate=cloud.certificate,
        key=cloud.key,
        source=cloud.source,
        unused=cloud.unused,
    )
    return _as_asked(found, cloud.auth_type, f"{cloud.source} has auth_type")


def _chosen(names: Mapping[str, Sequence[str]], values: Mapping[str, str]) -> dict[str, str]:
    """Return what *values* have for each field; of a domain's name and id what is said of it most closely, both where they are alike."""
    found = {
        field: next(((rank, text) for rank, one in enumerate(keys) if (text := values.get(one))), None)
        for field, keys in names.items()
    }
    for pair in _DOMAINS:
        ranks = {name: one[0] for name in pair if (one := found.get(name))}
        # A default, or one of everything, is for what has none of its own.
        found |= {name: None for name, rank in ranks.items() if rank > min(ranks.values())}
    return {name: one[1] for name, one in found.items() if one is not None}


def _as_asked(found: Credentials, auth_type: str, where: str) -> Credentials:
    """Return *found* with the one login that *auth_type* names, where it has several."""
    if auth_type not in _AUTH_TYPES:
        raise ConfigurationError(
            f"{where} {auth_type!r}, which is not supported",
            seen=f"supported are {', '.join(_AUTH_TYPES)}",
            hint="Use a password, an application credential, a token or an AK/SK",
        )
    wanted = _AUTH_TYPES[auth_type]
    if wanted == "application credential":
        return replace(found, password=None, token=None)
    if wanted == "token":
        return replace(found, password=None, application_secret=None)
    return found


def _from_variables(label: str, names: Mapping[str, Sequence[str]], environ: Mapping[str, str]) -> Credentials:
    given: dict[str, Any] = _chosen(names, {one: text.strip() for one, text in environ.items()})
    found = Credentials(**given, source=label)
    if label.startswith("OS_"):
        if truth(environ.get("OS_INSECURE", "")):
            found = replace(found, verify=False)
        if auth_type := environ.get("OS_AUTH_TYPE", "").strip():
            found = _as_asked(found, auth_type, "OS_AUTH_TYPE is")
    return found


def _check_words(found: Credentials) -> None:
    """Raise `ConfigurationError` for a key or token that nobody gave out: what stands around it came with it."""
    for name, called in _WORDS.items():
        value = getattr(found, name)
        if value and not _WORD.fullmatch(value):
            raise ConfigurationError(
                f"The {called} from {found.source} cannot be right",
                seen="a blank, a line break, a quotation mark or a letter that is not ASCII inside",
                hint="Copy it again, as one word; a remark behind it belongs into a line of its own",
            )


def _beside(
    found: Credentials, one: Credentials, names: Mapping[str, Sequence[str]], environ: Mapping[str, str]
) -> Iterator[str]:
    """Yield what of a source is not used beside a cloud that is taken alone: all of it, or what says something else."""
    if one.complete:
        yield one.source
        return
    for name, keys in names.items():
        value, mine = getattr(one, name), getattr(found, name)
        if value and (mine is None or _plain(name, value) != _plain(name, mine)):
            yield next((key for key in keys if environ.get(key, "").strip()), f"{keys[0]} of {one.source}")
    if one.verify is not None and one.verify != found.verify:
        yield "OS_INSECURE"


def _same_account(found: Credentials, variables: Credentials) -> None:
    differs = _difference(found, variables)
    if differs and variables.complete:
        raise ConfigurationError(
            "OS_CLOUD and other OS_* variables name two accounts",
            seen=f"they differ in {differs.replace('_', ' ')}",
            hint="Unset one of them, or name the cloud with --ecs-cloud",
        )


def _difference(first: Credentials, second: Credentials) -> str | None:
    for name in ("iam", *_ACCOUNT, "ak"):
        mine, other = getattr(first, name), getattr(second, name)
        if mine and other and _plain(name, mine) != _plain(name, other):
            return name
    return None


def _plain(name: str, value: str) -> str:
    """Return *value* so that two ways to write one address of IAM are equal."""
    return value.rstrip("/").removesuffix("/v3").rstrip("/") if name == "iam" else value


def _halves(found: Credentials, names: Mapping[str, Sequence[str]] | None = None) -> str:
    """Say in brackets which halves of a credential are there."""
    names = names or {}
    asked: tuple[str, ...] = (
        ("ak", "sk") if "ak" in names else ("username", "password") if names else ("username", "password", "ak", "sk")
    )
    if found.application_id or found.application_name or found.application_secret:
        asked = ("application_name" if found.application_name else "application_id", "application_secret", *asked)
    asked += ("security_token",) if found.security_token and not found.ak else ()
    called = {name: rows[0] for name, rows in (names or CLOUD_NAMES).items()}
    halves = [
        f"{called[name] if names or name.startswith('application') else name} {'set' if getattr(found, name) else 'not set'}"
        for name in asked
    ]
    return f"({', '.join(halves)})"


def _merge(first: Credentials, second: Credentials, names: Mapping[str, Sequence[str]]) -> tuple[Credentials, str]:
    """Return *first* with its gaps filled from *second*, and a remark on what *second* had."""
    given = {
        f.name: value
        for f in fields(second)
        if f.name not in {"source", "unused"} and (value := getattr(second, f.name)) is not None
    }
    differs = _difference(first, second)
    left_out = ""
    if differs:
        left_out = f"(left out: {names[differs][0]} differs from what {first.source} says)"
    elif not _comparable(first, second):
        left_out = f"(left out: nothing in it says that it is the account of {first.source})"
    if left_out:
        return _unused(first, f"{second.source} {left_out}"), left_out
    taken = {n: v for n, v in given.items() if n not in _PAIR and getattr(first, n) is None}
    for pair in _DOMAINS:
        if any(getattr(first, name) for name in pair):
            taken = {name: value for name, value in taken.items() if name not in pair}
    if first.login is not None:  # one login is enough, and a second one may be another user's
        for name in ("password", "token", "application_id", "application_name", "application_secret"):
            taken.pop(name, None)
    if first.ak is None and second.ak and second.sk:
        taken.update({name: given[name] for name in _PAIR if name in given})
    if taken:
        source = f"{first.source} + {second.source}" if first.source else second.source
        return replace(first, **taken, source=source), _halves(second, names)
    return (_unused(first, second.source) if given else first), _halves(second, names)


def _comparable(first: Credentials, second: Credentials) -> bool:
    """Whether something in *second* says that it is the same account and user, or it names none at all."""
    mine = {name for name in _ACCOUNT if getattr(first, name)}
    theirs = {name for name in _ACCOUNT if getattr(second, name)}
    if not mine or not theirs:
        return True
    shared = mine & theirs
    return bool(shared - _COMMON) and all(shared & ways for ways in _WAYS if mine & ways and theirs & ways)


def _unused(found: Credentials, *remarks: str) -> Credentials:
    return replace(found, unused=(*found.unused, *remarks))


def _unread(environ: Mapping[str, str]) -> list[str]:
    """Return the variables that look like ours, are set and that nothing reads, or that say nothing."""
    known = {one for _, names in VARIABLES for variables in names.values() for one in variables} | _READ_APART
    prefixes = ("OS_", "HUAWEICLOUD_SDK_", "HW_")
    given = {name: text.strip() for name, text in environ.items() if text.strip()}
    unread = sorted(name for name in given if name.startswith(prefixes) and name not in known)
    if given.get("OS_IDENTITY_API_VERSION", "").removeprefix("v").partition(".")[0] == "3":
        unread.remove("OS_IDENTITY_API_VERSION")  # which is the one that is asked
    if "OS_KEY" in given and "OS_CERT" not in given:
        unread.append("OS_KEY, without the OS_CERT that it belongs to,")
    if truth(given.get("OS_INSECURE", "no")) is None:
        unread.append("OS_INSECURE, which is neither true nor false,")
    return unread
