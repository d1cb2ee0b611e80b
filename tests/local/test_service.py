"""One supervised process: restarts with growing waits, giving up, health, and nothing left of its group."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from xmagnet.local.logs import LogFile
from xmagnet.local.service import BACK_OFF_SECONDS, HEALTH_FAILURES, STABLE_SECONDS, Runner, Service, State

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Runner]]:
    made: list[Runner] = []

    def make_runner(*command: str, **options: object) -> Runner:
        service = Service(name="child", command=command, environment={}, **options)  # type: ignore[arg-type]
        made.append(Runner(service, LogFile(tmp_path / "child.log"), clock=clock))
        return made[-1]

    yield make_runner
    for runner in made:
        runner.kill()


def _wait_for_end(runner: Runner) -> None:
    assert runner.process is not None
    runner.process.wait(timeout=20)


def test_a_service_waits_until_it_may_start(make: Callable[..., Runner]) -> None:
    runner = make(*SLEEP)
    runner.tick(may_start=False)
    assert (runner.state, runner.pid) == (State.WAITING, None)
    runner.tick(may_start=True)
    assert runner.state is State.STARTING
    assert runner.pid is not None


def test_a_service_is_ready_when_it_says_so(make: Callable[..., Runner]) -> None:
    answers = [False, False, True]
    runner = make(*SLEEP, is_ready=lambda: answers.pop(0))
    runner.tick(may_start=True)
    states = []
    for _ in range(3):
        runner.tick(may_start=True)
        states.append(runner.state)
    assert states == [State.STARTING, State.STARTING, State.READY]


def test_a_service_that_is_killed_starts_again_after_the_back_off(make: Callable[..., Runner], clock: Clock) -> None:
    runner = make(*SLEEP)
    runner.tick(may_start=True)
    runner.tick(may_start=True)
    assert runner.pid is not None
    os.kill(runner.pid, signal.SIGKILL)
    _wait_for_end(runner)
    runner.tick(may_start=True)
    assert (runner.state, runner.reason, runner.restarts) == (State.WAITING, "killed by SIGKILL", 1)
    clock.now += BACK_OFF_SECONDS[0] - 0.01
    runner.tick(may_start=True)
    assert runner.pid is None
    clock.now += 0.02
    runner.tick(may_start=True)
    assert runner.pid is not None


def test_the_waits_grow_and_begin_anew_after_a_stable_run(make: Callable[..., Runner], clock: Clock) -> None:
    runner = make(*SLEEP)
    waits = []
    for run_seconds in (0, 0, 0, STABLE_SECONDS + 1, 0):
        while runner.state is not State.READY:
            clock.now += 0.1
            runner.tick(may_start=True)
        clock.now += run_seconds
        assert runner.pid is not None
        os.kill(runner.pid, signal.SIGKILL)
        _wait_for_end(runner)
        runner.tick(may_start=True)
        waits.append(round(runner._start_not_before - clock.now, 3))
    assert waits == [0.5, 1.0, 2.0, 0.5, 1.0]


def test_a_service_that_never_worked_is_given_up(make: Callable[..., Runner], clock: Clock) -> None:
    runner = make(sys.executable, "-c", "raise SystemExit(7)", is_ready=lambda: False)
    while runner.state is not State.FAILED:
        clock.now += BACK_OFF_SECONDS[-1]
        runner.tick(may_start=True)
        if runner.process is not None:
            _wait_for_end(runner)
    assert runner.reason == "ended with 7"
    assert runner.restarts == len(BACK_OFF_SECONDS) - 1


def test_a_command_that_does_not_exist_is_given_up_too(make: Callable[..., Runner], clock: Clock) -> None:
    runner = make("/no/such/program")
    while runner.state is not State.FAILED:
        clock.now += BACK_OFF_SECONDS[-1]
        runner.tick(may_start=True)
    assert "/no/such/program" in runner.reason


def test_a_service_that_does_not_get_ready_in_time_is_ended(make: Callable[..., Runner], clock: Clock) -> None:
    runner = make(*SLEEP, is_ready=lambda: False, ready_within=30.0)
    runner.tick(may_start=True)
    pid = runner.pid
    assert pid is not None
    clock.now += 31
    runner.tick(may_start=True)
    assert (runner.state, runner.reason) == (State.WAITING, "not ready after 30 s")
    assert not psutil.pid_exists(pid)


def test_a_service_that_lives_but_fails_its_health_checks_is_started_again(
    make: Callable[..., Runner], clock: Clock
) -> None:
    runner = make(*SLEEP, is_healthy=lambda: False)
    runner.tick(may_start=True)
    runner.tick(may_start=True)
    pid = runner.pid
    for _ in range(HEALTH_FAILURES - 1):
        clock.now += 11
        runner.tick(may_start=True)
        assert runner.state is State.READY
    clock.now += 11
    runner.tick(may_start=True)
    assert (runner.state, runner.reason) == (State.WAITING, "runs, but does not answer")
    assert pid is not None
    assert not psutil.pid_exists(pid)


def test_one_failed_health_check_is_forgiven(make: Callable[..., Runner], clock: Clock) -> None:
    answers = [False, False, True, False, False, True]
    runner = make(*SLEEP, is_healthy=lambda: answers.pop(0))
    runner.tick(may_start=True)
    runner.tick(may_start=True)
    while answers:
        clock.now += 11
        runner.tick(may_start=True)
    assert (runner.state, runner.restarts) == (State.READY, 0)


def test_a_step_is_done_when_it_ends_well_and_is_not_run_again(make: Callable[..., Runner], clock: Clock) -> None:
    done: list[str] = []
    runner = make(sys.executable, "-c", "pass", is_step=True, on_done=lambda: done.append("done"))
    runner.tick(may_start=True)
    _wait_for_end(runner)
    for _ in range(3):
        clock.now += 100
        runner.tick(may_start=True)
    assert (runner.state, done) == (State.DONE, ["done"])


def test_a_step_that_is_not_needed_is_not_run(make: Callable[..., Runner]) -> None:
    runner = make("/no/such/program", is_step=True, is_needed=lambda: False)
    runner.tick(may_start=True)
    assert runner.state is State.DONE


def test_a_step_that_fails_is_not_tried_again(make: Callable[..., Runner], clock: Clock) -> None:
    done: list[str] = []
    runner = make(sys.executable, "-c", "raise SystemExit(1)", is_step=True, on_done=lambda: done.append("done"))
    runner.tick(may_start=True)
    _wait_for_end(runner)
    clock.now += 100
    runner.tick(may_start=True)
    assert (runner.state, runner.reason, done) == (State.FAILED, "ended with 1", [])


def test_what_a_killed_process_started_is_ended_before_it_starts_again(make: Callable[..., Runner]) -> None:
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    runner = make(sys.executable, "-c", program)
    runner.tick(may_start=True)
    grandchild = int(_first_line(runner.log.path))
    assert runner.pid is not None
    os.kill(runner.pid, signal.SIGKILL)
    _wait_for_end(runner)
    runner.tick(may_start=True)
    psutil.wait_procs([psutil.Process(grandchild)] if psutil.pid_exists(grandchild) else [], timeout=5)
    assert not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE


def test_a_process_that_ignores_the_stop_signal_is_killed_when_its_time_is_over(
    make: Callable[..., Runner], clock: Clock
) -> None:
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    )
    runner = make(sys.executable, "-c", program, stop_within=5.0)
    runner.tick(may_start=True)
    assert _first_line(runner.log.path) == "on"
    runner.stop()
    runner.tick(may_start=False)
    assert runner.state is State.STOPPING
    clock.now += 6
    runner.tick(may_start=False)
    assert (runner.state, runner.pid) == (State.STOPPED, None)


def test_a_service_dies_with_the_supervisor(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from xmagnet.local.logs import LogFile; from xmagnet.local.service import Runner, Service\n"
        "command = (sys.executable, '-c', 'import time; time.sleep(60)')\n"
        "runner = Runner(Service(name='child', command=command), LogFile(Path(sys.argv[1]) / 'child.log'))\n"
        "runner.tick(may_start=True); print(runner.pid, flush=True); time.sleep(60)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    child = psutil.Process(int(supervisor.stdout.readline()))
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    _, alive = psutil.wait_procs([child], timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def _first_line(path: Path) -> str:
    """Wait for the child's own first line in its log, behind the supervisor's."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        lines = [line for line in path.read_text().splitlines() if " supervisor: " not in line]
        if lines:
            return lines[0]
        time.sleep(0.02)
    raise AssertionError("the child wrote nothing")
