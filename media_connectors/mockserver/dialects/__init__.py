"""The dialects: each medium's wire over the shared model. See ``mockserver.dialect`` for how one is written."""

import importlib
import pkgutil

from ..dialect import Dialect


def build_dialects() -> list[Dialect]:
    """One instance of every dialect package here; a package names its class ``DIALECT``."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return [importlib.import_module(f"{__name__}.{name}").DIALECT() for name in names]
