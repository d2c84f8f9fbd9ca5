"""Rows of one instant have an order too: by their keys. Else it is the database's whim, and changes from day to day.

Much happens at one instant: a sweep marks a hundred tickets, a form brings three files, in tests time stands.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("hotline", "tickets", "dispatch", "knowledge", "matters", "supervision", "reports", "demo", "tests")
# Where nobody sees in which order rows of one instant come, and why they are not put in one.
IN_ANY_ORDER = {
    ("supervision/clocks/sweeping.py", "next_due_at"): "batches follow the index; thousands fall due at one instant",
    ("demo/nearby.py", "registered_at"): "the first and the last instant are read, of no ticket",
}


def is_instant(column: str) -> bool:
    name = column.lstrip("-").rpartition("__")[2]
    return name.endswith("_at") or name in ("at", "since")


def orders(file: Path) -> Iterator[tuple[int, str]]:
    """Each order in a file, by its line, with the column that decides last."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in ("order_by", "latest", "earliest") and node.args:
            last = node.args[-1]
            if isinstance(last, ast.Constant) and isinstance(last.value, str):
                yield node.lineno, last.value


def test_an_order_by_an_instant_ends_in_the_key() -> None:
    found = [
        (file.relative_to(ROOT).as_posix(), line, column)
        for room in ROOMS
        for file in (ROOT / room).rglob("*.py")
        for line, column in orders(file)
        if is_instant(column)
    ]
    left = [(file, line, column) for file, line, column in found if (file, column.lstrip("-")) not in IN_ANY_ORDER]
    assert left == []
    assert {(file, column.lstrip("-")) for file, _line, column in found} == set(IN_ANY_ORDER), (
        "no exception is left over"
    )
