"""How servers are found in their list."""

from __future__ import annotations

import pytest

from pytest_ecs._resources.lookup import listed
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import open_session


@pytest.mark.parametrize("deviations", [(), ("servers-limit-refused",), ("servers-name-refused",)])
def test_a_list_that_cannot_be_narrowed_is_read_page_by_page(deviations: tuple[str, ...]) -> None:
    """A page has 25 servers where no limit is understood; what the names are is for the caller to look at."""
    session = open_session(Settings(run="unit", deviation=deviations))
    try:
        hook = session.target.control
        assert hook is not None
        hook("PUT", "/_mock/servers", {"count": 60})
        plain = session.client.get("/v2.1/{project_id}/servers").json_object["servers"]
        found = listed(session.client, name=str(plain[0]["name"])[:2])
        assert len({one["id"] for one in found}) == len(found) >= 60
    finally:
        session.close()
