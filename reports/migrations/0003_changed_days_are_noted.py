# ruff: noqa: S608 - names of our own
from django.db import migrations

NOTE = "INSERT INTO reports_changedday (operator, at) "
OF_TICKET = NOTE + "SELECT registered_by_id, registered_at FROM tickets_ticket WHERE registered_by_id IS NOT NULL AND "
SET = f"""
CREATE FUNCTION note_day_of_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {NOTE} SELECT NEW.registered_by_id, NEW.registered_at WHERE NEW.registered_by_id IS NOT NULL;
    IF TG_OP = 'UPDATE' THEN
        {NOTE} SELECT OLD.registered_by_id, OLD.registered_at WHERE OLD.registered_by_id IS NOT NULL
            AND (OLD.registered_by_id, OLD.registered_at) IS DISTINCT FROM (NEW.registered_by_id, NEW.registered_at);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_new_ticket AFTER INSERT ON tickets_ticket FOR EACH ROW
    WHEN (NEW.registered_by_id IS NOT NULL) EXECUTE FUNCTION note_day_of_ticket();
CREATE TRIGGER note_ticket AFTER UPDATE ON tickets_ticket FOR EACH ROW
    WHEN ((OLD.registered_by_id, OLD.registered_at, OLD.closing, OLD.dispatched_at IS NULL)
        IS DISTINCT FROM (NEW.registered_by_id, NEW.registered_at, NEW.closing, NEW.dispatched_at IS NULL))
    EXECUTE FUNCTION note_day_of_ticket();

CREATE FUNCTION note_day_of_what_hangs_on_a_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {OF_TICKET} id = NEW.ticket_id;
    RETURN NULL;
END $$;
CREATE TRIGGER note_intake AFTER INSERT OR UPDATE ON tickets_intake FOR EACH ROW
    EXECUTE FUNCTION note_day_of_what_hangs_on_a_ticket();
CREATE TRIGGER note_return AFTER INSERT OR UPDATE ON dispatch_return FOR EACH ROW
    EXECUTE FUNCTION note_day_of_what_hangs_on_a_ticket();

CREATE FUNCTION note_day_of_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {NOTE} SELECT NEW.operator_id, NEW.answered_at WHERE NEW.operator_id IS NOT NULL AND NEW.answered_at IS NOT NULL;
    IF TG_OP = 'UPDATE' THEN
        IF (OLD.operator_id, OLD.answered_at) IS DISTINCT FROM (NEW.operator_id, NEW.answered_at) THEN
            {NOTE} SELECT OLD.operator_id, OLD.answered_at
                WHERE OLD.operator_id IS NOT NULL AND OLD.answered_at IS NOT NULL;
            {OF_TICKET} id IN (SELECT ticket_id FROM tickets_intake WHERE call_id = NEW.id);
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_call AFTER INSERT OR UPDATE ON tickets_call FOR EACH ROW EXECUTE FUNCTION note_day_of_call();
"""
# One note for each day of each operator until now; the hour is enough to tell the day in every zone of whole hours.
UNTIL_NOW = f"""
{NOTE} SELECT DISTINCT registered_by_id, date_trunc('hour', registered_at) FROM tickets_ticket
    WHERE registered_by_id IS NOT NULL;
{NOTE} SELECT DISTINCT operator_id, date_trunc('hour', answered_at) FROM tickets_call
    WHERE operator_id IS NOT NULL AND answered_at IS NOT NULL;
"""
TAKEN_AWAY = """
DROP TRIGGER note_new_ticket ON tickets_ticket;
DROP TRIGGER note_ticket ON tickets_ticket;
DROP TRIGGER note_intake ON tickets_intake;
DROP TRIGGER note_return ON dispatch_return;
DROP TRIGGER note_call ON tickets_call;
DROP FUNCTION note_day_of_ticket, note_day_of_what_hangs_on_a_ticket, note_day_of_call;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0002_days_of_operators"),
        ("tickets", "0028_numbers_of_one_person"),
        ("dispatch", "0006_categories_are_learned_too"),
    ]

    operations = [migrations.RunSQL(SET, TAKEN_AWAY), migrations.RunSQL(UNTIL_NOW, "")]
