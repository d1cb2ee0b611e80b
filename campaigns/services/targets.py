"""Setting what delivery is aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.contracts import Targets
from campaigns.models import DeliveryTarget
from campaigns.selectors.targets import ALL_MEDIA, targets_as_set
from media_connectors.contracts import Platform
from xmagnet.accounts.actor import Actor
from xmagnet.audit.services import Entry, record
from xmagnet.core.errors import FieldError, InvalidInput

MAX_FEN = 100_000_000_000  # ¥1 billion
MAX_ROI = 1_000.0


def set_targets(actor: Actor, wanted: Mapping[str, Targets]) -> bool:
    """Set the targets of the media named (``ALL_MEDIA``: all together); returns whether anything changed.

    Media that are not named keep theirs. Raises ``InvalidInput`` with a pointer for every number that is out of range,
    ``/cpa`` or, of one media, ``/douyin_cpa``; nothing is kept then.
    """
    actor.require("organization:manage")
    errors = [error for platform, targets in wanted.items() for error in _errors(platform, targets)]
    if errors:
        raise InvalidInput(errors[0].detail, errors=tuple(errors))
    has_changed = False
    with transaction.atomic():
        list(DeliveryTarget.objects.select_for_update().values_list("id"))
        before = targets_as_set(actor)
        for platform, targets in wanted.items():
            old = before.get(platform, Targets())
            if old == targets:
                continue
            has_changed = True
            row, _created = DeliveryTarget.objects.update_or_create(
                platform=platform, defaults={**asdict(targets), "organization_id": actor.organization_id}
            )
            name = platform or actor.organization_name
            record(actor, Entry("target.changed", "target", row.pk, name, before=asdict(old), after=asdict(targets)))
    return has_changed


def _errors(platform: str, targets: Targets) -> list[FieldError]:
    if platform != ALL_MEDIA and platform not in set(Platform):
        raise ValueError(f"no media is called {platform}")
    start = f"/{platform}_" if platform else "/"
    limits = (
        ("daily_cost", targets.daily_cost_fen, MAX_FEN, _("A daily cost is above ¥0 and at most ¥1 billion.")),
        ("cpa", targets.cpa_fen, MAX_FEN, _("A CPA is above ¥0 and at most ¥1 billion.")),
        ("roi", targets.roi, MAX_ROI, _("An ROI is above 0 and at most 1,000.")),
    )
    return [
        FieldError(start + name, "out_of_range", detail)
        for name, value, most, detail in limits
        if value is not None and not 0 < value <= most
    ]
