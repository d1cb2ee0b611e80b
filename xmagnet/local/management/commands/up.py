"""`manage.py up`: the whole product on this machine, until Ctrl-C."""

import os
from typing import Any

from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandError, CommandParser

from xmagnet.local.environment import (
    DEFAULT_HOST,
    DEFAULT_MEDIA_PORT,
    DEFAULT_PORT,
    Addresses,
    cannot_use,
    is_within,
    remember_addresses,
    var_directory,
)
from xmagnet.local.postgres import PostgresError
from xmagnet.local.stack import Stack
from xmagnet.local.supervisor import Supervisor, SupervisorError, sole_supervisor


class Command(BaseCommand):
    help = "Run PostgreSQL, mock media, worker, beat and web server on this machine and keep them running."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=DEFAULT_HOST, help="address of the web server (default: %(default)s)")
        parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="its port (default: %(default)s)")
        parser.add_argument(
            "--media-port", type=int, default=DEFAULT_MEDIA_PORT, help="port of the mock media (default: %(default)s)"
        )
        parser.add_argument("--workers", type=int, default=2, help="processes that run jobs (default: %(default)s)")
        parser.add_argument("--no-demo", action="store_true", help="start with empty tables")
        parser.add_argument("--reset", action="store_true", help="throw away all data of this checkout first")

    def handle(self, **options: Any) -> None:
        """Run the stack in the foreground."""
        stack = Stack(
            var_directory(),
            Addresses(options["host"], options["port"], options["media_port"]),
            has_demo=not options["no_demo"],
            worker_processes=options["workers"],
        )
        try:
            with sole_supervisor(stack.run_directory):
                stack.check_ports()
                if options["reset"]:
                    self.stdout.write("Throwing away all data…")
                    stack.reset()
                self.stdout.write(f"Starting X-Magnet on {stack.var}; logs are in {stack.log_directory}")
                services = stack.services()
                remember_addresses(stack.var, stack.addresses)
                Supervisor(
                    services,
                    run_directory=stack.run_directory,
                    log_directory=stack.log_directory,
                    say=self._say,
                    on_ready=lambda: self._welcome(stack),
                ).run()
        except (SupervisorError, PostgresError) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            if not is_within(stack.var, error):
                raise
            raise CommandError(cannot_use(stack.var, error)) from None

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _welcome(self, stack: Stack) -> None:
        url, media = stack.addresses.public_url, stack.addresses.media_url
        self._say(f"\nX-Magnet is at {url}\nThe mock media, as the media sees it: {media}/control/")
        if not os.environ.get("EMAIL_HOST"):
            self._say(f"Letters (invitations, notices) are not sent but kept as files in {stack.var / 'mail'}")
        if stack.has_demo and "demo" in get_commands():
            demo = load_command_class(get_commands()["demo"], "demo")
            if hasattr(demo, "welcome"):
                self._say(demo.welcome(url))
        self._say("Ctrl-C stops everything; `manage.py status` in another terminal shows how it stands.\n")
