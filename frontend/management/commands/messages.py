"""``manage.py messages``: update, check or compile the catalogue without GNU gettext."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from frontend import catalogue


class Command(BaseCommand):
    help = "Update the message catalogue from the sources (default), --check that it is complete, or --compile it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--check", action="store_true", help="fail when a message is missing, untranslated or unused")
        what.add_argument("--compile", action="store_true", help="write the .mo files")

    def handle(self, *args: Any, **options: Any) -> None:
        files = sorted(Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/django.po"))
        if options["compile"]:
            for path in files:
                polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))
            return
        found = catalogue.extract(Path(settings.BASE_DIR))
        for path in files:
            po = polib.pofile(str(path), wrapwidth=110)
            if not options["check"]:
                catalogue.update(po, found)
                po.save()
            told = catalogue.problems(po, found)
            for line in told:
                self.stderr.write(f"{path.parent.parent.name}: {line}")
            if told and options["check"]:
                raise CommandError(f"{len(told)} messages need attention; run manage.py messages and translate.")
