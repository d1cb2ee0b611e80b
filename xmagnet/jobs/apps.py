from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "xmagnet.jobs"
    label = "jobs"

    def ready(self) -> None:
        # A process that enqueues must know the kinds of job, not only one that runs them.
        autodiscover_modules("tasks")
