"""What a run says of itself before its first request: target, selection, and the command that asks for the same again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from pytest_ecs._contract import Contract, read_edition
from pytest_ecs._report.model import EditionText, Header, PropertiesInfo, SelectionInfo, TargetInfo, Waiver
from pytest_ecs._report.proof import digest
from pytest_ecs._run.options import OPTIONS, Settings
from pytest_ecs._run.profiles import PROFILES, asked, chapters
from pytest_ecs._run.selection import declaration_of

if TYPE_CHECKING:
    from pytest_ecs._run.process import Keeper

__all__ = ["command_line", "header"]

#: Where files of this machine go; they change nothing that is found out. The profile is said without an option.
_ELSEWHERE = frozenset({"report", "ledger", "sign", "annotations", "profile"})


def header(keeper: Keeper, contract: Contract, waivers: Sequence[Waiver], started: datetime) -> Header:
    """Return the header of the evidence."""
    from pytest_ecs import __version__

    settings = keeper.settings
    again = command_line(settings, keyword=_pytests(keeper, "keyword"), mark=_pytests(keeper, "markexpr"))
    return Header(
        tool=f"pytest-ecs {__version__}",
        started=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        contract={
            "title": contract.title,
            "issue": contract.issue,
            "date": contract.date,
            "sha256": contract.digest,
            "operations": len(contract.operations),
            "requirements": len(contract.requirements),
        },
        target=_target(keeper),
        selection=_selection(settings, again, contract),
        properties=_properties(settings, again),
        waivers=list(waivers),
        edition=_edition(settings),
        proof=digest(),
        declaration=declaration_of(
            settings, contract, keeper.session.reach.missing if keeper.session is not None else ()
        ),
    )


def _edition(settings: Settings) -> EditionText | None:
    if settings.edition is None:
        return None
    edition = read_edition(settings.edition)
    return {"file": edition.file, "text": edition.text}


def _pytests(keeper: Keeper, name: str) -> str:
    return str(getattr(keeper.config.option, name, None) or "")


def _target(keeper: Keeper) -> TargetInfo:
    settings, session = keeper.settings, keeper.session
    name = settings.cloud or settings.endpoint or settings.iam or "embedded mock"
    endpoint, region = settings.endpoint or "", None
    if session is not None:
        name, endpoint, region = session.target.name, session.target.endpoint, session.target.region
    region = region or settings.region
    if settings.embedded:
        return {
            "name": name,
            "endpoint": "in process",
            "region": region,
            "simulated": True,
            "verified_tls": False,
            "tls": "in process, without a network",
        }
    tls = _tls(settings, endpoint, session.target.verify if session is not None else not settings.insecure)
    return {
        "name": _bare(name),
        "endpoint": _bare(endpoint),
        "region": region,
        "simulated": False,
        "verified_tls": tls.startswith("TLS certificate verified"),
        "tls": tls,
    }


def _tls(settings: Settings, endpoint: str, verify: bool | Path) -> str:
    """Say how the endpoint was reached."""
    if urlsplit(endpoint).scheme != "https":
        return "without TLS: the endpoint did not prove its name"
    if verify is False:
        why = "--ecs-insecure" if settings.insecure else "verify in clouds.yaml"
        return f"TLS certificate not verified ({why}): the endpoint did not prove its name"
    return "TLS certificate verified" + (f" by the authorities in {verify.name}" if isinstance(verify, Path) else "")


def _bare(url: str) -> str:
    """Return a URL without a user and a password in it."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _selection(settings: Settings, again: str, contract: Contract) -> SelectionInfo:
    narrowed = asked(settings, contract)
    words = [f"shard {settings.shard}"] if settings.shard is not None else []
    profile = _profile(settings)
    words += [f"profile {profile}" if profile in PROFILES else f"the list {profile}"]
    words += [f"{name} {' '.join(values)}" for name, values in narrowed.items() if name not in {"listed", "failed"}]
    if settings.last_failed is not None:
        words.append(f"{len(settings.failed)} that did not pass in {_word(settings.last_failed, settings.folder)}")
    return {
        "text": ", ".join(words),
        "profile": profile,
        "chapters": list(chapters(settings.profile)),
        "filters": narrowed,
        "command": again,
    }


def _properties(settings: Settings, again: str) -> PropertiesInfo:
    """Say what the generated requests were drawn from, and the command that draws them again."""
    if settings.properties == "off":
        return {"profile": "off", "seed": None, "database": None, "command": None}
    seed = f"{again} --hypothesis-seed={settings.seed}"
    return {"profile": settings.properties, "seed": settings.seed, "database": None, "command": seed}


def command_line(settings: Settings, *, keyword: str = "", mark: str = "") -> str:
    """Return the command line that asks for the same run: every option that differs from its default, no secret.

    Files are named from the folder of the run; of one that is elsewhere only the name is said, as a certificate is read by
    others, whom the folders of a machine do not concern and who do not have them.
    """
    words = ["pytest-ecs", "run", _profile(settings), *_options(settings)]
    words += ["-k", keyword] if keyword else []
    words += ["-m", mark] if mark else []
    return shlex.join(words)


def _options(settings: Settings) -> Iterator[str]:
    for option in OPTIONS:
        name = option.name.replace("-", "_")
        if name in _ELSEWHERE:
            continue
        value, default = getattr(settings, name), getattr(Settings, name, None)
        if value in (None, (), default):
            continue
        if option.flag:
            yield f"--ecs-{option.name}"
            continue
        for one in value if option.many else (value,):
            yield f"--ecs-{option.name}={_word(one, settings.folder)}"


def _profile(settings: Settings) -> str:
    """Return the profile; one that is a list of requirements as a file is said."""
    return settings.profile if settings.profile in PROFILES else _word(Path(settings.profile), settings.folder)


def _word(value: Any, folder: Path) -> str:
    if isinstance(value, Path):
        place = Path(os.path.normpath(folder / value))
        return os.path.relpath(place, folder) if place.is_relative_to(folder) else place.name
    if isinstance(value, float):
        return f"{value:g}"
    return _bare(str(value)) if "://" in str(value) else str(value)
