"""The form of a webhook endpoint."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from xmagnet.webhooks.choices import Event


class EndpointForm(forms.Form):
    """Where to call, and of what."""

    url = forms.CharField(label=_("Address"), max_length=500, widget=forms.URLInput, help_text=_("https:// only."))
    description = forms.CharField(label=_("Description"), required=False, max_length=120)
    events = forms.MultipleChoiceField(
        label=_("Events"),
        required=False,
        choices=[(event.value, event.label) for event in Event if event is not Event.TEST],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )
