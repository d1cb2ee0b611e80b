"""The server as a process of its own: what it answered survives kill -9, and it speaks HTTP on real sockets."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .oceanengine.conftest import project_body, promotion_body

CREATE = "/open_api/v3.0/promotion/create/"
KUAISHOU = "/rest/openapi/"
ROOT = Path(__file__).parents[3]
WRITERS = 4


class Process:
    """The server as a process of its own."""

    def __init__(self, state: Path, port: int = 0, *options: str) -> None:
        if not port:
            with socket.create_server(("127.0.0.1", 0)) as probe:
                port = probe.getsockname()[1]
        self.port = port
        command = [sys.executable, "-m", "media_connectors.mockserver", "--port", str(port), "--state", str(state)]
        self._child = subprocess.Popen([*command, *options], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}")
        for _ in range(200):
            try:
                self.http.get("/control/api/seed")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        minted = self.mint("oceanengine")
        self.account = minted["account_ids"][0]
        self.headers = {"Access-Token": minted["access_token"]}

    def mint(self, medium: str) -> dict:
        return self.http.post("/control/api/tokens", json={"medium": medium}).json()

    def post(self, path: str, body: dict, **headers: str) -> dict:
        given = {"advertiser_id": self.account, **body}
        return self.http.post(path, json=given, headers={**self.headers, **headers}).json()

    def names(self) -> list[str]:
        return self.http.get("/control/api/names").json()["names"]

    def end(self, number: int) -> int:
        self.http.close()
        os.kill(self._child.pid, number)
        code = self._child.wait(10)
        if self._child.stderr:
            self._child.stderr.close()
        return code


@pytest.mark.slow
def test_a_killed_process_keeps_what_it_answered_and_resets_real_sockets(tmp_path: Path) -> None:
    first = Process(tmp_path)
    project = first.post("/open_api/v3.0/project/create/", project_body())["data"]["project_id"]
    assert first.post(CREATE, promotion_body(project, "一"))["code"] == 0
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        first.post(CREATE, promotion_body(project, "二"), **{"X-Mock-Fault": "reset_after"})
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        first.post(CREATE, promotion_body(project, "三"), **{"X-Mock-Fault": "reset_before"})
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    second = Process(tmp_path)
    assert sorted(second.names()) == ["一", "二"]
    taken = subprocess.run(
        [sys.executable, "-m", "media_connectors.mockserver", "--port", str(second.port)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert taken.returncode == 1
    assert f"cannot listen on 127.0.0.1:{second.port}" in taken.stderr
    assert second.end(signal.SIGTERM) == 0
    assert (tmp_path / "snapshot.json.gz").exists()


@pytest.mark.slow
def test_a_server_killed_among_writers_has_every_row_it_answered_once(tmp_path: Path) -> None:
    """Nobody says goodbye: the kill falls into requests of many connections, some of which never get their answer."""
    first = Process(tmp_path)
    project = first.post("/open_api/v3.0/project/create/", project_body())["data"]["project_id"]
    minted = first.mint("kuaishou")
    kuaishou, keys = minted["account_ids"][0], {"Access-Token": minted["access_token"]}
    answered: dict[str, int] = {}
    sent: set[str] = set()
    enough = threading.Event()

    def write(writer: int) -> None:
        with httpx.Client(base_url=first.http.base_url) as http:
            for number in range(100_000):
                name = f"行{writer}-{number}"
                sent.add(name)
                try:
                    if writer % 2:
                        body = {"advertiser_id": first.account, **promotion_body(project, name)}
                        answer = http.post(CREATE, json=body, headers=first.headers).json()
                        answered[name] = answer["data"]["promotion_id"]
                    else:
                        body = {"advertiser_id": kuaishou, "campaign_name": name, "type": 5}
                        answer = http.post(KUAISHOU + "gw/dsp/campaign/create", json=body, headers=keys).json()
                        answered[name] = answer["data"]["campaign_id"]
                except (httpx.TransportError, ValueError):
                    return
                if len(answered) > 60 * WRITERS:
                    enough.set()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    assert enough.wait(60)
    first.end(signal.SIGKILL)
    for writer in writers:
        writer.join(30)
    second = Process(tmp_path)
    minted = second.mint("kuaishou")
    keys = {"Access-Token": minted["access_token"]}
    kept: dict[str, int] = {}
    rows = second.http.get("/control/api/plans").json()["plans"]
    for page in range(1, 100):
        body = {"advertiser_id": kuaishou, "page": page, "page_size": 500}
        found = second.http.post(KUAISHOU + "gw/dsp/campaign/list", json=body, headers=keys).json()["data"]["details"]
        rows += [{"name": row["campaign_name"], "id": row["campaign_id"]} for row in found]
        if not found:
            break
    for row in rows:
        assert row["name"] not in kept
        kept[row["name"]] = row["id"]
    assert len(answered) > 60 * WRITERS
    assert answered.items() <= kept.items()
    # An answer may be lost with its row kept: at most one for each connection, and never a row that nobody sent.
    assert set(kept) <= sent
    assert len(kept) - len(answered) <= WRITERS
    fresh = second.post(CREATE, promotion_body(project, "之后"))["data"]["promotion_id"]
    assert fresh not in kept.values()
    assert second.end(signal.SIGTERM) == 0


@pytest.mark.slow
def test_bodies_may_come_in_chunks_and_connections_are_kept(tmp_path: Path) -> None:
    server = Process(tmp_path)
    project = server.post("/open_api/v3.0/project/create/", project_body())["data"]["project_id"]
    body = json.dumps({"advertiser_id": server.account, **promotion_body(project, "块")}).encode()

    def pieces() -> Iterator[bytes]:
        yield body[:10]
        yield body[10:]

    headers = {**server.headers, "Content-Type": "application/json"}
    assert server.http.post(CREATE, content=pieces(), headers=headers).json()["code"] == 0
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        for _ in range(2):
            raw.sendall(b"GET /control/api/seed HTTP/1.1\r\nHost: media\r\n\r\n")
            answer = raw.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b'{"seed":1}')
        raw.sendall(b"nonsense\r\n\r\n")
        assert raw.recv(65536) == b""
    assert server.end(signal.SIGTERM) == 0
