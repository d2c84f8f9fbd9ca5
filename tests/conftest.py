"""What all tests share: the demo city laid in once, people by role, and tickets brought to any state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models.sql.compiler import SQLCompiler
from django.test import Client

from demo import city
from hotline.accounts.models import User
from hotline.running import memory
from hotline.vault import keys
from tests import scene

LONGEST = (
    "browser/test_every_page.py",
    "browser/test_steel_plates.py",
    "hotline/test_supervisor.py",
    "tickets/test_what_each_may_read.py",
    "hotline/test_reach.py",
    "browser/",
    "hotline/test_garbage.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes come first: begun last, one worker would be busy with them while the other is done."""
    for item in items:
        if "live_city" in getattr(item, "fixturenames", ()) and item.get_closest_marker("django_db"):
            # By the mark its tables would be emptied after the city was laid in again, for all that come later.
            raise pytest.UsageError(f"{item.nodeid}: live_city goes without the mark django_db, in a file without it")
    items.sort(key=lambda item: next((at for at, name in enumerate(LONGEST) if name in item.nodeid), len(LONGEST)))


def pytest_configure() -> None:
    """Tests move the clock by days and are there all the same."""
    settings.IDLE_MINUTES = 0
    settings.ADMIN_MINUTES = 0  # tests/hotline/test_working_sessions.py has its own
    SQLCompiler.as_sql = _told_of_what_is_joined_to_a_lock(SQLCompiler.as_sql)  # type: ignore[method-assign]


def _told_of_what_is_joined_to_a_lock(real: Callable[..., Any]) -> Callable[..., Any]:
    """Has every query refused that locks rows and joins others to them: who had to wait for the lock gets the row as it
    is now, and what it is joined to as that was before. `prefetch_related` asks once the row is held.
    """

    def as_sql(compiler: SQLCompiler, *given: Any, **named: Any) -> Any:
        query = compiler.query
        if query.select_for_update and query.select_related:
            raise AssertionError(f"{query.model.__name__} is locked together with what is joined to it")  # type: ignore[union-attr]
        return real(compiler, *given, **named)

    return as_sql


@pytest.fixture(scope="session")
def _emptied_by_deleting() -> Iterator[None]:
    """After a test whose rows others must see, tables are emptied. Most hold next to nothing, and TRUNCATE would make
    hundreds of files of theirs anew; content types and permissions come back with the city.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", scene.deletions)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_, **__: None)
        yield


@pytest.fixture(scope="session")
def django_db_setup(_emptied_by_deleting: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """After the migrations: the city with its people, departments and directory, for every test."""
    with django_db_blocker.unblock():
        city.lay_in()
        for _noted_then_proven in range(2):
            keys.usable()
        scene.remember()
    memory.settle()
    yield
    connection.close()  # a test may have had it ended
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # Playwright's loop has a connection of its own, which nobody else can close.
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _forget_what_was_cached() -> Iterator[None]:
    """Limits and calendar are kept in memory for half a minute; a test that changed them leaves no trace."""
    yield
    scene.forget()


@pytest.fixture
def _city_stands_again(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Lays the city in once more after the tables have been emptied, for whichever test comes next."""
    yield
    with django_db_blocker.unblock():
        scene.lay_in_again()


@pytest.fixture
def live_city(_city_stands_again: None, transactional_db: None) -> Iterator[None]:
    """The city for a test whose rows other connections must see."""
    yield
    cache.clear()


@pytest.fixture
def monday() -> Iterator[time_machine.Traveller]:
    """Time stands at a Monday morning, 20 April 2026 at nine, a plain working week ahead."""
    with time_machine.travel(scene.MONDAY, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def person(db: None) -> Callable[[str], User]:
    """People of the demo city by user name."""
    return lambda username: User.objects.select_related("department").get(username=username)


@pytest.fixture
def signed_in(person: Callable[[str], User]) -> Callable[[str], Client]:
    """A browser session of one of them."""

    def sign_in(username: str) -> Client:
        client = Client()
        client.force_login(person(username))
        return client

    return sign_in
