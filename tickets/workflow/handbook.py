"""The documents that are generated from the tables, so that they cannot say anything else than the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils import translation

from hotline import reach
from hotline.accounts.permissions import ROLE_PERMISSIONS, Permission, Role
from hotline.ledger.deeds import Of
from tickets.choices import RuleKey, Status
from tickets.disclosure import RULE, Detail, Standing, Wish
from tickets.limits import DEFAULT_RULES
from tickets.workflow.table import ACTIONS, STARTING, Action, Whose

DOCS = settings.BASE_DIR / "docs"
START = "[*]"
WHOSE = {
    Whose.ANYBODY: "", Whose.HOLDER: " (own department)", Whose.ASSISTANT: " (assisting department)",
    Whose.WITNESS: " (department that is heard)",
}  # fmt: skip


def documents() -> dict[Path, str]:
    """Each generated document's path with its text."""
    with translation.override("en"):
        texts = {"workflow.md": "\n".join(_workflow()), "permissions.md": "\n".join(_permissions())}
    return {DOCS / name: text + "\n" for name, text in texts.items()}


def _both(label: object) -> str:
    """A term in English and in the words of the field."""
    english = str(label)
    with translation.override("zh-hans"):
        return f"{english} {label}"


def _workflow() -> Iterator[str]:
    yield "# The workflow"
    yield ""
    yield "Generated from `tickets/workflow/table.py` by `make docs`; the same table makes buttons, API and tests."
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    for status in Status:
        yield f"    {status.value}: {_both(status.label)}"
    for source, target, names in _arrows():
        yield f"    {source} --> {target}: {', '.join(names)}"
    yield "```"
    yield ""
    yield "## Actions"
    yield ""
    yield "| Action | From | To | Who | What must be given | Clocks |"
    yield "|---|---|---|---|---|---|"
    for action in ACTIONS.values():
        sources = "any state" if set(action.sources) == set(Status) else ", ".join(s or "—" for s in action.sources)
        yield " | ".join(
            ("| `" + action.name + "` " + _both(action.label), sources, _targets(action), _who(action), _given(action),
             str(action.clock or "") + " |")
        )  # fmt: skip
    yield ""
    yield "Who acts in the name of a department needs a ticket of their own department or of one below it."
    yield ""
    yield "## Numbers of the city"
    yield ""
    yield "Set on the set-up pages; these are the defaults. Time limits: `tickets/migrations/0003_default_limits.py`."
    yield ""
    yield "| Rule | Default |"
    yield "|---|---|"
    for key, value in DEFAULT_RULES.items():
        yield f"| {_both(RuleKey(key).label)} | {value} |"


def _arrows() -> Iterator[tuple[str, str, list[str]]]:
    arrows: dict[tuple[str, str], list[str]] = {}
    for action in ACTIONS.values():
        for source in action.sources:
            for target in action.leads_to(source):
                if target != source:
                    arrows.setdefault((source or START, target), []).append(action.name)
    for (source, target), names in arrows.items():
        yield source, target, names
    yield Status.CLOSED, START, ["end"]
    yield Status.NOT_ACCEPTED, START, ["end"]


def _targets(action: Action) -> str:
    if action.to is None:
        return "stays"
    return " or ".join((action.to, *action.also_to))


def _who(action: Action) -> str:
    if not action.permission:
        return "the system"
    roles = [str(Role(role).label) for role, held in ROLE_PERMISSIONS.items() if action.permission in held]
    return ", ".join(roles) + WHOSE[action.whose]


def _given(action: Action) -> str:
    if action.name == STARTING:
        return "the call"
    fields = [name if field.required else f"{name}?" for name, field in action.input.base_fields.items()]
    return ", ".join(fields) or "nothing"


def _permissions() -> Iterator[str]:
    yield "# Who may do what"
    yield ""
    yield "Generated from `hotline/accounts/permissions.py` by `make docs`."
    yield ""
    yield "| Permission | " + " | ".join(_both(role.label) for role in Role) + " |"
    yield "|---|" + "---|" * len(Role)
    for permission in Permission:
        marks = ["✓" if permission in ROLE_PERMISSIONS[role] else "" for role in Role]
        yield f"| {_both(permission.label)} | " + " | ".join(marks) + " |"
    yield ""
    yield from _disclosure()
    yield ""
    yield from _addresses()
    yield ""
    yield "What a person may see is `visible_to` in `tickets/models/ticket.py`, asked by list, page, search and file."


def _addresses() -> Iterator[str]:
    yield "## Which address each role reaches"
    yield ""
    yield "Generated from `hotline/reach.py`. An address that does not stand here is refused to everybody, and a test"
    yield "asks each for every role and for nobody (`tests/hotline/test_reach.py`). Whoever may not know of a ticket is"
    yield "told of it, and of what hangs on it, that there is none."
    yield ""
    yield "| Address | Of what | Opened by | Sent to by |"
    yield "|---|---|---|---|"
    for name, row in reach.REACH.items():
        yield f"| `{name}` | {row.of.label if row.of else ''} | {_reached_by(row.opens)} | {_reached_by(row.sends)} |"
    of, who = Of.TICKET.label, _reached_by(reach.BY_WORKFLOW)
    yield f"| `{reach.API_ACTION}…`, one for each action | {of} |  | {who} |"
    who = _reached_by(reach.OF_ADMIN.opens)
    yield f"| `{reach.ADMIN}…`, Django's set-up pages |  | {who} | {who} |"


def _reached_by(who: reach.Who) -> str:
    """The roles that get further than a refusal."""
    if isinstance(who, reach.Anybody):
        return {reach.ANYBODY: "anybody", reach.SIGNED_IN: "everybody signed in"}.get(who, "by docs/workflow.md")
    return ", ".join(str(role.label) for role in Role if reach.lets(who, role))


def _disclosure() -> Iterator[str]:
    yield "## What of a ticket each reader may read"
    yield ""
    yield "Generated from `RULE` in `tickets/disclosure.py`, which every page, fragment, file, message and answer asks."
    yield "Whether somebody may know of a ticket at all is `visible_to`; this is what they then read."
    yield ""
    yield "| Reader | " + " | ".join(_both(wish.label) for wish in Wish) + " |"
    yield "|---|" + "---|" * len(Wish)
    for standing in Standing:
        cells = (_details(RULE[standing][wish]) for wish in Wish)
        yield f"| {_both(standing.label)} | " + " | ".join(cells) + " |"


def _details(details: frozenset[Detail]) -> str:
    if len(details) == len(Detail):
        return "everything 全部"
    return ", ".join(_both(detail.label) for detail in Detail if detail in details) or "nothing 无"
