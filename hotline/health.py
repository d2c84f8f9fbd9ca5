"""Is everything alive: database, broker, worker, beat, builder, and room on the disk. `/healthz` answers from this."""

import time
from collections.abc import Callable

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from hotline import disk
from hotline.waiting import patience

HEARTBEAT_KEY = "hotline:heartbeat:{part}"
BEATING = ("worker", "beat", "builder")  # the parts that send heartbeats
_notices: list[Callable[[], str]] = []
HEARTBEAT_LIMIT = 45  # seconds; beat sends every 10, so this allows for three that were missed


def broker() -> redis.Redis:
    """A client of the broker, which also keeps the heartbeats."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


def mark_alive(part: str) -> None:
    """Records that `part`, one of BEATING, is alive now."""
    with broker() as client:
        client.set(HEARTBEAT_KEY.format(part=part), time.time())


def forget_heartbeats() -> None:
    """Takes the marks away, so that only what runs from now on counts as alive."""
    with broker() as client:
        client.delete(*(HEARTBEAT_KEY.format(part=part) for part in BEATING))


def report() -> dict[str, str]:
    """Each part with `ok` or what is wrong with it."""
    parts = {"database": _database(), "broker": "ok", **dict.fromkeys(BEATING, "unknown"), "disk": disk.state()}
    try:
        with broker() as client:
            for part in BEATING:
                parts[part] = _age(client.get(HEARTBEAT_KEY.format(part=part)))
    except redis.RedisError as error:
        parts["broker"] = f"down: {type(error).__name__}"
    return parts


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"down: {type(error).__name__}"
    return "ok"


def _age(stamp: bytes | None) -> str:
    if stamp is None:
        return "no heartbeat yet"
    age = time.time() - float(stamp)
    if age < -HEARTBEAT_LIMIT:  # the clock went back: it says nothing of how long ago that was
        return f"last heartbeat {-age:.0f} s ahead of the clock"
    return "ok" if age <= HEARTBEAT_LIMIT else f"last heartbeat {age:.0f} s ago"


def notice(function: Callable[[], str]) -> Callable[[], str]:
    """Registers a question of an upper room: what is worth knowing though nothing is down; empty where nothing is."""
    _notices.append(function)
    return function


def notices_now() -> list[str]:
    """What the upper rooms have to say; a question that is not answered in time is told instead of its answer."""
    said = []
    for asked in _notices:
        try:
            said.append(asked())
        except DatabaseError as error:
            said.append(f"{asked.__name__}: not known, the database was too slow ({type(error).__name__})")
    return [words for words in said if words]


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when all parts are well, else 503; `down` names those that are not.

    `notices` tells what works in a lesser way, as suggestions do without their model.
    """
    with patience.of(patience.HEALTH):
        parts = report()
        notices = notices_now() if parts["database"] == "ok" else []
    down = [name for name, state in parts.items() if state != "ok"]
    return JsonResponse({"healthy": not down, "down": down, "notices": notices, **parts}, status=503 if down else 200)
