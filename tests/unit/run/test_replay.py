"""A recorded request is sent again with what is there now, after its control, and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ecs.__main__ import main
from pytest_ecs._http.exchange import Case, Exchange
from pytest_ecs._http.redaction import REDACTED
from pytest_ecs._http.token import FixedToken
from pytest_ecs._report.evidence import Evidence
from pytest_ecs._report.record import Record
from pytest_ecs._run.options import Settings
from pytest_ecs._run.replay import Replay
from pytest_ecs._run.session import Session, open_session
from pytest_ecs.exceptions import ConfigurationError

from ..report.reports import header

_LONG = "nova.servers.update/request/server.name/maxLength"


@pytest.fixture
def session() -> Iterator[Session]:
    """A session of now, on a cloud that has nothing of what was recorded."""
    opened = open_session(Settings(run="12345678", batch=1, deviation=("name-length-unchecked",)))
    yield opened
    opened.clean()
    opened.close()


@pytest.fixture(scope="module")
def recorded() -> Sequence[Exchange]:
    """What an earlier run sent: a server is renamed, and must not get a name that is too long; a key pair is made."""
    earlier = open_session(Settings(run="abcdef01", worker="gw7", batch=1))
    server = earlier.pool.lease().id
    path = f"/v2.1/{{project_id}}/servers/{server}"
    name = "ecs-conformance-abcdef01-n"
    control = earlier.client.put(path, {"server": {"name": name}}, case=Case("nova.servers.update/status", "accepted"))
    case = Case(_LONG, "invalid", "server.name is too long", control.id)
    changed = earlier.client.put(path, {"server": {"name": name.ljust(256, "a")}}, case=case)
    shown = earlier.client.get(path, case=Case("nova.servers.show/status", "accepted"))
    garbage = earlier.client.get(
        path,
        auth=FixedToken("nobody-issued-it"),
        case=Case("nova.servers.show/auth/garbage-token", "unauthenticated", "a wrong token", shown.id),
    )
    pair = earlier.client.post("/v2.1/{project_id}/os-keypairs", {"keypair": {"name": f"{name}-key"}})
    earlier.close()
    return [control, changed, garbage, pair, shown]


def _evidence(exchanges: Sequence[Exchange]) -> Evidence:
    about = header()
    simulated = replace(about, target={**about.target, "simulated": True})
    info = {"file": "", "sha256": "", "file_sha256": "", "exchanges": len(exchanges), "findings": 0}
    return Evidence(simulated, tuple(exchanges), Record(), None, info, packed=True)  # type: ignore[arg-type]


def test_the_control_goes_first_and_both_go_to_a_server_that_is_there(
    session: Session, recorded: Sequence[Exchange]
) -> None:
    """The names are those of this run, so that its ledger finds what is made."""
    control, changed, *_ = recorded
    sent, findings = Replay(session, _evidence(recorded))(changed.id)
    assert [(one.method, one.status) for one in sent] == [("PUT", 200), ("PUT", 400)]
    assert control.parameters["server_id"] not in {one.parameters["server_id"] for one in sent}
    assert sent[0].request_body == {"server": {"name": "ecs-conformance-12345678-n"}}
    assert sent[1].case is not None
    assert sent[1].case.control == sent[0].id
    assert [(one.requirement, one.outcome) for one in findings if one.requirement == _LONG] == [(_LONG, "pass")]


def test_what_the_process_has_seen_before_is_judged_again(session: Session, recorded: Sequence[Exchange]) -> None:
    """It would be said to hold already, and the answer of now to show nothing."""
    shown = recorded[-1]
    for _ in range(2):
        _, findings = Replay(session, _evidence(recorded))(shown.id)
        assert "nova.servers.show/status" in {one.requirement for one in findings if one.outcome == "pass"}


def test_a_request_with_a_wrong_token_has_a_wrong_token_again(session: Session, recorded: Sequence[Exchange]) -> None:
    """The recorded one was taken out; the right one would prove nothing."""
    sent, findings = Replay(session, _evidence(recorded))(recorded[2].id)
    assert sent[-1].status == 401
    assert [one.outcome for one in findings if one.requirement == "nova.servers.show/auth/garbage-token"] == ["pass"]


def test_what_is_made_again_is_in_the_ledger(session: Session, recorded: Sequence[Exchange]) -> None:
    """And goes with the end of the replay."""
    sent, _ = Replay(session, _evidence(recorded))(recorded[3].id)
    assert sent[-1].accepted
    name = sent[-1].json_object["keypair"]["name"]
    assert session.client.get(f"/v2.1/{{project_id}}/os-keypairs/{name}").status == 200
    session.clean()
    assert session.client.get(f"/v2.1/{{project_id}}/os-keypairs/{name}").status == 404


def test_new_secrets_take_the_place_of_those_that_were_taken_out(
    session: Session, recorded: Sequence[Exchange]
) -> None:
    """Unless the secret is what was changed."""
    body = {"server": {"name": "n", "adminPass": REDACTED, "user_data": REDACTED}}
    sent, _ = Replay(session, _evidence([replace(recorded[0], request_body=body)]))(recorded[0].id)
    assert sent[-1].request_body["server"]["adminPass"] == REDACTED
    case = Case("nova.servers.create/request/server.adminPass/type", "invalid")
    about = replace(recorded[0], case=case, request_body=body)
    with pytest.raises(ConfigurationError, match="what was changed in it is a secret"):
        Replay(session, _evidence([about]))(about.id)


def test_an_exchange_that_is_not_there_is_answered_with_the_closest(
    session: Session, recorded: Sequence[Exchange]
) -> None:
    """As they are long to type."""
    with pytest.raises(ConfigurationError, match=f"did you mean .*{recorded[0].id}"):
        Replay(session, _evidence(recorded))(f"{recorded[0].id}0")


def test_the_verb_needs_an_id_and_a_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of which is a sentence."""
    monkeypatch.chdir(tmp_path)
    assert main(["replay"]) == 4
    assert main(["replay", "main-00001"]) == 4
    said = capsys.readouterr().err
    assert "needs the id of an exchange" in said
    assert "pytest-ecs replay needs a target" in said
