"""What happened is kept: the database refuses to change or delete an event.

Emptying the whole table is refused too, unless the session says `SET hotline.maintenance = 'on'`; only the
test suite does, between tests.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_setting('hotline.maintenance', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'ticket events are append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER events_are_kept BEFORE UPDATE OR DELETE ON tickets_ticketevent
    FOR EACH ROW EXECUTE FUNCTION refuse_event_change();
CREATE TRIGGER events_are_not_emptied BEFORE TRUNCATE ON tickets_ticketevent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change();
"""
BACKWARD = """
DROP TRIGGER events_are_not_emptied ON tickets_ticketevent;
DROP TRIGGER events_are_kept ON tickets_ticketevent;
DROP FUNCTION refuse_event_change();
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
