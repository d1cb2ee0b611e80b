"""What people pick from: the files of an account's library and the interests of a vendor, read from the media.

Answers are kept for a while in this process, so that opening a dialog twice costs no call. Nothing here may be called
inside a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, TypeVar

from django.core.cache import caches
from django.db import transaction
from django.utils.translation import gettext as _

from media_connectors.choices import AccountHealth
from media_connectors.contracts import (
    VENDOR_OF,
    AccountAccess,
    InterestOption,
    LibraryMaterial,
    MaterialKind,
    Page,
    Platform,
    UploadedMaterial,
)
from media_connectors.errors import AuthExpired, AuthRevoked, MediaError, RateLimited, Transient
from media_connectors.http import while_somebody_waits
from media_connectors.protocols import Connector
from media_connectors.selectors.directory import AccountFacts, account_facts
from media_connectors.services.lines import line_to
from xmagnet.core.errors import NotFound
from xmagnet.core.tenancy import Narrowing

T = TypeVar("T")

#: pages of a library that a search looks through: a picker is for recent files, not an archive
MAX_PAGES = 4
#: a vendor's preview links live about an hour; an upload should appear soon
LIBRARY_SECONDS = 120
INTERESTS_SECONDS = 24 * 3600
#: a media that did not answer is not asked the same again for so long: each asking takes a web server's thread
SILENCE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Library:
    """Files of one account, newest first; ``trouble`` says why there are none, ``is_cut`` that there are older ones."""

    account: AccountFacts
    materials: tuple[LibraryMaterial, ...] = ()
    is_cut: bool = False
    trouble: str = ""


def account_library(actor: Narrowing, account_id: int, *, is_video: bool, text: str = "") -> Library:
    """The newest files of an account's library whose name or id holds the text.

    Raises ``NotFound`` for an account that the actor may not see; a media that does not answer is told as ``trouble``.
    """
    with transaction.atomic():
        account = account_facts(actor).get(account_id)
    if account is None:
        raise NotFound
    if trouble := _unusable(account):
        return Library(account, trouble=trouble)
    try:
        materials, is_cut = _kept(
            f"library:{account.id}:{is_video}", LIBRARY_SECONDS, lambda: _read_library(account.id, is_video)
        )
    except MediaError as error:
        return Library(account, trouble=_sentence(error))
    wanted = text.strip().casefold()
    found = tuple(one for one in materials if wanted in one.name.casefold() or wanted in one.remote_id.casefold())
    return Library(account, found, is_cut)


def file_picture(actor: Narrowing, account_id: int, *, is_video: bool, remote_id: str) -> str:
    """Where the media shows one file now, also one that is older than ``account_library`` goes; "" for nowhere."""
    shelf = account_library(actor, account_id, is_video=is_video)
    kept = next((one.image_url for one in shelf.materials if one.remote_id == remote_id), "")
    if kept or shelf.trouble:
        return kept
    kind = MaterialKind.VIDEO if is_video else MaterialKind.IMAGE
    try:
        found = _kept(
            f"file:{account_id}:{remote_id}", LIBRARY_SECONDS, lambda: _read_file(account_id, kind, remote_id)
        )
    except MediaError:
        return ""
    return next((one.image_url for one in found), "")


@dataclass(frozen=True, slots=True)
class Interests:
    """A vendor's categories; ``trouble`` says why there are none."""

    options: tuple[InterestOption, ...] = ()
    trouble: str = ""


def vendor_interests(actor: Narrowing, vendor: str) -> Interests:
    """Every category of interest that a vendor offers, asked through any account of it that works."""
    with transaction.atomic():
        accounts = [one for one in account_facts(actor).values() if VENDOR_OF[Platform(one.platform)] == vendor]
    usable = [account for account in accounts if not _unusable(account)]
    if not usable:
        return Interests(trouble=_("No account of this media can be asked now."))
    try:
        return Interests(
            _kept(f"interests:{vendor}:{usable[0].id}", INTERESTS_SECONDS, lambda: _read_interests(usable))
        )
    except MediaError as error:
        return Interests(trouble=_sentence(error))


def _read_library(account_id: int, is_video: bool) -> tuple[tuple[LibraryMaterial, ...], bool]:
    with transaction.atomic():
        line = line_to(account_id)
    found: list[LibraryMaterial] = []
    cursor: str | None = None
    for _page in range(MAX_PAGES):
        page = line.call(partial(_list, is_video=is_video, cursor=cursor))
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return tuple(found), cursor is not None


def _read_file(account_id: int, kind: MaterialKind, remote_id: str) -> tuple[UploadedMaterial, ...]:
    with transaction.atomic():
        line = line_to(account_id)
    return line.call(lambda connector, access: connector.read_materials(access, kind=kind, remote_ids=[remote_id]))


def _list(connector: Connector, access: AccountAccess, *, is_video: bool, cursor: str | None) -> Page[LibraryMaterial]:
    return connector.list_materials(access, is_video=is_video, cursor=cursor)


def _read_interests(accounts: Sequence[AccountFacts]) -> tuple[InterestOption, ...]:
    with transaction.atomic():
        line = line_to(accounts[0].id)
    return line.call(lambda connector, access: connector.list_interests(access))


def _kept(key: str, seconds: int, read: Callable[[], T]) -> T:
    digest = "media:" + sha256(key.encode()).hexdigest()
    kept: Any = caches["process"].get(digest)
    if kept is None:
        if caches["process"].get(f"{digest}:silent"):
            raise Transient("the media did not answer a moment ago")
        try:
            with while_somebody_waits():
                kept = read()
        except Transient:
            caches["process"].set(f"{digest}:silent", True, SILENCE_SECONDS)
            raise
        caches["process"].set(digest, kept, seconds)
    return kept  # type: ignore[no-any-return]


def _unusable(account: AccountFacts) -> str:
    if not account.is_active:
        return _("This account is paused in X-Magnet.")
    if account.health == AccountHealth.NEEDS_AUTHORIZATION:
        return _("This account must be authorized again.")
    return ""


def _sentence(error: MediaError) -> str:
    if isinstance(error, RateLimited):
        return _("The media's rate limit is reached. Try again in a moment.")
    if isinstance(error, (AuthExpired, AuthRevoked)):
        return _("This account must be authorized again.")
    return _("The media does not answer now. Try again, or give the id.")
