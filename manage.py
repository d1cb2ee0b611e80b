#!/usr/bin/env python
"""Django's command line. The profile picks the settings; ``local`` is the embedded one-machine stack."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xmagnet.settings.profile")
    from django.core.management import execute_from_command_line

    from xmagnet.local.environment import adopt

    adopt()
    import xmagnet.celery  # noqa: F401  commands ring the app's broker, not Celery's default

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
