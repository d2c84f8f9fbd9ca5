"""What kind of call it is and how secret, from the words it is written down in.

A table of cues: what is said outright counts for more than what only hints at it, and what the title says for twice
as much. The kind with the most speaks; where nothing is said nothing is proposed. Thanks at the end of a letter are
manners and no praise. Measured on sentences written before the table (tests/tickets/kinds.csv, docs/decisions/0055).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tickets.choices import Kind
from tickets.search import simplified

OUTRIGHT, CLEAR, HINT = 6, 3, 1
TITLE = 2  # times as much

# In this order where two say as much.
CUES: tuple[tuple[Kind, int, re.Pattern[str]], ...] = tuple(
    (kind, weight, re.compile(words))
    for kind, weight, words in (
        (Kind.REPORT, OUTRIGHT, r"(?<!不)举报|检举|揭发"),
        (Kind.REPORT, CLEAR, r"聚众|赌博|赌场|偷税|漏税|偷排|生产假|假酒|黑诊所|盗伐|盗采"
         r"|非法(采|储存|行医|经营|集资)"),
        (Kind.REPORT, CLEAR, r"套取|冒领|受贿|贪污|围标|串标|诈骗|电鱼|地沟油|私屠|病死|传销|吸毒|贩毒|卖淫|冒充"),
        (Kind.PRAISE, OUTRIGHT, r"表扬|点(个)?赞|锦旗|(?<!不)致谢|道谢|谢意|表彰|竖大拇指|夸(一夸|奖|一下)?"),
        (Kind.PRAISE, OUTRIGHT, r"^感谢|(来电|市民|村民|表示|要|十分|非常|衷心)感谢|要谢谢|服务真好|效率高"),
        (Kind.PRAISE, CLEAR, r"称赞|肯定|(?<!不)(?:非常|很|十分)满意|服务周到|拾金不昧"),
        (Kind.SUGGESTION, OUTRIGHT, r"建议|提议|提(个|一点|些)?意见"),
        (Kind.SUGGESTION, CLEAR, r"(希望|应该|应当|最好|可以|能不能|认为).{0,14}"
         r"(增加|增设|加装|开通|设[一立置]?个?|多[建办放留种]|改成|延长|推广|放进)"),
        (Kind.COMPLAINT, OUTRIGHT, r"投诉"),
        (Kind.COMPLAINT, CLEAR, r"不满|恶劣|乱收费|多收|推诿|推脱|拖欠|欺骗|违规搭建|甩站|噪[音声]"
         r"|扰民|态度(还)?(很)?差|发脾气"),
        (Kind.COMPLAINT, CLEAR, r"拒绝|不(给|肯|予)?(退|赔)|不承认|不管|没人管|没人修|没有处理|不处理"
         r"|不归|躲着|臭气|恶臭|吃出"
         r"|归(哪个|什么|哪些?)?(部门|单位|谁)(来)?管|(又|一直|天天|夜夜)?[响吵](了|个)?(不停|一(整)?[夜晚宿天])"),
        (Kind.COMPLAINT, HINT, r"多次|一直|太大|没法|不让"),
        (Kind.CONSULTATION, OUTRIGHT, r"咨询|请问|询问|想?问一?[下哈]|问(一)?个事|想(知道|了解)|^问|来电人问"),
        (Kind.CONSULTATION, CLEAR, r"如何|怎么(办理|申请|领|交)|(在)?哪里|(?<!归)(?<!归口)哪个(窗口|部门|学区|学校)"
         r"|什么时候|[啥么]时候|多少钱|能不能|是否|吗[，。？?]?$|多长时间"),
        (Kind.HELP, CLEAR, r"求助|救助|援助|请求|协助|协调|急需|麻烦.{0,6}(来人|修)|请(尽快|赶快)|请派"
         r"|请(社区|有关部门)|请帮|走失|走丢"),
        (Kind.HELP, HINT, r"停水|停电|断电|坏了|不亮|堵了|希望解决|尽快"),
    )
)  # fmt: skip

MANNERS = re.compile(r"(?<=[。，！!,；;？?\n])[^。，！!,；;？?\n]{0,4}(感谢|谢谢)[^。，！!,；;？?\n]{0,6}[。！!\s]*$")
# Thanks for what has been done are praise wherever they stand: 修好了，谢谢你们 is no manners.
SETTLED = re.compile(
    r"(?<![没未不快])(修好|弄好|搞好|办好|办成|处理好|解决|固定好?|固定住|疏通|清理干净|恢复|装好|补好)了"
    r"(?![^。！!？?]*(?:但|可是|不过|又|还是|吗))[^。？?]{0,20}(感谢|谢谢|多谢)"
)

# A caller who does not want to be known to those who hear of the call, and one who does not mind.
SECRET = re.compile(
    r"(不要|不想|不愿|别|勿)[^，。；]{0,6}(透露|泄露|泄漏|公开|告诉)[^，。；]{0,8}(信息|姓名|名字|身份|电话|号码|是谁|是我)"
    r"|(不要|别)把?[^，。；]{0,4}(信息|姓名|名字|身份|电话|号码)[^，。；]{0,4}(告诉|透露|泄露|公开)"
    r"|保密|怕[^，。；]{0,4}报复"
)
ANONYMOUS = re.compile(r"匿名|不(愿|想|肯|便)(意)?(透露|留|说|提供)[^，。；]{0,4}(姓名|名字|身份)")
NOT_MEANT = re.compile(
    r"(不|无需|不用|不必|不需要|没有|没|非|无须|不要求|不要)(要求|需要|用|必|再)?(保密|匿名)|不怕[^，。；]{0,4}报复"
)


@dataclass(frozen=True)
class Wish:
    """What a caller asks for themselves."""

    is_secret: bool
    is_anonymous: bool


def kind_of(title: str, text: str, *, least: int = HINT) -> Kind | None:
    """The kind most of whose cues stand in title and text; None where there is none that weighs `least`."""
    title, text = simplified(title), simplified(text)
    meant = MANNERS.sub("", text)
    weights: dict[Kind, int] = {Kind.PRAISE: OUTRIGHT} if SETTLED.search(text) else {}
    for kind, weight, words in CUES:
        times = TITLE if title and words.search(title) else int(bool(words.search(meant)))
        if times:
            weights[kind] = weights.get(kind, 0) + weight * times
    best = max(weights, key=lambda kind: weights[kind], default=None)
    return best if best and weights[best] >= least else None


def wish_of(text: str) -> Wish:
    """Whether the caller asks not to be named, or not to be known; a wish that is denied is none."""
    meant = NOT_MEANT.sub("", simplified(text))
    return Wish(is_secret=bool(SECRET.search(meant)), is_anonymous=bool(ANONYMOUS.search(meant)))


def without_wishes(text: str) -> str:
    """`text` without its thanks and what the caller asks for themselves: the same in calls about any two things.

    In simplified characters, as it was read.
    """
    text = simplified(text)
    for words in (NOT_MEANT, SECRET, ANONYMOUS, MANNERS):
        text = words.sub("", text)
    return text
