"""Loaded by pytest before the settings: real servers of the tests' own, in a data folder of their own.

Also the last word of a run: what was skipped, and why.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

os.environ.setdefault("HOTLINE_DATA_DIR", str(Path(__file__).resolve().parent.parent / "var" / "test"))
os.environ["HOTLINE_TEST_RUN"] = "1"  # pytest sets its own variable only later
# What tests start has a data folder of its own, and reads in the same database who called.
os.environ.setdefault("PERSONAL_KEYS", "the-key-of-the-tests-by-which-nobody-is-hidden")

from hotline import embedded


def _without_waiting_for_the_disk(address: str) -> None:
    """What the tests' own PostgreSQL holds is made anew by each run: no commit waits until it lies on the disk."""
    with closing(psycopg2.connect(address)) as connection:
        connection.autocommit = True  # the setting of a server is changed in no transaction
        with connection.cursor() as cursor:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                cursor.execute(f"ALTER SYSTEM SET {setting} = off")
            cursor.execute("SELECT pg_reload_conf()")


is_ours = not os.environ.get("DATABASE_URL")
embedded.start()
# Tests make and empty databases, so they are the owner; what they start as processes serves as the other role (scene).
os.environ["DATABASE_URL"] = os.environ.pop("DATABASE_OWNER_URL", os.environ["DATABASE_URL"])
if is_ours:
    _without_waiting_for_the_disk(os.environ["DATABASE_URL"])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped: list[pytest.TestReport] = terminalreporter.stats.get("skipped", [])
    if not skipped:
        terminalreporter.write_line("Nothing was skipped.")
        return
    terminalreporter.section("skipped, and why")
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        terminalreporter.write_line(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}")
