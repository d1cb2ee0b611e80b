"""`manage.py status`: how the stack of this checkout stands."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from xmagnet.local.environment import Addresses, var_directory
from xmagnet.local.stack import Stack
from xmagnet.local.supervisor import is_supervised, read_status


class Command(BaseCommand):
    help = "Show the services of the running stack; the exit code is 0 when all are up, 1 when not, 3 when none runs."
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        """Print one line per service."""
        directory = Stack(var_directory(), Addresses()).run_directory
        if not is_supervised(directory):
            self.stdout.write("X-Magnet is not running here. Start it with `manage.py up`.")
            sys.exit(3)
        services = read_status(directory)
        for service in services:
            details = [f"pid {service.pid}"] if service.pid else []
            if service.restarts:
                details.append(f"restarts {service.restarts}, last: {service.reason}")
            self.stdout.write(f"{service.name:<10} {service.state:<10} {'; '.join(details)}".rstrip())
        if not all(service.state in {"ready", "done"} for service in services):
            sys.exit(1)
