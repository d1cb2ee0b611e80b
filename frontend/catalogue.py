"""The message catalogue: one ``.po`` for the whole project, English msgids, complete Chinese.

Extraction needs babel (a development dependency); compiling needs polib only.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation import templatize

ROOTS = ("frontend", "xmagnet", "campaigns", "creatives", "agencies", "media_connectors")
#: the mock media speaks for the media, not for us
SKIPPED = ("media_connectors/mockserver/", "frontend/static/", "frontend/locale/")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A text to translate; ``plural`` and ``context`` are empty where there is none."""

    text: str
    plural: str
    context: str


def extract(root: Path) -> dict[Message, set[str]]:
    """Every message of the project with the files that use it."""
    found: dict[Message, set[str]] = {}
    for path in _sources(root):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        if path.suffix in {".html", ".txt"}:
            # Lines lose their indentation: the extractor reads the result as Python.
            text = "\n".join(line.lstrip() for line in templatize(text, origin=name).splitlines())
        for message in _messages_in(text):
            found.setdefault(message, set()).add(name)
    return found


def update(catalogue: polib.POFile, found: dict[Message, set[str]]) -> None:
    """Add what is new, forget what is gone, keep the translations."""
    known = {_key(entry): entry for entry in catalogue}
    catalogue.clear()
    for message in sorted(found):
        entry = known.get(message) or polib.POEntry(
            msgid=message.text, msgctxt=message.context or None, msgid_plural=message.plural
        )
        if message.plural and not entry.msgstr_plural:
            entry.msgstr_plural = {0: ""}
        entry.occurrences = [(name, "") for name in sorted(found[message])]
        catalogue.append(entry)


def problems(catalogue: polib.POFile, found: dict[Message, set[str]]) -> list[str]:
    """Why the catalogue is not complete; empty when it is."""
    known = {_key(entry): entry for entry in catalogue}
    told = [f"not in the catalogue: {message.text!r}" for message in sorted(found.keys() - known.keys())]
    told += [f"no longer used: {message.text!r}" for message in sorted(known.keys() - found.keys())]
    for message in sorted(known.keys() & found.keys()):
        entry = known[message]
        texts = list(entry.msgstr_plural.values()) if message.plural else [entry.msgstr]
        if entry.fuzzy or not all(texts):
            told.append(f"not translated: {message.text!r}")
            continue
        expected = set(_PLACEHOLDER.findall(message.plural or message.text))
        if any(set(_PLACEHOLDER.findall(text)) != expected for text in texts):
            told.append(f"other placeholders: {message.text!r}")
    return told


def _sources(root: Path) -> Iterator[Path]:
    for top in ROOTS:
        for path in sorted((root / top).rglob("*")):
            name = path.relative_to(root).as_posix()
            is_source = path.suffix in {".py", ".html"} or (path.suffix == ".txt" and "/templates/" in name)
            if is_source and not name.startswith(SKIPPED) and "/migrations/" not in name:
                yield path


def _messages_in(text: str) -> Iterator[Message]:
    from babel.messages.extract import extract as extract_messages

    source = io.BytesIO(text.encode())
    for _line, found, _comments, context in extract_messages("python", source, keywords=KEYWORDS):
        texts = (found,) if isinstance(found, str) else tuple(found)
        if texts[0]:
            yield Message(texts[0], texts[1] if len(texts) > 1 else "", context or "")


def _key(entry: polib.POEntry) -> Message:
    return Message(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")
