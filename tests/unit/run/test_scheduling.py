"""Which tests an xdist worker runs together."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import pytest

from pytest_ecs._cases.recipe import RECIPES, Recipe
from pytest_ecs._contract import load
from pytest_ecs._locations import suites
from pytest_ecs._run.scheduling import Distribution, Grouping


class Place(Protocol):
    """Makes a test of a file, a parameter and a marker."""

    def __call__(self, file: Path, parameter: str | None = None, marker: str | None = None) -> pytest.Item:
        """Return the test."""
        ...


_PARAMETERS = {
    "ecs.tags.add": "ecs.tags.add",
    "nova.servers.show/not-found/server_id": "nova.servers.show",
    "nova.servers.create-image/http/empty-body": "nova.servers.create-image",
    "A-4/unknown": None,
    "limit": None,
}


class _Item(pytest.Item):
    """A test that lies where it is said to."""

    def runtest(self) -> None:
        """Do nothing."""


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Place:
    """Return what makes a test of a file, a parameter and a marker."""

    def make(file: Path, parameter: str | None = None, marker: str | None = None) -> pytest.Item:
        module = pytest.Module.from_parent(request.session, path=file)
        item: Any = _Item.from_parent(module, name="test_x")
        if parameter is not None:
            item.callspec = type("Callspec", (), {"params": {"requirement": parameter, "number": 1}})
        if marker is not None:
            item.add_marker(pytest.mark.ecs_group(*marker.split()))
        made: pytest.Item = item
        return made

    return make


@pytest.fixture(autouse=True)
def recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say of two operations what their tests share."""
    monkeypatch.setitem(RECIPES, "ecs.server-groups.create", Recipe("ecs.server-groups.create", {}, group="scarce"))
    monkeypatch.setitem(RECIPES, "ecs.servers.delete", Recipe("ecs.servers.delete", {}, group="servers", deletes=True))
    monkeypatch.setitem(RECIPES, "ecs.tags.add", Recipe("ecs.tags.add", {}))


def _group(item: pytest.Item, *, embedded: bool = False) -> str | None:
    return Grouping(load(), Path(), embedded=embedded).group(item)


@pytest.mark.parametrize(("parameter", "name"), list(_PARAMETERS.items()))
def test_what_is_about_one_operation_stays_together(place: Place, parameter: str, name: str | None) -> None:
    """Its cases share its requests; what is about none goes wherever there is room."""
    assert _group(place(suites() / "test_error_codes.py", parameter)) == name


def test_the_rules_of_one_resource_stay_together(place: Place) -> None:
    """They share its servers, whatever their parameters are."""
    file = suites() / "nova" / "test_actions.py"
    assert _group(place(file)) == "nova/test_actions.py"
    assert _group(place(file, "nova.servers.show/status")) == "nova/test_actions.py"


def test_the_tests_of_others_go_wherever_there_is_room(place: Place, tmp_path: Path) -> None:
    """A stranger's tests are not ours to group."""
    assert _group(place(tmp_path / "nova" / "test_own.py")) is None


@pytest.mark.parametrize("embedded", [True, False])
def test_what_there_is_little_of_is_in_one_worker(place: Place, *, embedded: bool) -> None:
    """A module says so with its marker, a recipe with its group."""
    for item in (
        place(suites() / "nova" / "test_create.py", marker="scarce"),
        place(suites() / "test_status_codes.py", "ecs.server-groups.create"),
        place(suites() / "test_error_codes.py", "ecs.server-groups.create/http/empty-body"),
    ):
        assert _group(item, embedded=embedded) == "scarce"


def test_what_makes_servers_is_in_one_worker_where_workers_share_none(place: Place) -> None:
    """Each worker of a run on the embedded mock has a cloud of its own."""
    rules = place(suites() / "ecs" / "test_lifecycle.py", marker="servers")
    deletes = place(suites() / "test_status_codes.py", "ecs.servers.delete")
    assert (_group(rules, embedded=True), _group(deletes, embedded=True)) == ("scarce", "scarce")
    assert (_group(rules), _group(deletes)) == ("ecs/test_lifecycle.py", "ecs.servers.delete")


def test_rules_run_beside_the_cases_of_an_operation(place: Place) -> None:
    """They share the answers that they compare with; where each worker has a cloud, one has all that makes servers."""
    rules = place(suites() / "ecs" / "test_lifecycle.py", marker="servers ecs.servers.create")
    assert (_group(rules), _group(rules, embedded=True)) == ("ecs.servers.create", "scarce")


def test_what_takes_minutes_is_a_group_even_where_it_is_alone(place: Place) -> None:
    """Others that are about no operation are not."""
    alone = place(suites() / "test_properties.py", marker="long")
    assert _group(alone) == alone.nodeid
    assert _group(place(suites() / "test_properties.py")) is None


def test_groups_have_an_order(place: Place, tmp_path: Path) -> None:
    """What takes minutes comes first, then what one worker alone can do, then the largest, with what deletes servers in between."""

    def tests(count: int, name: str, marker: str | None = None, *, deletes: bool = False) -> list[pytest.Item]:
        made = [place(suites() / "ecs" / f"test_{name}.py", marker=marker) for _ in range(count)]
        for number, item in enumerate(made):
            item._nodeid = f"{item.nodeid}[{number}]"  # type: ignore[attr-defined]
            if deletes:
                item.add_marker(pytest.mark.ecs_requirement("ecs.servers.delete/status"))
        return made

    groups = [tests(1, "few"), tests(2, "more"), tests(3, "most"), tests(4, "all")]
    users = [tests(2, "deletes", deletes=True), tests(1, "also_deletes", deletes=True)]
    items = [*groups, *users, tests(1, "x", "scarce"), tests(1, "slow", "long")]
    file = tmp_path / "groups"
    session: Any = SimpleNamespace(items=[item for group in items for item in group])
    Grouping(load(), file, embedded=False).pytest_collection_finish(session)
    order = dict.fromkeys(json.loads(file.read_text(encoding="utf-8")).values())
    names = ["ecs/test_slow.py", "scarce", "ecs/test_all.py", "ecs/test_deletes.py", "ecs/test_most.py"]
    assert list(order) == [*names, "ecs/test_more.py", "ecs/test_also_deletes.py", "ecs/test_few.py"]


@pytest.mark.parametrize(
    ("dist", "scope"),
    [
        ("load", "a/test_a.py::TestIt::test_one[x@y]"),
        ("worksteal", "a/test_a.py::TestIt::test_one[x@y]"),
        ("loadscope", "a/test_a.py::TestIt"),
        ("loadfile", "a/test_a.py"),
        ("loadgroup", "a/test_a.py::TestIt::test_one[x@y]"),
    ],
)
def test_tests_in_no_group_stay_together_as_dist_says(dist: str, scope: str) -> None:
    """As xdist itself would keep them."""
    distribution = Distribution(dist)
    assert distribution.scope("a/test_a.py::TestIt::test_one[x@y]") == scope
    named = "a/test_a.py::test_two[x]@mine"
    assert distribution.scope(named) == {
        "loadgroup": "mine",
        "loadfile": "a/test_a.py",
        "loadscope": "a/test_a.py",
    }.get(dist, named)
    distribution.pytest_unconfigure()


@pytest.mark.parametrize("dist", ["load", "worksteal", "loadscope", "loadfile", "loadgroup"])
def test_groups_stay_together_however_the_load_is_shared(dist: str) -> None:
    """Also where they are of several files."""
    distribution = Distribution(dist)
    distribution._groups = {"a.py::test_a": "scarce", "b.py::test_b": "scarce"}
    assert distribution.scope("a.py::test_a") == distribution.scope("b.py::test_b") == "scarce"
    distribution.pytest_unconfigure()


def test_the_controller_learns_the_groups_from_the_workers(place: Place, tmp_path: Path) -> None:
    """Of every test that has one; others are groups of their own."""
    distribution = Distribution()
    node: Any = SimpleNamespace(gateway=SimpleNamespace(id="gw0"), workerinput={})
    distribution.pytest_configure_node(node)
    items = [place(suites() / "ecs" / "test_tags.py"), place(tmp_path / "test_own.py")]
    session: Any = SimpleNamespace(items=items)
    file = Path(node.workerinput["ecs_groups"])
    Grouping(load(), file, embedded=True).pytest_collection_finish(session)
    distribution.pytest_xdist_node_collection_finished(node)
    assert distribution.scope(items[0].nodeid) == "ecs/test_tags.py"
    assert distribution.scope(items[1].nodeid) == items[1].nodeid
    assert (distribution.place("ecs/test_tags.py"), distribution.place(items[1].nodeid)) == (0, 1)
    distribution.pytest_unconfigure()
    assert not file.parent.exists()
