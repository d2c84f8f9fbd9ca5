"""What each ticket is like, found out by processes of their own where there are several."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import NamedTuple

from django.db import connections

from matters import pairs
from matters.pairs import PROPOSE, Cut, Learned, Side, Text
from matters.rebuilding.window import Window

logger = logging.getLogger(__name__)


class Said(NamedTuple):
    """What came of comparing two tickets, by the place of the other one in the window."""

    place: int
    probability: float
    why: tuple[str, ...]


def compare(window: Window, places: Sequence[int], learned: Learned) -> list[list[Said]]:
    """What each of the tickets at these places is like among the earlier ones."""
    found = []
    for place in places:
        text = Text(window.cut(place), window.rarity)
        said = []
        for there in window.sharing(place, text):

            def cut(_side: Side, there: int = there) -> Cut:
                return window.cut(there)

            one = pairs.judge(text, window.rows[there].side, window.rarity, learned, cut)
            said.append(Said(there, one.probability, one.why if one.probability >= PROPOSE else ()))
        found.append(said)
    return found


class _Share:
    """A part of a slice that is compared by a process of its own, which has the memory of this one as it is now.

    It asks nothing of the database: it has no connection. Where it cannot be begun or is killed, the part is compared
    here.
    """

    def __init__(self, window: Window, places: Sequence[int], learned: Learned) -> None:
        self._here = partial(compare, window, places, learned)
        self._pipe, theirs = multiprocessing.Pipe(duplex=False)
        self._process = multiprocessing.get_context("fork").Process(
            target=_share, args=(theirs, window, places, learned), daemon=True
        )
        self._process.start()
        theirs.close()

    def result(self) -> list[list[Said]]:
        try:
            found: list[list[Said]] = self._pipe.recv()
        except EOFError:
            logger.warning("a process that compared tickets has ended; its part is done here")
            found = self._here()
        finally:
            self._pipe.close()
            self._process.join()
        return found


def _share(pipe: Connection, window: Window, places: Sequence[int], learned: Learned) -> None:
    for connection in connections.all(initialized_only=True):
        connection.connection = None  # the other process speaks there
    pipe.send(compare(window, places, learned))
    pipe.close()
    os._exit(0)  # nothing that this process has from the other is to be tidied up by it


class Slice:
    """Tickets that are being compared, by processes of their own where there are several."""

    def __init__(self, window: Window, places: range, learned: Learned, processes: int) -> None:
        self.places = places
        self._here = partial(compare, window, places, learned)
        self._shares = []
        if processes > 1 and len(places) > processes:
            self._shares = [_Share(window, places[nth::processes], learned) for nth in range(processes)]

    def results(self) -> list[list[Said]]:
        """What came of each ticket, in their order: the parts are every second, third … one."""
        if not self._shares:
            return self._here()
        parts = [share.result() for share in self._shares]
        return [parts[nth % len(parts)][nth // len(parts)] for nth in range(len(self.places))]
