"""One who asks everything of one database, in a process of its own.

Whatever a process keeps in memory (`hotline.remembered` and the like) is of one database then, and its keys in the cache
carry the database's name: two databases can be asked in turns, and neither knows what was read of the other.
"""

from __future__ import annotations

import gc
import multiprocessing
import traceback
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:  # the process begins here, before Django is set up
    from demo.asking import Probe

ENDS_WITHIN = 10.0  # seconds after it was told to


class Asker:
    """Asks the probes that `make` makes for `database`, one when told to. Raises RuntimeError where asking fails.

    `make` is called in the process, which finds it by its module and name.
    """

    def __init__(self, database: str, make: Callable[[], Iterable[Probe]]) -> None:
        fresh = multiprocessing.get_context("spawn")
        self._pipe, theirs = fresh.Pipe()
        self._process = fresh.Process(target=_serve, args=(theirs, database), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe.send(make)
        self.names: list[str] = self._answer()

    def ask(self, name: str, times: int, *, counted: bool = True) -> None:
        """Asks so many times; what is not counted warms up."""
        self._pipe.send(("ask", name, times, counted))
        self._answer()

    def measured(self, name: str) -> dict[str, float]:
        """What was measured of a probe, as `asking.Asking.measured` tells it."""
        self._pipe.send(("measured", name))
        measured: dict[str, float] = self._answer()
        return measured

    def _answer(self) -> Any:
        try:
            fault, answer = self._pipe.recv()
        except EOFError:
            raise RuntimeError("the process that asks has ended") from None
        if fault:
            raise RuntimeError(fault)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join(ENDS_WITHIN)
        self._process.kill()
        self._process.join()


def _serve(pipe: Connection, database: str) -> None:
    """Asks until the pipe is closed."""
    import django
    from django.conf import settings

    django.setup()
    settings.CACHES["default"]["KEY_PREFIX"] = database
    settings.DATABASES["default"]["NAME"] = database
    from demo.asking import Asking

    try:
        asked = {probe.name: Asking(probe) for probe in pipe.recv()()}
        gc.collect()
        gc.freeze()  # as a web process does once it has loaded everything
        pipe.send(("", list(asked)))
        while True:
            what, name, *more = pipe.recv()
            if what == "ask":
                times, counted = more
                asked[name].ask(times, counted=counted)
                pipe.send(("", None))
            else:
                pipe.send(("", asked.pop(name).measured()))
    except EOFError:
        return
    except Exception:  # told to who waits for the answer
        pipe.send((traceback.format_exc(), None))
