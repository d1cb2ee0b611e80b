"""Forms about people: who, which role, how far they see. Choices come from selectors, so they end at the tenant."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from frontend.templatetags.kit import platform_name
from media_connectors.selectors.directory import account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.accounts.roles import PERMISSIONS, Role
from xmagnet.people.agencies import list_agencies
from xmagnet.people.members import MemberAccess

LIFETIMES = [(30, _("30 days")), (90, _("90 days")), (180, _("180 days")), (365, _("One year"))]
LANGUAGES = [("", _("As the browser")), ("zh-hans", "简体中文"), ("en", "English")]
THEMES = [("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))]


class AccessForm(forms.Form):
    """Role and agency of a member."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.OPTIMIZER)
    agency_id = forms.TypedChoiceField(
        label=_("Agency"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_("A user of an agency sees only that agency's media accounts, plans and jobs."),
    )

    account_ids = forms.TypedMultipleChoiceField(
        label=_("Only these media accounts"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all accounts of the agency, or of the organization."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account_ids"].choices = [  # type: ignore[attr-defined]
            (account.id, f"{account.name} · {platform_name(account.platform)}")
            for account in account_facts(actor).values()
        ]
        agencies = list_agencies(actor).filter(is_active=True)
        self.fields["agency_id"].choices = [  # type: ignore[attr-defined]
            ("", _("None: the whole organization")),
            *((agency.pk, agency.name) for agency in agencies),
        ]

    def access(self) -> MemberAccess:
        """What was chosen; only after ``is_valid``."""
        limited_to = tuple(self.cleaned_data["account_ids"]) or None
        return MemberAccess(self.cleaned_data["role"], self.cleaned_data["agency_id"], limited_to)


class InvitationForm(AccessForm):
    """Whom to let in."""

    email = forms.CharField(label=_("Email"), max_length=254, widget=forms.EmailInput)
    field_order = ("email", "role", "agency_id", "account_ids")


class JoinForm(forms.Form):
    """A new person behind an invitation."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. A few unrelated words make a good one."),
    )


class TokenForm(forms.Form):
    """A new API token; the scopes offered are the permissions that its maker has."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What uses it, for example “nightly upload”."))
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), widget=forms.CheckboxSelectMultiple, help_text=_("Choose only what the program needs.")
    )
    lifetime_days = forms.TypedChoiceField(label=_("Expires after"), coerce=int, choices=LIFETIMES, initial=90)
    allowed_networks = forms.CharField(
        label=_("Allowed networks"),
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("One network a line, such as 203.0.113.0/24. Empty: from anywhere."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (scope, f"{scope} — {label}") for scope, label in PERMISSIONS.items() if actor.can(scope)
        ]

    def clean_allowed_networks(self) -> list[str]:
        """The lines, as a list."""
        return [line.strip() for line in self.cleaned_data["allowed_networks"].splitlines() if line.strip()]


class AgencyForm(forms.Form):
    """An agency's name."""

    name = forms.CharField(label=_("Name"), max_length=120)


class ProfileForm(forms.Form):
    """What a person may change about themselves."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, required=False)
    theme = forms.ChoiceField(label=_("Theme"), choices=THEMES)
