"""The form of what delivery is aimed at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from campaigns.contracts import Targets
from campaigns.selectors.targets import ALL_MEDIA
from media_connectors.choices import PlatformChoice
from xmagnet.core.money import fen_from_yuan, yuan_from_fen

#: name → (label, the least step)
NUMBERS: dict[str, tuple[Any, str]] = {
    "daily_cost": (_("Cost a day, in ¥"), "0.01"),
    "cpa": (_("Matured CPA, in ¥"), "0.01"),
    "roi": (_("ROI"), "0.01"),
}


def parts() -> tuple[tuple[str, Any], ...]:
    """All media together, then each: (key, label)."""
    return ((ALL_MEDIA, _("All media together")), *PlatformChoice.choices)


def field_name(platform: str, number: str) -> str:
    """``cpa``, and of one media ``douyin_cpa``: as the service points at them."""
    return f"{platform}_{number}" if platform else number


class TargetsForm(forms.Form):
    """Three numbers for all media together and three for each; all of them may stay empty."""

    def __init__(self, *args: Any, targets: Mapping[str, Targets], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for platform, _label in parts():
            now = targets.get(platform, Targets())
            initial = {
                "daily_cost": None if now.daily_cost_fen is None else yuan_from_fen(now.daily_cost_fen),
                "cpa": None if now.cpa_fen is None else yuan_from_fen(now.cpa_fen),
                "roi": now.roi,
            }
            for number, (label, step) in NUMBERS.items():
                self.fields[field_name(platform, number)] = forms.DecimalField(
                    label=label,
                    required=False,
                    max_digits=14,
                    decimal_places=2,
                    initial=initial[number],
                    widget=forms.NumberInput({"inputmode": "decimal", "step": step, "min": step}),
                )

    def sections(self) -> Iterator[tuple[str, Any, list[BoundField]]]:
        """(key, label, the three fields) in the order of the page."""
        for platform, label in parts():
            yield platform, label, [self[field_name(platform, number)] for number in NUMBERS]

    def given(self) -> dict[str, Targets]:
        """The numbers as the service wants them; only after ``is_valid``."""
        return {platform: self._targets(platform) for platform, _label in parts()}

    def _targets(self, platform: str) -> Targets:
        cost, cpa, roi = (self.cleaned_data[field_name(platform, number)] for number in NUMBERS)
        return Targets(
            None if cost is None else fen_from_yuan(cost),
            None if cpa is None else fen_from_yuan(cpa),
            None if roi is None else float(roi),
        )
