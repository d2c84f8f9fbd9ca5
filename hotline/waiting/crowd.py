"""Who waits long and who only briefly: the requests that are being answered in this process, counted.

A row that somebody holds makes everybody wait who wants it. So that this is never everybody, only half of the threads
may wait for long; who comes while so many are at it waits briefly, and is then told to try again.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from django.http import HttpRequest, HttpResponse

from hotline import processes
from hotline.waiting import patience

READING = ("GET", "HEAD", "OPTIONS")


class Crowd:
    """How many are at it, by the kind of request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_it: Counter[bool] = Counter()

    @contextmanager
    def joined(self, *, reading: bool) -> Iterator[int]:
        """Counts one in for as long as it lasts; gives how many there are with it."""
        with self._lock:
            self._at_it[reading] += 1
            here = self._at_it[reading]
        try:
            yield here
        finally:
            with self._lock:
                self._at_it[reading] -= 1


crowd = Crowd()


class CrowdMiddleware:
    """Has a request wait briefly for what others hold while half of the threads for its kind are taken."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reading = request.method in READING
        with crowd.joined(reading=reading) as here:
            pressed = here > processes.THREADS[processes.READ if reading else processes.WRITE] // 2
            with patience.of(patience.PRESSED) if pressed else nullcontext():
                return self.get_response(request)
