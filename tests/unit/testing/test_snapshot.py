"""What a server is like is looked at and put back by the APIs that the profile has."""

from __future__ import annotations

import pytest

from pytest_ecs._checks import Finding
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import open_session
from pytest_ecs._testing.properties import Properties, PropertyBroken
from pytest_ecs._testing.snapshot import Snapshot
from pytest_ecs._testing.tools import tools_of


@pytest.mark.parametrize("profile", ["full", "native", "core"])
def test_a_server_is_what_it_was(profile: str) -> None:
    """Its name, its metadata and its tags, as far as the profile can change them."""
    session = open_session(Settings(run="unit", profile=profile))
    tools = tools_of(session)
    path = f"/v2.1/{{project_id}}/servers/{(lease := tools.servers()).id}"
    before = Snapshot.of(tools, lease)
    if profile != "core":
        tools.client.put(f"{path}/metadata", {"metadata": {"new": "1"}})
    if profile == "native":
        tools.client.put(f"{path}/tags", {"tags": ["one", "two"]}, microversion="2.26")
    else:
        tags = [{"key": "one", "value": "1"}]
        tools.client.post(path.replace("v2.1", "v1") + "/tags/action", {"action": "create", "tags": tags})
    changed = Snapshot.of(tools, lease)
    assert changed.tags.keys() == ({"one", "two"} if profile == "native" else {"one"})
    before.put_back()
    again = Snapshot.of(tools, lease)
    assert (again.tags, again.shown["metadata"], lease.spoilt) == (before.tags, before.shown["metadata"], False)
    session.close()


@pytest.mark.parametrize("known", [False, True])
def test_what_is_known_to_be_broken_does_not_end_a_property(known: bool) -> None:
    """Otherwise it would hide whatever else the property could find."""
    session = open_session(Settings(run="unit"))
    properties = Properties(session, tools_of(session))
    must = next(one.id for one in session.contract.requirements.values() if one.level == "must")
    if known:
        session.pending.append(Finding(must, "fail", ("x",)))
        session.collect()
    trial = properties.trial()
    session.pending.append(Finding(must, "fail", ("x",)))
    if known:
        properties.judge(trial)
    else:
        with pytest.raises(PropertyBroken, match=must.split("/")[0]):
            properties.judge(trial)
    session.close()
