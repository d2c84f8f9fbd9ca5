"""By which migrations a database was made: whether this version of the hotline can take in what another one held."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

Migrations = list[tuple[str, str]]


class Newer(Exception):
    """The backup is of a later version of the hotline than this one."""


def applied() -> Migrations:
    """The migrations that the database has, by app and name; but those of apps that are long gone."""
    loader = MigrationLoader(connection)
    return sorted(set(loader.applied_migrations) & set(loader.disk_migrations))


def is_older(taken: Migrations) -> int:
    """How many migrations of this version a backup does not have yet. Raises Newer where it has one that we do not."""
    known = set(MigrationLoader(None).disk_migrations)
    if unknown := sorted(set(taken) - known):
        raise Newer(
            f"the backup is of a later version of the hotline, which knows {unknown[0][0]}.{unknown[0][1]}:"
            " restore it with that version, or a later one"
        )
    return len(known - set(taken))


def migrate_to(taken: Migrations) -> None:
    """Brings an empty database to where the backup's was."""
    executor = MigrationExecutor(connection)
    nodes = set(taken)
    graph = executor.loader.graph
    ends = [node for node in taken if node in graph.nodes and not any(
        child.key in nodes for child in graph.node_map[node].children
    )]  # fmt: skip
    executor.migrate(ends)
