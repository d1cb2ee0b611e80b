"""Forms about media accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from media_connectors.choices import VendorChoice
from media_connectors.contracts import Platform
from media_connectors.services.connecting import AccountChoice
from xmagnet.accounts.actor import Actor
from xmagnet.people.agencies import list_agencies

NO_AGENCY = _("None: the advertiser itself")


def agency_choices(actor: Actor) -> list[tuple[Any, Any]]:
    """The agencies that an account can be given to."""
    agencies = list_agencies(actor).filter(is_active=True)
    return [("", NO_AGENCY), *((agency.pk, agency.name) for agency in agencies)]


class ApplicationForm(forms.Form):
    """A developer application at a vendor."""

    vendor = forms.ChoiceField(label=_("Media"), choices=VendorChoice.choices)
    application_id = forms.CharField(label=_("Application id"), max_length=40)
    secret = forms.CharField(
        label=_("Application secret"),
        max_length=200,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text=_("Kept encrypted; never shown again. Sending it again for the same id replaces it."),
    )


class ChooseAccountsForm(forms.Form):
    """Which of the granted accounts to connect, on which platform, run by whom."""

    accounts = forms.MultipleChoiceField(label=_("Accounts"), widget=forms.CheckboxSelectMultiple)
    agency_id = forms.TypedChoiceField(label=_("Agency"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, actor: Actor, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["accounts"].choices = choices  # type: ignore[attr-defined]
        self.fields["agency_id"].choices = agency_choices(actor)  # type: ignore[attr-defined]

    def chosen(self) -> list[AccountChoice]:
        """The choices as the service wants them; only after ``is_valid``."""
        pairs = (value.split(":", 1) for value in self.cleaned_data["accounts"])
        return [AccountChoice(Platform(platform), remote_id) for platform, remote_id in pairs]


class AlarmForm(forms.Form):
    """When to warn that an account runs dry."""

    low_balance = forms.DecimalField(
        label=_("Warn below, in ¥"),
        required=False,
        max_digits=12,
        decimal_places=2,
        widget=forms.NumberInput({"inputmode": "decimal", "step": "0.01", "min": "0.01"}),
        help_text=_("Empty: no alarm. The account is then marked here and on the overview."),
    )


class AssignAgencyForm(forms.Form):
    """Who runs an account."""

    agency_id = forms.TypedChoiceField(
        label=_("Agency"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_("Its people see the account, its plans and its numbers at once; other agencies no more."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency_id"].choices = agency_choices(actor)  # type: ignore[attr-defined]
