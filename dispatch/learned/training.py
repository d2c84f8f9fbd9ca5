"""Training on the city's own tickets: from which ones, how it is measured, and when the new model is used.

Learned is the department that answered in the end, not the first one a ticket was sent to. The latest part of the
tickets is held out: a model is measured on what came after all that it learned from, as in use. It is used only where
it does better there than the directory and than the model used so far.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from dispatch import suggest
from dispatch.learned import model, packing, store
from dispatch.learned.model import Example, TooLittle
from dispatch.models import DispatchModel
from dispatch.queue import automation
from hotline.accounts.models import Region
from hotline.locks import one_at_a_time
from hotline.waiting import patience
from tickets.models import Category, Ticket

HELD_OUT = 0.15  # of the tickets, the latest
MOST = 100_000  # latest tickets that are learned from
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Case:
    """One answered ticket as training sees it."""

    example: Example
    category: Category | None
    region: Region
    department_id: int


def cases() -> list[Case]:
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


def train() -> DispatchModel:
    """Trains, measures, keeps, and uses the new model if it is better. Raises TooLittle.

    Two trainings at once run one after the other.
    """
    with patience.of(patience.LONG), one_at_a_time("dispatch training"):
        found = cases()
        cut = int(len(found) * (1 - HELD_OUT))
        earlier, later = found[:cut], found[cut:]
        if not later:
            raise TooLittle(f"only {len(found)} answered tickets")
        learned = model.Learned.learn([c.example for c in earlier], [c.department_id for c in earlier])
        known, labels, confidences = _asked_about(learned, later)
        scores = model.score(known, labels, confidences)
        content = packing.pack(learned)
        used = DispatchModel.objects.filter(is_used=True).first()
        by_directory = _directory_accuracy(later)
        better = scores.accuracy > max(by_directory, _accuracy_of(used, later))
        now = timezone.now()
        row = DispatchModel(
            trained_at=now, learned_from=learned.learned_from, measured_on=len(later),
            departments=len(learned.labels), accuracy=scores.accuracy, coverage=scores.coverage,
            threshold=scores.threshold, directory_accuracy=by_directory, is_used=better,
            digest=store.signed(content),
            curve=[asdict(point) for point in model.curve(known, labels, confidences)],
        )  # fmt: skip
        row.file.save(f"dispatch-{now:%Y%m%d-%H%M%S}.zip", ContentFile(content), save=False)
        with transaction.atomic():  # the one before stays in use where the new one cannot be kept
            if better and used:
                used.is_used = False
                used.save(update_fields=["is_used"])
            row.save()
        if better:
            automation.carry_over(row)
    store.forget()
    logger.info("trained: right %.3f, coverage %.3f, in use: %s", row.accuracy, row.coverage, better)
    return row


def _asked_about(learned: model.Learned, later: Sequence[Case]) -> tuple[list[int], list[int], list[float]]:
    """Who answered these, whom the model names, and how sure it is."""
    guesses = learned.guess([case.example for case in later])
    known = [case.department_id for case in later]
    return known, [guess.label for guess in guesses], [guess.confidence for guess in guesses]


def _directory_accuracy(later: Sequence[Case]) -> float:
    """Of how many of these the directory names the department that answered."""
    named = suggest.for_duties([(case.category, case.region) for case in later if case.category])
    right = 0
    for case in later:
        proposal = named.get((case.category.pk, case.region.pk)) if case.category else None
        right += proposal is not None and proposal.department.pk == case.department_id
    return right / len(later)


def _accuracy_of(used: DispatchModel | None, later: Sequence[Case]) -> float:
    """How often the model used so far is right on these; 0 where there is none that can be read."""
    learned = store.load(used) if used else None
    return model.score(*_asked_about(learned, later)).accuracy if learned else 0.0
