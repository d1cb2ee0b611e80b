"""What the builder's dialogs and search boxes offer: regions, interests, saved audiences, files and titles."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.crypto import get_random_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from campaigns.selectors.audiences import list_audiences
from campaigns.selectors.materials import UsedMaterial, used_materials, used_titles
from campaigns.selectors.regions import found_regions
from campaigns.services.audiences import audience_pack, delete_audience, save_audience
from frontend import builder_words
from frontend.forms.builder import setup_from
from frontend.views.answers import done
from frontend.views.base import Fragment, address
from media_connectors.choices import PlatformChoice, VendorChoice
from media_connectors.contracts import VENDOR_OF, InterestOption, LibraryMaterial, Platform, Vendor
from media_connectors.selectors.directory import account_facts
from media_connectors.services.library import Library, account_library, file_picture, vendor_interests
from xmagnet.accounts.actor import Actor
from xmagnet.core.errors import InvalidInput
from xmagnet.core.ids import ids_among

#: interests offered at once
MOST_INTERESTS = 20
#: files and titles shown in a dialog at once; the search box narrows them
MOST_FILES = 120
#: files read of what we know of an account
MOST_KNOWN = 400


class RegionOptions(Fragment):
    """Provinces and cities by Chinese or English name, or by code."""

    permission = "plans:write"
    template_name = "frontend/builder/options.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = found_regions(self.request.GET.get("q", ""), language=get_language() or "en")
        options = [{"value": str(one.code), "label": one.name, "note": one.other_name} for one in found]
        return super().get_context_data(options=options, **kwargs)


class InterestOptions(Fragment):
    """A vendor's categories of interest by name; asks the media, so no transaction is open."""

    permission = "plans:write"
    template_name = "frontend/builder/options.html"
    is_atomic = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = self.request.GET.get("q", "").strip().casefold()
        options: list[dict[str, str]] = []
        troubles: list[str] = []
        for vendor in self._vendors():
            found = vendor_interests(self.actor, vendor)
            if found.trouble:
                troubles.append(f"{VendorChoice(vendor).label}: {found.trouble}")
            wanted = [one for one in found.options if not text or text in f"{one.name} {one.group} {one.id}".casefold()]
            options += [_interest(vendor, one) for one in wanted[:MOST_INTERESTS]]
        return super().get_context_data(options=options, troubles=troubles, **kwargs)

    def _vendors(self) -> list[str]:
        """Of the media that the page has chosen accounts of; all of them before any is chosen."""
        media = [one for one in self.request.GET.getlist("media") if one in PlatformChoice.values]
        return sorted({VENDOR_OF[Platform(one)].value for one in media} or {one.value for one in Vendor})


class AudiencePicker(Fragment):
    """Saved audiences to put into the page, and the place where a pack of the page is kept."""

    permission = "plans:write"
    template_name = "frontend/builder/audience_picker.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            audiences=[(card, builder_words.audience_text(card.content)) for card in list_audiences(self.actor)],
            may_write=self.actor.can("templates:write"),
            **kwargs,
        )


class AudienceSave(Fragment):
    """Keep one pack of the page for every colleague."""

    permission = "templates:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.POST.get("save_audience", "")
        pack = next((one for one in setup_from(request.POST).audiences if one.key == key), None)
        try:
            if pack is None:
                raise InvalidInput(_("This audience is not on the page any more."))
            save_audience(self.actor, pack)
        except InvalidInput as refusal:
            return done(refusal.detail, level="warning")
        return done(_("“%(name)s” is saved for everybody here.") % {"name": pack.name})


class AudienceBlock(Fragment):
    """A saved audience as a block of the page."""

    permission = "plans:write"
    template_name = "frontend/builder/audience.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        key = get_random_string(10, "abcdefghjkmnpqrstvwxyz0123456789")
        pack = audience_pack(self.actor, kwargs["audience_id"], key=key)
        return super().get_context_data(pack=pack, choices=builder_words.choices(), **kwargs)


class AudienceDelete(Fragment):
    """Forget a saved audience."""

    permission = "templates:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        delete_audience(self.actor, kwargs["audience_id"])
        return done(_("It is deleted."))


class BuildMaterials(Fragment):
    """Files of a chosen account's library with their pictures, and those that its plans use; asks the media."""

    permission = "plans:write"
    template_name = "frontend/builder/materials.html"
    is_atomic = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        chosen = ids_among(query.getlist("account"))
        with transaction.atomic():
            facts = account_facts(self.actor)
        accounts = [facts[one] for one in dict.fromkeys(chosen) if one in facts]
        shown = query.get("shown", "")
        account = next((one for one in accounts if str(one.id) == shown), accounts[0] if accounts else None)
        kind = query.get("kind", "") if query.get("kind") in SORTS else ""
        text = query.get("q", "")
        context: dict[str, Any] = {"accounts": accounts, "account": account, "kind": kind, "text": text}
        if account is not None:
            context |= self._files(account, kind, text)
        return super().get_context_data(kinds=dict(builder_words.KINDS), **context, **kwargs)

    def _files(self, account: Any, kind: str, text: str) -> dict[str, Any]:
        """The newest of the library as it stands now, then every other file that we know of the account."""
        shelves: list[Library] = []
        for sort in SORTS:
            # A media that did not answer for the one sort is not waited for again for the other.
            if kind in ("", sort) and not any(shelf.trouble for shelf in shelves):
                shelves.append(account_library(self.actor, account.id, is_video=sort == "video", text=text))
        listed = [one for shelf in shelves for one in shelf.materials]
        with transaction.atomic():
            known = used_materials(self.actor, [account.id], text=text, kind=kind, limit=MOST_KNOWN)
        used, seen = {one.remote_id: one for one in known}, {one.remote_id for one in listed}
        files = [_from_library(account, one, used.get(one.remote_id)) for one in listed]
        files += [_known(account, one, self.actor) for one in known if one.remote_id not in seen]
        return {
            "files": files[:MOST_FILES],
            "has_more": len(files) > MOST_FILES or len(known) == MOST_KNOWN,
            "trouble": next((shelf.trouble for shelf in shelves if shelf.trouble), ""),
        }


SORTS = ("video", "image")


def _from_library(account: Any, one: LibraryMaterial, used: Any) -> dict[str, Any]:
    return {
        "value": f"{account.remote_id}|{one.kind}|{one.remote_id}|{used.cover_remote_id if used else ''}",
        "remote_id": one.remote_id,
        "name": one.name,
        "kind": str(one.kind),
        "image_url": one.image_url,
        "seconds": one.duration_ms / 1000,
        "size": f"{one.width}×{one.height}",
        "is_ready": one.is_ready,
        "used": used,
    }


def _known(account: Any, one: UsedMaterial, actor: Actor) -> dict[str, Any]:
    picture = urlencode({"account": account.remote_id, "kind": one.kind, "id": one.remote_id})
    return {
        "value": f"{account.remote_id}|{one.kind}|{one.remote_id}|{one.cover_remote_id}",
        "remote_id": one.remote_id,
        "name": one.name or one.title,
        "kind": one.kind,
        "image_url": f"{address(actor, 'build-picture')}?{picture}",
        "seconds": one.duration_ms / 1000,
        "size": f"{one.width}×{one.height}" if one.width else "",
        "is_ready": True,
        "used": one if one.plan_count else None,
    }


class BuildPicture(Fragment):
    """Sends the browser to the picture of one file; the media's links are short-lived, ours are not."""

    permission = "plans:read"
    is_atomic = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        query = request.GET
        with transaction.atomic():
            accounts = account_facts(self.actor).values()
        account = next((one for one in accounts if one.remote_id == query.get("account", "")), None)
        if account is None:
            return HttpResponse(status=204)
        is_video = query.get("kind", "").startswith("video")
        url = file_picture(self.actor, account.id, is_video=is_video, remote_id=query.get("id", ""))
        if not url:
            return HttpResponse(status=204)  # the page shows its icon; a 404 would be an error in the console
        response = HttpResponseRedirect(url)
        response["Cache-Control"] = f"private, max-age={PICTURE_SECONDS}"
        return response


#: well under the hour that the media's links live
PICTURE_SECONDS = 600


class BuildTitles(Fragment):
    """Titles that plans of the chosen accounts use, to pick from."""

    permission = "plans:write"
    template_name = "frontend/builder/titles.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        chosen = ids_among(query.getlist("account"))
        text = query.get("q", "")
        return super().get_context_data(
            titles=used_titles(self.actor, chosen, text=text, limit=MOST_FILES),
            text=text,
            has_accounts=bool(chosen),
            **kwargs,
        )


def _interest(vendor: str, one: InterestOption) -> dict[str, str]:
    label = f"{one.name} · {VendorChoice(vendor).label}"
    return {"value": f"{vendor}|{one.id}|{one.name}", "label": label, "note": one.group}
