"""Who called is encrypted where it stands: each column is written anew beside the old one, which then goes.

What is kept for good stays as it was written: names of files and corrections of who called from before this.
"""

import json

import django.db.models.deletion
from django.db import migrations, models

import hotline.vault.fields
from hotline.vault import blind, cipher

BATCH = 2000
# Each table with its columns and what they hold, and the column whose blind index stands beside it.
TABLES = {
    "tickets_caller": ("id", {"phone": "number", "name": "name", "note": ""}, "phone"),
    "tickets_ticket": (
        "id", {"caller_name": "name", "caller_phone": "number", "contact_phone": "number", "earlier_callers": ""}, None
    ),
    "tickets_call": ("id", {"phone": "number"}, "phone"),
    "tickets_missedcall": ("id", {"phone": "number", "note": ""}, "phone"),
    "tickets_secondconcern": ("id", {"words": ""}, None),
}  # fmt: skip


def encrypt(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for table, (key, columns, found_by) in TABLES.items():
            beside = [f"{column}_encrypted" for column in columns]
            added = "".join(f", ADD {column} bytea NOT NULL DEFAULT ''" for column in beside)
            mark = f", ADD {found_by}_mark bytea NULL" if found_by else ""
            cursor.execute(f"ALTER TABLE {table} {(added + mark)[2:]}")
            _fill(cursor, table, key, columns, found_by)
            for old, new in zip(columns, beside, strict=True):
                cursor.execute(f"ALTER TABLE {table} DROP COLUMN {old}")
                cursor.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
                cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {old} DROP DEFAULT")
        for statement in (
            "ALTER TABLE tickets_caller ADD CONSTRAINT tickets_caller_phone_mark_uniq UNIQUE (phone_mark)",
            "CREATE INDEX call_phone ON tickets_call (phone_mark, began_at) WHERE phone_mark IS NOT NULL",
            "CREATE INDEX missed_call_phone ON tickets_missedcall (phone_mark) WHERE phone_mark IS NOT NULL",
            "ALTER TABLE tickets_ticket ADD CONSTRAINT anonymous_has_no_name"
            " CHECK (NOT is_anonymous OR caller_name = ''::bytea)",
            "ALTER TABLE tickets_attachment ADD called bytea NOT NULL DEFAULT ''",
            "ALTER TABLE tickets_attachment ALTER COLUMN called DROP DEFAULT",
        ):
            cursor.execute(statement)


def _fill(cursor, table, key, columns, found_by):
    some = " OR ".join(f"{column}::text NOT IN ('', '{{}}')" for column in columns)
    last = 0
    while True:
        cursor.execute(
            f"SELECT {key}, {', '.join(columns)} FROM {table} WHERE {key} > %s AND ({some}) ORDER BY {key} LIMIT %s",  # noqa: S608
            [last, BATCH],
        )
        rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        made = [[row[0] for row in rows]]
        for place, purpose in enumerate(columns.values(), start=1):
            made.append([_encrypted(row[place], purpose) for row in rows])
        names = ["id", *(f"{column}_encrypted" for column in columns)]
        if found_by:
            at = list(columns).index(found_by) + 1
            made.append([blind.mark(row[at], columns[found_by]) for row in rows])
            names.append(f"{found_by}_mark")
        kinds = ["bigint[]", *["bytea[]"] * (len(names) - 1)]
        given = ", ".join(f"%s::{kind}" for kind in kinds)
        sets = ", ".join(f"{name} = new.{name}" for name in names[1:])
        cursor.execute(
            f"UPDATE {table} SET {sets} FROM unnest({given}) AS new({', '.join(names)}) WHERE {table}.{key} = new.id",  # noqa: S608
            made,
        )


def _encrypted(value, purpose):
    if isinstance(value, list):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    return cipher.encrypted(value, purpose)


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0042_secret_tickets_are_found"),
        ("vault", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="EventCaller",
            fields=[
                ("event", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="caller_told", serialize=False, to="tickets.ticketevent")),
                ("corrected", hotline.vault.fields.EncryptedJSONField(default=dict)),
                ("salt", models.BinaryField(max_length=16)),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(encrypt)],
            state_operations=[
                migrations.RemoveIndex(model_name="call", name="call_phone"),
                migrations.RemoveIndex(model_name="missedcall", name="missed_call_phone"),
                migrations.RemoveField(model_name="attachment", name="name"),
                migrations.AddField(
                    model_name="attachment", name="called",
                    field=hotline.vault.fields.EncryptedCharField(default="", editable=False, max_length=120),
                ),
                migrations.AddField(
                    model_name="attachment", name="name_in_clear",
                    field=models.CharField(blank=True, db_column="name", default="", editable=False, max_length=120),
                ),
                *(
                    migrations.AddField(model_name=model, name="phone_mark", field=hotline.vault.fields.MarkField(of="phone", **options))
                    for model, options in (("call", {}), ("caller", {"unique": True}), ("missedcall", {}))
                ),
                migrations.AlterField(
                    model_name="call", name="phone",
                    field=hotline.vault.fields.EncryptedCharField(blank=True, found_by="phone_mark", max_length=30, purpose="number", verbose_name="telephone"),
                ),
                migrations.AlterField(
                    model_name="caller", name="name",
                    field=hotline.vault.fields.EncryptedCharField(blank=True, max_length=40, purpose="name", verbose_name="name"),
                ),
                migrations.AlterField(
                    model_name="caller", name="note",
                    field=hotline.vault.fields.EncryptedCharField(blank=True, max_length=200, verbose_name="note"),
                ),
                migrations.AlterField(
                    model_name="caller", name="phone",
                    field=hotline.vault.fields.EncryptedCharField(found_by="phone_mark", max_length=30, purpose="number", verbose_name="telephone"),
                ),
                migrations.AlterField(
                    model_name="missedcall", name="note",
                    field=hotline.vault.fields.EncryptedCharField(blank=True, max_length=200, verbose_name="note"),
                ),
                migrations.AlterField(
                    model_name="missedcall", name="phone",
                    field=hotline.vault.fields.EncryptedCharField(blank=True, found_by="phone_mark", max_length=30, purpose="number", verbose_name="telephone"),
                ),
                migrations.AlterField(
                    model_name="secondconcern", name="words", field=hotline.vault.fields.EncryptedTextField(),
                ),
                migrations.AlterField(
                    model_name="ticket", name="caller_name",
                    field=hotline.vault.fields.EncryptedCharField(blank=True, max_length=40, purpose="name", verbose_name="caller's name"),
                ),
                migrations.AlterField(
                    model_name="ticket", name="caller_phone",
                    field=hotline.vault.fields.EncryptedCharField(blank=True, max_length=30, purpose="number", verbose_name="caller's telephone"),
                ),
                migrations.AlterField(
                    model_name="ticket", name="contact_phone",
                    field=hotline.vault.fields.EncryptedCharField(blank=True, max_length=30, purpose="number", verbose_name="number to call back"),
                ),
                migrations.AlterField(
                    model_name="ticket", name="earlier_callers",
                    field=hotline.vault.fields.EncryptedJSONField(blank=True, default=list, editable=False),
                ),
                migrations.AddIndex(
                    model_name="call",
                    index=models.Index("phone_mark", "began_at", condition=models.Q(phone_mark__isnull=False), name="call_phone"),
                ),
                migrations.AddIndex(
                    model_name="missedcall",
                    index=models.Index("phone_mark", condition=models.Q(phone_mark__isnull=False), name="missed_call_phone"),
                ),
            ],
        ),
    ]  # fmt: skip
