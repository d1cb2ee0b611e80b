"""Tasks that leave a trace in a file; loaded by the workers of these tests only."""

import os
import time
from pathlib import Path

from celery import shared_task


@shared_task(name="tests.broker.work")
def work(journal: str, gate: str) -> None:
    """Note the start and the process, wait until the gate exists, note the end."""
    with Path(journal).open("a") as file:
        file.write(f"start {os.getpid()}\n")
    while not Path(gate).exists():
        time.sleep(0.02)
    with Path(journal).open("a") as file:
        file.write("end\n")
