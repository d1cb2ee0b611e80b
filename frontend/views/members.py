"""Members, their roles, and the invitations that are still open."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from frontend.forms.people import AccessForm, InvitationForm, JoinForm
from frontend.views.base import Crumb, Page
from frontend.views.forms import FormPage, add_errors
from xmagnet.accounts.roles import Role
from xmagnet.core.errors import Conflict, InvalidInput, NotFound
from xmagnet.people import members, sign_in
from xmagnet.people.agencies import list_agencies
from xmagnet.people.letters import send_invitation

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class MemberList(Page):
    """Everybody in the organization (or in the reader's agency), and who is invited."""

    permission = "members:read"
    template_name = "frontend/people/members.html"
    title = gettext_lazy("Members")
    menu_item = "members"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_manage = self.actor.can("members:manage")
        values = self.request.GET
        query = members.MemberQuery(
            text=values.get("q", "").strip()[:120],
            role=values.get("role", "") if values.get("role") in Role.values else "",
            agency=values.get("agency", ""),
        )
        page = self.page_of(members.list_members(self.actor, query))
        return super().get_context_data(
            page=page,
            invitations=members.list_invitations(self.actor)[:100] if may_manage else (),
            may_manage=may_manage,
            now=timezone.now(),
            roles=Role.choices,
            agencies=[("none", _("The advertiser itself")), *((str(a.pk), a.name) for a in list_agencies(self.actor))],
            second_steps=members.with_second_step(member.user_id for member in page),
            is_filtered=any(values.get(name) for name in ("q", "role", "agency")),
            **kwargs,
        )


class _MembersForm(FormPage):
    permission = "members:manage"
    menu_item = "members"

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Members"), self.url("members")),)

    def form_options(self) -> dict[str, Any]:
        return {"actor": self.actor}


class InviteMember(_MembersForm):
    """Make an invitation. Its link is shown once, on the answer to this form, and sent when it is kept."""

    is_atomic = False
    made: members.MadeInvitation | None = None
    title = gettext_lazy("Invite a member")
    form_class = InvitationForm
    submit_label = gettext_lazy("Make the invitation")

    def form_options(self) -> dict[str, Any]:
        return super().form_options() | {"initial": {"agency_id": self.request.GET.get("agency", "")}}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            refused = super().post(request, *args, **kwargs)
        return show_link(self, self.made) if self.made else refused

    def perform(self, form: Any) -> HttpResponse:
        self.made = members.invite_member(self.actor, email=form.cleaned_data["email"], access=form.access())
        return HttpResponse()


def show_link(page: Page, made: members.MadeInvitation) -> HttpResponse:
    """Send an invitation's link, and show it in the one answer that holds it. Outside of transactions."""
    link = page.request.build_absolute_uri(reverse("frontend:join", args=(page.actor.organization_slug, made.secret)))
    fate = send_invitation(page.actor, email=made.email, role=made.role, link=link, expires_at=made.expires_at)
    context = page.get_context_data(email=made.email, link=link, expires_at=made.expires_at, letter=fate)
    return page.response_class(page.request, "frontend/people/invited.html", context)


class RenewInvitation(Page):
    """A new link for an invitation that was lost or ran out."""

    permission = "members:manage"
    http_method_names = ["post"]
    is_atomic = False
    title = gettext_lazy("Invite a member")
    menu_item = "members"

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Members"), self.url("members")),)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            made = members.renew_invitation(self.actor, kwargs["invitation_id"])
        return show_link(self, made)


class ChangeMember(_MembersForm):
    """Role, agency and accounts, and how the member signs in."""

    template_name = "frontend/people/member.html"
    form_class = AccessForm

    def page_title(self) -> str:
        return str(self.member.user)

    def form_options(self) -> dict[str, Any]:
        found = members.list_members(self.actor).filter(pk=self.kwargs["member_id"]).first()
        if found is None:
            raise Http404
        self.member = found
        granted = [grant.account_id for grant in found.grants.all()] if found.is_account_limited else []
        initial = {"role": found.role, "agency_id": found.agency_id, "account_ids": granted}
        return super().form_options() | {"initial": initial}

    def perform(self, form: Any) -> HttpResponse:
        members.change_member(self.actor, self.member.pk, form.access())
        messages.success(self.request, _("Saved. It holds from the next click on."))
        return redirect(self.url("members"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        signing_in = sign_in.sign_in_state(self.actor, self.member.pk)
        return super().get_context_data(member=self.member, signing_in=signing_in, **kwargs)


class MemberSignIn(Page):
    """Help a member back in: after too many wrong passwords, or without the phone."""

    permission = "members:manage"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        member_id, action = kwargs["member_id"], request.POST.get("action")
        try:
            if action == "unlock":
                sign_in.unlock_member(self.actor, member_id)
                messages.success(request, _("The lock is off: the right password opens at once."))
            elif action == "reset":
                sign_in.reset_second_step(self.actor, member_id)
                messages.success(request, _("The second step is off and every session has ended."))
            else:
                raise Http404
        except Conflict as refusal:
            messages.error(request, refusal.detail)
        return redirect(self.url("member-change", member_id))


class SuspendMember(Page):
    """Suspend, or let back in."""

    permission = "members:manage"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        is_active = request.POST.get("active") == "yes"
        try:
            members.set_member_active(self.actor, kwargs["member_id"], is_active=is_active)
        except Conflict as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, _("The member is back.") if is_active else _("The member is suspended."))
        return redirect(self.url("members"))


class RevokeInvitation(Page):
    """Make an open invitation worthless."""

    permission = "members:manage"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        members.revoke_invitation(self.actor, kwargs["invitation_id"])
        messages.success(request, _("The invitation is revoked."))
        return redirect(self.url("members"))


class JoinOrganization(TemplateView):
    """Where an invitation's link leads: a new person chooses name and password, a known one just agrees."""

    template_name = "frontend/people/join.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._answer(JoinForm())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user if request.user.is_authenticated else None
        form = JoinForm(request.POST)
        if user is None and not form.is_valid():
            return self._answer(form, status=422)
        values = {} if user else form.cleaned_data
        try:
            person = members.accept_invitation(kwargs["org"], kwargs["secret"], user=user, **values)
        except NotFound as gone:
            raise Http404(gone.detail) from None
        except (InvalidInput, Conflict) as refusal:
            form.is_valid()
            add_errors(form, refusal)
            return self._answer(form, status=422)
        if user is None:
            login(request, person, backend=BACKEND)
        return redirect("frontend:overview", kwargs["org"])

    def _answer(self, form: JoinForm, status: int = 200) -> HttpResponse:
        try:
            organization, invitation = members.open_invitation(self.kwargs["org"], self.kwargs["secret"])
        except NotFound as gone:
            raise Http404(gone.detail) from None
        context = self.get_context_data(form=form, organization=organization, invitation=invitation)
        return self.render_to_response(context, status=status)
