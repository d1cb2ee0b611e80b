"""How long one machine takes from nothing to an answering web server, and how much memory the whole then needs."""

from tests.benchmarks.harness import Result, stopwatch, tell
from tests.stacks import RunningStack, throw_away_stack, wait_until


def run(*, seed: int, scale: float) -> Result:
    """Start on an empty directory, stop, start again. `seed` and `scale` change nothing: there is one empty stack."""
    del seed, scale
    with throw_away_stack() as stack:
        cold, cold_everything = _start(stack)
        tell(f"cold start {cold:.1f} s, everything up {cold_everything:.1f} s")
        with stopwatch() as stopping:
            stack.stop()
        tell(f"stop {stopping.seconds:.1f} s")
        warm, warm_everything = _start(stack)
        tell(f"warm start {warm:.1f} s, everything up {warm_everything:.1f} s")
        for _ in range(50):  # both web processes have loaded their pages by then
            stack.status_of("/readyz")
            stack.status_of("/api/schema/")
        memory = stack.memory_bytes()
    return {
        "cold_seconds": cold,
        "warm_seconds": warm,
        "stop_seconds": stopping.seconds,
        "memory_mb": memory / 1e6,
        "cold_everything_seconds": cold_everything,
        "warm_everything_seconds": warm_everything,
    }


def _start(stack: RunningStack) -> tuple[float, float]:
    """Return the seconds until the web server says that it is ready, and until everything is."""
    with stopwatch() as everything:
        with stopwatch() as web:
            stack.launch()
            wait_until(lambda: stack.status_of("/readyz") == 200)
        wait_until(stack.is_up)
    return web.seconds, everything.seconds
