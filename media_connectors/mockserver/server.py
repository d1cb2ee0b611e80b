"""A threaded HTTP/1.1 keep-alive server for one WSGI app: small, quick, and able to reset a connection.

Production servers hide the socket, but a mock must be able to break it before or after a write took effect.
"""

import contextlib
import io
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from typing import Any

from .app import HangUp

MAX_HEAD = 64 * 1024
RESET = struct.pack("ii", 1, 0)


class Server:
    """Bind at once (``port`` tells which), ``serve_forever`` until ``stop``; one thread per connection."""

    def __init__(self, app: Callable[..., Iterable[bytes]], host: str, port: int) -> None:
        """Raises ``OSError`` when the port is taken."""
        self._app = app
        self._listener = socket.create_server((host, port), backlog=512)
        self.host, self.port = self._listener.getsockname()[:2]
        self._stopped = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    def serve_forever(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, address = self._listener.accept()
            except OSError:
                break
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._connections.add(connection)
            threading.Thread(target=self._converse, args=(connection, address), daemon=True).start()

    def stop(self) -> None:
        """Take no more connections and break the open ones."""
        self._stopped.set()
        # shutdown wakes the blocked accept; close alone does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _converse(self, connection: socket.socket, address: tuple[str, int]) -> None:
        try:
            with connection, connection.makefile("rb", 64 * 1024) as reader:
                while not self._stopped.is_set() and self._exchange(connection, reader, address):
                    pass
        except HangUp:
            pass
        except (OSError, ValueError):
            # The peer went away or does not speak HTTP: nobody is left to tell.
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _exchange(self, connection: socket.socket, reader: Any, address: tuple[str, int]) -> bool:
        """One request and its answer; false when the connection is done."""
        environ = _read_head(reader, self.host, self.port, address)
        if environ is None:
            return False
        if environ.get("HTTP_EXPECT", "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        environ["wsgi.input"] = io.BytesIO(_read_body(reader, environ))
        head: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
            head.append("\r\n".join(lines).encode("latin-1", "replace"))

        keeps = environ.get("HTTP_CONNECTION", "").lower() != "close" and environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        try:
            body = b"".join(self._app(environ, start_response))
        except HangUp:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            reader.close()
            connection.close()
            raise
        ending = b"\r\n\r\n" if keeps else b"\r\nConnection: close\r\n\r\n"
        payload = b"" if environ["REQUEST_METHOD"] == "HEAD" else body
        connection.sendall(head[0] + ending + payload)
        return keeps


def _read_head(reader: Any, host: str, port: int, address: tuple[str, int]) -> dict[str, Any] | None:
    """The request line and headers as a WSGI environ; ``None`` at the end of the connection."""
    line = reader.readline(MAX_HEAD)
    while line in (b"\r\n", b"\n"):
        line = reader.readline(MAX_HEAD)
    if not line:
        return None
    method, target, protocol = line.decode("latin-1").split()
    path, _, query = target.partition("?")
    if path.startswith("http://"):
        path = "/" + path.split("/", 3)[3]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _unquote(path),
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": protocol,
        "REMOTE_ADDR": address[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "mockserver.can_reset": True,
    }
    while True:
        line = reader.readline(MAX_HEAD)
        if line in (b"\r\n", b"\n"):
            return environ
        if not line:
            return None
        name, _, value = line.decode("latin-1").partition(":")
        key = name.strip().upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        environ[key] = value.strip()


def _unquote(path: str) -> str:
    if "%" not in path:
        return path
    from urllib.parse import unquote

    return unquote(path)


def _read_body(reader: Any, environ: dict[str, Any]) -> bytes:
    """The whole body, so that the next request begins where this one ends."""
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() != "chunked":
        return reader.read(int(environ.get("CONTENT_LENGTH") or 0))
    chunks = []
    while True:
        size = int(reader.readline(MAX_HEAD).split(b";")[0], 16)
        if size == 0:
            break
        chunks.append(reader.read(size))
        reader.readline(MAX_HEAD)
    while reader.readline(MAX_HEAD) not in (b"\r\n", b"\n", b""):
        pass
    body = b"".join(chunks)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body
