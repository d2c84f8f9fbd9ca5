"""The health check of one container: `healthy.py web`, `worker`, `beat` or `builder`. Exits 0 when that part is well.

Needs no Django, so that asking every few seconds costs nothing.
"""

import json
import os
import sys
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import redis

LIMIT = 45  # seconds since the last heartbeat; the same as hotline.health.HEARTBEAT_LIMIT


def web() -> bool:
    """Answers, and reaches database and broker; whether worker, beat and builder live is for their own checks."""
    address = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz"
    try:
        with urlopen(Request(address, headers={"Host": "localhost"}), timeout=4) as answer:
            report = json.load(answer)
    except HTTPError as error:
        report = json.load(error)
    return report["database"] == report["broker"] == "ok"


def beats(part: str) -> bool:
    with redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=4) as broker:
        stamp = broker.get(f"hotline:heartbeat:{part}")
    return stamp is not None and time.time() - float(stamp) < LIMIT


if __name__ == "__main__":
    name = sys.argv[1] if len(sys.argv) > 1 else "web"
    sys.exit(0 if (web() if name == "web" else beats(name)) else 1)
