"""The secrets of apps for codes are encrypted like everything else; one that no key here opens is set up anew."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import migrations

from hotline.vault.fields import EncryptedCharField

SALT = "hotline.accounts.second_factor"


def take_over(apps, schema_editor):
    authenticators = apps.get_model("accounts", "Authenticator").objects
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    before = MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"{SALT}:{key}".encode()).digest())) for key in keys]
    )
    for one in authenticators.all():
        try:
            one.kept = base64.b32encode(before.decrypt(one.secret.encode())).decode()
        except InvalidToken:
            one.delete()
        else:
            one.save(update_fields=["kept"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_unified_identity"),
        ("vault", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="authenticator", name="kept",
            field=EncryptedCharField(max_length=200, purpose="second factor", default=""), preserve_default=False,
        ),
        migrations.RunPython(take_over),
        migrations.RemoveField(model_name="authenticator", name="secret"),
        migrations.RenameField(model_name="authenticator", old_name="kept", new_name="secret"),
    ]  # fmt: skip
