"""How a mock media server is set up."""

from dataclasses import dataclass
from pathlib import Path

from .limits import LimitRules


@dataclass(frozen=True)
class MockConfig:
    """``state_dir=None`` keeps everything in memory. Delays are milliseconds of real time.

    ``clock`` is a mode of ``clock.SPEEDS``; ``None`` begins real and, after a restart, goes on as it was.
    ``start`` is the first media moment (epoch seconds; ``None``: now). ``audit_seconds`` is the shortest review in
    media time (the longest takes three times as long), ``deny_share`` the share of reviews that refuse. ``accounts``
    is how many advertiser accounts each medium starts with. ``checks_materials`` refuses plans with ids of videos and
    images that were never uploaded, as the real media do; off, so that plans can be tried without uploads.
    ``approval_code`` is what Kuaishou's ``approval/list`` says for success: 0 as its newest public client expects, or 1
    as the documentation has it.
    """

    state_dir: Path | None = None
    seed: int = 1
    clock: str | None = None
    start: float | None = None
    latency_ms: float = 0.0
    read_lag_ms: float = 0.0
    limits: LimitRules | None = None
    accounts: int = 4
    audit_seconds: float = 120.0
    deny_share: float = 0.05
    has_unique_project_names: bool = True
    checks_materials: bool = False
    public_url: str = ""
    approval_code: int = 0
