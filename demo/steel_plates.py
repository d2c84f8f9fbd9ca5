"""The case that this software was born from, standing where the article finds it: on the morning of the fifth day.

Steel plates on the road under renovation at 凤凰天仙城 bang under every car. Several residents have called; the
ticket went to one department, came back, went to another, and nobody accepts it.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.utils import timezone

from hotline.accounts.models import Department, Region, User
from hotline.accounts.permissions import Role
from tickets.calls import recording
from tickets.choices import Kind, ReturnGround
from tickets.matters import joining
from tickets.models import Category, Ticket
from tickets.workflow.performing import apply, perform
from tickets.workflow.stores import DatabaseStore
from tickets.workflow.table import ACTIONS

CALLS = (
    (5, time(8, 12), "刘女士", "10020260419", "凤凰天仙城门口道路改造，路上铺的钢板没有固定，车一压就哐哐响，从早响到晚，孩子没法睡觉。"),
    (5, time(21, 40), "陈先生", "10020260420", "凤凰天仙城门前施工路段的钢板夜里响得更厉害，隔着窗户都听得见，希望尽快处理。"),
    (4, time(7, 55), "周女士", "10020260421", "凤凰天仙城这边修路铺的钢板翘边，电动车过去颠得很，噪音也大。"),
    (3, time(19, 5), "王先生", "10020260422", "反映凤凰天仙城施工路段钢板异响，已有多户投诉，一直没人管。"),
    (2, time(12, 30), "胡女士", "10020260423", "凤凰天仙城路口钢板异响几天了，老人心脏不好，请问到底归哪个部门管？"),
    (1, time(20, 48), "张先生", "10020260424", "凤凰天仙城路面钢板噪音扰民，打了几次电话都说在协调，请尽快解决。"),
)  # fmt: skip
ADDRESS = "凤凰天仙城门前道路改造段"
TITLE = "凤凰天仙城门前施工钢板异响扰民"


def stand(now: datetime) -> list[Ticket]:
    """Lays the case in as it stands at `now`; returns its tickets, the first call first."""
    people = {role: User.objects.filter(role=role, is_active=True).order_by("username") for role in Role}
    operators, dispatcher = list(people[Role.OPERATOR]), people[Role.DISPATCHER][0]
    category = Category.objects.get(name="道路施工")
    region = Region.objects.get(name="书院街道")
    today = timezone.localdate(now)
    tickets = []
    for serial, (days_ago, at, name, phone, text) in enumerate(CALLS):
        called = timezone.make_aware(datetime.combine(today - timedelta(days=days_ago), at))
        details = {
            "title": TITLE, "description": text, "kind": Kind.COMPLAINT, "category": category, "region": region,
            "address": ADDRESS, "caller_name": name, "caller_phone": phone,
        }  # fmt: skip
        operator = operators[serial % len(operators)]
        tickets.append(recording.register(actor=operator, details=details, at=called))
    _bounce(tickets[0], dispatcher)
    for ticket in tickets[1:4]:
        _send(ticket, "市城市管理执法委员会", dispatcher, ticket.registered_at + timedelta(minutes=50))
    joining.join(tickets, actor=dispatcher, title="凤凰天仙城施工钢板异响")
    return tickets


def _bounce(ticket: Ticket, dispatcher: User) -> None:
    """Sent to the city's bureau, returned within the hour, sent to the district's: and there it sits."""
    first = Department.objects.get(name="市住房和城乡建设局")
    at = ticket.registered_at + timedelta(minutes=40)
    _send(ticket, first.name, dispatcher, at)
    ticket.refresh_from_db()
    given = {
        "ground": ReturnGround.OWNERSHIP_UNCLEAR, "proposed": Department.objects.get(name="孝南区住房和城乡建设局"),
        "note": "该路段改造由多家单位分段施工，尚未移交，权属不清，我局无法处置。",
    }  # fmt: skip
    clerk = User.objects.filter(role=Role.STAFF, department=first).first()
    apply(ACTIONS["ask_return"], ticket, actor=clerk, given=given, at=at + timedelta(minutes=55), store=DatabaseStore())
    note = {"note": "同意退单，转孝南区住建部门。"}
    perform("grant_return", ticket, actor=dispatcher, given=note, at=at + timedelta(hours=2))
    _send(ticket, "孝南区住房和城乡建设局", dispatcher, at + timedelta(hours=2, minutes=10))


def _send(ticket: Ticket, department: str, dispatcher: User, at: datetime) -> None:
    given = {"department": Department.objects.get(name=department)}
    perform("dispatch", ticket, actor=dispatcher, given=given, at=at)
