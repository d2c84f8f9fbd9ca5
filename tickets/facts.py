"""What the words of a call say of when it happened, how much money, which car, whom to call back, and at which door.

Each is read by its own small grammar and given in one way of writing, ready for its field; empty where the words do
not say it. Nothing is read that is only likely: a house number is no day, the number of whoever is complained of is
not called back, a day to come is not when it happened. Measured on sentences that were written before
(tests/tickets/words.csv, docs/decisions/0060).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.utils import timezone

from hotline import telephone
from tickets import search

READ = 2000  # characters of a text that are looked at
LONGEST = 60  # characters of a fact
NAMED = 3  # plates and amounts that are named

DIGIT = {digit: value for value, digits in enumerate("零一二三四五六七八九") for digit in digits} | {"〇": 0, "两": 2}
UNIT = {"十": 10, "百": 100, "千": 1000}
CN = "零〇一二两三四五六七八九十"
N = rf"(?:\d{{1,2}}|[{CN}]{{1,3}})"


@dataclass(frozen=True)
class Facts:
    """What was read, each as it stands in its field."""

    happened: str = ""
    contact_phone: str = ""  # as it is kept
    plate: str = ""
    amount: str = ""


def read(text: str, at: datetime, *, caller: str = "") -> Facts:
    """The facts in the words of a call that came `at`; `caller` is the number it came from, which is no second one."""
    said = folded(text)
    return Facts(
        happened=happened(said, timezone.localtime(at)),
        contact_phone=contact(said, caller),
        plate=_joined(plates(said)),
        amount=_joined(amounts(said)),
    )


def folded(text: str) -> str:
    """A text as it is read here: one width of letters and digits, and one script of characters."""
    return search.simplified(unicodedata.normalize("NFKC", text[:READ]))


def _joined(found: Iterable[str]) -> str:
    """The first few of them, as many as a field holds."""
    joined = ""
    for one in list(dict.fromkeys(found))[:NAMED]:
        longer = f"{joined}、{one}" if joined else one
        if len(longer) > LONGEST:
            break
        joined = longer
    return joined


def number_of(written: str) -> float | None:
    """A number in digits or in Chinese numerals, with 万 in either; None where it is none."""
    written = written.replace(",", "")
    whole, ten_thousands, rest = written.partition("万")
    if ten_thousands:
        most = number_of(whole)
        if most is None or not rest:
            return None if most is None else round(most * 10_000, 2)
        if len(rest) == 1:  # 3万2 is 32,000
            rest += "千"
        least = number_of(rest)
        return None if least is None else most * 10_000 + least
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)([百千]?)", written):
        return round(float(found[1]) * UNIT.get(found[2], 1), 2)
    total, digit = 0, None
    for sign in written:
        if sign in UNIT:
            total += (1 if digit is None else digit) * UNIT[sign]
            digit = 0
        elif sign in DIGIT:
            digit = DIGIT[sign]
        else:
            return None
    before = UNIT.get(written[-2], 1) if len(written) > 1 else 1
    if digit and before > 10:  # 三千六 is 3,600
        return total + digit * before // 10
    return total + (digit or 0) if written else None


# -- cars -----------------------------------------------------------------------------------------------------

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PLATE = re.compile(
    rf"([{PROVINCES}][A-Z])[·•.\-\s]{{0,2}}((?:[A-Z0-9]{{6}}|[A-Z0-9]{{5}}|[A-Z0-9]{{4}}[挂学警港澳]))(?![A-Z0-9])"
)
WITHOUT_PROVINCE = re.compile(r"车牌号?码?(?:是|为|:)?\s?([A-Z])[·•.\-\s]{0,2}([A-Z0-9]{5,6})(?![A-Z0-9])")


def plates(said: str) -> Iterator[str]:
    """The number plates that are named, without what parts them."""
    upper = said.upper()
    for pattern in (PLATE, WITHOUT_PROVINCE):
        for found in pattern.finditer(upper):
            if re.search(r"\d", found[2]):
                yield found[1] + found[2]


# -- money ----------------------------------------------------------------------------------------------------

SUM = rf"(?:\d[\d,]*(?:\.\d+)?[百千]?|[{CN}百千]{{1,9}})(?:万(?:\d[百千]?(?!\d)|[{CN}百千]{{1,9}})?)?"
AFTER_COINS = r"(?=钱|[\d,。、;!?，；！？\s)]|$|多|左右|买|就|才|不|没|还|每|给|定|押)"
MONEY = re.compile(
    rf"(?<![\d.第几数])(?P<sum>{SUM})\s?(?P<about>多|余|来|几)?\s?(?P<ten>万)?"
    rf"(?:(?:元|圆)(?!宵|旦)|块{AFTER_COINS}(?:(?P<tenth>[\d一二三四五六七八九])(?:毛|角)?(?!\d))?)"
)
COUNTED = r"(?!元|块|多|余|人|户|平|亩|吨|公|个|件|份|株|头|只|步|字|张|米|里|次|名|辆|伏)"
TEN_THOUSANDS = re.compile(
    rf"(?<![\d.第几数])(?P<sum>(?:\d+(?:\.\d+)?|[{CN}百千]{{1,9}})万(?:\d(?!\d)|[{CN}千百]{{1,9}})?){COUNTED}"
)
OF_MONEY = re.compile("钱|款|费|金|工资|薪|赔|补偿|骗|损失|花|欠|押|彩礼|价|贷|债|薪水|收入|买")
CLAUSE = re.compile("[,，。;；!！?？\n]")


def amounts(said: str) -> Iterator[str]:
    """The sums of money that are named, in yuan."""
    found = [(one.start(), _yuan(one)) for one in MONEY.finditer(said)]
    taken = {begin for begin, _yuans in found}
    for one in TEN_THOUSANDS.finditer(said):
        if one.start() not in taken and OF_MONEY.search(_clause_round(said, one.start())):
            found.append((one.start(), _written(number_of(one["sum"]), "")))
    return (amount for _begin, amount in sorted(found) if amount)


def _yuan(found: re.Match[str]) -> str:
    value = number_of(found["sum"])
    if value is None:
        return ""
    if found["ten"]:
        value *= 10_000
    if tenth := found["tenth"]:
        value += (int(tenth) if tenth.isdigit() else DIGIT[tenth]) / 10
    if found["sum"] == "一" and "块" in found[0] and not found["tenth"]:
        return ""  # 一块 is also a piece
    return _written(value, "多" if found["about"] else "")


def _written(value: float | None, about: str) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") + f"{about}元" if value else ""


def _clause_round(said: str, at: int) -> str:
    before = max((one.end() for one in CLAUSE.finditer(said, 0, at)), default=0)
    after = CLAUSE.search(said, at)
    return said[before : after.start() if after else len(said)]


# -- a second number ------------------------------------------------------------------------------------------

NUMBER = re.compile(rf"(?<![\d+])(?:\+?\d[\d\s()\-]{{5,18}}\d(?:转\d{{1,6}})?|[{CN[:-1]}幺]{{7,12}})(?!\d)")
CALLED = re.compile("联系|回电|回拨|打|电话|手机|座机|号码")
SOMEBODY_ELSES = re.compile(
    "对方|骗|商家|店家|老板|店主|公司|中介|物业|客服|户号|账号|帐号|卡号|单号|身份证|编号|商户|房东"
)
BEFORE_A_NUMBER = 24  # characters that say whose it is


def contact(said: str, caller: str) -> str:
    """The number that shall be called instead of the caller's, as it is kept; of several the first."""
    for found in NUMBER.finditer(said):
        before = re.split("[。;；!！?？\n]", said[max(0, found.start() - BEFORE_A_NUMBER) : found.start()])[-1]
        if not CALLED.search(before) or SOMEBODY_ELSES.search(before):
            continue
        number = telephone.read_or_none(found[0])
        if number and number.kind in (telephone.Kind.MOBILE, telephone.Kind.LANDLINE) and number.kept != caller:
            return number.kept
    return ""


# -- when -----------------------------------------------------------------------------------------------------

PARTS = {
    word: part
    for part, words in {
        "凌晨": "凌晨", "早上": "早上 清晨 早晨 清早 早高峰 早", "上午": "上午", "中午": "中午", "下午": "下午 午后",
        "傍晚": "傍晚 晚高峰", "晚上": "晚上 夜晚 晚间 晚", "夜里": "夜里 半夜 深夜 夜间 夜",
    }.items()
    for word in words.split()
}  # fmt: skip
LONG_PARTS = "|".join(part for part in PARTS if len(part) > 1)
PART = rf"(?P<part>{LONG_PARTS}|(?<=[今昨前每])[早晚夜]|[早晚](?={N}点))"
LATE = ("下午", "傍晚", "晚上", "夜里")


def _pattern_of_clock(which: int) -> str:
    """A time of day: 十点半, 8点20分, 14:30. Its groups are named hour, rest and minute with `which` behind."""
    return (
        rf"(?P<hour{which}>{N})(?:[点时](?!候|间|段|常|不时)(?P<rest{which}>半|一刻|三刻|{N}分?)?|:(?P<minute{which}>\d\d))"
        r"钟?(?:多|左右|许|整)?"
    )


CLOCK = _pattern_of_clock(1)
UNTIL = rf"(?:\s?[到至~\-—–]\s?(?:第二天|次日)?(?P<part2>{LONG_PARTS})?{_pattern_of_clock(2)})?"
DAY = (
    r"(?P<near>大前天|前天|昨天|昨日|今天|今日|前(?=晚|夜)|昨(?=晚|夜|早)|今(?=早|晚|晨|夜))"
    r"|(?P<week>上上个?|上个?|这个?|本)?(?:星期|周|礼拜)(?P<weekday>[一二三四五六日天])"
    rf"|(?P<year>\d{{4}}年|今年|去年|前年)?(?P<month>上个?月|这个?月|本月|{N}月份?)"
    rf"(?:(?P<day>{N})[号日]|(?P<third>上旬|中旬|下旬|初|底))?"
    r"|(?P<iso>\d{4}[-/.]\d{1,2}[-/.]\d{1,2})"
    rf"|(?<![路街道巷弄村场城区{CN}\d])(?P<bare>{N})[号日](?=那天|当天|{LONG_PARTS})"
    rf"|(?P<ago>{N}|半个)(?P<ago_unit>天|个?月|个?星期|个?周|个?礼拜)(?:之?以?前)"
)
ON_A_DAY = re.compile(rf"(?P<since>从|自)?(?:{DAY})(?:那天|当天|的)?{PART}?(?:的|大?约|差不多)?(?:{CLOCK}{UNTIL})?")
SINCE = re.compile(r"\s?(?:开始|起|以来)")
EVERY = re.compile(
    rf"(?P<every>每天|每日|天天|每(?=晚|夜|早)|每个?(?:星期|周|礼拜)(?P<weekday>[一二三四五六日天末]))(?:都|的)?{PART}?(?:的)?"
    rf"(?:{CLOCK}{UNTIL})?"
)
AT_A_PART = re.compile(rf"(?<![今昨前天日号]){PART}(?:{CLOCK}{UNTIL})?")
LASTING = re.compile(
    rf"(?<![这前近每第头])(?P<before>已经?|连续|持续)?约?(?P<count>{N}|半个)(?P<unit>天|个?月|个?星期|个?周|个?礼拜)(?:多|左右)?"
    r"(?P<after>了(?!几|好)|没|无|不(?!到|足))?"
)
JUST_NOW = re.compile(rf"刚才|刚刚|(?P<count>{N}|半)个?(?P<unit>小时|钟头|分钟)(?:之?以?前)")
DAILY = re.compile("天天|每天|每日|每晚")
TO_COME = re.compile("明天|后天|明早|明晚|下周|下个月|下星期|周末")
NEAR = {"大前天": 3, "前天": 2, "前": 2, "昨天": 1, "昨日": 1, "昨": 1, "今天": 0, "今日": 0, "今": 0}
COMING_MONTHS = 2  # a month without a year that lies so near ahead is the coming one
MINUTE, DAY_KNOWN, TENTH, MONTH = 4, 3, 2, 1  # how exactly it is said; the most exact counts


@dataclass(frozen=True)
class _When:
    exactness: int
    begin: int
    written: str


def happened(said: str, at: datetime) -> str:
    """When it happened, as exactly as it is said: 2026-11-24 22:00, 2026-11-24 晚上, 每天 22:00–02:00, 2026-05 起."""
    found = [*_every(said), *_on_days(said, at), *_lasting(said, at)]
    if not found:
        found = [*_just_now(said, at), *_at_parts(said, at)]
    best = max(found, key=lambda one: (one.exactness, -one.begin), default=None)
    return best.written[:LONGEST] if best else ""


def _every(said: str) -> Iterator[_When]:
    for found in EVERY.finditer(said):
        often = f"每周{found['weekday']}" if found["weekday"] else "每天"
        rest = _time(found)
        if rest:
            yield _When(MINUTE, found.start(), f"{often} {rest}")
    if DAILY.search(said):
        for found in AT_A_PART.finditer(said):
            if rest := _time(found):
                yield _When(DAY_KNOWN, found.start(), f"每天 {rest}")


def _on_days(said: str, at: datetime) -> Iterator[_When]:
    for found in ON_A_DAY.finditer(said):
        day, exactness = _day(found, at.date())
        if not day:
            continue
        rest = _time(found) if exactness == DAY_KNOWN else ""
        if rest and found["near"] and found["part"] in ("半夜", "夜里", "深夜", "夜", "晚上", "晚") and rest < "05:00":
            day = _shown(date.fromisoformat(day) + timedelta(days=1))  # 昨天夜里一点 was this morning
        if exactness == DAY_KNOWN and day > _shown(at.date()):
            continue
        since = " 起" if SINCE.match(said, found.end()) else ""
        exact = MINUTE if ":" in rest else exactness
        yield _When(exact, found.start(), f"{day} {rest}".strip() + since)


def _lasting(said: str, at: datetime) -> Iterator[_When]:
    for found in LASTING.finditer(said):
        is_lasting = found["before"] or found["after"]
        if is_lasting and (day := _before(at.date(), found["count"], found["unit"])):
            yield _When(DAY_KNOWN, found.start(), f"{_shown(day)} 起")


def _just_now(said: str, at: datetime) -> Iterator[_When]:
    if found := JUST_NOW.search(said):
        many = 0.5 if found["count"] == "半" else number_of(found["count"] or "零") or 0
        ago = timedelta(minutes=many if found["unit"] == "分钟" else many * 60)
        yield _When(MINUTE, found.start(), f"{at - ago:%Y-%m-%d %H:%M}")


def _at_parts(said: str, at: datetime) -> Iterator[_When]:
    """A time of day without a day is today's, where it has passed and no other day is spoken of."""
    if TO_COME.search(said):
        return
    for found in AT_A_PART.finditer(said):
        rest = _time(found)
        if ":" in rest and rest[:5] <= f"{at:%H:%M}":
            yield _When(MINUTE, found.start(), f"{_shown(at.date())} {rest}")


def _shown(day: date) -> str:
    return day.isoformat()


def _day(found: re.Match[str], today: date) -> tuple[str, int]:
    """The day, or the month, that an expression means, and how exact that is; empty where it lies ahead or is none."""
    if found["near"]:
        return _shown(today - timedelta(days=NEAR[found["near"]])), DAY_KNOWN
    if found["weekday"]:
        is_meant = found["week"] or found["part"]  # 周六 alone is as often the coming one
        return (_weekday(found, today), DAY_KNOWN) if is_meant else ("", 0)
    if found["iso"]:
        year, month, day = (int(part) for part in re.split("[-/.]", found["iso"]))
        return _date(year, month, day), DAY_KNOWN
    if found["bare"]:
        return _last_such_day(today, int(number_of(found["bare"]) or 0)), DAY_KNOWN
    if found["ago"]:
        before = _before(today, found["ago"], found["ago_unit"])
        if before is None:
            return "", 0
        is_month = "月" in found["ago_unit"] and found["ago"] != "半个"
        return (f"{before:%Y-%m}", MONTH) if is_month else (_shown(before), DAY_KNOWN)
    return _in_a_month(found, today)


def _weekday(found: re.Match[str], today: date) -> str:
    wanted = "一二三四五六日".index(found["weekday"].replace("天", "日"))
    monday = today - timedelta(days=today.weekday())
    if week := found["week"]:
        back = 2 if week.startswith("上上") else 1 if week.startswith("上") else 0
        day = monday + timedelta(days=wanted - 7 * back)
    else:
        day = today - timedelta(days=(today.weekday() - wanted) % 7)
    return _shown(day) if day <= today else ""


def _in_a_month(found: re.Match[str], today: date) -> tuple[str, int]:
    written, year = found["month"], found["year"]
    if written.startswith("上"):
        last = today.replace(day=1) - timedelta(days=1)
        of_year, month = last.year, last.month
    elif written.startswith(("这", "本")):
        of_year, month = today.year, today.month
    else:
        month = int(number_of(re.sub("月份?", "", written)) or 0)
        of_year = _year(year, month, today)
    if not 1 <= month <= 12 or not of_year or (of_year, month) > (today.year, today.month):
        return "", 0
    if found["day"]:
        return _date(of_year, month, int(number_of(found["day"]) or 0)), DAY_KNOWN
    if found["third"]:
        return f"{of_year}-{month:02d} {found['third'].replace('初', '月初').replace('底', '月底')}", TENTH
    return f"{of_year}-{month:02d}", MONTH


def _year(written: str | None, month: int, today: date) -> int:
    """The year of a month; 0 where the month lies ahead."""
    if written:
        named = {"今年": today.year, "去年": today.year - 1, "前年": today.year - 2}
        return named.get(written) or int(written.removesuffix("年"))
    if month <= today.month:
        return today.year
    return 0 if month - today.month <= COMING_MONTHS else today.year - 1


def _last_such_day(today: date, day: int) -> str:
    if day <= today.day:
        return _date(today.year, today.month, day)
    last = today.replace(day=1) - timedelta(days=1)
    return _date(last.year, last.month, day)


def _date(year: int, month: int, day: int) -> str:
    try:
        return _shown(date(year, month, day))
    except ValueError:
        return ""


def _before(today: date, count: str, unit: str) -> date | None:
    if count == "半个":
        return today - timedelta(days=15 if "月" in unit else 3)
    many = number_of(count)
    if not many:
        return None
    days = {"天": 1, "月": 30, "期": 7, "周": 7, "拜": 7}[unit[-1]]
    if days == 30:
        months = today.year * 12 + today.month - 1 - int(many)
        return date(months // 12, months % 12 + 1, min(today.day, 28))
    return today - timedelta(days=days * int(many))


def _time(found: re.Match[str]) -> str:
    """The time of day in an expression: 22:00, 22:00–02:00, or 晚上."""
    part = PARTS.get(found["part"] or "", "")
    begin = _clock(found, 1, part)
    if not begin:
        return part
    end = _clock(found, 2, PARTS.get(found["part2"] or "", part))
    return f"{begin}–{end}" if end else begin


def _clock(found: re.Match[str], which: int, part: str) -> str:
    written = found[f"hour{which}"]
    if not written or re.fullmatch("[一二三四五六七八九]{2}", written):  # 四五点 is about that time
        return ""
    hour = int(number_of(written) or 0)
    rest = found[f"minute{which}"] or found[f"rest{which}"] or "0"
    minute = {"半": 30, "一刻": 15, "三刻": 45}.get(rest)
    if minute is None:
        minute = int(number_of(rest.removesuffix("分")) or 0)
    if not part and 1 <= hour <= 6 and not found[f"minute{which}"]:
        return ""  # in the morning or in the afternoon
    if (part in LATE and 5 <= hour < 12) or (part in ("下午", "中午", "傍晚") and 1 <= hour < 5):
        hour += 12
    elif part in ("凌晨", "夜里", "晚上") and hour in (12, 24):
        hour = 0
    return f"{hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else ""


# -- at which door --------------------------------------------------------------------------------------------

DOOR = (
    r"(?:(?:[A-Za-z]?\d{1,5}(?:-\d{1,5}){0,3}|[一二三四五六七八九十]{1,3}(?=栋|幢|单元|组))"
    r"(?:号楼|号院(?!墙|子)|号(?!线|门(?!口|前|外))|弄|栋|幢|座|单元|室|组|户)|(?<=[元栋幢座楼])\d{3,5}(?!\d))*"
)
HAN = r"[一-鿿]"
BEFORE_ROAD = r"(?:^|[在从到于址是沿住把,，。、:：\s]|街道|镇|乡|投诉|反映)"
CROSSING = re.compile(rf"[和与]{HAN}{{2,5}}?(?:大道|路|街|巷)")
ROAD = re.compile(
    rf"{BEFORE_ROAD}(?P<road>(?!投诉|反映|来电)(?:(?![在从到于是住把]){HAN}){{2,5}}?(?:大道|路|街|巷))"
    rf"(?P<door>(?=\d{{1,4}}号){DOOR})"
)
ENDS_OF_ROADS = "路街巷道"
AND = r"\s?[和与跟同、]\s?"
CROSSED = re.compile(r"的?(?:交叉|交汇|交会|交界|相交|十字路口|丁字路口|路口|红绿灯|转角|拐角)(?:路?口|处|的?地方)?")
ANOTHER_ROAD = rf"(?:(?![在从到于是住把和与跟同]){HAN}){{1,5}}?(?:大道|路|街|巷)"
FIRST_ROAD = rf"{BEFORE_ROAD}(?P<road>(?!投诉|反映|来电){ANOTHER_ROAD})"
CROSSES = re.compile(rf"{AND}{ANOTHER_ROAD}{CROSSED.pattern}")
ROAD_BEFORE = re.compile(rf"{FIRST_ROAD}{AND}$")
TWO_ROADS = re.compile(FIRST_ROAD + CROSSES.pattern)
BUILDING = re.compile(r"(?<!\d)\d{1,3}号楼")
# 不是文化路，是城站路, and 文化路，我说错了，是城站路.
DENIED = re.compile("(?<!是)不(?:是|在)$")
TAKEN_BACK = re.compile(
    "[,，。;；]?(?:哦|啊|呃|嗯)?[,，]?(?:不对|我?[说讲记搞]错了)[,，。;；]?(?:我?[说讲记搞]错了[,，。]?)?(?:应该)?[是在]"
)


def is_taken_back(said: str, begin: int, end: int) -> bool:
    """Whether the caller says of the place that is named there that it is another one."""
    return bool(DENIED.search(said, max(0, begin - 3), begin) or TAKEN_BACK.match(said, end))


@lru_cache(maxsize=4096)
def _written_as(place: str) -> re.Pattern[str]:
    """A name of a place, with the blanks that people leave in it."""
    return re.compile(r"\s?".join(map(re.escape, place)))


def _crossing(said: str, places: Iterable[tuple[int, int]]) -> str:
    """Two roads of which the caller says that they cross, as it was said; `places` are spans of known names."""
    for begin, end in sorted(places):
        if (other := CROSSES.match(said, end)) and said[end - 1] in ENDS_OF_ROADS:
            return said[begin : other.end()]
        before = ROAD_BEFORE.search(said, max(0, begin - 12), begin)
        if before and (rest := CROSSED.match(said, end)):
            return said[before.start("road") : rest.end()]
    if found := TWO_ROADS.search(said):
        return said[found.start("road") : found.end()]
    return ""


def address(said: str, places: Iterable[str] = ()) -> str:
    """The door that the words name, or the place alone; `places` are names of the place book that stand in them.

    A road that the book does not know is believed where a house number follows, or where it crosses one.
    """
    found: list[tuple[int, str]] = []
    named = [one for place in places if place and (one := _written_as(place).search(said))]
    if crossing := _crossing(said, [one.span() for one in named]):
        return crossing[:LONGEST]
    for one in named:
        door = re.compile(DOOR).match(said, one.end())
        found.append((one.start(), one[0] + (door[0] if door else "")))
    found += [(one.start("road"), one["road"] + one["door"]) for one in ROAD.finditer(said)]
    found = [
        (begin, one)
        for begin, one in found
        if not CROSSING.match(said, begin + len(one)) and said[begin - 1 : begin] not in ("和", "与")
    ]
    found = [(begin, one) for begin, one in found if not is_taken_back(said, begin, begin + len(one))] or found
    best = max(found, key=lambda one: (bool(re.search(r"\d", one[1])), len(one[1]), -one[0]), default=None)
    if best:
        return best[1][:LONGEST]
    building = BUILDING.search(said)
    return building[0] if building else ""
