"""Cities laid in before words were added to the table of others' matters get them, where nobody changed the line."""

import csv
import io

from django.db import migrations

# The lines as they stood, each with the words that were added, and before which word.
EARLIER = """\
name,ground,number,cues,unless,words,added,before
治安与走失,emergency_line,110,拿刀 持刀 砍人 正在打架 打起来了 撬+我家 撬锁 抢劫 被抢 抢了 跳楼 轻生 要自杀 割腕 绑架 走失 孩子+走丢 老人+走丢 失踪 诈骗了 刚+被骗 正在偷 跟踪我 聚众斗殴 家暴,表扬 感谢 夸 建议 经常 隐患 态度 演练,这需要公安机关马上处置，请立即拨打110，说清地点、人员和现在的情况；请先保证自己的安全。被骗转账的，请同时联系银行止付。,刚+偷了 刚刚偷 进贼 进了贼 遭贼 有小偷 入室盗窃,跟踪我
急救,emergency_line,120,晕倒 昏倒 昏迷 叫不醒 没有呼吸 没呼吸 心脏病发 心梗 抽搐 羊水破 快要生了 大出血 一直流血 流血不止 喝农药 喝了农药 煤气中毒 休克,表扬 谢 夸 赔偿 报销 收费 住院 投诉 咨询 建议,请马上拨打120，说清地点、病人的情况和联系电话，按急救人员的指导处理，在门口等候救护车。,喊不醒 叫不应 喊不应 不省人事 人事不省,没有呼吸
诉讼、仲裁、复议,litigation,12368,开庭 一审 二审 上诉 再审 法院+判了 判决书 强制执行 已起诉 已经起诉 起诉了 法院+立案 已+申请+仲裁 已经+仲裁 仲裁+裁决 仲裁委+受理 已申请行政复议 已经+行政复议 复议决定,咨询 请问 怎么 如何 想问 材料 准备起诉 再不 表扬,您反映的事项已进入诉讼、仲裁或行政复议程序，应由受理机关依法处理，热线不能干预，也不重复受理。请向办案机关询问进展；法院的案件可拨打12368。,法院+判的 法院+判得 法院+判决 判决+不服,判决书
"""


def bring_up(apps, schema_editor):
    lines = apps.get_model("tickets", "Elsewhere").objects
    for row in csv.DictReader(io.StringIO(EARLIER)):
        added, before = row.pop("added"), row.pop("before")
        later = row["cues"].replace(f" {before} ", f" {added} {before} ")
        lines.filter(**row).update(cues=later)


class Migration(migrations.Migration):
    dependencies = [("tickets", "0029_second_concerns_wait")]
    operations = [migrations.RunPython(bring_up, migrations.RunPython.noop)]
