"""Tokens: decrypted only here, refreshed by one worker at a time, persisted before they are used.

A refresh kills both old tokens. So it runs under an advisory lock, and whoever waited for the lock finds a higher
generation and takes the winner's token instead of refreshing again.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from media_connectors.choices import AccountHealth
from media_connectors.contracts import AccountAccess, Platform, TokenPair
from media_connectors.errors import AuthRevoked, OutcomeUnknown, Transient
from media_connectors.gateway.connectors import authorizer_for
from media_connectors.models import MediaAccount, MediaCredential
from xmagnet.core.crypto import decrypt, encrypt
from xmagnet.core.locks import Lock, transaction_lock
from xmagnet.notices.choices import Event
from xmagnet.notices.services import notify

#: refresh before the token can expire under a running batch
REFRESH_AHEAD = timedelta(minutes=10)


def access_for(account_id: int) -> AccountAccess:
    """Who to call as for the account in scope, with a token that is good for minutes.

    Raises ``AuthRevoked`` when a person must authorise the account again.
    """
    with transaction.atomic():
        account = MediaAccount.objects.filter(pk=account_id).values("platform", "remote_id", "credential_id").first()
    if account is None or account["credential_id"] is None:
        raise AuthRevoked("the account is not authorised")
    credential = live_credential(account["credential_id"])
    return AccountAccess(
        platform=Platform(account["platform"]),
        account_remote_id=account["remote_id"],
        application_id=credential.application.application_id,
        access_token=decrypt(credential.encrypted_access_token),
    )


def live_credential(credential_id: int) -> MediaCredential:
    """The credential with its application, refreshed when its token is about to expire.

    Raises ``AuthRevoked`` when it is dead, ``Transient`` when a refresh was needed and not answered.
    """
    with transaction.atomic():
        credential: MediaCredential = MediaCredential.objects.select_related("application").get(pk=credential_id)
    if credential.is_revoked:
        raise AuthRevoked("the authorisation was withdrawn")
    if credential.access_expires_at - timezone.now() < REFRESH_AHEAD:
        return refresh_credential(credential_id, seen_generation=credential.generation)
    return credential


def refreshed_access(account_id: int, stale: AccountAccess) -> AccountAccess:
    """A new access after the media called ``stale`` expired; another worker may have refreshed meanwhile."""
    current = access_for(account_id)
    if current.access_token != stale.access_token:
        return current
    with transaction.atomic():
        credential = MediaCredential.objects.get(accounts__pk=account_id)
    refresh_credential(credential.pk, seen_generation=credential.generation)
    return access_for(account_id)


def refresh_credential(credential_id: int, *, seen_generation: int) -> MediaCredential:
    """Refresh unless somebody did since ``seen_generation``; the credential as it is then.

    Raises ``AuthRevoked`` (and marks the accounts) when the refresh token is dead, ``Transient`` when the media did
    not answer.
    """
    try:
        with transaction.atomic(durable=True):  # the new pair is committed before anybody uses it
            transaction_lock(Lock.TOKEN_REFRESH, credential_id)
            credential: MediaCredential = MediaCredential.objects.select_related("application").get(pk=credential_id)
            if credential.is_revoked:
                raise AuthRevoked("the authorisation was withdrawn")
            if credential.generation != seen_generation:
                return credential
            _store(credential, _refresh(credential))
            return credential
    except AuthRevoked as error:
        mark_revoked(credential_id, str(error))
        raise


def store_pair(credential: MediaCredential, pair: TokenPair) -> None:
    """Put a pair into an unsaved or locked credential; the caller saves it."""
    now = timezone.now()
    credential.encrypted_access_token = encrypt(pair.access_token)
    credential.encrypted_refresh_token = encrypt(pair.refresh_token)
    credential.access_expires_at = now + timedelta(seconds=pair.access_expires_in)
    credential.refresh_expires_at = now + timedelta(seconds=pair.refresh_expires_in)
    credential.refreshed_at = now
    credential.is_revoked = False


def mark_revoked(credential_id: int, message: str) -> None:
    """No more calls with this credential; its accounts ask for a person."""
    with transaction.atomic():
        MediaCredential.objects.filter(pk=credential_id).update(is_revoked=True)
        ask_for_person(MediaAccount.objects.filter(credential_id=credential_id), message)


def ask_for_person(accounts: QuerySet[MediaAccount], message: str) -> None:
    """Mark accounts that somebody must authorise again; people are told when that is new. In a transaction."""
    for account in accounts.select_for_update().order_by("id"):
        if account.health != AccountHealth.NEEDS_AUTHORIZATION:
            notify(
                Event.NEEDS_AUTHORIZATION,
                object_id=account.pk,
                data={"account_name": account.name, "remote_id": account.remote_id, "message": message[:300]},
                account_id=account.pk,
                agency_id=account.agency_id,
            )
    accounts.update(health=AccountHealth.NEEDS_AUTHORIZATION, health_message=message[:300])


def _refresh(credential: MediaCredential) -> TokenPair:
    application = credential.application
    try:
        return authorizer_for(application.vendor).refresh(
            application_id=application.application_id,
            secret=decrypt(application.encrypted_secret),
            refresh_token=decrypt(credential.encrypted_refresh_token),
        )
    except OutcomeUnknown as error:
        # If the media did refresh, the next try is told that the token is used and asks for a person.
        raise Transient(error.message, code=error.code, request_id=error.request_id) from error


def _store(credential: MediaCredential, pair: TokenPair) -> None:
    store_pair(credential, pair)
    credential.generation += 1
    credential.save()
