"""Training on the city's own tickets: from which ones, how it is measured, and when the new model is used.

Learned are the department that answered in the end, not the first one a ticket was sent to, and the category that the
ticket had in the end, not the one first recorded. The latest part of the tickets is held out: a model is measured on
what came after all that it learned from, as in use. It is used only where it does better there than what people wrote
down (the directory, the keywords) and than the model used so far.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from dispatch import categorising, suggest
from dispatch.learned import model, packing, store
from dispatch.learned.model import Example, TooLittle
from dispatch.models import DispatchModel, Learns
from dispatch.queue import automation
from hotline.accounts.models import Region
from hotline.locks import one_at_a_time
from hotline.waiting import patience
from tickets.models import Category, Ticket

HELD_OUT = 0.15  # of the tickets, the latest
MOST = 100_000  # latest tickets that departments are learned from
MOST_CATEGORISED = 30_000  # and categories, of which there are ten times as many
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Case:
    """One answered ticket as training sees it."""

    example: Example
    category: Category | None
    region: Region
    label: int  # the id of what is to be named


def departments() -> list[Case]:
    """Answered tickets with the department that answered, the oldest first."""
    columns = ("title", "description", "category", "region", "department")
    answered = Ticket.objects.filter(
        answered_at__isnull=False, dispatched_at__isnull=False, department__is_open=True
    ).order_by("-registered_at", "-pk")
    rows = list(answered.values_list(*columns)[:MOST])
    regions, categories = Region.objects.in_bulk(), Category.objects.in_bulk()
    found = []
    for title, text, category_id, region_id, department_id in reversed(rows):
        category, region = categories.get(category_id), regions[region_id]
        example = Example(title, text[: model.MAX_BODY], store.facts(category, region))
        found.append(Case(example, category, region, department_id))
    return found


def categories() -> list[Case]:
    """Answered tickets with the category they had in the end, the oldest first.

    The words alone are read: while a call is typed the region is often still the whole city. Imported tickets are left
    out, since their category was taken from the keywords.
    """
    columns = ("title", "description", "category", "region")
    answered = Ticket.objects.filter(
        answered_at__isnull=False, category__is_used=True, import_key__isnull=True
    ).order_by("-registered_at", "-pk")
    rows = list(answered.values_list(*columns)[:MOST_CATEGORISED])
    regions, used = Region.objects.in_bulk(), Category.objects.in_bulk()
    return [
        Case(Example(title, text[: model.MAX_BODY]), used[category_id], regions[region_id], category_id)
        for title, text, category_id, region_id in reversed(rows)
    ]


def train(learns: Learns = Learns.DEPARTMENT) -> DispatchModel:
    """Trains, measures, keeps, and uses the new model if it is better. Raises TooLittle.

    Two trainings at once run one after the other.
    """
    with patience.of(patience.LONG), one_at_a_time("dispatch training"):
        lesson = LESSONS[learns]
        found = lesson.cases()
        cut = int(len(found) * (1 - HELD_OUT))
        earlier, later = found[:cut], found[cut:]
        if not later:
            raise TooLittle(f"only {len(found)} answered tickets")
        learned = model.Learned.learn([c.example for c in earlier], [c.label for c in earlier])
        known, labels, confidences = _asked_about(learned, later)
        scores = model.score(known, labels, confidences)
        content = packing.pack(learned)
        used = DispatchModel.objects.filter(learns=learns, is_used=True).first()
        floor = lesson.floor(later)
        better = scores.accuracy > max(floor, _accuracy_of(used, later))
        now = timezone.now()
        row = DispatchModel(
            learns=learns, trained_at=now, learned_from=learned.learned_from, measured_on=len(later),
            labels=len(learned.labels), accuracy=scores.accuracy, coverage=scores.coverage,
            threshold=scores.threshold, floor_accuracy=floor, is_used=better,
            digest=store.signed(content),
            curve=[asdict(point) for point in model.curve(known, labels, confidences)],
        )  # fmt: skip
        row.file.save(f"{learns}-{now:%Y%m%d-%H%M%S}.zip", ContentFile(content), save=False)
        with transaction.atomic():  # the one before stays in use where the new one cannot be kept
            if better and used:
                used.is_used = False
                used.save(update_fields=["is_used"])
            row.save()
        if better and learns == Learns.DEPARTMENT:
            automation.carry_over(row)
    store.forget()
    logger.info("trained %s: right %.3f, coverage %.3f, in use: %s", learns, row.accuracy, row.coverage, better)
    return row


def _asked_about(learned: model.Learned, later: Sequence[Case]) -> tuple[list[int], list[int], list[float]]:
    """What was right for these, what the model names, and how sure it is."""
    guesses = learned.guess([case.example for case in later])
    known = [case.label for case in later]
    return known, [guess.label for guess in guesses], [guess.confidence for guess in guesses]


def _directory_accuracy(later: Sequence[Case]) -> float:
    """Of how many of these the directory names the department that answered."""
    named = suggest.for_duties([(case.category, case.region) for case in later if case.category])
    right = 0
    for case in later:
        proposal = named.get((case.category.pk, case.region.pk)) if case.category else None
        right += proposal is not None and proposal.department.pk == case.label
    return right / len(later)


def _keyword_accuracy(later: Sequence[Case]) -> float:
    """Of how many of these the keywords name the category."""
    return sum(categorising.keyed_to(c.example.title, c.example.body) == c.label for c in later) / len(later)


def _accuracy_of(used: DispatchModel | None, later: Sequence[Case]) -> float:
    """How often the model used so far is right on these; 0 where there is none that can be read."""
    learned = store.load(used) if used else None
    return model.score(*_asked_about(learned, later)).accuracy if learned else 0.0


@dataclass(frozen=True)
class Lesson:
    """What is learned of which tickets, and how right people's own table is on such tickets."""

    cases: Callable[[], list[Case]]
    floor: Callable[[Sequence[Case]], float]


LESSONS = {
    Learns.DEPARTMENT: Lesson(departments, _directory_accuracy),
    Learns.CATEGORY: Lesson(categories, _keyword_accuracy),
}
