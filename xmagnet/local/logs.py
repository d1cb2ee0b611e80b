"""The log files of the supervised processes."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

ROTATE_BYTES = 10 * 1024 * 1024
KEPT = 3


class LogFile:
    """A file that a child process appends to, rotated from outside.

    The child keeps its file descriptor, so the file is copied and cut rather than renamed: in append mode the next
    write lands at the new end. Lines written between the copy and the cut are lost; for that the child needs to know
    nothing, and nobody's pipe breaks when the supervisor dies.
    """

    def __init__(self, path: Path, *, rotate_bytes: int = ROTATE_BYTES, kept: int = KEPT) -> None:
        self.path = path
        self._rotate_bytes = rotate_bytes
        self._kept = kept
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)

    def write_line(self, text: str) -> None:
        """Append a line of the supervisor's own."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} supervisor: {text}\n")

    def rotate(self) -> bool:
        """Rotate when the file has grown past its limit; return whether it was rotated."""
        if self.path.stat().st_size < self._rotate_bytes:
            return False
        for number in range(self._kept - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        shutil.copyfile(self.path, self._numbered(1))
        with self.path.open("r+b") as file:
            file.truncate(0)
        return True

    def tail(self, lines: int = 20) -> str:
        """Return the last lines, for a message about a failure."""
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            file.seek(max(0, size - 16_384))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")
