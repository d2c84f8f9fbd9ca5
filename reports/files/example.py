"""A report of nothing real: what a template is tried out with, and what a test looks at.

It has all that a report may have: text, a chart, figures of every form, a total, a table too wide for an upright page.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from .paper import Paper

PAPER: dict[str, Any] = {
    "title": "示例市12345热线月报 2026年4月",
    "subtitle": "2026年4月",
    "issue_number": 12,
    "issued_on": date(2026, 5, 6),
    "issuer": "示例市12345热线",
    "approver": "李某",
    "made_at": datetime(2026, 5, 4, 23, 0, tzinfo=UTC),
    "made_by": "王某",
    "is_partial": True,
    "version": 2,
}
SAID = "4月共受理2,000 件，办结率 95.3%，环比上升 1.2 个百分点（2026-04-01 至 04-30）。"


def paper(**other: Any) -> Paper:
    return Paper(**(PAPER | other))


def sections() -> list[dict[str, Any]]:
    units = [f"示例区第{number}街道办事处" for number in range(1, 31)]
    by_unit: list[list[Any]] = [
        [unit, 1000 + at, {"share": [at, 40]}, {"change": -0.1234}, {"points": -1.2}, {"hours": 12.5}, {"rank": at + 1}]
        for at, unit in enumerate(units)
    ]
    by_unit.append(["合计", 30435, {"share": [435, 1200], "few": True}, "—", "—", "—", "—"])
    kinds = [["投诉", 1234, {"percent": 61.7}], ["咨询", 766, {"percent": 38.3}], ["合计", 2000, {"percent": 100.0}]]
    months = [[f"第{row}项指标"] + [{"count": 100000 + row}] * 20 for row in range(1, 4)]
    columns = ["承办单位", "受理量", "办结率", "环比", "较上期", "平均用时", "排名"]
    note = "按办理时的承办单位统计。"
    chart = {"label": 0, "value": 1}
    return [
        _section("summary", "总体情况", [], [], paragraphs=[SAID]),
        _section("kinds", "诉求类型", ["诉求类型", "件数", "占比"], kinds, chart=chart, has_total=True),
        _section("units", "各承办单位办理情况", columns, by_unit, note=note, has_total=True),
        _section("months", "逐月指标", ["指标"] + [f"{month}月" for month in range(1, 21)], months),
        _section("none", "已中止", ["工单编号", "事项"], []),
    ]


def _section(key: str, title: str, columns: list[str], rows: list[list[Any]], **more: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"note": "", "chart": None, "about": [], "tells": [], "paragraphs": [], "has_total": False}
    return {"key": key, "title": title, "columns": columns, "rows": rows} | plain | more
