"""Setting templates: what may be built from again, in which versions, and for whom."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.selectors.audiences import list_audiences
from campaigns.selectors.templates import get_template, list_drafts, list_templates, template_history
from campaigns.services.templates import delete_template, restore_template, share_template
from frontend import builder_words
from frontend.views.base import Crumb, Page


class TemplateList(Page):
    """``/templates/``: templates and one's own drafts."""

    permission = "plans:read"
    template_name = "frontend/builder/template_list.html"
    title = gettext_lazy("Templates")
    menu_item = "templates"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            templates=list_templates(self.actor),
            drafts=[(card, builder_words.draft_text(card.content)) for card in list_drafts(self.actor)],
            audiences=[(card, builder_words.audience_text(card.content)) for card in list_audiences(self.actor)],
            may_build=self.actor.can("plans:write"),
            may_write=self.actor.can("templates:write"),
            **kwargs,
        )


class TemplatePage(Page):
    """Every version of one template."""

    permission = "plans:read"
    template_name = "frontend/builder/template_versions.html"
    menu_item = "templates"

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Templates"), self.url("templates")),)

    def page_title(self) -> str:
        return get_template(self.actor, self.kwargs["template_id"]).name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            versions=template_history(self.actor, self.kwargs["template_id"]),
            labels=builder_words.SETUP_LABELS,
            may_write=self.actor.can("templates:write"),
            may_build=self.actor.can("plans:write"),
            **kwargs,
        )


class TemplateShare(Page):
    """Show it to colleagues, or keep it to oneself."""

    permission = "templates:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        is_shared = request.POST.get("is_shared") == "yes"
        share_template(self.actor, kwargs["template_id"], is_shared=is_shared)
        messages.success(request, _("Colleagues see it now.") if is_shared else _("Only you see it now."))
        return redirect(self.url("templates"))


class TemplateRestore(Page):
    """An old version becomes the newest again."""

    permission = "templates:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        restored = restore_template(self.actor, kwargs["template_id"])
        messages.success(request, _("The old version is the newest again; the ones between are kept."))
        return redirect(self.url("template", restored))


class TemplateDelete(Page):
    """Forget a template with all its versions, or a draft."""

    permission = "templates:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        delete_template(self.actor, kwargs["template_id"])
        messages.success(request, _("It is deleted."))
        return redirect(self.url("templates"))
