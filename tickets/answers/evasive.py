"""Answers that say nothing: what is left of a text once everything is taken away that tells the caller nothing.

1. The text is cut into clauses at its stops; what stands in quotation marks is the caller's or a title, and not read.
2. A clause is only politeness (received, thanks, "we answer as follows", dates, who signs), or it evades: it passes the
   matter on, calls it being looked into, promises without a date or a number, or sends the caller elsewhere without a
   reason. It is one of these only as a whole: "passed on and repaired" is not.
3. A clause that holds one of TELLS, and every other clause, is substance: what was done or found, what a rule says,
   why somebody else is responsible.
4. An answer with less than LEAST_SUBSTANCE characters of it is evasive, however long it is.

How well they tell, and on what they were written: docs/algorithms/answers.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

LEAST_SUBSTANCE = 7  # characters: few enough for 案件正在侦办中
MOST_IN_A_CLAUSE = 48  # characters; who says more in one breath tells something beside

CLAUSE = re.compile(r"[^，。；！？,;!?\n\r：:（）()【】\[\]]+")
BLANK = re.compile(r"[\s　、]+")
DATE = re.compile(r"(?:20\d\d|二[〇○零]\S{2})年\d{1,2}月(?:\d{1,2}日)?|20\d\d[.\-/]\d{1,2}[.\-/]\d{1,2}")
QUOTED = re.compile(r"[“\"「『《〈][^”\"」』》〉]*[”\"」』》〉]?")


class Says(StrEnum):
    """What a clause tells the caller."""

    POLITE = "polite"
    PASSED_ON = "passed_on"
    PENDING = "pending"
    PROMISED = "promised"
    SENT_AWAY = "sent_away"
    SUBSTANCE = "substance"


@dataclass(frozen=True)
class Clause:
    """Where a clause stands in the text, what it tells, and how many of its characters are substance."""

    start: int
    end: int
    says: Says
    substance: int = 0

    @property
    def evades(self) -> bool:
        return self.says not in (Says.POLITE, Says.SUBSTANCE)


# -- words ----------------------------------------------------------------------------------------------------------


def _any(words: str) -> str:
    return f"(?:{words.replace(' ', '|')})"


CALLER = _any("您 你 网友 网民 市民 群众 贵")
OFFICE = _any(
    "局 委 办 办公室 中心 政府 街道 办事处 大队 支队 公司 集团 派出所 学校 医院 镇 乡 县 市 区 单位 部门 科"
    " 科室 股室 院 厅 处 所 站 社区"
)
HANDLED = _any(
    "核实 调查 核查 核处 查处 查证 处理 处置 办理 办复 调处 协调 研究 论证 落实 解决 了解 答复 回复 反馈 跟进"
    " 督办 整改 审批 会商 编制 修编 统筹"
)
LOOKED_AT = _any("调查 核实 了解 核查 查实 研究 沟通 核对 查 查证 调查核实 核实情况")
TOLD = _any("回复 答复 解释 说明 函复 转载 反馈 解答 回应 汇报 报告 公布 告知")
SPOKE = _any("反映 咨询 提出 提到 所提 所述 投诉 反应 反馈 诉求 留言 来信 来电 发帖 发布 建议 意见")
RECEIVED = _any("收悉 收到 获悉 知悉 悉知 已阅 阅知 阅办 受理 收阅 敬悉 接悉")
KINDNESS = _any(
    "支持 理解 监督 关心 关注 谅解 留言 来信 来帖 问政 信任 宝贵 意见 建议 愉快 顺心 顺利 幸福 健康 快乐 安康"
    " 配合 指导 批评 反映 厚爱 参与"
)
PASSED = _any(
    "转交 转至 转给 转到 转呈 转办 转达 转由 转送 转发 已转 交办 交由 移交 移送 批转 呈报 上报 转报 报送 转相关"
    " 转有关 派发 分派 分办 并转 转[A-Z]?\\d?.{0,8}(?:局|委|办|县|区|市|镇|乡|部门)"
)
PASSING = _any("已 并 现 立即 迅速 及时 马上 我办 我局 办 将 已将 直接 一并 被 会 问题 情况 帖 内容 反映 正")
BETTER = _any(
    "考虑 斟酌 调研 加强 加大 改进 完善 告知 关注 督促 公布 采纳 参考 优化 提升 提高 推进 做好 监管 监督 管理"
    " 重视 通知 衔接 学习 工作 服务 力度 巡查 汇总 梳理 整理 发布 满足 转给 引导 探索 规划 答复 改善 努力"
)
WILL = _any("将 会 争取 尽快 尽力 努力 继续 进一步 切实 不断 积极 予以 纳入 待")
INQUIRE = _any("咨询 联系 反映 致电 拨打 了解 查询 查看 访问 登录 留言 关注 沟通 询问 提出 告知 来电 来人 来访 核实")

POLITE = (
    rf"(?:尊敬的|亲爱的|各位)?(?:{CALLER}|居民|来信人|同志|朋友|学员|家长|先生|女士|业主)+.{{0,12}}?(?:您|你)?们?好?",
    r".{0,14}(?:您|你)们?好",
    r"(?:UU|A)\d+.{0,4}",
    rf".{{0,40}}{RECEIVED}(?:了|此帖|后|并)?",
    rf"(?:收到|接到|获悉|看到|见到|阅)(?:{CALLER}|来信|该|此|贴|帖|上级|群众|信访|网|函|投诉|交办|诉求|转办|工单|反映).{{0,30}}",
    rf"(?:关于|针对|就|对于|对|有关)?{CALLER}?们?(?:于\d.{{0,12}})?(?:通过|在)?.{{0,16}}?{SPOKE}.{{0,24}}?"
    r"(?:问题|情况|事项|事宜|一事|帖|贴|诉求|留言|建议|意见|内容|信访件|来信)?",
    r".{0,20}(?:高度|非常|十分|很|极为|深表)?"
    r"(?:重视|关注到|关注.{0,10}发展|帮助到您|理解|歉意|抱歉|荣幸|高兴)(?:此事|此问题|该问题)?",
    rf".{{0,24}}(?:感谢|谢谢|致谢|多谢|祝|祝愿|欢迎|希望|望|敬请|恳请|请)(?:.{{0,40}}{KINDNESS})?.{{0,12}}",
    r"(?:再次|最后|首先|衷心|诚挚|在此|特此|专此|此复|谨此|以上).{0,12}"
    r"(?:感谢|谢谢|致谢|回复|答复|函复|告知|说明|复函)?.{0,6}",
    rf"(?:现|特|兹|谨)?(?:就|将|对|作|做|把)?.{{0,36}}{TOLD}(?:情况|意见|内容|结果)?(?:如下|于后|于下)",
    rf"(?:经|据|通过|根据|按照)?.{{0,16}}{LOOKED_AT}(?:了解|得知|处理|核实|后|情况|获悉)?",
    r"(?:我|本).{0,10}(?:立即|迅速|第一时间|马上|高度重视|领导)?(?:进行|组织|安排|开展|展开)了?(?:认真|深入|专门|详细)?(?:的)?"
    r"(?:调查|核实|了解|研究)(?:核实|了解|处理)?",
    r"(?:具体|有关|相关|基本|调查|处理)?(?:情况|结果|意见|内容)(?:如下)?",
    r"(?:联系|咨询|举报|服务|投诉|监督)?(?:电话|热线|方式|人|地址|邮箱|网址|链接)?(?:是|为)?[\d\-－—+、.~/ xX*＊]*",
    r"(?:下一步|目前|同时|今后|此外|另外|因此|所以|为此|对此|其中|如|若|最后|首先|在此|谢谢|详见|附件|此|此致|敬礼|已|现|[一二三四五])",
    r"[\d年月日.\-/时分#]+.{0,3}",
    r"(?:给|对).{0,6}(?:带来|造成).{0,6}不便|事件编号|为了?(?:更好|方便|便于|进一步).{0,20}",
    rf".{{2,24}}?{OFFICE}(?:网宣办|网信办|网宣中心)?[\d年月日.\-/ ]*",
    r".{0,14}(?:网宣办|网信办|网宣中心|信访办|信箱|热线办公室|领导小组办公室)[\d年月日.\-/ ]*",
    r"(?:https?)?[/a-zA-Z0-9.\-]*",
)
PASSED_ON = (
    rf".{{0,36}}{PASSING}?{PASSED}(?!.{{0,20}}(?:完毕|完成|已整改|已修复|已解决)).{{0,40}}",
    rf".{{0,36}}(?:交|向|给|汇报|反馈).{{0,16}}?{OFFICE}.{{0,6}}(?:反映|反馈|汇报|建议|转达|沟通|{HANDLED})(?:并.{{0,12}})?",
    r".{0,16}(?:汇报|上报|报告|呈报|反映|反馈)(?:给|到|至|了).{2,16}",
    r".{0,20}(?:责成|责令|要求|安排|指派|组织|督促|通知|交代|联系|协调|派).{0,24}?"
    r"(?:开展|展开|进行|进一步|立即|认真|前往|去|予以|尽快)?(?:调查|核实|了解|核查|落实|核处|调查处理|研究|办理)"
    r"(?:核实|处理|了解|落实|情况|此事|工作)?",
    r".{0,16}(?:安排|指派|明确|落实|由|派)了?(?:专人|专班|专门人员)(?:负责)?(?:跟进|跟踪|督办|对接|办理|处理|负责|落实)(?:此事|处理|落实|办理)?",
)
PENDING = (
    rf".{{0,24}}(?:正在|正|尚在|仍在|还在|处于|在)(?:进一步|积极|抓紧|加紧|全力|努力|认真|着手|依法|协同|组织|按.{{0,8}}|进行)?"
    rf".{{0,10}}?{HANDLED}(?:{HANDLED}|之中|当中|中|过程中|阶段|进行中|工作)*(?:此事|该问题|中)?",
    r".{0,20}(?:暂|尚|还)?(?:未|没有|无法|不能|不)(?:得到)?.{0,6}(?:答复|回复|反馈|回应)",
    r".{0,24}(?:已有|已|相关单位|部门|前期|此前|之前).{0,16}?(?:作出|进行|做出|给予|予以|经|已)?过?.{0,4}"
    r"(?:回复|答复|办复)(?:过|了)?",
    r".{0,12}(?:耐心|稍后|稍候|静候)(?:等待|等候)?.{0,10}",
    r".{0,8}(?:我们|我局|我办)?(?:不知道|不清楚|不了解).{0,20}",
)
PROMISED = (
    rf".{{0,36}}{WILL}.{{0,30}}?(?:{HANDLED}|{BETTER}).{{0,24}}",
    r".{0,16}(?:如有|若有|一有|待有|有|如出台|如果有|一旦有).{0,16}"
    r"(?:情况|进展|结果|消息|回复|答复|政策|变化)?.{0,8}(?:反馈|回复|答复|告知|通知|公布|发布|联系).{0,10}",
    r".{0,16}(?:结果|情况|进展).{0,8}(?:及时|第一时间|尽快|另行|再)?.{0,4}(?:反馈|回复|答复|告知|通知|公布|发布).{0,10}",
    r"(?:并|也)?(?:会)?(?:及时|第一时间|尽快).{0,6}(?:反馈|回复|答复|告知)",
    r"(?:如|若|一旦|待|等).{0,4}(?:有|出台).{0,10}(?:政策|消息|进展|结果|情况|变化|疑问|问题|不明|需要)",
    r"(?:并|进一步|切实|全面|同时)*(?:加强|加大|督促|确保|提高|提升|改善|优化|严格|要求其|规范|努力)(?!了).{0,24}",
    r".{0,6}(?:意见|建议|诉求).{0,6}(?:很好|宝贵|合理|采纳|参考|吸纳).{0,8}",
)
SENT_AWAY = (
    rf".{{0,24}}(?:请|建议|可|可以|欢迎|烦请|敬请|望|需).{{0,36}}?{INQUIRE}.{{0,36}}",
    r".{0,10}(?:请|望|需)?.{0,10}(?:提供|完善|补充|说明|表述|描述|留下).{0,16}"
    r"(?:信息|情况|资料|电话|方式|地址|线索|清楚|清晰|具体).{0,16}",
    r"(?:详情|具体|详细).{0,24}(?:咨询|致电|联系|询问|查看).{0,24}",
    r"(?:以便|便于|方便).{0,24}",
)
# A clause that holds one of these tells something, whatever else it holds.
TELLS = re.compile(
    "|".join(
        (
            r"预计|拟于|计划于|定于|已于(?!.{0,14}(?:转|交|作|回复))|月底|年底|月前|月中|季度",
            r"[\d一二三四五六七八九十]+(?:元|米|公里|户|亩|%|％|万|个月|天内|工作日|台|处|盏|吨|平方)",
            r"不属于?|不归|不在.{0,8}范围|没有(?:此类|相关|这)|不存在|属实|不符合|未发现",
            r"完毕|已完成|已整改|已修复|已拆除|已清理|已解决|已处理|罚款|立案|查封|拘留|约谈",
            r"(?<![交转])由.{1,16}(?:负责|办理|管理|制定|审批)(?!.{0,4}答复)|属.{1,16}(?:管辖|管理|职责|业务)|管辖",
            r"(?:可以?|应当?|必须|需).{0,8}(?:申请|起诉|凭|持|携带)|强制执行",
            r"(?:尚|暂|还|仍)?(?:未|没有)(?:确定|出台|启动|开工|批复)",
            r"无法(?!.{0,8}[答回]复)|(?:未|没有?)(?:提供|留下?|说明)|信息不足",
            r"(?:不|未)(?:够)?(?:具体|详细|详|明确|明)",
            r"责令.{0,14}(?:整改|停|拆|改正|恢复|关)",
        )
    )
)
# In this order; what passes on and promises in one breath is called passed on.
KINDS = (
    (Says.PASSED_ON, PASSED_ON), (Says.PENDING, PENDING), (Says.SENT_AWAY, SENT_AWAY), (Says.PROMISED, PROMISED),
    (Says.POLITE, POLITE),
)  # fmt: skip
WHOLE = [(says, re.compile("|".join(f"(?:{pattern})" for pattern in patterns))) for says, patterns in KINDS]


# -- reading --------------------------------------------------------------------------------------------------------


def clauses(text: str) -> list[Clause]:
    """What each clause of a text tells, with where it stands."""
    return list(_clauses(text))


def _clauses(text: str) -> Iterator[Clause]:
    for found in CLAUSE.finditer(text):
        written = found[0]
        start = found.start() + len(written) - len(written.lstrip())
        words = BLANK.sub("", QUOTED.sub("", written))
        yield Clause(start, start + len(written.strip()), *_told(words))


def _told(words: str) -> tuple[Says, int]:
    undated = DATE.sub("", words)
    if len(undated) < 2 or undated.endswith("如下"):
        return Says.POLITE, 0
    if len(words) <= MOST_IN_A_CLAUSE and not TELLS.search(words):
        for says, whole in WHOLE:
            if whole.fullmatch(undated if says == Says.POLITE else words):
                return says, 0
    return Says.SUBSTANCE, len(words)


def substance_of(text: str) -> str:
    """What is left of an answer without everything that tells nothing, a clause a line."""
    return "\n".join(text[clause.start : clause.end] for clause in clauses(text) if clause.substance)


def says_nothing(read: list[Clause]) -> bool:
    """Whether an answer of these clauses tells the caller nothing that was done, found or founded."""
    return sum(clause.substance for clause in read) < LEAST_SUBSTANCE
