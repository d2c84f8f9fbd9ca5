"""What is to be said of an answer before it is sent, and kept with it for whoever calls back.

Each finding has a code and the places of the words that decided; why, is said from the code. Nothing is refused for it:
who answers may know better than rules do (docs/decisions/0083).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets import search
from tickets.answers import about, copied, evasive
from tickets.models import Answer, Ticket
from tickets.reading import as_worked_on

SHORT = 20  # characters; the caller hears hardly more than a yes in less
QUOTED, EXCERPT = 4, 40  # of the words that decided so many are shown, and so many characters of each
Span = tuple[int, int]


class Code(models.TextChoices):
    """What may be wrong with an answer, as it is called beside one."""

    EVASIVE = "evasive", _("Says nothing")
    SHORT = "short", _("Very short")
    REPEATS = "repeats", _("The caller's own words")
    COPIED = "copied", _("Same answer as elsewhere")
    OFF_TOPIC = "off_topic", _("About something else?")


REASONS = {
    Code.EVASIVE: _("Nothing is said that was done, found or founded. Say what was done and what came of it."),
    Code.SHORT: _("With so few words a caller hardly learns what was done."),
    Code.REPEATS: _("Most of it repeats what the caller said."),
    Code.COPIED: _("The same department has given almost this answer to other matters."),
    Code.OFF_TOPIC: _("No word of what was asked stands in it."),
}


@dataclass(frozen=True)
class Finding:
    """One thing that may be wrong with an answer; `spans` are where the words stand that decided, if words did."""

    code: Code
    spans: tuple[Span, ...] = ()

    @property
    def reason(self) -> Any:
        return REASONS[self.code]

    @property
    def kept(self) -> dict[str, Any]:
        """As it is kept with the answer."""
        return {"code": self.code.value, "spans": [list(span) for span in self.spans]}


def quoted(finding: Finding, text: str) -> list[str]:
    """The first of the words of an answer that decided, each in a line's length."""
    words = [text[start:end] for start, end in finding.spans[:QUOTED]]
    return [said if len(said) <= EXCERPT else f"{said[:EXCERPT]}…" for said in words]


def check(text: str, ticket: Ticket | None, *, compared: bool = True) -> list[Finding]:
    """What is to be said of `text` as an answer to `ticket`; of the text alone where it goes to several tickets.

    `compared` says whether other answers of the ticket's department are looked up.
    """
    simplified = search.simplified(text)
    clauses = evasive.clauses(simplified)
    told = [clause for clause in clauses if clause.substance]
    is_short = len("".join(text.split())) < SHORT
    if evasive.says_nothing(clauses) and not (is_short and told):  # 钢板已固定。 says little, and not nothing
        return [Finding(Code.EVASIVE, _spans(clause for clause in clauses if clause.evades))] if text.strip() else []
    found = [Finding(Code.SHORT)] if is_short else []
    if ticket is not None:
        found += _against(ticket, simplified, _spans(told), compared=compared)
    return found


def _spans(clauses: Iterable[evasive.Clause]) -> tuple[Span, ...]:
    return tuple((clause.start, clause.end) for clause in clauses)


def _against(ticket: Ticket, text: str, told: tuple[Span, ...], *, compared: bool) -> list[Finding]:
    """What is found by comparing the substance of an answer with what was asked, and with other answers.

    What was asked is taken as whoever answers reads it: nobody finds out a caller's name by writing it.
    """
    found: list[Finding] = []
    substance = "\n".join(text[start:end] for start, end in told)
    reading = as_worked_on(ticket)
    asked = search.simplified(f"{reading.title}\n{reading.description}\n{reading.address}")
    if runs := copied.repeated(text, told, asked):
        found.append(Finding(Code.REPEATS, tuple(runs)))
    if compared and copied.is_known(substance, copied.sketch(substance, ticket.department_id), ticket):
        found.append(Finding(Code.COPIED, told))
    if len(substance) >= about.LEAST and not about.shares_a_word(substance, asked, ticket.category):
        found.append(Finding(Code.OFF_TOPIC))
    return found


def keep_with(answer: Answer, *, compared: bool = True) -> None:
    """Sets on an answer that is not saved yet what was found of it, and by what others that are like it find it."""
    found = check(answer.text, answer.ticket, compared=compared)
    answer.findings = [finding.kept for finding in found]
    answer.is_evasive = any(finding.code == Code.EVASIVE for finding in found)
    answer.sketch = copied.sketch(evasive.substance_of(search.simplified(answer.text)), answer.department_id)


def findings_of(answer: Answer) -> list[Finding]:
    """What was found of an answer when it was given; codes of later versions that are none here are left out."""
    kept = [one for one in answer.findings if one["code"] in Code.values]
    return [Finding(Code(one["code"]), tuple((start, end) for start, end in one["spans"])) for one in kept]
