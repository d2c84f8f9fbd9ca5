"""Cells as bulletins of real cities print them (week 28 of 2024 of a provincial capital, July 2024 of a province)."""

from __future__ import annotations

import pytest
import time_machine

from reports.content import cells
from reports.content.frames import Frame
from reports.periods import parse
from tests import scene

WEEK = {"consultation": 33_523, "help": 21_570, "suggestion": 10_497, "complaint": 3_783, "thanks": 228, "other": 1_583}
BEFORE = 71_355  # of which the week was 0.24 % less


def test_the_week_of_a_capital() -> None:
    total = sum(WEEK.values())
    assert total == 71_184
    # The bulletin gives these two with a digit less, 52.7 % and 47.3 %: we print two decimals everywhere.
    assert cells.text(cells.share(37_527, total)) == "52.72%"
    assert cells.text(cells.share(33_657, total)) == "47.28%"
    assert cells.text(cells.change(total, BEFORE, is_rate=False)) == "-0.24%"
    assert cells.text(cells.change(71_412, 71_412 / 1.0125, is_rate=False)) == "+1.25%"
    printed = [cells.text(share) for share in cells.shares_of(list(WEEK.values()))]
    # The bulletin's own add to 99.99: ours add to 100.00, by the one of the next largest remainder.
    assert printed == ["47.09%", "30.30%", "14.75%", "5.32%", "0.32%", "2.22%"]


def test_the_month_of_a_province() -> None:
    assert cells.text(cells.change(1_800_000, 1_800_000 / 1.1742, is_rate=False)) == "+17.42%"


@pytest.mark.parametrize("counts", [[1, 1, 1], [0, 5], [7], [3, 3, 3, 3, 3, 3, 3], [99_999, 1], [1] * 13])
def test_shares_add_to_a_hundred(counts: list[int]) -> None:
    shares = cells.shares_of(counts)
    assert sum(round(100 * (share["percent"] if isinstance(share, dict) else 0)) for share in shares) == 10_000
    assert cells.text(cells.add(shares)) == "100.00%", "as the total row says"
    assert cells.shares_of([0, 0]) == ["—", "—"]


def test_what_stands_in_excel_is_the_number_that_is_printed() -> None:
    for cell in (cells.share(1, 3), *cells.shares_of([1, 2]), cells.change(3, 2, is_rate=False)):
        value = cells.value(cell)
        assert value is not None
        assert cells.text(cell).lstrip("+").rstrip("%").startswith(f"{100 * value:.1f}"[:-1])
    assert cells.value(cells.difference(3, 5)) == -2
    assert cells.add([1, cells.count(2, see={"figure": "received", "part": "base"})]) == 3
    assert cells.add([cells.share(1, 2), cells.NOTHING, cells.share(1, 4)]) == {"share": [2, 6]}


@pytest.mark.django_db
def test_nothing_is_compared_with_a_time_before_the_hotline_ran(monday: time_machine.Traveller) -> None:
    scene.call()  # on 20 April
    monday.move_to(scene.at(10, 9).replace(month=6))
    may, june = (Frame(parse("monthly", label)) for label in ("2026-05", "2026-06"))
    assert not may.is_whole(may.before), "April began on the 20th"
    assert not june.is_whole(june.before), "June is not over"
    monday.move_to(scene.at(10, 9).replace(month=7))
    later = Frame(parse("monthly", "2026-06"))
    assert later.is_whole(later.before)
    assert not later.is_whole(later.year_before)
