from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "xmagnet.accounts"
    label = "accounts"
