from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "xmagnet.jobs"
    label = "jobs"

    def ready(self) -> None:
        # Tasks talk to the broker of the app that exists; a web process without ours would get Celery's empty one.
        import_module("xmagnet.celery")
        # A process that enqueues must know the kinds of job, not only one that runs them.
        autodiscover_modules("tasks")
