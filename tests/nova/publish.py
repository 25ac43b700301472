"""Puts a certificate of Nova under reports/, signed, with a README that says how it came about and what differs."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from pytest_ecs._report.sign import sign
from tests.nova.differences import Difference, read

__all__ = ["ROOT", "publish"]

ROOT = Path(__file__).parents[2] / "reports"
PROVIDER = "openstack-nova-34"
_FILES = ("report.json", "report.html", "summary.md", "evidence.jsonl.gz")

_README = """\
# OpenStack Nova {nova}, certified on {date}

**What this is.** A real Nova {nova} with Keystone {keystone} and Placement {placement}, from their packages, on one computer. Its hypervisor is
Nova's own fake one, so nothing boots, and networks, images and disks are stand-ins: the fixtures of Nova's tests, grown to what the
suite needs. So the certificate speaks of the APIs of chapter 6 and of the login, and says nothing about machines, networks or storage.

**How it was made.** `tests/nova/stack` set the services up, and the command under **Reproduce** in `report.html` certified them with the
profile `native`, a second project and a user without rights. What differs was compared with `tests/nova/differences.yaml`; what that
does not say is not published. `nox -s nova -- --whole --publish` does all of it. It covers the whole profile, in one run.

**The verdict** is {verdict}: {passed} requirements hold, {failed} do not, {not_tested} could not be tested here and
{not_applicable} do not apply. {requests} requests, {servers} servers, {minutes} minutes.

**How to check it**, without Nova: `pytest-ecs report verify` with this folder and `--key key.pub`. With a later edition of the contract
it says which verdicts would be others. The key was made for it and not kept: the signature says that nothing was changed since, and
vouches for nobody.

## What differs, and why

Where the document describes another service than Nova, a failure here is no fault of Nova's: it is where the two are not the same.
"Stand-in" marks what is the test bed's doing and not Nova's, "right" what the user who certified may not do, which is no verdict.

| where the document says it | what is there instead | | requirements |
|---|---|---|---|
{rows}
"""


def publish(folder: Path, root: Path = ROOT) -> Path:
    """Copy the certificate in *folder*, sign it and write its README; return where it is now, in the place of another one of that day.

    Raises `ValueError` for one with errors, troubles or failures that the list of differences does not explain.
    """
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    rows = list(_rows(report, read()))
    target: Path = root / str(report["contract"]["issue"]) / PROVIDER / report["started"][:10]
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in _FILES:
        shutil.copyfile(folder / name, target / name)
    (target / "README.md").write_text(_readme(report, rows), encoding="utf-8")
    _sign(target)
    return target


def _sign(folder: Path) -> None:
    """Sign with a key of its own, whose public half stays beside the certificate."""
    key = Ed25519PrivateKey.generate()
    with tempfile.TemporaryDirectory() as scratch:
        private = Path(scratch) / "key.pem"
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        sign(folder, private)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "key.pub").write_bytes(public)


def _rows(report: Mapping[str, Any], differences: Iterable[Difference]) -> Iterator[str]:
    verdicts = {row["requirement"]: row["verdict"] for row in report["results"]}
    open_ = {name: verdict for name, verdict in verdicts.items() if verdict in {"fail", "error"}}
    for one in differences:
        expected = "error" if one.cause == "right" else "fail"
        if seen := [name for name in one.requirements if open_.get(name) == expected]:
            for name in seen:
                del open_[name]
            cause = "" if one.cause == "difference" else one.cause
            yield f"| {one.document} | {one.nova} | {cause} | {', '.join(f'`{name}`' for name in seen)} |"
    if open_ or report["troubles"] or not report["complete"]:
        raise ValueError(f"the certificate has what nobody has explained: {sorted(open_)} {report['troubles']}")


def _readme(report: Mapping[str, Any], rows: Iterable[str]) -> str:
    packages = (Path(__file__).parent / "stack" / "constraints.txt").read_text(encoding="utf-8")
    versions = dict(re.findall(r"(?m)^([\w.-]+)==([\w.]+)$", packages))
    total, cost = report["summary"]["total"], report["cost"]
    return _README.format(
        nova=versions["nova"],
        keystone=versions["keystone"],
        placement=versions["openstack-placement"],
        date=report["started"][:10],
        verdict=report["verdict"].upper(),
        passed=total["pass"],
        failed=total["fail"],
        not_tested=total["not_tested"],
        not_applicable=total["not_applicable"],
        requests=cost["requests"],
        servers=cost["servers_created"],
        minutes=round(cost["seconds"] / 60),
        rows="\n".join(rows),
    )
