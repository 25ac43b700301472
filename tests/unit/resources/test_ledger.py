"""The ledger knows what was created before it is."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ecs._resources.ledger import Ledger
from pytest_ecs.exceptions import BudgetExceeded, LedgerError

_OPEN: list[Ledger] = []


def _states(ledger: Ledger) -> dict[str, str]:
    return {run.id: ledger.state(run) for run in ledger.runs()}


def _ledger(tmp_path: Path, run: str = "r1", limit: int | None = None) -> Ledger:
    _OPEN.append(Ledger(tmp_path / "ledger.sqlite", target="https://t", run=run, limit=limit))
    return _OPEN[-1]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Close what a test opened."""
    yield
    while _OPEN:
        _OPEN.pop().close()


def test_an_intent_is_there_for_another_process_at_once(tmp_path: Path) -> None:
    """What was written before a request is read by a process that has nothing else in common."""
    ledger = _ledger(tmp_path)
    ledger.start()
    ledger.intend("primary", "name-1", 2, 0.0)
    code = (
        "import sys; from pathlib import Path; from pytest_ecs._resources.ledger import Ledger;"
        "l = Ledger(Path(sys.argv[1]), target='https://t', run='other');"
        "print([(i.name, i.count, bool(i.accepted)) for i in l.intents('r1')])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "ledger.sqlite")], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[('name-1', 2, False)]"


def test_the_budget_counts_what_was_asked_for_and_not_refused(tmp_path: Path) -> None:
    """A request over the limit is stopped before it leaves; a refused one gives its share back."""
    ledger = _ledger(tmp_path, limit=3)
    first = ledger.intend("primary", "a", 2, 0.0)
    with pytest.raises(BudgetExceeded, match=r"2 more server\(s\) would pass --ecs-max-servers=3.*2 created"):
        ledger.intend("primary", "b", 2, 0.0)
    ledger.refused(first)
    assert ledger.intend("primary", "b", 3, 0.0) > first


def test_an_exclusive_server_has_one_user_and_a_shared_one_many(tmp_path: Path) -> None:
    """Leases by mode: exclusive hides the server, shared lets others in while the status is the same."""
    ledger = _ledger(tmp_path)
    ledger.add("s1", run="r1", identity="primary", intent=None, name=None, status="ACTIVE")
    assert ledger.take("gw0", status="ACTIVE", exclusive=True, word="") is None  # it may be special
    ledger.plain("s1")
    assert ledger.take("gw0", status="ACTIVE", exclusive=True, word="") is not None
    assert ledger.take("gw1", status="ACTIVE", exclusive=False, word="") is None
    ledger.give_back("s1", status="ACTIVE")
    assert ledger.take("gw0", status="ACTIVE", exclusive=False, word="") is not None
    assert ledger.take("gw1", status="ACTIVE", exclusive=False, word="") is not None
    assert ledger.take("gw1", status="ACTIVE", exclusive=True, word="") is None
    ledger.give_back("s1", status="ACTIVE")
    assert ledger.take("gw1", status="ACTIVE", exclusive=True, word="") is None
    ledger.give_back("s1", status="ACTIVE")
    assert ledger.take("gw1", status="ACTIVE", exclusive=True, word="") is not None


def test_a_server_in_the_wanted_status_is_preferred(tmp_path: Path) -> None:
    """Reuse costs the least: the server that needs no start or stop comes first."""
    ledger = _ledger(tmp_path)
    for server, status in (("off", "SHUTOFF"), ("on", "ACTIVE")):
        ledger.add(server, run="r1", identity="primary", intent=None, name=None, status=status)
        ledger.plain(server)
    taken = ledger.take("gw0", status="ACTIVE", exclusive=True, word="")
    assert taken is not None
    assert taken.id == "on"


def test_what_tests_left_over_is_deleted_first(tmp_path: Path) -> None:
    """A special server that has served goes to whoever deletes one, and to nobody else; those of the pool do not."""
    ledger = _ledger(tmp_path)
    for server in ("pool", "special", "broken"):
        status = "ERROR" if server == "broken" else "ACTIVE"
        ledger.add(server, run="r1", identity="primary", intent=None, name=None, status=status)
    ledger.plain("pool")
    ledger.spare("pool")
    ledger.spare("special")
    ledger.spare("broken")
    plain = ledger.take("gw0", status="ACTIVE", exclusive=True, word="")
    assert plain is not None
    assert plain.id == "pool"
    assert ledger.take("gw0", status="ACTIVE", exclusive=True, word="") is None
    ledger.give_back("pool", status="ACTIVE")
    taken = ledger.take_spare("gw0", status="ACTIVE")
    assert taken is not None
    assert (taken.id, taken.status) == ("special", None)  # its test may have changed it
    ledger.give_back("special", status="ACTIVE")
    ledger.gone("special")
    assert ledger.take_spare("gw0", status="ACTIVE") is None


def test_another_runs_servers_are_never_leased(tmp_path: Path) -> None:
    """A pool ends with its run."""
    _ledger(tmp_path, run="r1").add("s1", run="r1", identity="primary", intent=None, name=None, status="ACTIVE")
    _ledger(tmp_path, run="r1").plain("s1")
    assert _ledger(tmp_path, run="r2").take("gw0", status="ACTIVE", exclusive=True, word="") is None


def test_only_runs_whose_process_is_gone_are_unfinished(tmp_path: Path) -> None:
    """A run that still works is left alone by sweep; one that ended properly has nothing left."""
    ledger = _ledger(tmp_path, run="alive")
    ledger.start()
    done = _ledger(tmp_path, run="done")
    done.start()
    done.finish()
    code = (
        "import os, sys; from pathlib import Path; from pytest_ecs._resources.ledger import Ledger;"
        "Ledger(Path(sys.argv[1]), target='https://t', run='dead').start(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "ledger.sqlite")], check=False)
    assert _states(ledger) == {"alive": "alive", "done": "dead", "dead": "dead"}
    ledger.close()
    assert _states(_ledger(tmp_path, run="later")) == {"alive": "dead", "done": "dead", "dead": "dead"}


def test_whether_another_computers_run_is_over_cannot_be_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lock says that it is alive as long as it is seen; no lock says nothing."""
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    ledger = _ledger(tmp_path, run="r1")
    ledger.start()
    monkeypatch.undo()
    assert _states(_ledger(tmp_path, run="r2")) == {"r1": "alive"}
    ledger.close()
    assert _states(_ledger(tmp_path, run="r2")) == {"r1": "unknown"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://localhost:8774", "http://127.0.0.1:8774/"),
        ("https://ECS.Example.com/", "https://ecs.example.com:443"),
        ("http://[::1]:80/ecs/", "http://127.0.0.1/ecs"),
    ],
)
def test_an_endpoint_has_one_spelling(tmp_path: Path, one: str, other: str) -> None:
    """What was created is found again, however the URL is written; another path is another endpoint."""
    file = tmp_path / "ledger.sqlite"
    _OPEN.append(Ledger(file, target=one, run="r1"))
    _OPEN[-1].start()
    _OPEN.append(Ledger(file, target=other, run="r2"))
    assert [run.id for run in _OPEN[-1].runs()] == ["r1"]
    _OPEN.append(Ledger(file, target=f"{other}/other", run="r3"))
    assert _OPEN[-1].runs() == []


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    """Its tables may mean something else."""
    with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
        db.execute("CREATE TABLE runs (id TEXT)")
    db.close()
    with pytest.raises(LedgerError, match=r"not written by this version.*schema 0 instead of 3"):
        _ledger(tmp_path)


def test_what_breaks_later_is_one_sentence_too(tmp_path: Path) -> None:
    """Also where it is read: a table that is missing, a page that is damaged."""
    ledger = _ledger(tmp_path)
    with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
        db.execute("DROP TABLE things")
    db.close()
    with pytest.raises(LedgerError, match="no such table: things"):
        ledger.resources("r1")


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/dev/full").exists(), reason="root may write everywhere")
def test_a_ledger_that_cannot_be_written_stops_creation(tmp_path: Path) -> None:
    """No record, no request: the error names the file and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match=r"nothing will be created.*--ecs-ledger"):
        Ledger(tmp_path / "file" / "ledger.sqlite", target="t", run="r")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Something else under the ledger's name is not overwritten."""
    file = tmp_path / "ledger.sqlite"
    file.write_text("this is not a database, not at all, and it is long enough to be read as one" * 20)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite"):
        _ledger(tmp_path)
    assert file.read_text().startswith("this is not")
