"""What happened to accounts is kept like ticket events, and the API tokens that stood in clear are gone.

Administrators could read those tokens, and the log of their pages holds the keys; so they end here, with their table
and with what the log kept of them. Their owners issue new ones.
"""

from django.db import migrations

KEPT = """
CREATE FUNCTION refuse_account_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_setting('hotline.maintenance', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'account events are append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER account_events_are_kept BEFORE UPDATE OR DELETE ON accounts_accountevent
    FOR EACH ROW EXECUTE FUNCTION refuse_account_event_change();
CREATE TRIGGER account_events_are_not_emptied BEFORE TRUNCATE ON accounts_accountevent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_account_event_change();
"""
NOT_KEPT = """
DROP TRIGGER account_events_are_not_emptied ON accounts_accountevent;
DROP TRIGGER account_events_are_kept ON accounts_accountevent;
DROP FUNCTION refuse_account_event_change();
"""
CLEAR_TOKENS_GO = """
DELETE FROM django_admin_log WHERE content_type_id IN
    (SELECT id FROM django_content_type WHERE app_label = 'authtoken');
DELETE FROM auth_permission WHERE content_type_id IN
    (SELECT id FROM django_content_type WHERE app_label = 'authtoken');
DELETE FROM django_content_type WHERE app_label = 'authtoken';
DELETE FROM django_migrations WHERE app IN ('authtoken', 'knox');
DROP TABLE IF EXISTS authtoken_token, knox_authtoken;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_own_tokens_and_one_time_passwords"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.RunSQL(KEPT, NOT_KEPT),
        migrations.RunSQL(CLEAR_TOKENS_GO, migrations.RunSQL.noop),
    ]
