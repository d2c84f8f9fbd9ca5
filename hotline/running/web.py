"""gunicorn's worker with a pool of threads for each kind of request, so that one kind never stops another.

Asked for health, a process answers though all its other threads wait for the database; pages open though all that
write wait for a row that somebody holds. Which kind a request is, its first bytes say, before a thread takes it.
"""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.http.errors import LimitRequestLine
from gunicorn.workers.gthread import TConn, ThreadWorker

from hotline import processes
from hotline.processes import HEALTH, READ, WRITE

SILENCE = 5.0  # seconds that a fresh connection may say nothing
ENOUGH = 16  # bytes that tell the kinds apart


_PAGE = (
    '<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><title>网址过长</title>'
    f"<h1>网址过长</h1><p>网址最长{processes.LONGEST_ADDRESS}个字符。请返回上一页，缩短查找内容后再试。</p>"
    f"<p lang=en>The address is too long: {processes.LONGEST_ADDRESS} characters at most. Go back and shorten it.</p>"
).encode()
TOO_LONG = (
    b"HTTP/1.1 414 URI Too Long\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_PAGE), _PAGE)
)


def kind_of(start: bytes) -> str:
    """The kind of a request that begins with these bytes."""
    if start.startswith(b"GET /healthz"):
        return HEALTH
    return READ if start.startswith((b"GET ", b"HEAD ", b"OPTIONS ")) else WRITE


class Worker(ThreadWorker):
    """Its own main loop waits for a connection's first bytes; then the pool for their kind of request takes it."""

    def init_process(self) -> None:
        self.pools = {kind: ThreadPoolExecutor(count, kind) for kind, count in processes.THREADS.items()}
        super().init_process()

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
        pool = self.pools[self._kind_of(conn)]
        handled = pool.submit(self.handle, conn)
        handled.add_done_callback(lambda future: self.method_queue.defer(self.finish_request, conn, future))

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """An address that is too long never reaches Django: it is told in words too, not by the server's own page."""
        if not isinstance(exc, LimitRequestLine):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("an address of more than %s characters was refused", processes.LONGEST_ADDRESS)
        with suppress(OSError):
            client.sendall(TOO_LONG)

    @staticmethod
    def _kind_of(conn: Any) -> str:
        try:
            start = conn.sock.recv(ENOUGH, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:
            start = b""
        return kind_of(start)
