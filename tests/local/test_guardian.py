"""Nothing outlives the supervisor, however it ends and however stubborn the process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from xmagnet.local import guardian
from xmagnet.local.guardian import Guardian

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"


@pytest.fixture
def stubborn() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], start_new_session=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_a_group_that_is_left_is_killed_after_the_grace(stubborn: "subprocess.Popen[bytes]") -> None:
    guardian.stand_guard([f"+{stubborn.pid}\n"], grace=0.0)
    assert stubborn.wait(10) == -signal.SIGKILL


def test_a_forgotten_group_is_left_alone(stubborn: "subprocess.Popen[bytes]") -> None:
    guardian.stand_guard([f"+{stubborn.pid}\n", f"-{stubborn.pid}\n"], grace=0.0)
    assert stubborn.poll() is None


def test_a_closed_guardian_with_an_empty_list_ends_at_once(stubborn: "subprocess.Popen[bytes]") -> None:
    watching = Guardian(grace=0.2)
    watching.watch(stubborn.pid)
    watching.forget(stubborn.pid)
    watching.close()
    assert stubborn.poll() is None


def test_a_killed_guardian_is_replaced_and_knows_the_whole_list(stubborn: "subprocess.Popen[bytes]") -> None:
    watching = Guardian(grace=0.2)
    watching.watch(stubborn.pid)
    first = watching._process
    first.kill()
    first.wait()
    # The write may still fit into the pipe of the dead one; the second certainly fails.
    watching.watch(stubborn.pid)
    watching.watch(stubborn.pid)
    assert watching._process.pid != first.pid
    watching.close()
    assert stubborn.wait(10) == -signal.SIGKILL


def test_signals_meant_for_the_supervisor_do_not_end_the_guardian(stubborn: "subprocess.Popen[bytes]") -> None:
    watching = Guardian(grace=0.2)
    process = psutil.Process(watching._process.pid)
    watching.watch(stubborn.pid)
    _wait_until_ignoring(process, signal.SIGHUP)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(process.pid, number)
    assert process.is_running()
    watching.forget(stubborn.pid)
    watching.close()


def _wait_until_ignoring(process: psutil.Process, number: signal.Signals) -> None:
    """Wait until the process has set its signal handlers, as the kernel shows them."""
    while True:
        status = Path(f"/proc/{process.pid}/status").read_text()
        ignored = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigIgn"))
        if ignored >> (number - 1) & 1:
            return
