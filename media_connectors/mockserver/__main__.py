"""``python -m media_connectors.mockserver --port 9100``: the mock media in a process of its own."""

import argparse
import json
import logging
import signal
import sys
import threading
import time
from pathlib import Path

from .app import MockApp, create_app
from .clock import DAY, SPEEDS
from .config import MockConfig
from .limits import LimitRules
from .server import Server

TICK_SECONDS = 1.0
logger = logging.getLogger("mockserver")


def read_arguments(arguments: list[str] | None = None) -> tuple[argparse.Namespace, MockConfig]:
    """The command line as host, port and configuration. Exits with a message for a bad one."""
    parser = argparse.ArgumentParser(prog="python -m media_connectors.mockserver", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100, help="0 takes a free one")
    parser.add_argument("--state", type=Path, default=None, metavar="DIR", help="keep state here across restarts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clock", choices=sorted(SPEEDS), help="default: real, or as before a restart")
    parser.add_argument("--days-ago", type=float, default=0.0, help="where media time begins at the first start")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--read-lag-ms", type=float, default=0.0)
    parser.add_argument("--audit-seconds", type=float, default=120.0, help="shortest review, media time")
    parser.add_argument("--deny-share", type=float, default=0.05, help="share of reviews that refuse")
    parser.add_argument("--accounts", type=int, default=4, help="advertiser accounts per medium at the first start")
    parser.add_argument("--duplicate-project-names", action="store_true", help="allow them (undocumented either way)")
    parser.add_argument("--check-materials", action="store_true", help="refuse plans with materials never uploaded")
    parser.add_argument("--approval-code", type=int, choices=(0, 1), default=0, help="Kuaishou approval/list's success")
    limits = parser.add_mutually_exclusive_group()
    limits.add_argument("--limits", type=Path, metavar="FILE", help="JSON: calls a second by layer and path")
    limits.add_argument("--no-limits", action="store_true", help="the default")
    given = parser.parse_args(arguments)
    rules = None
    if given.limits:
        try:
            rules = LimitRules.from_record(json.loads(given.limits.read_text()))
        except (OSError, ValueError) as error:
            parser.error(f"--limits: {error}")
    return given, MockConfig(
        state_dir=given.state,
        seed=given.seed,
        clock=given.clock,
        start=time.time() - given.days_ago * DAY if given.days_ago else None,
        latency_ms=given.latency_ms,
        read_lag_ms=given.read_lag_ms,
        limits=rules,
        accounts=given.accounts,
        audit_seconds=given.audit_seconds,
        deny_share=given.deny_share,
        has_unique_project_names=not given.duplicate_project_names,
        checks_materials=given.check_materials,
        approval_code=given.approval_code,
    )


def _tick(app: MockApp, stopped: threading.Event) -> None:
    """Let media time pass while nobody calls, so that a caller never waits for hours to be caught up."""
    while not stopped.wait(TICK_SECONDS):
        with app.world.lock:
            app.world.tick()
            app.world.store.flush()


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    given, config = read_arguments()
    app = create_app(config)
    try:
        server = Server(app, given.host, given.port)
    except OSError as error:
        logger.error("cannot listen on %s:%d (%s); choose another --port", given.host, given.port, error.strerror)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.stop).start())
    stopped = threading.Event()
    ticker = threading.Thread(target=_tick, args=(app, stopped), daemon=True)
    ticker.start()
    logger.info("mock media at http://%s:%d, control page at /control/", server.host, server.port)
    server.serve_forever()
    stopped.set()
    ticker.join()
    app.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
