"""What was found of an answer, for the person who looks at the page."""

from __future__ import annotations

from django import template

from tickets.answers import checking
from tickets.answers.checking import Finding
from tickets.models import Answer
from tickets.reading import Reading

register = template.Library()


@register.filter
def findings(answer: Answer, reading: Reading) -> list[tuple[Finding, list[str]]]:
    """Each finding with the words that decided, without what may not be read of the caller."""
    found = checking.findings_of(answer)
    return [(one, [reading.text(words) for words in checking.quoted(one, answer.text)]) for one in found]
