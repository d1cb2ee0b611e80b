"""Calling addresses that people typed in: one POST, to a pinned public address, never into our own network.

Shared by webhooks and chat robots. The media have their own telephone (``media_connectors.http``).
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

TIMEOUT_SECONDS = 10
#: for the whole answer: each byte of a receiver that drips them restarts the timeout above
TOTAL_SECONDS = 15


class Refused(Exception):
    """The address may not be called."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said; ``status`` None when nobody answered. ``body`` holds what was asked to be kept."""

    status: int | None
    error: str
    duration_ms: int
    body: bytes = b""


def is_callable_url(url: str) -> bool:
    """Whether the text has the form of an address that we may call: https, no login in it, no fragment.

    Its path and query must be escaped already, and its host one that the name service can be asked for.
    """
    try:
        parts = urlsplit(url)
        _port = parts.port
        (parts.hostname or "").encode("idna")
        f"{parts.path}{parts.query}".encode("ascii")
    except ValueError:
        return False
    schemes = {"https", "http"} if settings.WEBHOOK_ALLOWS_LOOPBACK else {"https"}
    is_form_good = bool(parts.hostname) and parts.scheme in schemes and len(url) <= 500
    return is_form_good and not (parts.username or parts.password or parts.fragment)


def post(url: str, body: bytes, headers: dict[str, str], *, keep_bytes: int = 0) -> Answer:
    """POST to an address that was resolved once and checked; redirects are not followed.

    ``keep_bytes``: how much of the answer's body to read, for receivers that say in it whether they took the message.
    """
    started = time.monotonic()
    kept = b""
    try:
        status, kept = _post(url, body, headers, keep_bytes)
        error = "" if 200 <= status < 300 else f"HTTP {status}"
    except Refused as refusal:
        status, error = None, str(refusal)
    except (OSError, http.client.HTTPException, ValueError) as failure:  # ValueError: a name or path of no wire form
        status, error = None, type(failure).__name__
    return Answer(status, error[:300], round((time.monotonic() - started) * 1000), kept)


def _post(url: str, body: bytes, headers: dict[str, str], keep_bytes: int) -> tuple[int, bytes]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_tls = parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    address = public_address(host, port, is_tls=is_tls)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    plain = socket.create_connection((address, port), timeout=TIMEOUT_SECONDS)
    copy = plain.dup()  # wrapping takes the first one away
    deadline = threading.Timer(TOTAL_SECONDS, copy.shutdown, [socket.SHUT_RDWR])
    deadline.daemon = True
    deadline.start()
    try:
        connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if is_tls else plain
        target = parts.path or "/"
        connection.request("POST", f"{target}?{parts.query}" if parts.query else target, body=body, headers=headers)
        response = connection.getresponse()
        return response.status, _read(response, keep_bytes)
    finally:
        deadline.cancel()
        connection.close()
        plain.close()
        copy.close()


def _read(response: http.client.HTTPResponse, keep_bytes: int) -> bytes:
    """The beginning of the body; the receiver has answered, so a body that breaks off or never ends changes nothing."""
    try:
        return response.read(keep_bytes) if keep_bytes else b""
    except (OSError, http.client.HTTPException):
        return b""


def public_address(host: str, port: int, *, is_tls: bool) -> str:
    """One address of the host, resolved now and to be used as it is; raises ``Refused``.

    Every address must be public, https and port 443; the local profile also allows loopback, for trying things out.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0])) for entry in found]
    if settings.WEBHOOK_ALLOWS_LOOPBACK and addresses and all(address.is_loopback for address in addresses):
        return str(addresses[0])
    if not is_tls or port != 443:
        raise Refused("Only https on port 443 is called.")
    if not addresses or not all(_is_public(address) for address in addresses):
        raise Refused("The host is not on the public internet.")
    return str(addresses[0])


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if address in ipaddress.ip_network("64:ff9b::/96"):  # NAT64 would reach private IPv4
            return False
    return address.is_global and not address.is_multicast
