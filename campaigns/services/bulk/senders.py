"""A few threads that send: they touch no row, they only wait for the media."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from types import TracebackType

import structlog
from django.db import connections

from campaigns.services.bulk.cancelling import unwanted
from campaigns.services.bulk.executors import Answer, Step
from campaigns.services.bulk.failpoints import AFTER_SEND, BEFORE_SEND, failpoint
from media_connectors.choices import CommandState
from media_connectors.services.commands import CommandError, Outcome, send
from media_connectors.services.lines import AccountLine
from xmagnet.core.scope import organization_scope

logger = structlog.get_logger(__name__)


class Senders:
    """Threads of one drain. ``submit`` from one thread; answers come back in the order of the media."""

    def __init__(self, line: AccountLine, *, limit: int) -> None:
        self._line = line
        self._limit = limit
        self._work: SimpleQueue[Step | None] = SimpleQueue()
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.in_flight = 0

    @property
    def has_room(self) -> bool:
        """Whether another step would be sent at once."""
        return self.in_flight < self._limit

    def submit(self, step: Step) -> None:
        """Send the step from one of the threads."""
        self.in_flight += 1
        self._work.put(step)
        if len(self._threads) < min(self._limit, self.in_flight):
            thread = threading.Thread(target=self._run, name=f"sender-{len(self._threads)}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def collect(self, *, timeout: float) -> list[Answer]:
        """All answers that are there; waits at most ``timeout`` seconds for the first."""
        found: list[Answer] = []
        try:
            found.append(self._answers.get(timeout=timeout))
            while True:
                found.append(self._answers.get_nowait())
        except Empty:
            pass
        self.in_flight -= len(found)
        return found

    def __enter__(self) -> Senders:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        try:
            while (step := self._work.get()) is not None:
                self._answers.put(Answer(step, self._send(step)))
        finally:
            connections.close_all()

    def _send(self, step: Step) -> Outcome:
        failpoint(BEFORE_SEND)
        try:
            outcome = send(self._line, step.command, is_wanted=lambda: self._is_wanted(step))
        except Exception as error:  # a bug; the row must not wait for its lease to tell it
            logger.exception("bulk.send_errored", command=step.command.idempotency_key)
            detail = CommandError(kind="InternalError", message=type(error).__name__)
            outcome = Outcome(step.command.id, step.command.generation, CommandState.UNKNOWN, error=detail)
        failpoint(AFTER_SEND)
        return outcome

    def _is_wanted(self, step: Step) -> bool:
        """Whether the step's job was not cancelled while the call waited for its turn."""
        with organization_scope(self._line.organization_id):
            return not unwanted([step])
