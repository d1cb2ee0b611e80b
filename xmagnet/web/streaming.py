"""Streamed answers are produced after the view has returned: each needs the scope of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.db import transaction

from xmagnet.accounts.actor import Actor
from xmagnet.core.scope import organization_scope


def stream_in_scope(actor: Actor, produce: Callable[[], Iterable[bytes]]) -> Iterator[bytes]:
    """Yield the chunks of ``produce()`` inside the actor's organization and one read transaction."""
    with organization_scope(actor.organization_id), transaction.atomic():
        yield from produce()
