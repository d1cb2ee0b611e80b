from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "xmagnet.jobs"
    label = "jobs"
