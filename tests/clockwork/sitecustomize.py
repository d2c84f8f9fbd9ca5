"""Put on the path of a process, this moves its time to what a file says, and again whenever the file changes.

The browser tests run the real web server, worker and beat as processes of their own; this is how days pass for
all of them at once. The file holds an ISO instant.
"""

import datetime
import os
import threading
import time
from pathlib import Path

import time_machine

CLOCK = Path(os.environ["HOTLINE_TEST_CLOCK"])
_real_sleep = time.sleep


def _follow(started: threading.Event) -> None:
    traveller, shown = None, ""
    while True:
        try:
            text = CLOCK.read_text()
        except OSError:
            text = shown
        if text != shown and text:
            instant = datetime.datetime.fromisoformat(text)
            if traveller is None:
                traveller = time_machine.travel(instant, tick=True).start()
            else:
                traveller.move_to(instant)
            shown = text
        started.set()
        _real_sleep(0.05)


def _start() -> None:
    started = threading.Event()
    threading.Thread(target=_follow, args=(started,), daemon=True).start()
    started.wait()


_start()
os.register_at_fork(after_in_child=_start)
