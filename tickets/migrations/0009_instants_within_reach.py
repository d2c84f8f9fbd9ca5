"""Deadlines that were typed with a slip of the hand, which the database holds and Python cannot, come within reach.

The sweep looks at their tickets again.
"""

from django.db import migrations

CLAMPED = """
    UPDATE tickets_ticket SET
        answer_due_at = LEAST(GREATEST(answer_due_at, '2000-01-01'), '2200-01-01'),
        half_at = LEAST(GREATEST(half_at, '2000-01-01'), '2200-01-01'),
        warn_at = LEAST(GREATEST(warn_at, '2000-01-01'), '2200-01-01'),
        stage_due_at = LEAST(GREATEST(stage_due_at, '2000-01-01'), '2200-01-01'),
        accept_due_at = LEAST(GREATEST(accept_due_at, '2000-01-01'), '2200-01-01'),
        order_due_at = LEAST(GREATEST(order_due_at, '2000-01-01'), '2200-01-01'),
        task_due_at = LEAST(GREATEST(task_due_at, '2000-01-01'), '2200-01-01'),
        next_due_at = CASE WHEN next_due_at IS NULL THEN NULL ELSE now() END
    WHERE LEAST(answer_due_at, half_at, warn_at, stage_due_at, accept_due_at, order_due_at, task_due_at, next_due_at)
            < '2000-01-01'
       OR GREATEST(answer_due_at, half_at, warn_at, stage_due_at, accept_due_at, order_due_at, task_due_at, next_due_at)
            > '2200-01-01'
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0008_files_belong_to_what_they_came_with")]

    operations = [migrations.RunSQL(CLAMPED, migrations.RunSQL.noop)]
