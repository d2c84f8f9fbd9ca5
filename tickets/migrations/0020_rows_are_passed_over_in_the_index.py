"""The index of each order carries what lists are narrowed by, so that the rows a list passes over are not read; that of
each instant that figures go by carries what they count.

Made beside running work: nobody waits while the indices are built. Keys whose index another one begins with lose it.
Of a table that is mostly added to, PostgreSQL would look over the new rows once they are a fifth of all; until then it
reads each of them to know whether it is there. A fiftieth keeps that to the last weeks.
"""

from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

OPEN_STATUSES = (
    "registered", "dispatched", "working", "return_asked", "ruling", "coordinating", "suspended", "follow_up",
)  # fmt: skip
ORDERED_BY = ("registered_at", "answer_due_at", "stage_due_at", "risk")
NARROWED_BY = ("registered_by", "department", "category", "region", "kind", "channel", "urgency", "status")
LOOKED_OVER = "ALTER TABLE tickets_ticket SET (autovacuum_vacuum_insert_scale_factor = 0.02," \
              " autovacuum_vacuum_scale_factor = 0.02)"  # fmt: skip
AS_USUAL = "ALTER TABLE tickets_ticket RESET (autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_scale_factor)"


def by(name: str, *columns: str, **options: Any) -> AddIndexConcurrently:
    others = [column for column in (*ORDERED_BY, *NARROWED_BY) if column not in columns]
    return AddIndexConcurrently("ticket", models.Index(*columns, *others, name=name, **options))


def when(name: str, instant: str, *counted: str) -> AddIndexConcurrently:
    columns = (instant, "id", *ORDERED_BY, "department", "kind", *counted)
    there_is = models.Q(**{f"{instant}__isnull": False})
    return AddIndexConcurrently("ticket", models.Index(*columns, name=name, condition=there_is))


def without_its_own(name: str, index: str, key: Any) -> migrations.SeparateDatabaseAndState:
    """Takes the index of a foreign key away without checking each row's key anew."""
    column = f"{name}_id"
    again = f"CREATE INDEX CONCURRENTLY {index} ON tickets_ticket ({column})"
    return migrations.SeparateDatabaseAndState(
        [migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {index}", again)],
        [migrations.AlterField("ticket", name, key)],
    )


def key(to: str, label: str, *, related: str = "tickets", may_be_empty: bool = True) -> Any:
    return models.ForeignKey(
        blank=may_be_empty, null=may_be_empty, db_index=False, on_delete=django.db.models.deletion.PROTECT,
        related_name=related, to=to, verbose_name=label,
    )  # fmt: skip


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [
        ("accounts", "0005_account_events_are_kept_and_clear_tokens_go"),
        ("tickets", "0019_calls_of_the_telephone_system"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        by("ticket_by_age", "registered_at", "id", "closing", "closed_at"),
        by("ticket_by_due", "answer_due_at", "id", "answered_at", condition=models.Q(answer_due_at__isnull=False)),
        by("ticket_by_step", "stage_due_at", "id", condition=models.Q(stage_due_at__isnull=False)),
        by("ticket_by_risk", "risk", "registered_at", "id"),
        RemoveIndexConcurrently("ticket", "ticket_registered"),
        RemoveIndexConcurrently("ticket", "ticket_due"),
        RemoveIndexConcurrently("ticket", "ticket_step"),
        RemoveIndexConcurrently("ticket", "ticket_risk"),
        RemoveIndexConcurrently("ticket", "ticket_closed"),
        when("ticket_closed", "closed_at", "status", "dispatched_at", "round", "closing", "contacted", "solved",
             "satisfaction"),
        RemoveIndexConcurrently("ticket", "ticket_dispatched"),
        when("ticket_dispatched", "dispatched_at"),
        when("ticket_to_accept", "accept_due_at", "accepted_at"),
        RemoveIndexConcurrently("ticket", "ticket_answered"),
        AddIndexConcurrently(
            "ticket",
            models.Index(
                "answered_at", "id", "department", "category", "dispatched_at", "hops", name="ticket_answered",
                condition=models.Q(answered_at__isnull=False),
            ),
        ),
        AddIndexConcurrently(
            "ticket",
            models.Index(
                "department", "registered_at", "kind", "channel", "urgency", "status", "category", "region",
                name="ticket_of_department",
            ),
        ),
        AddIndexConcurrently(
            "ticket",
            models.Index("registered_by", "registered_at", "id", "kind", "status", name="ticket_of_registrar"),
        ),
        RemoveIndexConcurrently("ticket", "ticket_open_risk"),
        AddIndexConcurrently(
            "ticket",
            models.Index(
                fields=["status", "-risk", "-registered_at", "-id"], name="ticket_open_risk",
                condition=models.Q(status__in=OPEN_STATUSES),
            ),
        ),
        RemoveIndexConcurrently("ticket", "ticket_department_registered"),
        RemoveIndexConcurrently("ticket", "ticket_registrar"),
        without_its_own("caller", "tickets_ticket_caller_id_453d8966", key("tickets.caller", "caller")),
        without_its_own("category", "tickets_ticket_category_id_710dbfd0", key("tickets.category", "category")),
        without_its_own(
            "department", "tickets_ticket_department_id_32e39a8e",
            key("accounts.department", "responsible department"),
        ),
        without_its_own(
            "region", "tickets_ticket_region_id_a1e3f74f", key("accounts.region", "region", may_be_empty=False)
        ),
        without_its_own(
            "registered_by", "tickets_ticket_registered_by_id_af1ece7d",
            key(settings.AUTH_USER_MODEL, "recorded by", related="+"),
        ),
        migrations.RunSQL(LOOKED_OVER, AS_USUAL),
    ]  # fmt: skip
