"""Property tests: generated requests sent through recipes, judged at once, and shrunk to a short list of requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from pytest_ecs._bench import Bench, expected_of, only_checked
from pytest_ecs._cases import Mutation
from pytest_ecs._checks import Finding, judge
from pytest_ecs._contracts.model import Operation
from pytest_ecs._exchange import Case, Exchange
from pytest_ecs._recipes import RECIPES, Recipe, Request, placeholder
from pytest_ecs.exceptions import ConformanceFailure
from pytest_ecs.strategies import broken, changed, changes, invalid_queries, valid_bodies, valid_queries
from pytest_ecs.typing import JSON

__all__ = ["PROFILES", "Explorer", "explorable"]

#: Profile -> examples of each operation, of the state machine, and its steps.
PROFILES: dict[str, tuple[int, int, int]] = {"quick": (4, 3, 12), "deep": (60, 25, 40)}
_NO_SERVER_ERROR = "10.1/no-server-error"


def explorable(operation: Operation, profile: str, *, valid: bool) -> bool:
    """Return whether requests of an operation are generated: where nothing is bought and what is done can be undone.

    The quick profile leaves out what takes a job's time.
    """
    recipe = RECIPES.get(operation.id)
    if recipe is None or recipe.anonymous or recipe.deletes or operation.chapter == "iam":
        return False
    if "floating-ip" in operation.id:  # a project may have few of them
        return False
    if operation.id.endswith(".servers.create") and not only_checked(operation):
        return False
    if operation.method == "GET":
        return bool(operation.query)
    if operation.body is None or not isinstance(recipe.variants["default"](placeholder()).body, dict):
        return False
    if only_checked(operation):
        return True
    undone = recipe.undo is not None or (valid and recipe.restore is not None)
    return undone and (operation.job is None or profile == "deep")


@dataclass
class Explorer:
    """Runs properties against the endpoint. Raises `ConformanceFailure` with the shortest requests that break one."""

    bench: Bench
    _told: str = field(default="", repr=False)

    def accept_or_refuse(self, operation_id: str) -> None:
        """Send generated requests that follow the tables: each is accepted or refused as documented, never with 5xx."""
        operation, recipe = self._known(operation_id)

        def example(data: st.DataObject) -> None:
            with self._judged(), self._built(operation, recipe) as (request, send):
                body = request.body if operation.body is None else data.draw(valid_bodies(operation, request.body))
                query = {**request.query, **data.draw(valid_queries(operation))}
                send(replace(request, body=body, query=query), None)

        self._run(example)

    def refuse(self, operation_id: str) -> None:
        """Send generated requests, and those that are accepted once more with one thing broken: each of these is refused."""
        operation, recipe = self._known(operation_id)

        def example(data: st.DataObject) -> None:
            with self._judged():
                (self._refuse_query if operation.method == "GET" else self._refuse_body)(operation, recipe, data)

        self._run(example)

    def _refuse_query(self, operation: Operation, recipe: Recipe, data: st.DataObject) -> None:
        with self._built(operation, recipe) as (request, send):
            drawn = data.draw(invalid_queries(self.bench.contract, operation))
            if drawn is None:
                return
            requirement, mutation = drawn
            control = send(request, None)
            query = {**request.query, **mutation.value}
            send(replace(request, query=query), self._broken(requirement, operation, mutation, control))

    def _refuse_body(self, operation: Operation, recipe: Recipe, data: st.DataObject) -> None:
        # The valid request may use up what it names, so the one that is broken is built anew, with the same changes.
        with self._built(operation, recipe) as (request, send):
            wanted = data.draw(changes(operation, request.body))
            control = send(replace(request, body=changed(request.body, wanted)), None)
        if control.failure is not None or control.status >= 400:
            return
        with self._built(operation, recipe) as (request, send):
            ways = broken(self.bench.contract, operation, changed(request.body, wanted))
            if ways:
                requirement, mutation = ways[data.draw(st.integers(0, len(ways) - 1))]
                case = self._broken(requirement, operation, mutation, control)
                send(replace(request, body=mutation.value), case)

    def _broken(self, requirement: str, operation: Operation, mutation: Mutation, control: Exchange) -> Case:
        expects = expected_of(self.bench.contract.requirements[requirement], operation)
        return Case(requirement, expects, mutation.change, control.id, mutation.codes)

    def drive(self, machine: Callable[[Bench, Callable[[], None]], RuleBasedStateMachine]) -> None:
        """Run a state machine; it is handed the bench, and what it calls after each step to have it judged."""
        _, examples, steps = PROFILES[self._profile]
        mark = 0

        def look() -> None:
            self._look(mark)

        def start() -> RuleBasedStateMachine:
            nonlocal mark
            mark = len(self.bench.session.connection.journal)
            return machine(self.bench, look)

        seed(self._seed)(start)
        chosen = settings(self._settings(examples), stateful_step_count=steps)
        self._shown(lambda: run_state_machine_as_test(start, settings=chosen))  # type: ignore[arg-type]

    # Inside

    @property
    def _profile(self) -> str:
        return self.bench.session.settings.properties

    @property
    def _seed(self) -> int:
        return self.bench.session.settings.random_seed

    def _settings(self, examples: int) -> settings:
        report = self.bench.session.settings.report
        return settings(
            max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
            print_blob=False, verbosity=Verbosity.quiet,
            database=DirectoryBasedExampleDatabase(report / "examples") if report else None,
            phases=(Phase.reuse, Phase.generate, Phase.shrink),
        )  # fmt: skip

    def _run(self, example: Callable[[st.DataObject], None]) -> None:
        def generated(data: Any) -> None:
            example(data)

        test = settings(self._settings(PROFILES[self._profile][0]))(seed(self._seed)(given(st.data())(generated)))
        self._shown(test)

    def _shown(self, test: Callable[[], None]) -> None:
        try:
            test()
        except Flaky:
            # Seen once and not again: the endpoint does not always answer alike, and what it did is on record.
            raise ConformanceFailure(f"{self._told}\n(the same requests were not always answered so)") from None

    def _known(self, operation_id: str) -> tuple[Operation, Recipe]:
        self.bench.control(operation_id, check_only=only_checked(self.bench.contract.operations[operation_id]))
        return self.bench.contract.operations[operation_id], RECIPES[operation_id]

    @contextmanager
    def _built(
        self, operation: Operation, recipe: Recipe
    ) -> Iterator[tuple[Request, Callable[[Request, Case | None], Exchange]]]:
        """Build a recipe's request, hand out a way to send such ones, and take back what was done."""
        with self.bench.borrowed(recipe, only_reads=operation.method == "GET") as leases:
            request = self.bench.build(operation, recipe, leases)

            def send(wanted: Request, case: Case | None) -> Exchange:
                exchange = self.bench.send(operation, recipe, wanted, case, leases)
                self.bench.check(_NO_SERVER_ERROR, exchange, "status", at_most=499)
                return exchange

            try:
                yield request, send
            finally:
                self.bench.put_back(recipe, leases, request)

    @contextmanager
    def _judged(self) -> Iterator[None]:
        mark = len(self.bench.session.connection.journal)
        yield
        self._look(mark)

    def _look(self, mark: int) -> None:
        """Judge what was sent since *mark*; raises `ConformanceFailure`, whose text tells the requests."""
        session = self.bench.session
        sent = list(session.connection.journal.since(mark))
        ids = {exchange.id for exchange in sent}
        found = [finding for exchange in sent for finding in judge(exchange, session.contract, session)]
        found += [finding for finding in session.pending if ids.intersection(finding.exchanges)]
        failed = [
            one
            for one in found
            if one.outcome == "fail" and session.contract.requirements[one.requirement].level == "must"
        ]
        if failed:
            self._told = _tell(sent, failed, self._seed)
            raise ConformanceFailure(self._told, list(dict.fromkeys(one.requirement for one in failed)))


def _tell(sent: list[Exchange], failed: list[Finding], number: int) -> str:
    """Return the requests that lead to a failure, as short as they could be made, and what is wrong."""
    last = {one.exchanges[0] for one in failed if one.exchanges}
    lines = ["These requests lead to it:"]
    for exchange in sent:
        if exchange.method != "GET" or exchange.id in last:
            body = "" if exchange.request_body is None else f" {_short(exchange.request_body)}"
            lines.append(f"  {exchange.request_line}{body} -> HTTP {exchange.status}")
    lines += [
        f"{one.requirement}: expected {one.expected}; seen {_short(one.observed)} ({', '.join(one.exchanges)})"
        for one in failed[:5]
    ]
    return "\n".join([*lines, f"Generated with --ecs-seed={number}"])


def _short(value: JSON) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 400 else f"{text[:400]}…"
