"""How accounts fare: what sync and sending report, and what people switch."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from media_connectors.choices import AccountHealth
from media_connectors.errors import AuthRevoked, MediaError, OutcomeUnknown, PermissionDenied, RateLimited, Transient
from media_connectors.gateway.credentials import ask_for_person, live_credential, refresh_credential
from media_connectors.models import MediaAccount
from media_connectors.selectors.directory import LOGIN_WARNING
from media_connectors.services.cursors import tell_if_low
from xmagnet.accounts.actor import Actor
from xmagnet.audit.services import Entry, record
from xmagnet.core.clock import MEDIA_TIMEZONE
from xmagnet.core.errors import Conflict, FieldError, InvalidInput, NotFound
from xmagnet.notices.choices import Event
from xmagnet.notices.services import notify

PERMISSION = "accounts:manage"
#: ten billion yuan: beyond any balance, far inside a bigint
MAX_ALARM_FEN = 10**12
#: idle accounts are read every ten minutes; after three missed readings something is wrong
STALLED_AFTER = timedelta(minutes=30)


def report_success(account_id: int) -> None:
    """A call worked: a failing or refused account is well again. One that waits for a person is not healed by old
    tokens."""
    healed = [AccountHealth.FAILING, AccountHealth.REFUSED]
    with transaction.atomic():
        MediaAccount.objects.filter(pk=account_id, health__in=healed).update(health=AccountHealth.OK, health_message="")


def report_failure(account_id: int, error: MediaError) -> None:
    """A call failed for good; passing troubles and limits do not count against an account."""
    if isinstance(error, Transient | RateLimited):
        return
    with transaction.atomic():
        accounts = MediaAccount.objects.filter(pk=account_id).exclude(health=AccountHealth.PAUSED)
        if isinstance(error, AuthRevoked):
            ask_for_person(accounts, error.message)
        elif isinstance(error, PermissionDenied):
            _mark_refused(accounts, error.message)
        else:
            accounts.update(health=AccountHealth.FAILING, health_message=error.message[:300])


def _mark_refused(accounts: QuerySet[MediaAccount], message: str) -> None:
    """The media takes no calls for them; it is still asked now and then. People are told when that is new."""
    lasting = [AccountHealth.REFUSED, AccountHealth.NEEDS_AUTHORIZATION]  # of the latter they were told already
    for account in accounts.exclude(health__in=lasting).select_for_update().order_by("id"):
        notify(
            Event.ACCOUNT_REFUSED,
            object_id=account.pk,
            data={"account_name": account.name, "remote_id": account.remote_id, "message": message[:300]},
            account_id=account.pk,
            agency_id=account.agency_id,
        )
    accounts.exclude(health=AccountHealth.NEEDS_AUTHORIZATION).update(
        health=AccountHealth.REFUSED, health_message=message[:300]
    )


def tell_stalled(now: datetime) -> int:
    """Tell people of accounts whose numbers no longer arrive, once for each standstill; how many stand still.

    In the organization in scope. Accounts that are paused or wait for a person are known to stand still.
    """
    with transaction.atomic():
        accounts = (
            MediaAccount.objects.filter(is_active=True, credential__isnull=False)
            .exclude(health__in=[AccountHealth.NEEDS_AUTHORIZATION, AccountHealth.PAUSED, AccountHealth.REFUSED])
            .annotate(until=Coalesce("metrics_synced_at", "created_at"))
            .filter(until__lt=now - STALLED_AFTER)
        )
        stalled = list(accounts)
        for account in stalled:
            notify(
                Event.SYNC_STALLED,
                object_id=account.pk,
                data={
                    "account_name": account.name,
                    "remote_id": account.remote_id,
                    "minutes": int((now - account.until).total_seconds() // 60),
                },
                account_id=account.pk,
                agency_id=account.agency_id,
                dedupe_key=f"sync.stalled:{account.pk}:{account.until.timestamp():.0f}",
            )
    return len(stalled)


def tell_ending_logins(now: datetime) -> int:
    """Tell people of logins that end within ``LOGIN_WARNING``, once for each end; how many there are.

    In the organization in scope. Paused accounts count: their logins are not refreshed and die unnoticed.
    """
    with transaction.atomic():
        accounts = (
            MediaAccount.objects.filter(
                credential__refresh_expires_at__lt=now + LOGIN_WARNING, credential__is_revoked=False
            )
            .exclude(health=AccountHealth.NEEDS_AUTHORIZATION)
            .select_related("credential")
        )
        ending = list(accounts)
        for account in ending:
            ends_at = account.credential.refresh_expires_at
            notify(
                Event.LOGIN_ENDING,
                object_id=account.pk,
                data={
                    "account_name": account.name,
                    "remote_id": account.remote_id,
                    "ends_on": ends_at.astimezone(MEDIA_TIMEZONE).date().isoformat(),
                },
                account_id=account.pk,
                agency_id=account.agency_id,
                dedupe_key=f"account.login_ending:{account.pk}:{ends_at.timestamp():.0f}",
            )
    return len(ending)


def pause_account(actor: Actor, *, account_id: int, reason: str = "") -> None:
    """Neither read from nor write to the account until it is resumed; delivery at the media goes on."""
    _switch(actor, account_id, is_active=False, reason=reason)


def resume_account(actor: Actor, *, account_id: int, reason: str = "") -> None:
    """Take the account up again; its next sync tells its health."""
    _switch(actor, account_id, is_active=True, reason=reason)


def assign_agency(actor: Actor, *, account_id: int, agency_id: int | None) -> None:
    """Who runs the account from now on; None is the advertiser itself. Sight of agencies follows at once."""
    actor.require("agencies:manage")
    with transaction.atomic():
        account = _account(actor, account_id)
        before = account.agency_id
        if before == agency_id:
            return
        account.agency_id = agency_id
        account.save(update_fields=["agency"])
        record(
            actor,
            Entry(
                "account.agency_changed",
                "media_account",
                account.pk,
                account.name,
                account.pk,
                agency_id,
                before={"agency_id": before},
                after={"agency_id": agency_id},
            ),
        )


def set_low_balance_alarm(actor: Actor, *, account_id: int, low_balance_fen: int | None) -> None:
    """Warn when the balance falls below this many fen; None switches the alarm off."""
    actor.require(PERMISSION)
    if low_balance_fen is not None and not 0 < low_balance_fen <= MAX_ALARM_FEN:
        detail = _("The alarm is an amount above ¥0.")
        raise InvalidInput(detail, errors=(FieldError("/low_balance", "out_of_range", detail),))
    with transaction.atomic():
        account = _account(actor, account_id)
        before = account.low_balance_fen
        if before == low_balance_fen:
            return
        was_low = account.is_low
        account.low_balance_fen = low_balance_fen
        account.save(update_fields=["low_balance_fen"])
        tell_if_low(account, was_low=was_low)
        record(
            actor,
            Entry(
                "account.alarm_changed",
                "media_account",
                account.pk,
                account.name,
                account.pk,
                account.agency_id,
                before={"low_balance_fen": before},
                after={"low_balance_fen": low_balance_fen},
            ),
        )


def refresh_account(actor: Actor, *, account_id: int) -> None:
    """Refresh the account's token now. Raises ``Conflict`` with the media's words when that fails."""
    actor.require(PERMISSION)
    with transaction.atomic():
        account = _account(actor, account_id)
    if account.credential_id is None:
        raise Conflict
    try:
        credential = live_credential(account.credential_id)
        refresh_credential(credential.pk, seen_generation=credential.generation)
    except (Transient, OutcomeUnknown) as error:
        raise Conflict(_("The media does not answer now; nothing was changed. Try again in a few minutes.")) from error
    except AuthRevoked as error:
        said = _("This login cannot be refreshed any more; authorize the account again. The media said: %(words)s")
        raise Conflict(said % {"words": error.message}) from error
    except MediaError as error:
        raise Conflict(error.message) from error
    with transaction.atomic():
        record(
            actor, Entry("account.refreshed", "media_account", account.pk, account.name, account.pk, account.agency_id)
        )


def _switch(actor: Actor, account_id: int, *, is_active: bool, reason: str) -> None:
    actor.require(PERMISSION)
    with transaction.atomic():
        account = _account(actor, account_id)
        if account.is_active is is_active:
            return
        account.is_active = is_active
        account.health = AccountHealth.OK if is_active else AccountHealth.PAUSED
        account.save(update_fields=["is_active", "health"])
        action = "account.resumed" if is_active else "account.paused"
        record(
            actor,
            Entry(action, "media_account", account.pk, account.name, account.pk, account.agency_id, reason=reason),
        )


def _account(actor: Actor, account_id: int) -> MediaAccount:
    account: MediaAccount | None = (
        MediaAccount.objects.all().visible_to(actor).select_for_update().filter(pk=account_id).first()
    )
    if account is None:
        raise NotFound
    return account
