"""Words by which a matter comes first, for a city to change."""

from django.db import migrations

WORDS = (
    "群体", "聚集", "停工讨薪", "讨薪", "欠薪", "拖欠工资", "维权", "安全隐患", "坍塌", "塌陷", "爆炸", "燃气泄漏", "中毒",
    "起火", "自杀", "跳楼", "伤人", "集体上访",
)  # fmt: skip


def lay_in(apps, schema_editor):
    words = apps.get_model("matters", "SensitiveWord")
    words.objects.bulk_create([words(word=word) for word in WORDS], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("matters", "0001_matters")]
    operations = [migrations.RunPython(lay_in, migrations.RunPython.noop)]
