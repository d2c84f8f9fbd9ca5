"""A channel of departments that keeps what it gets: each message that really went out, by whom it was for."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hotline.accounts.models import Department

SLOW = 0.5  # seconds that it takes at most to accept a message: time for a worker to be killed in


class Mailbox:
    """Takes in messages while the block lasts; `got` has department, title and text of each."""

    def __init__(self) -> None:
        self.got: list[tuple[int, str, str]] = []

    @contextlib.contextmanager
    def open(self) -> Iterator[Mailbox]:
        mailbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                mailbox.got.append((int(self.path.strip("/")), str(body["title"]), str(body["message"])))
                time.sleep(random.random() * SLOW)
                with contextlib.suppress(OSError):  # who sent it may have been killed
                    self.send_response(200)
                    self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for department in Department.objects.all():
            department.channel = f"json://127.0.0.1:{server.server_port}/{department.pk}"
            department.save(update_fields=["channel"])
        try:
            yield self
        finally:
            server.shutdown()
