"""How a person is told, and the chat robots."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from frontend.forms.accounts import agency_choices
from xmagnet.accounts.actor import Actor
from xmagnet.notices.choices import Channel, ChatKind, Event
from xmagnet.notices.services import ChannelInput

LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]


class WishesForm(forms.Form):
    """For each event the ways to be told; none is silence."""

    def __init__(self, *args: Any, events: Iterable[Event], channels: Iterable[Channel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(channel.value, channel.label) for channel in channels]
        for event in events:
            self.fields[event.value] = forms.MultipleChoiceField(
                label=event.label, required=False, choices=choices, widget=forms.CheckboxSelectMultiple
            )

    def chosen(self) -> dict[Event, list[Channel]]:
        """What was chosen; only after ``is_valid``."""
        return {Event(name): [Channel(value) for value in values] for name, values in self.cleaned_data.items()}


class ChannelForm(forms.Form):
    """One's own chat robot."""

    kind = forms.ChoiceField(label=_("Chat"), choices=ChatKind.choices)
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("The group's name, for example."))
    url = forms.CharField(
        label=_("Webhook address"),
        max_length=500,
        widget=forms.URLInput({"autocomplete": "off"}),
        help_text=_("Of the group's custom robot. Kept encrypted; never shown again."),
    )
    secret = forms.CharField(
        label=_("Signing secret"),
        required=False,
        max_length=200,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text=_("When the robot's security setting is a signature (Feishu, DingTalk)."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)

    def __init__(self, *args: Any, actor: Actor, is_new: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            self.fields["url"].required = False
            self.fields["url"].help_text = _("Empty: stays as it is.")
            self.fields["secret"].help_text = _("Empty: stays as it is.")
        self.is_new = is_new

    def given(self) -> ChannelInput:
        """The channel as the service wants it; only after ``is_valid``."""
        values = self.cleaned_data
        return ChannelInput(
            kind=values["kind"],
            name=values["name"],
            url=values["url"].strip() or None,
            secret=values["secret"] or ("" if self.is_new else None),
            language=values["language"],
            events=tuple(values.get("events", ())),
            agency_id=values.get("agency_id"),
        )


class OrganizationChannelForm(ChannelForm):
    """The organization's robot: it hears what an administrator chooses."""

    events = forms.MultipleChoiceField(
        label=_("Events"),
        required=False,
        choices=Event.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )
    agency_id = forms.TypedChoiceField(
        label=_("Only of this agency"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_("Everybody in the group reads what is sent there: choose the agency whose people are in it."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        _none, *agencies = agency_choices(actor)
        self.fields["agency_id"].choices = [("", _("All: the whole organization")), *agencies]  # type: ignore[attr-defined]
