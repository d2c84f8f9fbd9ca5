"""The processes that make up a running hotline. `make run`, the image and docker-compose.yml start these."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

HEALTH, READ, WRITE, SIGN_IN = "health", "read", "write", "sign-in"
# Threads of one web process for each kind of request (hotline.running.web). Each keeps a connection to the database:
# with the four processes of docker-compose.yml that is 76 of the 100 that PostgreSQL takes by default.
THREADS = {HEALTH: 2, READ: 8, WRITE: 8, SIGN_IN: 1}

# The queue of what takes minutes: reports, lists as files, training. A process of its own works at it, so that none of
# these ever delays a sweep, a message or the dashboard.
LONG = "long"


PROGRAMS = ("gunicorn", "celery", "manage.py")  # what may be at work with the data
LONGEST_ADDRESS = 8190  # characters of a request's first line; as long as the web server lets it be


def program() -> str:
    """What this process runs as: `gunicorn`, `celery`, `manage.py` or another."""
    started = Path(sys.argv[0])
    return started.parent.name if started.name == "__main__.py" else started.name


def commands(environment: Mapping[str, str] = os.environ) -> dict[str, list[str]]:
    """Each process's name with its command line, as `environment` sets it."""
    python = [sys.executable, "-m"]
    host, port = environment.get("HOST", "127.0.0.1"), environment.get("PORT", "8000")
    workers = environment.get("WEB_WORKERS", "2")
    return {
        "web": [*python, "gunicorn", "hotline.wsgi:application", "--bind", f"{host}:{port}", "--workers", workers,
                "--worker-class", "hotline.running.web.Worker", "--threads", str(sum(THREADS.values())),
                "--timeout", "60", "--no-control-socket", "--access-logfile", "-", "--access-logformat",
                '%(m)s %(U)s %(s)s %(M)sms', "--limit-request-line", str(LONGEST_ADDRESS),
                "--max-requests", "5000", "--max-requests-jitter", "500"],
        "worker": [*python, "celery", "-A", "hotline", "worker", "--loglevel", "info", "--hostname", "worker@%h"],
        "beat": [*python, "celery", "-A", "hotline", "beat", "--loglevel", "info", "--pidfile="],
        "builder": [*python, "celery", "-A", "hotline", "worker", "--loglevel", "info", "--hostname", "builder@%h",
                    "--queues", LONG, "--concurrency", "1"],
    }  # fmt: skip
