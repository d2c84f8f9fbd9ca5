"""What each address must answer to whom, worked out from the tables of permissions, addresses and actions.

Which tickets somebody may know of is said here once more, by permission and department, and not asked of `visible_to`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from hotline import reach
from hotline.accounts.models import ApiToken, Department, User
from hotline.accounts.permissions import Permission as P
from hotline.accounts.permissions import allows
from hotline.ledger.deeds import Of
from hotline.reach import ANYBODY, BY_WORKFLOW, Reach
from knowledge.models import Article, ArticleFile
from reports.models import Edition, Job, ReportRun
from supervision.models import Notice, SupervisionOrder
from tickets.models import Attachment, Contribution, Ticket, TicketExport
from tickets.workflow.table import ACTIONS, Whose

THROUGH = "is let through"
Answer = int | str


def within(department: Department | None, person: User) -> bool:
    """Whether a department is the person's own or one below it."""
    own = person.department
    return department is not None and own is not None and department.path.startswith(own.path)


def knows(person: User, ticket: Ticket) -> bool:
    """Whether somebody may know of a ticket: by the permission table, and by whom it lies with or who takes part."""
    if allows(person.role, P.SEE_ALL_TICKETS):
        return True
    if not allows(person.role, P.SEE_DEPARTMENT_TICKETS):
        return False
    taking_part = Contribution.objects.filter(ticket=ticket, withdrawn_at=None).select_related("department")
    heard = [one.department for one in taking_part if one.part == "assist" or one.given_at is None]
    return any(within(one, person) for one in (ticket.department, *heard))


def _knows_one(person: User, tickets: Any) -> bool:
    return any(knows(person, ticket) for ticket in tickets.select_related("department"))


def _knows_report(person: User, pk: int) -> bool:
    if allows(person.role, P.SEE_REPORTS):
        return True
    run = ReportRun.objects.select_related("edition__report__unit").get(pk=pk)
    unit = run.edition.report.unit
    if unit is not None and run.built_by and run.built_by.department and within(run.built_by.department, person):
        return within(unit, person)  # the department asked for it itself
    return run.edition.state == Edition.State.ISSUED and (unit is None or within(unit, person))


def _knows_article(person: User, article: Article) -> bool:
    own = article.written_by_id == person.pk or within(article.department, person)
    return allows(person.role, P.RELEASE_ARTICLES) or article.released_at is not None or own


_found: dict[tuple[Any, ...], bool] = {}  # within one test


def forget() -> None:
    """What was worked out for one test's tickets is not so for another's."""
    _found.clear()
    _row.cache_clear()


def _remembered(person: User, deed: str, given: dict[str, Any], work_out: Any) -> bool:
    key = (person.pk, deed, *sorted(given.items()))
    if key not in _found:
        _found[key] = work_out()
    return _found[key]


def finds(person: User, name: str, row: Reach, given: dict[str, Any]) -> bool:
    """Whether what the arguments name is there for this person."""
    if row.of == Of.TICKET and "number" in given:
        ticket = {"number": given["number"]}
        return _remembered(person, "knows", ticket, lambda: knows(person, Ticket.objects.get(**ticket)))
    return _remembered(person, name, given, lambda: _finds(person, name, row, given))


def _finds(person: User, name: str, row: Reach, given: dict[str, Any]) -> bool:
    if row.of == Of.ATTACHMENT:
        return knows(person, Attachment.objects.get(**given).ticket)
    if row.of == Of.ORDER:
        return knows(person, SupervisionOrder.objects.get(**given).ticket)
    if row.of == Of.MATTER and name != "matter-proposal":
        return _knows_one(person, Ticket.objects.filter(matter=given["pk"]))
    if row.of == Of.CALLER and given:
        told = {} if allows(person.role, P.SEE_PROTECTED_CALLERS) else {"is_secret": False, "is_anonymous": False}
        callers = [given[key] for key in ("pk", "other") if key in given]
        return all(_knows_one(person, Ticket.objects.filter(caller=one, **told)) for one in callers)
    if name == "report-cancel":
        job = Job.objects.select_related("unit", "by__department").get(**given)
        asked = job.unit and job.by and job.by.department and within(job.by.department, person)
        return allows(person.role, P.BUILD_REPORTS) or bool(asked and job.unit and within(job.unit, person))
    if row.of == Of.REPORT and "pk" in given:
        runs = [given[key] for key in ("pk", "other") if key in given]
        of_one = ReportRun.objects.filter(pk__in=runs).values("edition__report").distinct().count() == 1
        return of_one and all(_knows_report(person, pk) for pk in runs)
    if row.of == Of.ARTICLE and given:
        found = ArticleFile.objects.get(**given).article if name == "article-file" else Article.objects.get(**given)
        return _knows_article(person, found)
    if row.of == Of.TOKEN and given:
        return ApiToken.objects.filter(user=person, **given).exists()
    if row.of == Of.EXPORT and given:
        return TicketExport.objects.get(**given).owner_id == person.pk
    if row.of == Of.MESSAGE and given:
        notice = Notice.objects.select_related("to_department").get(**given)
        own = notice.to_department_id is not None and notice.to_department_id == person.department_id
        return notice.to_user_id == person.pk or (own and (person.is_lead or not notice.for_leads))
    return True


def performs(person: User, name: str, number: str) -> bool:
    """Whether somebody may perform an action of the workflow table on a ticket that they know of."""
    action, ticket = ACTIONS[name], Ticket.objects.select_related("department").get(number=number)
    if not action.permission or not allows(person.role, action.permission):
        return False
    if action.whose is Whose.ANYBODY:
        return True
    if action.whose is Whose.HOLDER:
        return within(ticket.department, person)
    owed = Contribution.objects.owed().filter(ticket=ticket, part=action.whose.value).select_related("department")
    return any(within(one.department, person) for one in owed)


def must_answer(person: User | None, name: str, given: dict[str, Any], method: str, sent: str = "") -> Answer:
    """What `person`, or nobody, must be answered; `sent` names the permission that what is sent asks for besides."""
    row = _row(name)
    is_api = name.startswith("api-")
    who = row.who(method)
    if person is None:
        if who is ANYBODY:
            return THROUGH
        if row.opens is ANYBODY or row.sends is ANYBODY:
            return 401 if is_api and name != "api-token" else 405
        return 302 if method == "GET" and not is_api else 401
    offered = [one for one in ("GET", "POST") if row.who(one) is not None]
    if not any(row.lets(person.role, one) for one in offered):
        return 403
    if who is None:
        return 405
    if not row.lets(person.role, method):
        return 403
    if not finds(person, name, row, given):
        return 404
    if who is BY_WORKFLOW and name != "matter-together":
        action = given.get("name") or name.removeprefix(reach.API_ACTION)
        ticket = {"number": given["number"], "action": action}
        may = _remembered(person, "performs", ticket, lambda: performs(person, action, given["number"]))
        return THROUGH if may else 403
    if name == "matter-together":
        return THROUGH if allows(person.role, ACTIONS[given["name"]].permission) else 403
    return THROUGH if not sent or allows(person.role, sent) else 403


@cache
def _row(name: str) -> Reach:
    row = reach.of(name)
    assert row is not None, f"{name} stands in no row of hotline.reach: say who may open it and what is written of it"
    return row


def is_as_it_must(name: str, answer: Any, must: Answer) -> bool:
    """Whether an answer is what it must be; of Django's set-up pages some offer an administrator less than others."""
    if must != THROUGH:
        return bool(answer.status_code == must)
    if name == "healthz":  # says how the house is
        return answer.status_code in (200, 503)
    refusals = (401,) if name.startswith(reach.ADMIN) else (401, 403, 404, 405)
    return answer.status_code not in refusals and answer.status_code < 500
