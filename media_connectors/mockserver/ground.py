"""What the parts of a world stand on. ``World`` is one; the parts need not know it, only this."""

from typing import Protocol

from .clock import Clock
from .config import MockConfig
from .ledger import Ledger
from .store import Store


class Ground(Protocol):
    """Ask for an attribute anew each time: a reset of the world puts another clock and ledger in place."""

    config: MockConfig
    clock: Clock
    store: Store
    ledger: Ledger
