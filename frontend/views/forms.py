"""Pages that are one form: shown, checked, handed to a service, shown again with what is wrong."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from frontend.views.base import Page
from xmagnet.core.errors import Conflict, InvalidInput


def add_errors(form: forms.Form, refusal: InvalidInput | Conflict) -> None:
    """Put a service's refusal where it belongs: at the field that its pointer names, else above the form."""
    if not refusal.errors:
        form.add_error(None, refusal.detail)
    for error in refusal.errors:
        name = error.pointer.strip("/").split("/")[0]
        form.add_error(name if name in form.fields else None, error.detail)


class FormPage(Page):
    """A page with one form. Subclasses say which form and what happens when it is right."""

    template_name = "frontend/kit/form_page.html"
    form_class: ClassVar[type[forms.Form]]
    submit_label: ClassVar[Any] = _("Save")
    form: forms.Form

    def form_options(self) -> dict[str, Any]:
        """More arguments for the form: ``initial``, ``actor`` …"""
        return {}

    @abstractmethod
    def perform(self, form: forms.Form) -> HttpResponse:
        """Do it. May raise ``InvalidInput`` or ``Conflict``: the form is shown again, nothing is kept."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.form = self.form_class(**self.form_options())
        return self.render_to_response(self.get_context_data())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.form = self.form_class(request.POST, **self.form_options())
        if self.form.is_valid():
            try:
                with transaction.atomic():
                    return self.perform(self.form)
            except (InvalidInput, Conflict) as refusal:
                add_errors(self.form, refusal)
        return self.render_to_response(self.get_context_data(), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = self.crumbs()
        return super().get_context_data(
            form=self.form, submit_label=self.submit_label, back_url=back[-1].url if back else "", **kwargs
        )
