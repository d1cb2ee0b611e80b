"""What benchmarks share: the shape of a result, the line that is printed, and a way to tell how far one is."""

import importlib
import json
import pkgutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

# Numbers, or objects of numbers where docs name a key "(object)".
Result = Mapping[str, "float | int | str | Mapping[str, float]"]

_SUPPORT = {"__main__", "harness"}


def benchmark_names() -> list[str]:
    """Return the modules of this package that are benchmarks."""
    package = importlib.import_module("tests.benchmarks")
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in found if name not in _SUPPORT and not name.startswith("_"))


def run(name: str, *, seed: int, scale: float) -> str:
    """Run one benchmark in this process and return its JSON line."""
    module = importlib.import_module(f"tests.benchmarks.{name}")
    result: Result = module.run(seed=seed, scale=scale)
    return json.dumps({"benchmark": name, "seed": seed, "scale": scale, **_rounded(result)}, ensure_ascii=False)


def tell(text: str) -> None:
    """Say how far the benchmark is; on stderr, because stdout carries the result alone."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@dataclass
class Stopwatch:
    """Seconds of wall-clock time, filled in when its block ends."""

    seconds: float = 0.0


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Measure a block."""
    watch = Stopwatch()
    started = time.perf_counter()
    try:
        yield watch
    finally:
        watch.seconds = time.perf_counter() - started


def _rounded(result: Result) -> dict[str, object]:
    return {key: round(value, 6) if isinstance(value, float) else value for key, value in result.items()}
