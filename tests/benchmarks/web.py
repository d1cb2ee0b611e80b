"""How many light requests a second one machine answers, and whether slow clients hold the others up.

The load comes from this process over keep-alive connections on loopback, so it shares the two cores with the server;
what it took is told beside the result. Slow clients send one header byte a second and never finish.
"""

import resource
import selectors
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.harness import Result, tell
from tests.stacks import RunningStack, throw_away_stack

PATH = "/healthz"  # every middleware, no database
CONNECTIONS = 16
SECONDS = 8.0
SLOW_CLIENTS = 40
PROBES = 200


def run(*, seed: int, scale: float) -> Result:
    """Measure throughput, then the delay that slow clients add to the 95th percentile. `seed` changes nothing."""
    del seed
    with throw_away_stack() as stack:
        stack.start()
        _load(stack, 2.0)
        before = _cpu_seconds()
        rate = max(_load(stack, max(2.0, SECONDS * scale)) for _ in range(2))
        generator = _cpu_seconds() - before
        tell(f"{rate:.0f} requests/s, load generator {generator:.1f} CPU s")
        probes = max(40, int(PROBES * scale))
        alone = _latencies(stack, probes)
        with _slow_clients(stack, SLOW_CLIENTS):
            time.sleep(2)
            beside = _latencies(stack, probes)
    return {
        "requests_per_second": rate,
        "slow_clients": SLOW_CLIENTS,
        "added_delay_ms": max(0.0, (_p95(beside) - _p95(alone)) * 1000),
        "p95_alone_ms": _p95(alone) * 1000,
        "p95_beside_slow_ms": _p95(beside) * 1000,
        "generator_cpu_seconds": generator,
    }


def _load(stack: RunningStack, seconds: float) -> float:
    """Requests a second over `CONNECTIONS` keep-alive connections, each with one request under way."""
    request = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{stack.port}\r\n\r\n".encode()
    with selectors.DefaultSelector() as selector:
        clients = [socket.create_connection(("127.0.0.1", stack.port)) for _ in range(CONNECTIONS)]
        received = dict.fromkeys((client.fileno() for client in clients), b"")
        for client in clients:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(client, selectors.EVENT_READ, client)
            client.sendall(request)
        done, started = 0, time.perf_counter()
        while (passed := time.perf_counter() - started) < seconds:
            for key, _events in selector.select(timeout=1):
                answer = received[key.fd] + key.data.recv(65_536)
                received[key.fd] = answer
                if not answer.endswith(b"\r\n\r\nok"):
                    continue  # the head and the body may come apart
                assert answer.startswith(b"HTTP/1.1 200"), answer[:80]
                received[key.fd] = b""
                done += 1
                key.data.sendall(request)
        for client in clients:
            client.close()
    return done / passed


def _latencies(stack: RunningStack, count: int) -> list[float]:
    """Seconds of single requests, one after the other, each on a connection of its own."""
    found = []
    for _ in range(count):
        started = time.perf_counter()
        assert stack.status_of(PATH) == 200
        found.append(time.perf_counter() - started)
    return found


@contextmanager
def _slow_clients(stack: RunningStack, count: int) -> Iterator[None]:
    """`count` connections that send a header byte a second while the block runs."""
    clients = [socket.create_connection(("127.0.0.1", stack.port)) for _ in range(count)]
    for client in clients:
        client.sendall(f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ".encode())
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(1.0):
            for client in clients:
                try:
                    client.sendall(b"a")
                except OSError:
                    continue  # the server may give up on a slow client; that is its right

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        for client in clients:
            client.close()


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
