from django.db import migrations

# Open calls and hidden ones of one person were counted together, and the flags that came of it named the same instant
# on both. Where a caller has both, the flag is cleared, and the next sweep raises what is true by the new counting.
CLEAR = """
UPDATE supervision_flag AS flag SET cleared_at = now()
FROM tickets_ticket AS ticket
WHERE flag.kind = 'frequent_caller' AND flag.cleared_at IS NULL AND ticket.id = flag.ticket_id
  AND EXISTS (
    SELECT 1 FROM tickets_ticket AS other
    WHERE other.caller_id = ticket.caller_id AND (other.is_secret OR other.is_anonymous)
  )
"""
LOOK_AGAIN = """
UPDATE tickets_ticket SET next_due_at = now()
WHERE id IN (SELECT ticket_id FROM supervision_flag WHERE kind = 'frequent_caller' AND cleared_at >= now())
  AND status NOT IN ('closed', 'not_accepted')
"""


class Migration(migrations.Migration):
    dependencies = [("supervision", "0006_instants_within_reach"), ("tickets", "0012_matters_named_after_tickets")]

    operations = [
        migrations.RunSQL(CLEAR, migrations.RunSQL.noop),
        migrations.RunSQL(LOOK_AGAIN, migrations.RunSQL.noop),
    ]
