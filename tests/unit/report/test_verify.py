"""Checking a certificate from its evidence: tamperings of any field and byte, all found; 500 with ``--thorough``, else a sample."""

import copy
import gzip
import hashlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._contract import Contract
from pytest_ecs._report.evidence import NAME, EvidenceError, read_evidence
from pytest_ecs._report.model import Waiver
from pytest_ecs._report.verify import verify
from pytest_ecs.exceptions import ConfigurationError

from ..exchanges import exchange
from .reports import QUOTAS, contract, header, write, written

_WAIVER: Waiver = {
    "requirement": QUOTAS,
    "owner": "QA lead",
    "reason": "known",
    "expires": "2026-06-01",
    "ticket": None,
}


@pytest.mark.parametrize("waivers", [[], [_WAIVER]])
def test_a_run_over_midnight_is_judged_by_the_day_it_began(tmp_path: Path, waivers: list[Waiver]) -> None:
    """A waiver that was good when the run began is good when its certificate is checked."""
    report = written(tmp_path, waivers=waivers)
    verdicts = {row["requirement"]: row["verdict"] for row in report["results"]}
    assert verdicts[QUOTAS] == ("waived" if waivers else "fail")
    assert verify(tmp_path, contract()) == []


def test_unpacked_evidence_proves_as_much(tmp_path: Path) -> None:
    """The text may be kept instead of the packed file; what is changed in it is found."""
    written(tmp_path)
    packed, plain = tmp_path / NAME, tmp_path / NAME.removesuffix(".gz")
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    assert verify(tmp_path, contract()) == []
    plain.write_bytes(plain.read_bytes().replace(b'"status":299', b'"status":200'))
    assert "was changed after it was written" in verify(tmp_path, contract())[0]


def _fields(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything inside a report."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _fields(item, (*path, key))


def _changed(value: Any, chance: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + chance.choice([1, -1, 1000])
    if isinstance(value, str):
        return chance.choice([f"{value}x", value[1:], "pass", "2026-05-31T00:00:00Z", ""])
    if isinstance(value, list):
        return chance.choice([value[1:], [*value, *value[:1]], value[::-1]])
    return chance.choice([None, "x", 0])


def _tampered(report: Any, chance: random.Random) -> Any:
    """Return the report with one field changed, removed, or put in."""
    while True:
        result = copy.deepcopy(report)
        *way, last = chance.choice(list(_fields(report)))
        place = result
        for step in way:
            place = place[step]
        kind = chance.choice(["change", "change", "remove"])
        if kind == "change":
            place[last] = _changed(place[last], chance)
        else:
            del place[last]
        if json.dumps(result) != json.dumps(report):
            return result


def _found(folder: Path) -> bool:
    """Whether the tampering is found; a report that is none any more is refused."""
    try:
        return bool(verify(folder, contract()))
    except ConfigurationError:
        return True


@pytest.fixture
def share(request: pytest.FixtureRequest) -> int:
    """How many times fewer tamperings are tried than with ``--thorough``."""
    return 1 if request.config.getoption("--thorough") else 10


def test_every_change_of_a_field_of_the_report_is_found(tmp_path: Path, share: int) -> None:
    """Verdicts, counts, dates, target, cost, drift, waivers, rows: 250 changes of any of them."""
    report = json.loads(json.dumps(written(tmp_path, waivers=[{**_WAIVER, "expires": "2026-01-01"}])))
    assert verify(tmp_path, contract()) == []
    chance = random.Random(1)
    for _ in range(250 // share):
        bad = _tampered(report, chance)
        (tmp_path / "report.json").write_text(json.dumps(bad), encoding="utf-8")
        assert _found(tmp_path), {k: v for k, v in bad.items() if v != report.get(k)}


def test_every_change_of_a_byte_of_the_evidence_is_found(tmp_path: Path, share: int) -> None:
    """150 bytes changed, taken out or put in anywhere in the packed file, its gzip header included."""
    written(tmp_path)
    file, chance = tmp_path / NAME, random.Random(2)
    data = file.read_bytes()
    for _ in range(150 // share):
        place = chance.randrange(len(data))
        middle = chance.choice([bytes([data[place] ^ 1 << chance.randrange(8)]), b"", data[place : place + 1] * 2])
        bad = data[:place] + middle + data[place + 1 :]
        if bad != data:
            file.write_bytes(bad)
            assert _found(tmp_path), place
    for bad in (data + b"\0", data + data, data[: len(data) // 2], b""):
        file.write_bytes(bad)
        assert _found(tmp_path)


def _resealed(data: bytes, change: Callable[[list[dict[str, Any]]], None]) -> bytes:
    """Return evidence with changed rows and a chain that is right again."""
    rows = [json.loads(text) for text in gzip.decompress(data).splitlines()]
    change(rows)
    head, lines, count = "0" * 64, [], 0
    block = hashlib.sha256(head.encode())
    for row in rows:
        if row["kind"] == "link":
            head = block.hexdigest()
            row.update(lines=count, sha256=head)
            block, count = hashlib.sha256(head.encode()), 0
        text = json.dumps(row, separators=(",", ":")).encode()
        if row["kind"] != "link":
            block.update(text + b"\n")
            count += 1
        lines.append(text + b"\n")
    return gzip.compress(b"".join(lines))


def test_resealed_evidence_is_not_that_of_the_report(tmp_path: Path, share: int) -> None:
    """100 fields changed with all digests in the evidence made right: the report names another end of the chain."""
    written(tmp_path)
    file, chance = tmp_path / NAME, random.Random(3)
    data = file.read_bytes()
    for _ in range(100 // share):

        def change(rows: list[dict[str, Any]]) -> None:
            row = chance.choice([row for row in rows if row["kind"] != "link"])
            row[chance.choice([name for name in row if name != "kind"])] = chance.choice([1, "x", None, [], {}])

        file.write_bytes(_resealed(data, change))
        assert _found(tmp_path)


def test_evidence_that_no_run_writes_is_a_sentence(tmp_path: Path, share: int) -> None:
    """Whatever stands in a line with its digest made right, also in that of the report."""
    report = written(tmp_path)
    file, chance = tmp_path / NAME, random.Random(4)
    data = file.read_bytes()
    for _ in range(100 // share):

        def change(rows: list[dict[str, Any]]) -> None:
            row = chance.choice([row for row in rows if row["kind"] not in {"link", "footer"}])
            row[chance.choice([name for name in row if name != "kind"])] = chance.choice([{}, [{}], None, 7])

        file.write_bytes(_resealed(data, change))
        link = json.loads(gzip.decompress(file.read_bytes()).splitlines()[-1])
        told = {**report["evidence"], "sha256": link["sha256"], "file_sha256": _sha256(file)}
        (tmp_path / "report.json").write_text(json.dumps({**report, "evidence": told}), encoding="utf-8")
        verify(tmp_path, contract())


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: _row(rows, "exchange").update(status=200), f"{QUOTAS} is fail by the recorded findings and pass"),
        (lambda rows: _row(rows, "finding", outcome="fail").update(outcome="pass"), "is not what its exchanges give"),
        (lambda rows: _row(rows, "finding", outcome="fail").update(observed="fine"), "is not what its exchanges give"),
        (lambda rows: _row(rows, "finding", outcome="pass").update(exchanges=["main-09999"]), "does not have"),
        (lambda rows: rows.remove(_row(rows, "drift")), "seen in the exchanges and not recorded"),
        (lambda rows: _row(rows, "drift").update(what="absolute.other"), "recorded and not seen in the exchanges"),
    ],
)
def test_what_the_exchanges_do_not_give_is_found_with_all_digests_right(tmp_path: Path, change: Any, said: str) -> None:
    """Whoever writes a new report from changed evidence has to change everything that hangs together."""
    from pytest_ecs._report.certificate import build
    from pytest_ecs._report.files import dumped

    written(tmp_path)
    file = tmp_path / NAME
    file.write_bytes(_resealed(file.read_bytes(), change))
    evidence = read_evidence(file)
    report = build(evidence.header, evidence.record, evidence.footer, contract(), evidence.info)
    (tmp_path / "report.json").write_text(dumped(report), encoding="utf-8")
    problems = verify(tmp_path, contract())
    assert any(said in problem for problem in problems), problems


def _row(rows: list[dict[str, Any]], kind: str, **values: Any) -> dict[str, Any]:
    return next(row for row in rows if row["kind"] == kind and all(row[k] == v for k, v in values.items()))


def test_removed_rows_a_renamed_target_and_added_waivers_are_named(tmp_path: Path) -> None:
    """Each of them made a certificate look better than the run was."""
    report = written(tmp_path)
    file = tmp_path / "report.json"

    def said(**changes: Any) -> list[str]:
        file.write_text(json.dumps({**report, **changes}), encoding="utf-8")
        return verify(tmp_path, contract())

    kept = [row for row in report["results"] if row["verdict"] != "fail"]
    assert f"{QUOTAS} was asked for and is missing in the certificate; it is fail by its evidence" in said(results=kept)
    renamed = {**report["target"], "name": "another"}
    assert 'target.name is "another" in the certificate and "cloud" by its evidence' in said(target=renamed)
    waiver = {**_WAIVER, "state": "applied", "waived": [QUOTAS]}
    assert any(one.startswith("waivers is") for one in said(waivers=[waiver]))


def test_a_newer_contract_says_which_verdicts_would_change_and_why(tmp_path: Path) -> None:
    """And that the version that the certificate names is needed to check every figure."""
    written(tmp_path)
    newer = _newer(contract())
    problems = verify(tmp_path, newer)
    assert problems[0].startswith("the certificate was made with contract")
    gone = "ecs.quotas.show/error/code"
    assert f"with the installed contract {gone} would be no requirement any more" in problems
    assert f"with the installed contract {QUOTAS} would be pass instead of fail: its exchanges fulfil it" in problems


def _newer(old: Contract) -> Contract:
    """A contract in which 299 is a documented success and one requirement is gone."""
    operation = old.operations["ecs.quotas.show"]
    requirements = {k: v for k, v in old.requirements.items() if k != "ecs.quotas.show/error/code"}
    operations = {**old.operations, operation.id: replace(operation, statuses=(*operation.statuses, 299))}
    return replace(old, digest="f" * 64, operations=operations, requirements=requirements)


def test_the_report_of_a_killed_run_can_be_recovered_and_is_none(tmp_path: Path) -> None:
    """All that was judged is there; the verdict can be neither pass nor partial."""
    from pytest_ecs._report.recover import recover

    seen = exchange("ecs.quotas.show", 200, {"absolute": {}})
    report = write(tmp_path, header(QUOTAS), [seen], end=None)
    with pytest.raises(EvidenceError, match="has no footer"):
        read_evidence(tmp_path / NAME)
    assert (report["verdict"], report["complete"], report["results"][0]["verdict"]) == ("error", False, "pass")
    (tmp_path / "report.json").unlink()
    recover(tmp_path, contract())
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == json.loads(json.dumps(report))
    assert verify(tmp_path, contract()) == []


def test_two_exchanges_of_one_id_are_found(tmp_path: Path) -> None:
    """Evidence that was put together from two runs is refused, although its digests are right."""
    seen = exchange("ecs.quotas.show", 200, {"absolute": {}})
    with pytest.raises(EvidenceError, match="two exchanges of one id"):
        write(tmp_path, header(QUOTAS), [seen, seen])


def test_a_body_that_comes_again_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Also where a request has a field of the name that bodies have in the evidence."""
    asked = {"response_body": {"response_body": 1}, "response_text": [True, 1, 1.0, None]}
    seen = [
        exchange("ecs.quotas.show", 200, body, id=f"main-{number:05}", request=request)
        for number, (request, body) in enumerate(
            [
                (None, {"a": 1}),
                (None, {"a": 1}),
                (asked, {"a": 1}),
                (asked, {"a": 1}),
                (None, {"a": True}),
                (asked, asked),
            ],
            1,
        )
    ]
    write(tmp_path, header(QUOTAS), seen)
    read = read_evidence(tmp_path / NAME).exchanges
    assert [repr(one) for one in read] == [repr(one) for one in seen]
    assert read[0].response_body is read[1].response_body
