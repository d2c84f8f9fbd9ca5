"""Put on the path of a process, this moves its time to what a file says, and again whenever the file changes.

The browser tests run the real web server, worker and beat as processes of their own; this is how days pass for
all of them at once. The file holds an ISO instant; where the reading of the machine's monotonic clock at which it was
so stands behind it, a process that starts later lives at the same time as the others.
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
            said, *read_at = text.split()
            since = time.monotonic() - float(read_at[0]) if read_at else 0.0
            instant = datetime.datetime.fromisoformat(said) + datetime.timedelta(seconds=since)
            if traveller is None:
                traveller = time_machine.travel(instant, tick=True).start()
            else:
                traveller.move_to(instant)
            time.time()  # from the first reading on it ticks
            shown = text
        started.set()
        _real_sleep(0.05)


def _start() -> None:
    started = threading.Event()
    threading.Thread(target=_follow, args=(started,), daemon=True).start()
    started.wait()


_start()
os.register_at_fork(after_in_child=_start)
