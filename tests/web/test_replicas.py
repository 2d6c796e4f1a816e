"""Two replicas behind nginx and one Chroma server, from the files in ``deploy/``, then damaged."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from bot.web.texts import load_texts

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
HOST = "chat.example.org"
EVENTS = "/gradio_api/run/predict"
ANSWER = len(load_texts().examples) + 1
DISCLOSURE = "I don't feel safe at home"
CANARY = "zebra-canary-7731"

pytestmark = [
    # Loading the sentence model takes a busy machine minutes, and it is loaded seven times here.
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not all(map(shutil.which, ("nginx", "openssl", "curl"))),
        reason="needs nginx, openssl and curl (apt-get install nginx-light openssl curl)",
    ),
]


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@dataclass
class Cluster:
    """The parts, as processes of this test, and what the files in ``deploy/`` say of them."""

    folder: Path
    entry: int = field(default_factory=free_port)
    index: int = field(default_factory=free_port)
    replicas: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"https://{HOST}:{self.entry}"

    def here(self, text: str) -> str:
        """A deployed file's text with the places and ports of this test."""
        for theirs, ours in (
            ("/etc/nginx/support-chat/", f"{self.folder}/nginx/"),
            ("/etc/ssl/support-chat/", f"{self.folder}/ssl/"),
            ("listen 443", f"listen 127.0.0.1:{self.entry}"),
            ("127.0.0.1:7861", f"127.0.0.1:{self.replicas[0]}"),
            ("127.0.0.1:7862", f"127.0.0.1:{self.replicas[1]}"),
            ("127.0.0.1:8000", f"127.0.0.1:{self.index}"),
            ("--port 8000", f"--port {self.index}"),
            ("/opt/support-chat/.venv/bin/", f"{Path(sys.executable).parent}/"),
            ("/opt/support-chat", str(ROOT)),
            ("/var/lib/", f"{self.folder}/"),
            ("/var/cache/support-chat", str(Path.home() / ".cache")),
        ):
            text = text.replace(theirs, ours)
        return text

    def settings(self) -> dict[str, str]:
        lines = self.here((DEPLOY / "support-chat.env").read_text()).splitlines()
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def start(self, unit: str) -> subprocess.Popen[bytes]:
        """Start what a systemd unit would start, with its environment."""
        name, _, instance = unit.partition("@")
        file = DEPLOY / "systemd" / (f"{name}@.service" if instance else f"{name}.service")
        text = self.here(file.read_text().replace("%i", instance))
        command = re.search(r"^ExecStart=(.+)$", text, re.MULTILINE)
        assert command
        environment = dict(
            line.split("=", 1) for line in re.findall(r"^Environment=(.+)$", text, re.MULTILINE)
        )
        with (self.folder / f"{unit}.log").open("ab") as log:
            self.running[unit] = subprocess.Popen(
                shlex.split(command[1]),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.settings(), **environment, "BOT_RATE": "100000"},
            )
        return self.running[unit]

    def stop(self, unit: str, how: signal.Signals = signal.SIGTERM) -> None:
        process = self.running.pop(unit)
        process.send_signal(how)
        process.wait(40)

    def replica(self, which: int) -> str:
        return f"support-chat@{self.replicas[which]}"

    def health(self, which: int, what: str) -> bool:
        try:
            address = f"http://127.0.0.1:{self.replicas[which]}/health/{what}"
            return httpx.get(address, timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def wait(self, which: int, what: str = "answers") -> None:
        until(lambda: self.health(which, what), f"replica {which} has no {what}")

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.entry}",
            headers={"host": f"{HOST}:{self.entry}", "origin": self.origin},
            verify=False,  # noqa: S501 - the certificate was made here, a moment ago
            timeout=120,  # longer than nginx waits for a replica that still loads
        )


def until(holds: object, otherwise: str, seconds: float = 400) -> None:
    deadline = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def body(*turns: str, number: int = 0, known: object = None) -> dict[str, object]:
    sent = {"token": "t", "number": len(turns), "turns": list(turns), "known": known}
    return {"fn_index": number, "data": [sent]}


def said(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return str(response.json()["data"][0])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    cluster = Cluster(folder)
    (folder / "nginx").mkdir()
    (folder / "ssl").mkdir()
    for file in (DEPLOY / "nginx").iterdir():
        (folder / "nginx" / file.name).write_text(cluster.here(file.read_text()))
    key, certificate = folder / "ssl" / "privkey.pem", folder / "ssl" / "fullchain.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    request += ["-subj", f"/CN={HOST}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(request, check=True, capture_output=True)
    temporary = "".join(
        f"{kind}_temp_path {folder}/nginx/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log info;"
        "events { worker_connections 2048; }"
        f"http {{ {temporary} include {folder}/nginx/support-chat.conf; }}"
    )
    try:
        cluster.start("support-chat-index")
        heartbeat = f"http://127.0.0.1:{cluster.index}/api/v2/heartbeat"
        until(lambda: reachable(heartbeat), "the Chroma server does not answer")
        subprocess.run(
            [sys.executable, "ingest.py"],
            cwd=ROOT,
            env={**os.environ, **cluster.settings(), "BOT_INDEX": str(folder / "ingest")},
            check=True,
            capture_output=True,
            timeout=200,
        )
        for which in (0, 1):
            cluster.start(cluster.replica(which))
        nginx = ["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")]
        cluster.running["nginx"] = subprocess.Popen(nginx)
        for which in (0, 1):
            cluster.wait(which)
        yield cluster
    finally:
        for process in cluster.running.values():
            process.terminate()
        for process in cluster.running.values():
            process.wait(40)


def reachable(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def test_any_replica_answers_any_turn_with_the_card_kept(cluster: Cluster) -> None:
    turns = [DISCLOSURE, "What is stonewalling?", "And what can I do about it?"]
    for order in ((0, 1, 0), (1, 0, 1)):
        for count, which in enumerate(order, 1):
            address = f"http://127.0.0.1:{cluster.replicas[which]}"
            sent = body(*turns[:count], number=ANSWER)
            html = said(httpx.post(address + EVENTS, json=sent, timeout=60))
            assert 'href="tel:1800737732"' in html.split("data-turns")[0]
            assert ('class="card crisis"' in html) == (count == 1)
            assert ("data-source" in html) or count == 3


def test_a_replica_killed_in_the_middle_of_answers_loses_none(cluster: Cluster) -> None:
    def turn(number: int) -> str:
        message = f"{DISCLOSURE}. What is stonewalling? marker-{number}-end"
        with cluster.client() as client:
            return said(client.post(EVENTS, json=body(message, number=ANSWER)))

    with ThreadPoolExecutor(40) as pool:
        answers = [pool.submit(turn, number) for number in range(80)]
        time.sleep(0.3)
        waiting = sum(not answer.done() for answer in answers)
        cluster.stop(cluster.replica(0), signal.SIGKILL)
        told = [answer.result() for answer in answers]
    assert waiting > 10, "the kill came too late to damage anything"
    for number, html in enumerate(told):
        assert re.findall(r"marker-\d+-end", html) == [f"marker-{number}-end"]
        assert 'class="card crisis"' in html
        assert "data-source" in html


def test_cards_come_from_a_started_replica_before_answers_do(cluster: Cluster) -> None:
    cluster.start(cluster.replica(0))
    cluster.wait(0, "cards")
    assert not cluster.health(0, "answers")
    address = f"http://127.0.0.1:{cluster.replicas[0]}"
    html = said(httpx.post(address + EVENTS, json=body(DISCLOSURE), timeout=60))
    assert 'class="card crisis"' in html
    assert not cluster.health(0, "answers")
    cluster.wait(0)


def test_a_visitor_goes_on_when_a_replica_dies_and_the_card_stays(
    cluster: Cluster, chromium: Browser
) -> None:
    engine = chromium.browser_type.launch(
        executable_path=os.environ.get("BOT_TEST_CHROMIUM") or shutil.which("chromium"),
        args=["--no-sandbox", f"--host-resolver-rules=MAP {HOST} 127.0.0.1"],
    )
    try:
        tab = engine.new_page(ignore_https_errors=True)
        tab.goto(cluster.origin)
        box = tab.locator("#box textarea")
        box.wait_for()

        def ask(message: str) -> None:
            box.fill(message)
            box.press("Enter")

        ask(DISCLOSURE)
        expect(tab.locator(".turn .card")).to_be_visible(timeout=30_000)
        expect(tab.locator('#pinned a[href="tel:1800737732"]')).to_be_visible(timeout=30_000)
        cluster.stop(cluster.replica(0), signal.SIGKILL)
        ask("What is stonewalling?")
        expect(tab.locator(".turn")).to_have_count(2, timeout=30_000)
        expect(tab.locator(".waiting")).to_have_count(0, timeout=60_000)
        expect(tab.locator(".turn").last.locator(".sources")).to_be_visible(timeout=30_000)
        expect(tab.locator('#pinned a[href="tel:1800737732"]')).to_be_visible(timeout=30_000)
        expect(tab.locator("#trouble")).to_be_hidden(timeout=30_000)
        # Now the other one too: when one is back, the page sends the turn again by itself.
        cluster.stop(cluster.replica(1), signal.SIGKILL)
        ask("He threatened to kill me")
        expect(tab.locator("#trouble")).to_be_visible(timeout=30_000)
        expect(box).to_have_value("He threatened to kill me")
        expect(tab.locator('#pinned a[href="tel:1800737732"]')).to_be_visible(timeout=30_000)
        for which in (0, 1):
            cluster.start(cluster.replica(which))
        until(lambda: any(cluster.health(which, "cards") for which in (0, 1)), "no cards")
        expect(tab.locator(".turn")).to_have_count(3, timeout=30_000)
        expect(tab.locator(".turn").last.locator(".card")).to_be_visible(timeout=30_000)
        expect(tab.locator("#trouble")).to_be_hidden(timeout=30_000)
        expect(box).to_have_value("", timeout=30_000)
    finally:
        engine.close()
    for which in (0, 1):
        cluster.wait(which)


def test_a_rolling_restart_loses_no_turn(cluster: Cluster) -> None:
    """``deploy/rolling-restart.sh`` under steady traffic; systemctl's part is played here."""
    asked, done = cluster.folder / "asked", cluster.folder / "restart"
    done.write_text(
        f'#!/bin/sh\necho "$1" > "{asked}"\nwhile [ -e "{asked}" ]; do sleep 0.05; done\n'
    )
    done.chmod(0o755)
    finished = threading.Event()
    faults: list[str] = []
    turns = [0]

    def converse(visitor: int) -> None:
        with cluster.client() as client:
            history: list[str] = []
            while not finished.is_set():
                marker = f"marker-{visitor}-{len(history)}-end"
                history.append(f"{DISCLOSURE} {marker}" if not history else f"And this? {marker}")
                for number in (0, ANSWER):
                    try:
                        html = said(client.post(EVENTS, json=body(*history, number=number)))
                    except Exception as error:
                        faults.append(repr(error))
                        return
                    if marker not in html or "data-pinned><section" not in html:
                        faults.append(f"mixed or lost: {marker}")
                    turns[0] += 1
                time.sleep(0.1)

    visitors = [threading.Thread(target=converse, args=(number,)) for number in range(6)]
    for thread in visitors:
        thread.start()
    try:
        script = subprocess.Popen(
            [str(DEPLOY / "rolling-restart.sh"), *map(str, cluster.replicas)],
            env={**os.environ, "RESTART": str(done)},
        )
        restarted = []
        while script.poll() is None:
            if asked.exists() and (unit := asked.read_text().strip()):
                cluster.stop(unit)
                cluster.start(unit)
                restarted.append(unit)
                asked.unlink()
            time.sleep(0.05)
    finally:
        finished.set()
        for thread in visitors:
            thread.join(60)
    assert script.returncode == 0
    assert restarted == [cluster.replica(0), cluster.replica(1)]
    assert faults == []
    assert turns[0] > 50


def test_only_the_chats_own_name_is_answered(cluster: Cluster) -> None:
    with cluster.client() as client, pytest.raises(httpx.RemoteProtocolError):
        client.get("/", headers={"host": "other.example"})
    with cluster.client() as client:
        response = client.get("/")
        assert response.status_code == 200
        assert "max-age" in response.headers["strict-transport-security"]
        evil = {"origin": "https://evil.example"}
        assert client.post(EVENTS, json=body("x"), headers=evil).status_code == 403
        assert client.post(EVENTS, content=b"x" * 600_000).status_code == 413


def test_no_word_of_a_visitor_is_on_any_disk(cluster: Cluster) -> None:
    """Long ones too, which a proxy would otherwise put into a file while they arrive."""
    long = " ".join([f"{CANARY} I am so afraid of him."] * 100)
    with cluster.client() as client:
        for number in (0, ANSWER):
            html = said(client.post(EVENTS, json=body(*[long[:3900]] * 12, number=number)))
            assert CANARY in html
        client.get(f"/{CANARY}", headers={"referer": f"https://x.example/{CANARY}"})
    found = []
    for path in cluster.folder.rglob("*"):
        if path.is_file() and path.name not in {"nginx.log"}:
            found += [path] if CANARY.encode() in path.read_bytes() else []
    assert found == []
    buffered = "buffered to a temporary file"
    assert buffered not in (cluster.folder / "nginx.log").read_text()


def test_the_certificate_is_the_one_of_the_configuration(cluster: Cluster) -> None:
    pem = ssl.get_server_certificate(("127.0.0.1", cluster.entry))
    assert pem.strip() == (cluster.folder / "ssl" / "fullchain.pem").read_text().strip()
