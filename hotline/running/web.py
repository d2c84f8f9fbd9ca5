"""gunicorn's worker with a pool of threads for each kind of request, so that one kind never stops another.

Asked for health, a process answers though all its other threads wait for the database; pages open though all that
write wait for a row that somebody holds. Which kind a request is, its first bytes say, before a thread takes it.

Passwords from browsers in which nobody has signed in before have one thread. Few wait for it, who comes then is turned
away before Django hears of it: who guesses by the hundred a second takes nothing from those who are at work.
"""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from django.http.cookie import parse_cookie
from gunicorn.http.errors import LimitRequestLine
from gunicorn.workers.gthread import TConn, ThreadWorker

from hotline import processes
from hotline.processes import HEALTH, READ, SIGN_IN, WRITE
from hotline.running import memory

SILENCE = 5.0  # seconds that a fresh connection may say nothing
HEAD = 16 * 1024  # bytes of a request that are looked at before a thread takes it
TOKEN = b"POST /api/v1/token/"
PASSWORDS = (b"POST /sign-in/ ", b"POST /sign-in/?", TOKEN)  # sent by whoever is not signed in
MOST_SIGNING_IN = 8  # of unknown browsers in one process: one is answered, the others wait
PAUSE = 0.1  # seconds before one who waited is answered: where many ask, this process works for others meanwhile
TOLD_EVERY = 60.0  # seconds


def _answer(status: str, kind: str, body: str, more: str = "") -> bytes:
    """An answer of the server itself, which ends the connection."""
    sent = body.encode()
    head = (
        f"HTTP/1.1 {status}\r\nConnection: close\r\nCache-Control: no-store\r\nContent-Type: {kind}; charset=utf-8\r\n"
        f"Content-Security-Policy: default-src 'none'\r\n{more}Content-Length: {len(sent)}\r\n\r\n"
    )
    return head.encode() + sent


def _page(title: str, words: str, english: str) -> str:
    return (
        f'<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><title>{title}</title>'
        f"<h1>{title}</h1><p>{words}</p><p lang=en>{english}</p>"
    )


TOO_LONG = _answer("414 URI Too Long", "text/html", _page(
    "网址过长",
    f"网址最长{processes.LONGEST_ADDRESS}个字符。请返回上一页，缩短查找内容后再试。",
    f"The address is too long: {processes.LONGEST_ADDRESS} characters at most. Go back and shorten it.",
))  # fmt: skip
TURNED_AWAY = _answer("503 Service Unavailable", "text/html", _page(
    "登录的人太多",
    "现在同时登录的人太多，这一次没有处理。请返回上一页，过几秒再登录。",
    "Too many people are signing in just now, so this was not looked at. Go back and try again in a few seconds.",
), "Retry-After: 5\r\n")  # fmt: skip
TURNED_AWAY_API = _answer("503 Service Unavailable", "application/json", json.dumps(
    {"detail": "Too many people are signing in just now. Try again in a few seconds."}
), "Retry-After: 5\r\n")  # fmt: skip


def kind_of(start: bytes) -> str:
    """The kind of a request that begins with these bytes."""
    if start.startswith(b"GET /healthz"):
        return HEALTH
    if start.startswith(PASSWORDS):
        return WRITE if _is_from_known_browser(start) else SIGN_IN
    return READ if start.startswith((b"GET ", b"HEAD ", b"OPTIONS ")) else WRITE


def _is_from_known_browser(start: bytes) -> bool:
    """Whether somebody has signed in before in the browser that sent this; nobody else can make such a cookie."""
    from hotline.accounts import lockout  # which needs the settings

    for line in start.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        name, _colon, value = line.partition(b":")
        if name.lower() == b"cookie":
            return lockout.knows_somebody(parse_cookie(value.decode("latin-1")))
    return False


class Worker(ThreadWorker):
    """Its own main loop waits for a connection's first bytes; then the pool for their kind of request takes it."""

    def init_process(self) -> None:
        self.signing_in, self.told_at = 0, -TOLD_EVERY
        self.pools = {kind: ThreadPoolExecutor(count, kind) for kind, count in processes.THREADS.items()}
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        memory.settle()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        return self.pools[READ]

    def accept(self, listener: Any) -> None:
        """Takes a connection and waits for its first bytes without a thread, as for one that was kept alive."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another worker was faster, or the client has gone
        connection = TConn(self.cfg, client, address, listener.getsockname())
        connection.timeout = time.monotonic() + SILENCE
        self.nr_conns += 1
        self.pending_conns.append(connection)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, connection))

    def enqueue_req(self, conn: Any) -> None:
        start = _start_of(conn)
        kind = kind_of(start)
        if kind == SIGN_IN and self.signing_in >= MOST_SIGNING_IN:
            self._turn_away(conn, TURNED_AWAY_API if start.startswith(TOKEN) else TURNED_AWAY)
            return
        self.signing_in += kind == SIGN_IN
        handled = self.pools[kind].submit(self._after_a_pause if kind == SIGN_IN else self.handle, conn)
        handled.add_done_callback(lambda future: self.method_queue.defer(self._finish, conn, kind, future))

    def _after_a_pause(self, conn: Any) -> Any:
        if self.signing_in > 1:
            time.sleep(PAUSE)
        return self.handle(conn)

    def _finish(self, conn: Any, kind: str, future: Any) -> None:
        self.signing_in -= kind == SIGN_IN
        self.finish_request(conn, future)

    def _turn_away(self, conn: Any, answer: bytes) -> None:
        """Answers without a thread and ends the connection."""
        with suppress(OSError):
            conn.sock.recv(4 * HEAD, socket.MSG_DONTWAIT)  # closed on what was not read, it would be reset
            conn.sock.send(answer)
            conn.sock.shutdown(socket.SHUT_WR)
        self.nr_conns -= 1
        conn.close()
        if time.monotonic() - self.told_at >= TOLD_EVERY:
            self.told_at = time.monotonic()
            self.log.warning("more sign-ins than can be looked at: from now on some are turned away")

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """An address that is too long never reaches Django: it is told in words too, not by the server's own page."""
        if not isinstance(exc, LimitRequestLine):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("an address of more than %s characters was refused", processes.LONGEST_ADDRESS)
        with suppress(OSError):
            client.sendall(TOO_LONG)


def _start_of(conn: Any) -> bytes:
    try:
        return bytes(conn.sock.recv(HEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except OSError:
        return b""
