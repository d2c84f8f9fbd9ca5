"""The table of faults: what is done to a running hotline, for real, while people work in it, and what must hold.

A fault is a function that does it, waits until all is well again and returns figures; `wrong` in them has a sentence for
each thing that did not hold. What must hold after all of them is asked by `checks`.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg2
from django.core.cache import cache
from django.db import connection
from django.utils.dateparse import parse_datetime

from demo.chaos import crowding
from demo.chaos.house import POSTGRESQL, VALKEY, House
from demo.chaos.journal import Told
from demo.chaos.mailbox import Mailbox
from demo.chaos.people import People
from supervision.clocks import sweeping
from supervision.models import Notice
from tickets.models import Ticket

VICTIMS = ("web", "worker", "beat", "builder", VALKEY, POSTGRESQL)
PATIENCE = 100.0  # milliseconds at p95, of others while passwords are guessed
AWAKE = 120.0  # seconds within which the sweep must run again
AFRESH = timedelta(seconds=15)  # after going back; until then a sweep may be one that was still to be done from before
SETTLING = 36  # jumps, which are a day
FORWARD, BACK = timedelta(minutes=40), timedelta(hours=1)
NOT_WELL = "all was well again only after {:.0f} s"
CHUNK = 2**20  # bytes


@dataclass(frozen=True)
class Extent:
    """How much of everything is done; minutes and seconds of real time."""

    people: int = 100
    tickets: int = 2950  # in the demo city
    minutes: float = 10.0  # over which the kills are spread
    kills: int = 100
    broker_seconds: float = 600.0
    disk_seconds: float = 30.0
    lock_seconds: float = 60.0
    attack_seconds: float = 60.0
    twice: int = 100
    contested: int = 200  # tickets
    claims: int = 10  # of each of them, by as many people
    jumps: int = 6


SHORT = Extent(people=20, tickets=200, minutes=0.2, kills=4, broker_seconds=4, disk_seconds=3, lock_seconds=4,
               attack_seconds=4, twice=5, contested=10, claims=4, jumps=1)  # fmt: skip


@dataclass
class Scene:
    """What a fault is done to."""

    house: House
    people: People
    mailbox: Mailbox
    extent: Extent
    has_disks: bool
    chance: random.Random

    def acknowledged(self) -> int:
        return sum(one.told is Told.ACKNOWLEDGED for one in self.people.journal.writes)

    def meanwhile(self, begin: float, but: str = "") -> dict[str, Any]:
        """What people had of the hotline since then."""
        return self.people.journal.milliseconds(begin, time.monotonic(), but)


Figures = dict[str, Any]


def kill(scene: Scene) -> Figures:
    begin, before, done = time.monotonic(), scene.acknowledged(), Counter[str]()
    moments = sorted(scene.chance.random() * scene.extent.minutes * 60 for _kill in range(scene.extent.kills))
    for moment in moments:
        time.sleep(max(0.0, begin + moment - time.monotonic()))
        victims = scene.chance.sample(VICTIMS, len(VICTIMS))  # the first that lives at this moment
        done[next(filter(None, (scene.house.kill(victim, scene.chance) for victim in victims)), "")] += 1
    told, well = scene.meanwhile(begin), _well(scene)
    return {
        "kills": sum(done.values()), "of": dict(sorted(done.items())), "well_again_after_s": well,
        "acknowledged_meanwhile": scene.acknowledged() - before, **told,
        "wrong": [NOT_WELL.format(well)] if well > AWAKE else [],
    }  # fmt: skip


def broker_away(scene: Scene) -> Figures:
    begin, before = time.monotonic(), scene.acknowledged()
    with scene.house.away(VALKEY):
        time.sleep(scene.extent.broker_seconds)
        told, done = scene.meanwhile(begin), scene.acknowledged() - before
    wrong = [] if done else ["nothing was acknowledged while the broker was away"]
    well = _well(scene)
    if _until_swept(scene) > AWAKE:
        wrong.append("nothing was swept after the broker had come back")
    return {"away_s": scene.extent.broker_seconds, "well_again_after_s": well, "acknowledged_meanwhile": done,
            **told, "wrong": wrong}  # fmt: skip


def disk_of_the_database_full(scene: Scene) -> Figures:
    return _with_a_full_disk(scene, "postgres")


def disk_of_files_full(scene: Scene) -> Figures:
    journal = scene.people.journal
    first, begin = len(journal.writes), time.monotonic()
    figures = _with_a_full_disk(scene, "media")
    if "not_done" in figures:
        return figures
    sent = [one for one in journal.writes[first:] if one.action == "attach"]
    refused = sum(one.told is Told.REFUSED for one in sent)
    others = sum(one.told is Told.ACKNOWLEDGED for one in journal.writes[first:] if one.action != "attach")
    statuses = Counter(one.status for one in journal.answers if one.what == "attach" and one.at >= begin)
    wrong = [] if others or not sent else ["nothing else was acknowledged while files found no room"]
    return figures | {"files_sent": len(sent), "files_refused": refused, "other_writes_acknowledged": others,
                      "answers_to_files": {str(status): statuses[status] for status in sorted(statuses)},
                      "wrong": wrong}  # fmt: skip


def _with_a_full_disk(scene: Scene, name: str) -> Figures:
    if not scene.has_disks:
        return {"not_done": "no file system of its own could be mounted: this needs root on Linux"}
    begin, before, starts = time.monotonic(), scene.acknowledged(), scene.house.starts[POSTGRESQL]
    ballast = scene.house.folder / name / "ballast"
    end = begin + scene.extent.disk_seconds
    size = 0
    with ballast.open("wb", buffering=0) as file:
        while time.monotonic() < end:  # what the others free is taken too
            for chunk in (CHUNK, 4096):
                try:
                    while written := file.write(bytes(chunk)):
                        size += written
                except OSError:
                    continue
            time.sleep(0.2)
    told = scene.meanwhile(begin)
    ballast.unlink()
    return {
        "full_s": round(scene.extent.disk_seconds), "taken_mb": round(size / 2**20), "well_again_after_s": _well(scene),
        "servers_started_anew": scene.house.starts[POSTGRESQL] - starts,
        "acknowledged_meanwhile": scene.acknowledged() - before, **told,
    }  # fmt: skip


def clock_jumps(scene: Scene) -> Figures:
    begin, before, back = time.monotonic(), scene.acknowledged(), 0.0
    slept: list[float] = []
    wrong: list[str] = []
    sent = len(scene.mailbox.got)
    for number in range(scene.extent.jumps):
        scene.house.jump(FORWARD)
        time.sleep(2 + scene.chance.random() * 2)  # into the sweep, the ladder and the sending that follow
        scene.house.kill("worker", scene.chance)
        slept.append(_until_swept(scene))
        if number == scene.extent.jumps // 2:
            scene.house.jump(-BACK)
            back = _until_swept(scene, AFRESH)
            scene.house.jump(BACK)
            if back > AWAKE:
                wrong.append("after the clock went back an hour nothing was swept for two minutes")
    return {
        "forward": f"{scene.extent.jumps} times 40 minutes, with the worker killed in the middle",
        "swept_again_after_s_at_most": max(slept), "back": "an hour", "swept_again_after_going_back_s": back,
        "well_again_after_s": _well(scene), "messages_sent_meanwhile": len(scene.mailbox.got) - sent,
        "acknowledged_meanwhile": scene.acknowledged() - before, **scene.meanwhile(begin), "wrong": wrong,
    }  # fmt: skip


def _until_swept(scene: Scene, after: timedelta = timedelta()) -> float:
    """Seconds until a sweep has run `after` the time that it is now; more than AWAKE where none has."""
    begin, from_when = time.monotonic(), scene.house.now() + after
    while time.monotonic() < begin + AWAKE:
        swept = parse_datetime(str(cache.get(sweeping.LAST_RUN) or ""))
        if swept and from_when <= swept <= scene.house.now() + timedelta(seconds=30):
            return round(time.monotonic() - begin, 1)
        time.sleep(0.3)
    return AWAKE + 1


def held_row(scene: Scene) -> Figures:
    """The lock is taken as a session does that somebody has left open; many want the ticket meanwhile."""
    ticket = Ticket.objects.filter(status="working").latest("pk")
    version, begin = ticket.version, time.monotonic()
    slowest, unwell = 0.0, 0
    with closing(psycopg2.connect(scene.house.environment["DATABASE_URL"])) as other, other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tickets_ticket WHERE id = %s FOR UPDATE", [ticket.pk])
        with crowding.wanting(scene.people, ticket.number) as crowd:
            while time.monotonic() < begin + scene.extent.lock_seconds:
                asked = time.monotonic()
                unwell += scene.house.health().get("database") != "ok"
                slowest = max(slowest, time.monotonic() - asked)
                time.sleep(0.5)
            told = scene.meanwhile(begin, but="remark")
            held = Ticket.objects.get(pk=ticket.pk).version == version
            other.rollback()
    statuses = Counter(one.told.value for one in crowd)
    wrong = [] if held else ["the ticket was changed while its row was held"]
    wrong += [f"health did not answer {unwell} times"] if unwell else []
    wrong += [f"{statuses['unknown']} who wanted it were never told"] if statuses["unknown"] else []
    return {"held_s": scene.extent.lock_seconds, "wanted_by": len(crowd), "told_in_the_end": dict(statuses),
            "others": told, "health_at_most_s": round(slowest, 2), "wrong": wrong}  # fmt: skip


def sent_twice(scene: Scene) -> Figures:
    told = crowding.sent_thrice(scene.people, scene.extent.twice)
    return {"requests": scene.extent.twice, "sent_each": crowding.THRICE, **told}


def contested(scene: Scene) -> Figures:
    return crowding.claims(scene.people, scene.extent.contested, scene.extent.claims)


def guessed(scene: Scene) -> Figures:
    """The same people for the same time without guesses and with them."""
    seconds = scene.extent.attack_seconds
    begin = time.monotonic()
    time.sleep(seconds)
    calm, begin = scene.meanwhile(begin), time.monotonic()
    guesses = crowding.guesses(scene.house.address, 100, seconds)
    attacked = scene.people.journal.milliseconds(begin, begin + seconds)
    waited = attacked.get("p95_ms", 0)
    return {
        "seconds": seconds, "guesses": guesses, "without": calm, "with": attacked,
        "wrong": [f"others waited {waited:.0f} ms at p95"] if waited >= PATIENCE else [],
    }  # fmt: skip


def _well(scene: Scene) -> float:
    return round(scene.house.until_healthy(), 1)


def settle(scene: Scene) -> None:
    """Lets what is due be done: the clock is put forward until all that has gathered is told, over noon or a night."""
    scene.house.until_healthy()
    for _jump in range(SETTLING):
        scene.house.jump(FORWARD)
        _until_swept(scene, AFRESH)
        connection.close()
        if not Notice.objects.filter(delivery__isnull=True).exists():
            return
    raise RuntimeError("not everything has been told")


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: its name, what is done in words, what must hold, and the doing."""

    name: str
    done: str
    holds: str
    do: Callable[[Scene], Figures]


FAULTS = (
    Fault("kills", "`kill -9` at random moments of web, worker, beat, builder, Valkey and PostgreSQL: of all of it, or of"
          " one process of those that it consists of. What has died is started again after half a second, as the engine"
          " of containers does.",
          "Everything is well again by itself; people are told to try again and lose nothing.", kill),
    Fault("broker", "Valkey is killed and stays away.",
          "People go on working; clocks are swept as soon as it is back.", broker_away),
    Fault("database disk", "The file system of the database (ext4, on a loop device) is filled to the last byte.",
          "People are told; once there is room everything is well again by itself.", disk_of_the_database_full),
    Fault("file disk", "The file system of attached files is filled to the last byte.",
          "Files are refused in words; everything else goes on.", disk_of_files_full),
    Fault("clock", "The clock of all processes jumps forward, with a worker killed in the sweep that follows, and an"
          " hour back (time-machine in every process; the clock of the machine and of PostgreSQL stays).",
          "The sweep runs on by the new time; nothing is raised or told twice.", clock_jumps),
    Fault("row lock", "A session locks the row of a ticket and keeps it, while many want that ticket.",
          "Nobody else waits for it; who wants it is told, and served when it is free.", held_row),
    Fault("sent twice", "Calls and remarks are sent three times at the same moment, with one idempotency key.",
          "Each is done once, and all three are told the same.", sent_twice),
    Fault("claims", "Everybody of a department claims all of its new tickets at once.",
          "Each ticket is accepted once, by one of them; the others are told.", contested),
    Fault("guesses", "100 sign-in guesses a second, each from another address for one of eight accounts.",
          f"The others' requests: p95 below {PATIENCE:.0f} ms.", guessed),
)  # fmt: skip
