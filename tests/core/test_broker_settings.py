"""One variable decides the broker; what the transport would forget is kept."""

import subprocess
import sys
import threading

import celery

from xmagnet.celery import app
from xmagnet.core.broker import BUSY_INTERVAL_SECONDS, IDLE_INTERVAL_SECONDS, Transport
from xmagnet.settings.celery import _broker


def test_a_socket_directory_and_tls_survive_the_pgmq_url() -> None:
    url, options = _broker("pgmq://xmagnet_app@/xmagnet_broker?host=%2Fvar%2Frun%2Fpg&sslmode=require")
    assert url == "pgmq://localhost/"
    assert dict(part.split("=") for part in options["conn_string"].split()) == {
        "user": "xmagnet_app",
        "dbname": "xmagnet_broker",
        "host": "/var/run/pg",
        "sslmode": "require",
    }
    assert (options["init_extension"], options["visibility_timeout"]) == (False, 600)


def test_redis_gives_abandoned_messages_back_within_seconds() -> None:
    url, options = _broker("rediss://:secret@redis.example.com:6380/1")
    assert url == "rediss://:secret@redis.example.com:6380/1"
    assert {
        key: options[key] for key in ("visibility_timeout", "unacked_restore_interval", "unacked_restore_throttle")
    } == {
        "visibility_timeout": 600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    }


def test_no_task_may_run_longer_than_its_message_stays_hidden() -> None:
    visibility = _broker("pgmq://a@b/c")[1]["visibility_timeout"]
    assert app.conf.task_soft_time_limit < app.conf.task_time_limit < visibility
    limits = [task.time_limit for task in app.tasks.values() if task.time_limit]
    assert all(limit < visibility for limit in limits)


def test_a_message_survives_the_death_of_its_worker() -> None:
    settings = app.conf
    assert (settings.task_acks_late, settings.task_reject_on_worker_lost, settings.worker_prefetch_multiplier) == (
        True,
        True,
        1,
    )
    assert settings.accept_content == ["json"]


def test_the_transport_polls_faster_while_messages_come(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    transport = Transport.__new__(Transport)
    monkeypatch.setattr("xmagnet.core.broker.monotonic", lambda: 100.0)
    assert transport.polling_interval == IDLE_INTERVAL_SECONDS
    transport._delivered_at = 99.5
    assert transport.polling_interval == BUSY_INTERVAL_SECONDS
    transport._delivered_at = 98.9
    assert transport.polling_interval == IDLE_INTERVAL_SECONDS


def test_every_thread_of_a_process_sends_through_our_app() -> None:
    seen: list[object] = []
    thread = threading.Thread(target=lambda: seen.append(celery.current_app._get_current_object()))
    thread.start()
    thread.join()
    assert seen == [app]


def test_a_web_process_knows_our_app_without_importing_it_by_name() -> None:
    program = (
        "import xmagnet.wsgi, celery, threading\n"
        "show = lambda: print(celery.current_app.main, celery.current_app.conf.task_default_queue)\n"
        "thread = threading.Thread(target=show); thread.start(); thread.join()"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "xmagnet.settings.test"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "xmagnet default\n"
