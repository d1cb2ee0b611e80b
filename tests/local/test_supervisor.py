"""The supervisor over tiny children: order, stop, failure, lock, status."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from xmagnet.local.logs import LogFile
from xmagnet.local.service import Service
from xmagnet.local.supervisor import Supervisor, SupervisorError, is_supervised, read_status, sole_supervisor


def _child(name: str, journal: Path, **options: object) -> Service:
    """A child that notes its start and its stop, and runs until SIGTERM."""
    program = (
        "import signal, sys, time\n"
        "def note(text):\n"
        "    with open(sys.argv[2], 'a') as file: file.write(f'{text} {sys.argv[1]}\\n')\n"
        "def stop(*_): note('stop'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, stop); note('start')\n"
        "while True: time.sleep(0.02)"
    )

    def has_started() -> bool:
        return journal.exists() and f"start {name}\n" in journal.read_text()

    command = (sys.executable, "-c", program, name, str(journal))
    return Service(name=name, command=command, is_ready=has_started, **options)  # type: ignore[arg-type]


def _step(name: str, journal: Path, code: int = 0, **options: object) -> Service:
    program = f"open({str(journal)!r}, 'a').write('step {name}\\n'); print('why {name}'); raise SystemExit({code})"
    return Service(name=name, command=(sys.executable, "-c", program), is_step=True, **options)  # type: ignore[arg-type]


def _supervisor(tmp_path: Path, services: list[Service], said: list[str], on_ready: Callable[[], None]) -> Supervisor:
    (tmp_path / "run").mkdir(exist_ok=True)
    return Supervisor(
        services, run_directory=tmp_path / "run", log_directory=tmp_path / "log", say=said.append, on_ready=on_ready
    )


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_services_start_in_order_and_stop_in_the_opposite_one(tmp_path: Path) -> None:
    journal, said = tmp_path / "journal", []
    services = [
        _child("web", journal, after=("migrate",)),
        _step("migrate", journal, after=("database",)),
        _child("database", journal),
    ]
    _supervisor(tmp_path, services, said, _interrupt).run()
    assert journal.read_text().splitlines() == [
        "start database",
        "step migrate",
        "start web",
        "stop web",
        "stop database",
    ]
    assert said == ["  database: ready", "  migrate: done", "  web: ready", "Stopping…"]


def test_a_step_that_fails_ends_everything_and_shows_its_log(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    services = [
        _child("database", journal),
        _step("migrate", journal, code=3, after=("database",)),
        _child("web", journal, after=("migrate",)),
    ]
    said: list[str] = []
    with pytest.raises(SupervisorError, match=r"(?s)migrate did not start: ended with 3.*why migrate"):
        _supervisor(tmp_path, services, said, lambda: pytest.fail("not everything was up")).run()
    assert journal.read_text().splitlines() == ["start database", "step migrate", "stop database"]


def test_a_child_killed_with_9_comes_back_by_itself(tmp_path: Path) -> None:
    journal, said = tmp_path / "journal", []

    def kill_once() -> None:
        pid = next(status.pid for status in read_status(tmp_path / "run") if status.name == "worker")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        threading.Thread(target=_interrupt_after_line, args=(journal, "start worker", 2)).start()

    _supervisor(tmp_path, [_child("worker", journal)], said, kill_once).run()
    assert journal.read_text().splitlines() == ["start worker", "start worker", "stop worker"]
    assert "  worker: killed by SIGKILL; starting it again" in said


def _interrupt_after_line(journal: Path, line: str, times: int) -> None:
    deadline = time.monotonic() + 20
    while journal.read_text().splitlines().count(line) < times and time.monotonic() < deadline:
        time.sleep(0.02)
    _interrupt()


def test_a_second_interrupt_kills_at_once(tmp_path: Path) -> None:
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    )
    log = LogFile(tmp_path / "log" / "stubborn.log")
    stubborn = Service(
        name="stubborn",
        command=(sys.executable, "-c", program),
        is_ready=lambda: "\non" in log.tail(),
        stop_within=3600.0,
    )

    def interrupt_twice() -> None:
        _interrupt()
        threading.Timer(0.3, _interrupt).start()

    _supervisor(tmp_path, [stubborn], [], interrupt_twice).run()
    assert read_status(tmp_path / "run")[0].state == "stopped"
    assert read_status(tmp_path / "run")[0].pid is None


def test_a_data_directory_has_one_supervisor(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from xmagnet.local.supervisor import sole_supervisor\n"
        "with sole_supervisor(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    assert not is_supervised(tmp_path)
    holder = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert is_supervised(tmp_path)
    with (
        pytest.raises(SupervisorError, match=f"already running .* \\(process {holder.pid}\\)"),
        sole_supervisor(tmp_path),
    ):
        pytest.fail("a second supervisor got in")
    holder.kill()
    holder.wait()
    holder.stdout.close()
    assert not is_supervised(tmp_path)
    with sole_supervisor(tmp_path):
        assert is_supervised(tmp_path)


def test_a_log_is_cut_when_it_has_grown_and_its_writer_goes_on(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log", rotate_bytes=10, kept=2)
    with log.path.open("ab", buffering=0) as writer:
        for number in range(4):
            writer.write(f"line {number} of the log\n".encode())
            assert log.rotate()
        writer.write(b"after\n")
        assert not log.rotate()
    assert log.path.read_text() == "after\n"
    assert (tmp_path / "web.log.1").read_text() == "line 3 of the log\n"
    assert (tmp_path / "web.log.2").read_text() == "line 2 of the log\n"
    assert not (tmp_path / "web.log.3").exists()
