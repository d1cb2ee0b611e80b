"""Connecting media accounts: applications, the OAuth round trip, and the choice of accounts.

The state that travels through the media is signed, dies after ten minutes like the code, and is bound to the person
and the organization that began: a link planted by somebody else is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from media_connectors.choices import AccountHealth
from media_connectors.contracts import VENDOR_OF, AccountAccess, Platform, RemoteAccount, Vendor
from media_connectors.errors import AuthExpired, MediaError, PermissionDenied, Rejected
from media_connectors.gateway.connectors import authorizer_for, connector_for
from media_connectors.gateway.credentials import live_credential, store_pair
from media_connectors.models import MediaAccount, MediaApplication, MediaCredential
from xmagnet.accounts.actor import Actor
from xmagnet.audit.services import Entry, record, record_many
from xmagnet.core.crypto import decrypt, encrypt
from xmagnet.core.errors import Conflict, DomainError, InvalidInput, NotFound

PERMISSION = "accounts:manage"
STATE_SECONDS = 600
_SALT = "media_connectors.connecting"


class MediaUnavailable(DomainError):
    """The media did not do its part; the message says what it said."""

    slug = "media-unavailable"
    status = 502
    title = "The media did not answer as expected"


@dataclass(frozen=True, slots=True)
class Authorization:
    """A fresh login at the media: which accounts it grants, and which of them are connected already."""

    credential_id: int
    vendor: Vendor
    accounts: tuple[RemoteAccount, ...]
    connected_remote_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """One account to connect, on one platform (Ocean Engine accounts may serve Douyin and Toutiao)."""

    platform: Platform
    remote_id: str


def register_application(actor: Actor, *, vendor: Vendor, application_id: str, secret: str) -> int:
    """Keep a developer application, or a new secret for it; its id. The secret is stored encrypted only."""
    actor.require(PERMISSION)
    if not application_id or not secret:
        raise InvalidInput(_("An application needs its id and its secret."))
    with transaction.atomic():
        application = MediaApplication.objects.filter(vendor=vendor, application_id=application_id).first()
        is_new = application is None
        application = application or MediaApplication(vendor=vendor, application_id=application_id)
        application.encrypted_secret = encrypt(secret)
        application.save()
        action = "application.registered" if is_new else "application.secret_changed"
        record(actor, Entry(action, "media_application", application.pk, f"{vendor} {application_id}"))
        return int(application.pk)


def begin_authorization(actor: Actor, *, application_id: int, redirect_url: str) -> str:
    """The media's page to send the person's browser to. ``application_id`` is our id of the application."""
    actor.require(PERMISSION)
    with transaction.atomic():
        application = MediaApplication.objects.filter(pk=application_id).first()
    if application is None:
        raise NotFound
    state = signing.dumps(
        {"organization": actor.organization_id, "user": actor.user_id, "application": application.pk}, salt=_SALT
    )
    return authorizer_for(application.vendor).authorize_url(
        application_id=application.application_id, state=state, redirect_url=redirect_url
    )


def complete_authorization(actor: Actor, *, state: str, auth_code: str) -> Authorization:
    """Trade the code for tokens, keep them, and list what they grant.

    Accounts connected before take the new login at once, because at the media it replaced the old one.
    """
    actor.require(PERMISSION)
    application = _application_of_state(actor, state)
    secret = decrypt(application.encrypted_secret)
    try:
        pair = authorizer_for(application.vendor).exchange_code(
            application_id=application.application_id, secret=secret, auth_code=auth_code
        )
    except (Rejected, AuthExpired, PermissionDenied) as error:
        raise Conflict(_("The media refused the authorization: %(reason)s") % {"reason": error.message}) from error
    except MediaError as error:
        raise MediaUnavailable(error.message) from error
    credential = MediaCredential(application=application, authorized_by_id=actor.user_id)
    store_pair(credential, pair)
    with transaction.atomic():
        credential.save()
        name = f"{application.vendor} {application.application_id}"
        record(actor, Entry("credential.authorized", "media_credential", credential.pk, name))
    vendor = Vendor(application.vendor)
    accounts = _granted(vendor, application.application_id, pair.access_token, secret)
    connected = _renew_connected(actor, credential, vendor, [account.remote_id for account in accounts])
    return Authorization(credential.pk, vendor, accounts, connected)


def granted_accounts(actor: Actor, *, credential_id: int) -> tuple[RemoteAccount, ...]:
    """What a kept login grants now, asked of the media."""
    actor.require(PERMISSION)
    credential = _credential(credential_id)
    application = credential.application
    return _granted(
        Vendor(application.vendor),
        application.application_id,
        decrypt(credential.encrypted_access_token),
        decrypt(application.encrypted_secret),
    )


def connect_accounts(
    actor: Actor, *, credential_id: int, choices: Sequence[AccountChoice], agency_id: int | None = None
) -> list[int]:
    """Connect the chosen accounts, or give connected ones the new login; our ids in the order of the choices.

    Only accounts that the login really grants can be chosen.
    """
    actor.require(PERMISSION)
    granted = {account.remote_id: account for account in granted_accounts(actor, credential_id=credential_id)}
    vendor = Vendor(_credential(credential_id).application.vendor)
    for choice in choices:
        if choice.remote_id not in granted or VENDOR_OF[choice.platform] is not vendor:
            raise InvalidInput(_("The login does not grant account %(id)s.") % {"id": choice.remote_id})
    ids, entries = [], []
    with transaction.atomic():
        for choice in choices:
            remote = granted[choice.remote_id]
            account = MediaAccount.objects.filter(platform=choice.platform, remote_id=choice.remote_id).first()
            is_new = account is None
            account = account or MediaAccount(platform=choice.platform, remote_id=choice.remote_id, agency_id=agency_id)
            account.name = remote.name or choice.remote_id
            account.company = remote.company
            account.credential_id = credential_id
            account.health, account.health_message = AccountHealth.OK, ""
            account.save()
            ids.append(account.pk)
            action = "account.connected" if is_new else "account.authorized"
            entries.append(Entry(action, "media_account", account.pk, account.name, account.pk, account.agency_id))
        record_many(actor, entries)
    return ids


def _application_of_state(actor: Actor, state: str) -> MediaApplication:
    try:
        promised = signing.loads(state, salt=_SALT, max_age=STATE_SECONDS)
    except signing.BadSignature as error:
        raise InvalidInput(_("This authorization link is not valid or too old. Begin again.")) from error
    if (promised["organization"], promised["user"]) != (actor.organization_id, actor.user_id):
        raise InvalidInput(_("This authorization was begun by somebody else."))
    with transaction.atomic():
        application = MediaApplication.objects.filter(pk=promised["application"]).first()
    if application is None:
        raise NotFound
    return application


def _credential(credential_id: int) -> MediaCredential:
    with transaction.atomic():
        is_known = MediaCredential.objects.filter(pk=credential_id).exists()
    if not is_known:
        raise NotFound
    try:
        return live_credential(credential_id)
    except MediaError as error:
        raise Conflict(error.message) from error


def _granted(vendor: Vendor, application_id: str, access_token: str, secret: str) -> tuple[RemoteAccount, ...]:
    platform = next(platform for platform, its_vendor in VENDOR_OF.items() if its_vendor is vendor)
    access = AccountAccess(platform, "", application_id, access_token)
    try:
        return connector_for(platform).list_accounts(access, secret=secret)
    except MediaError as error:
        raise MediaUnavailable(error.message) from error


def _renew_connected(
    actor: Actor, credential: MediaCredential, vendor: Vendor, remote_ids: Sequence[str]
) -> frozenset[str]:
    platforms = [platform for platform, its_vendor in VENDOR_OF.items() if its_vendor is vendor]
    with transaction.atomic():
        accounts = MediaAccount.objects.filter(platform__in=platforms, remote_id__in=remote_ids)
        entries = [
            Entry("account.authorized", "media_account", account.pk, account.name, account.pk, account.agency_id)
            for account in accounts
        ]
        known = frozenset(account.remote_id for account in accounts)
        accounts.update(credential=credential, health=AccountHealth.OK, health_message="")
        record_many(actor, entries)
    return known
