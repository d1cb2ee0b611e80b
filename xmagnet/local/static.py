"""Knowing whether the collected static files are those of the sources, without collecting them."""

import hashlib
from pathlib import Path

_STAMP = ".collected-from"


def collected_fingerprint() -> str:
    """Return a hash over path, size and time of every static source file."""
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(ignore_patterns=None):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def is_collected(root: Path, fingerprint: str) -> bool:
    """Tell whether `root` was collected from sources with this fingerprint."""
    try:
        return (root / _STAMP).read_text(encoding="ascii") == fingerprint
    except FileNotFoundError:
        return False


def mark_collected(root: Path, fingerprint: str) -> None:
    """Remember the sources that `root` was collected from."""
    (root / _STAMP).write_text(fingerprint, encoding="ascii")
