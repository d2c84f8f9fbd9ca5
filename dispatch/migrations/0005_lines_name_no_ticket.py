from django.db import migrations

# A line that came of a precedent named its ticket in the legal basis, which is read by people who see no tickets.
FORGET = """
UPDATE dispatch_directoryentry SET basis = regexp_replace(basis, '[A-Z]+[0-9]{14}', '', 'g')
WHERE basis ~ '[A-Z]+[0-9]{14}'
"""
FORGET_IN_VERSIONS = """
UPDATE dispatch_directoryversion
SET note = regexp_replace(note, '[A-Z]+[0-9]{14}', '', 'g'),
    brought = regexp_replace(brought::text, '[A-Z]+[0-9]{14}', '', 'g')::jsonb
WHERE note ~ '[A-Z]+[0-9]{14}' OR brought::text ~ '[A-Z]+[0-9]{14}'
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0004_automatic_dispatch")]

    operations = [
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
        migrations.RunSQL(FORGET_IN_VERSIONS, migrations.RunSQL.noop),
    ]
