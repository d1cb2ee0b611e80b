"""State that survives a kill -9: an append-only journal beside atomic snapshots.

A line reaches the kernel before the call that wrote it is answered, so a killed process loses nothing it has said;
nothing is fsynced, a power cut is not what this guards against. A snapshot names the journal that follows it; older
journals are removed only after the snapshot has replaced its predecessor.
"""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson


class Journal:
    """Lines ``[media time, kind, record]`` in ``<directory>/journal-<n>.jsonl``; ``None`` keeps nothing."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._pending: list[bytes] = []
        self._file: int | None = None
        self._number = 0
        self.lines_since_snapshot = 0
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)

    def replay(self) -> tuple[dict[str, Any] | None, Iterator[tuple[float, str, Any]]]:
        """The last snapshot (or ``None``) and the lines written after it; a torn last line is dropped."""
        if self._directory is None:
            return None, iter(())
        path = self._directory / "snapshot.json.gz"
        snapshot = orjson.loads(gzip.decompress(path.read_bytes())) if path.exists() else None
        self._number = snapshot["journal"] if snapshot else 0
        return snapshot, self._lines(self._number)

    def _lines(self, first: int) -> Iterator[tuple[float, str, Any]]:
        for number, path in self._files():
            if number < first:
                continue
            for line in path.read_bytes().split(b"\n"):
                try:
                    moment, kind, record = orjson.loads(line)
                except ValueError:
                    continue
                self.lines_since_snapshot += 1
                yield moment, kind, record

    def _files(self) -> list[tuple[int, Path]]:
        found = self._directory.glob("journal-*.jsonl") if self._directory else ()
        return sorted((int(path.stem.split("-")[1]), path) for path in found)

    def append(self, moment: float, kind: str, record: Any) -> None:
        """Queue a line for the next ``flush``."""
        if self._directory is not None:
            self._pending.append(orjson.dumps([moment, kind, record], option=orjson.OPT_NON_STR_KEYS))

    def flush(self) -> None:
        """Hand all queued lines to the kernel."""
        if not self._pending or self._directory is None:
            return
        if self._file is None:
            path = self._directory / f"journal-{self._number:06d}.jsonl"
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            # A torn line of a killed predecessor must not swallow our first one.
            os.write(self._file, b"\n")
        payload = memoryview(b"\n".join(self._pending) + b"\n")
        self.lines_since_snapshot += len(self._pending)
        self._pending.clear()
        while payload:
            payload = payload[os.write(self._file, payload) :]

    def snapshot(self, state: dict[str, Any]) -> None:
        """Write the whole state atomically and begin a new journal."""
        if self._directory is None:
            return
        self.flush()
        self.close()
        self._number += 1
        state = {**state, "journal": self._number}
        target = self._directory / "snapshot.json.gz"
        draft = target.with_suffix(".draft")
        draft.write_bytes(gzip.compress(orjson.dumps(state, option=orjson.OPT_NON_STR_KEYS), compresslevel=1))
        draft.replace(target)
        for number, path in self._files():
            if number < self._number:
                path.unlink()
        self.lines_since_snapshot = 0

    def clear(self) -> None:
        """Forget everything on disk."""
        if self._directory is None:
            return
        self._pending.clear()
        self.close()
        (self._directory / "snapshot.json.gz").unlink(missing_ok=True)
        for _, path in self._files():
            path.unlink()
        self._number = 0
        self.lines_since_snapshot = 0

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
