"""Somebody who guesses passwords, in a process of its own: `python -m demo.chaos.guessing ADDRESS A_SECOND SECONDS`.

Each guess comes from another address and is for another account, which is the dearest way for whom it is done to: no
lock-out stands in its way, and a password is checked for each as often as there is room.
"""

from __future__ import annotations

import collections
import http.client
import json
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

KEY = "a" * 32
AT_ONCE = 64  # connections; where all of them wait for an answer, guesses wait too
ACCOUNTS = ("operator1", "dispatcher1", "zhujian", "supervisor1", "manager1", "admin", "nobody1", "nobody2")


def attack(address: str, a_second: int, seconds: float) -> dict[str, float]:
    """So many guesses a second for a while; how many were answered by status, and how many a second it really was."""
    told: collections.Counter[int] = collections.Counter()
    lock, begun = threading.Lock(), time.monotonic()

    def guess(number: int) -> None:
        status = _guess(urlsplit(address).netloc, number)
        with lock:
            told[status] += 1

    many = ThreadPoolExecutor(AT_ONCE)
    for number in range(round(a_second * seconds)):
        time.sleep(max(0.0, begun + number / a_second - time.monotonic()))
        many.submit(guess, number)
    many.shutdown(wait=False, cancel_futures=True)
    with lock:
        answered = dict(told)
    return {"sent": round(a_second * seconds), "answered_a_second": round(sum(answered.values()) / seconds, 1)} | {
        f"answered {status}": answered[status] for status in sorted(answered)
    }


def _guess(host: str, number: int) -> int:
    body = urlencode({
        "username": random.choice(ACCOUNTS), "password": f"guess-number-{number}", "csrfmiddlewaretoken": KEY,
    })  # fmt: skip
    from_where = ".".join(str(random.randrange(1, 255)) for _part in range(4))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={KEY}", "X-Forwarded-For": from_where,
    }  # fmt: skip
    try:
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request("POST", "/sign-in/", body, headers)
        status = connection.getresponse().status
        connection.close()
    except (OSError, http.client.HTTPException):
        return 0
    return status


if __name__ == "__main__":
    sys.stdout.write(json.dumps(attack(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
