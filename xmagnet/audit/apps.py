from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "xmagnet.audit"
    label = "audit"
