"""Whether an answer is about what was asked: whether one word of the matter stands in both.

Words are pairs of Chinese characters, as the search has them. A pair that stands in every second letter to an office
says nothing of its matter; GENERAL are those. An answer that shares not one other pair with what was asked, where it
lies and what it is filed under, is about something else; of real answers one or two in a hundred share none.
"""

from __future__ import annotations

from tickets import search
from tickets.models import Category

LEAST = 30  # characters of substance; less may be about a matter without naming it
WORDS = """
问题 进行 政府 部门 相关 没有 工作 情况 我们 建设 要求 根据 一个 关于 人员 领导 可以 管理 公司 规定 现在 希望
目前 时间 解决 项目 咨询 的问 反映 影响 什么 不能 办理 部分 已经 通过 投诉 处理 存在 关部 有关 严重 按照 单位
由于 行为 国家 中心 需要 如果 行了 请求 作为 尊敬 一直 敬的 无法 多次 组织 服务 发展 不是 实施 是一 基本 其他
使用 造成 符合 我是 条件 但是 都是 导致 有一 负责 书记 的情 是否 群众 以上 今年 同时 提供 这个 本人 通知 请问
就是 实际 这样 正在 区的 们的 现场 完成 因为 还是 属于 作人 所有 了一 方案 您好 调查 的一 民的 定的 建议 办法
开始 安排 回复 发现 主要 为了 的人 任何 谢谢 个人 他们 自己 具体 正常 我局 以及 方式 为什 原因 这些 所以 得到
明确 还有 电话 很多 必须 或者 一下 增加 经过 只有 对于 考虑 方便 了解 现象 全部 第一 发生 重视 非常 怎么 及时
不知 只能 时候
"""
GENERAL = frozenset(WORDS.split())


def shares_a_word(substance: str, asked: str, category: Category | None) -> bool:
    """Whether an answer names anything that was asked, or under which it is filed."""
    filed = (category.name, category.keywords) if category else ()
    return bool((_pairs(substance) & _pairs("\n".join((asked, *filed)))) - GENERAL)


def _pairs(text: str) -> set[str]:
    runs = (run["han"] for run in search.RUNS.finditer(search.fold(text)))
    return {run[i : i + 2] for run in runs if run for i in range(len(run) - 1)}
