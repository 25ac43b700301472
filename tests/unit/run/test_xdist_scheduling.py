"""Workers that die leave their tests to others, and nobody waits for ever."""

from types import SimpleNamespace

import pytest

from pytest_ecs._run.xdist_scheduling import Scheduling

_TESTS = [f"{scope}::{number}" for scope in "abcdef" for number in range(3)]


class _Worker:
    """As xdist's: it runs a test once it knows the next one, or that there is none."""

    def __init__(self) -> None:
        self.waiting: list[int] = []
        self.shutting_down = False
        self.gateway = SimpleNamespace(id="gw")

    def send_runtest_some(self, indices: list[int]) -> None:
        self.waiting += indices

    def shutdown(self) -> None:
        self.shutting_down = True


class _Run:
    """The controller's part, as far as it concerns who runs what."""

    def __init__(self, order: str = "") -> None:
        config = SimpleNamespace(
            option=SimpleNamespace(loadscopereorder=False, verbose=0, maxfail=0), getvalue=lambda name: ["2*popen"] * 2
        )
        self.scheduling = Scheduling(
            config, None, lambda nodeid: nodeid.partition("::")[0], lambda scope: order.find(scope) % 9
        )
        self.scheduling.numnodes = 2
        self.done: list[str] = []
        self.workers: list[_Worker] = []

    def join(self, *, collects: bool = True) -> _Worker:
        worker = _Worker()
        self.workers.append(worker)
        self.scheduling.add_node(worker)
        if collects:
            self.collect(worker)
        return worker

    def collect(self, worker: _Worker) -> None:
        self.scheduling.add_node_collection(worker, _TESTS)
        if self.scheduling.collection_is_completed:
            self.scheduling.schedule()

    def step(self) -> bool:
        """Let each worker run one test; return whether one did."""
        if self.scheduling.collection is not None and self.scheduling.tests_finished:
            for worker in self.workers:
                worker.shutdown()
        ran = False
        for worker in list(self.workers):
            if len(worker.waiting) > 1 or (worker.waiting and worker.shutting_down):
                index = worker.waiting.pop(0)
                self.done.append(_TESTS[index])
                self.scheduling.mark_test_complete(worker, index)
                ran = True
        return ran

    def kill(self, worker: _Worker) -> None:
        self.workers.remove(worker)
        crashed = self.scheduling.remove_node(worker)
        if crashed:
            self.done.append(crashed)


@pytest.mark.parametrize("steps", range(9))
@pytest.mark.parametrize("victim", [0, 1])
def test_every_test_is_run_once_whenever_a_worker_dies(steps: int, victim: int) -> None:
    """The one that it died in counts; all others are run by the other worker or the one that replaces it."""
    run = _Run()
    workers = [run.join(), run.join()]
    for _ in range(steps):
        run.step()
    run.kill(workers[victim])
    late = run.join(collects=False)
    run.step()
    run.collect(late)
    while run.step():
        pass
    assert sorted(run.done) == sorted(_TESTS)


def test_every_test_is_run_once_when_a_worker_dies_before_anything_is_handed_out() -> None:
    """Its collection counts no more, so that the one that replaces it is waited for."""
    run = _Run()
    run.kill(run.join())
    run.join()
    assert run.done == []
    run.join()
    while run.step():
        pass
    assert sorted(run.done) == sorted(_TESTS)


def test_groups_are_begun_in_the_order_that_is_asked_for() -> None:
    """What has no place in it comes last."""
    run = _Run(order="dfa")
    first, second = run.join(), run.join()
    begun = [_TESTS[worker.waiting[0]].partition("::")[0] for worker in (first, second)]
    assert begun == ["d", "f"]
    while run.step():
        pass
    assert sorted(run.done) == sorted(_TESTS)
    assert run.done.index("a::0") < min(run.done.index(f"{scope}::0") for scope in "bce")
