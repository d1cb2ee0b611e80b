import io
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from frontend.catalogue import Message, extract, problems, update


def catalogue(*entries: polib.POEntry) -> polib.POFile:
    po = polib.POFile()
    po.extend(entries)
    return po


def write(root: Path, name: str, text: str) -> None:
    path = root / "frontend" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_messages_are_found_in_code_and_templates(tmp_path: Path) -> None:
    write(tmp_path, "views.py", 'title = _("Plans")\nother = ngettext("one plan", "%(n)d plans", 2)\n')
    write(
        tmp_path,
        "templates/a.html",
        '  {% load i18n %}\n    <p>{% translate "Plans" %}</p>\n'
        "{% blocktranslate with n=x trimmed %}\n  {{ n }} of\n  them\n{% endblocktranslate %}",
    )
    assert extract(tmp_path) == {
        Message("Plans", "", ""): {"frontend/views.py", "frontend/templates/a.html"},
        Message("one plan", "%(n)d plans", ""): {"frontend/views.py"},
        Message("%(n)s of them", "", ""): {"frontend/templates/a.html"},
    }


def test_every_way_to_be_incomplete_is_told() -> None:
    found = {Message(text, "", ""): {"a.py"} for text in ("New", "Empty", "Hello %(name)s", "Fine")}
    po = catalogue(
        polib.POEntry(msgid="Empty", msgstr=""),
        polib.POEntry(msgid="Hello %(name)s", msgstr="你好"),
        polib.POEntry(msgid="Fine", msgstr="好"),
        polib.POEntry(msgid="Gone", msgstr="没了"),
    )
    assert problems(po, found) == [
        "not in the catalogue: 'New'",
        "no longer used: 'Gone'",
        "not translated: 'Empty'",
        "other placeholders: 'Hello %(name)s'",
    ]


def test_an_update_keeps_translations_and_forgets_what_is_gone() -> None:
    po = catalogue(polib.POEntry(msgid="Kept", msgstr="保留"), polib.POEntry(msgid="Gone", msgstr="没了"))
    update(po, {Message("Kept", "", ""): {"b.py", "a.py"}, Message("New", "", ""): {"a.py"}})
    assert [(entry.msgid, entry.msgstr) for entry in po] == [("Kept", "保留"), ("New", "")]
    assert po[0].occurrences == [("a.py", ""), ("b.py", "")]


def test_the_check_fails_when_a_message_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontend.catalogue.extract", lambda root: {Message("Nobody translated me", "", ""): {"a.py"}})
    told = io.StringIO()
    with pytest.raises(CommandError):
        call_command("messages", check=True, stderr=told)
    assert "not in the catalogue: 'Nobody translated me'" in told.getvalue()
    assert Path(settings.LOCALE_PATHS[0]).is_dir()
