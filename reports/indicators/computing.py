"""What an indicator comes to over a window, for the city or for each unit, region, category, kind or channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Aggregate, Avg, BigIntegerField, Count, F, FloatField, Func, Model, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, NullIf

from hotline import replica
from reports.content import cells

from .definitions import INDICATORS, Indicator
from .windows import Window

FEW = 10  # a share or a median of fewer is marked as one that nobody is judged by (样本不足)


class Percentile(Aggregate):
    """The value that a share of the rows has not more than; 0.5 is the median."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Figure:
    """The value of an indicator: a count, a rate with both its numbers, or a mean or percentile over its base."""

    indicator: Indicator
    base: int
    part: int | None = None
    measured: float | None = None

    @property
    def value(self) -> float | None:
        """A count, a share between 0 and 1, or what was measured; None where a rate or a measure has no base."""
        if self.indicator.measure is not None:
            return self.measured
        if self.part is None:
            return self.base
        return self.part / self.base if self.base else None

    @property
    def is_small(self) -> bool:
        """Whether its base is too small to judge by."""
        return self.indicator.unit != "number" and 0 < self.base < FEW

    @property
    def cell(self) -> cells.Cell:
        """As it stands in a report's table."""
        unit = self.indicator.unit
        if unit == "number":
            return self.base
        if unit == "share":
            return cells.share(self.part or 0, self.base, few=self.is_small)
        if unit == "seconds":
            return cells.seconds(self.measured)
        if unit == "hours":
            return cells.hours(self.measured, few=self.is_small)
        return cells.decimal(self.measured)

    @property
    def text(self) -> str:
        return cells.text(self.cell)


# -- by what figures are counted apart ----------------------------------------------------------------------


@dataclass(frozen=True)
class Dimension:
    """What figures are counted apart by. Of a tree, `depth` says how deep its nodes stand that all below is added to:
    1 is a root, 2 what stands below it."""

    name: str
    is_tree: bool = False
    depth: int = 1
    column: str | None = None  # where it is none of the usual ones

    def of(self, indicator: Indicator) -> str | None:
        """The column of the indicator's rows; None where they have none."""
        return self.column or indicator.columns.get(self.name)

    def expression(self, column: str) -> Any:
        """What rows are grouped by: a value, or the id of the node at this depth, of the node itself where it stands
        higher."""
        if not self.is_tree:
            return F(column)
        part = Func(
            F(f"{column}__path"), Value("/"), Value(self.depth + 1), function="split_part", output_field=FloatField()
        )
        node = Cast(NullIf(part, Value(""), output_field=None), BigIntegerField())
        return Coalesce(node, F(f"{column}_id"), output_field=BigIntegerField())


UNIT = Dimension("department", is_tree=True, depth=2)  # sections in their bureau, streets in their district
DISTRICT = Dimension("region", is_tree=True, depth=2)
CATEGORY = Dimension("category", is_tree=True, depth=1)
KIND, CHANNEL = Dimension("kind"), Dimension("channel")
DEPARTMENT, REGION, LEAF_CATEGORY = Dimension("department"), Dimension("region"), Dimension("category")


@dataclass(frozen=True)
class Scope:
    """What figures are narrowed to: rows of these departments, regions, categories (each with all below), kinds and
    channels. Everything where it is empty."""

    departments: tuple[str, ...] = ()  # paths
    regions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any((self.departments, self.regions, self.categories, self.kinds, self.channels))

    def fits(self, indicator: Indicator) -> bool:
        """Whether the indicator's rows can be narrowed so."""
        return all(name in indicator.columns for name, _asked in self._asked())

    def of(self, indicator: Indicator) -> Q:
        """The condition on the indicator's rows. Raises KeyError where it does not fit."""
        found = Q()
        for name, asked in self._asked():
            column = indicator.columns[name]
            if name in ("kind", "channel"):
                found &= Q(**{f"{column}__in": asked})
            else:
                below = Q()
                for path in asked:
                    below |= Q(**{f"{column}__path__startswith": path})
                found &= below
        return found

    def _asked(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        named = (
            ("department", self.departments), ("region", self.regions), ("category", self.categories),
            ("kind", self.kinds), ("channel", self.channels),
        )  # fmt: skip
        return ((name, asked) for name, asked in named if asked)


# -- computing ----------------------------------------------------------------------------------------------


@replica.reads
def compute(names: Iterable[str], window: Window, scope: Scope | Q | None = None) -> dict[str, Figure]:
    """The figures of `names` over the rows in `scope` (all by default).

    A query for each kind of rows and instant: a month's rows are gone through once for all that they count by their own
    columns. Where the scope does not fit an indicator its figure has no base.
    """
    names = list(names)
    found: dict[str, Figure] = {}
    for together in _grouped(names):
        fitting = [one for one in together if not isinstance(scope, Scope) or scope.fits(one)]
        found |= {one.name: Figure(one, 0, 0 if one.is_rate else None) for one in together if one not in fitting}
        if not fitting:
            continue
        counted: dict[str, Any] = {}
        for rows, aggregates in _passes(fitting, window, scope):
            counted |= rows.aggregate(**aggregates)
        found |= _figures(fitting, counted)
    return {name: found[name] for name in names}


@replica.reads
def compute_by(
    dimension: Dimension, names: Iterable[str], window: Window, scope: Scope | Q | None = None
) -> dict[Any, dict[str, Figure]]:
    """The figures of `names` for each value of a dimension, where they have a base; None is what belongs to nobody."""
    result: dict[Any, dict[str, Figure]] = defaultdict(dict)
    for together in _grouped(names):
        fitting = [
            one for one in together if dimension.of(one) and (not isinstance(scope, Scope) or scope.fits(one))
        ]  # fmt: skip
        if not fitting:
            continue
        column = dimension.of(fitting[0])
        assert column is not None
        counted: dict[Any, dict[str, Any]] = defaultdict(dict)
        for rows, aggregates in _passes(fitting, window, scope):
            grouped = rows.values(value_of=dimension.expression(column)).annotate(**aggregates)
            for row in grouped.order_by():
                counted[row["value_of"]] |= row
        for value, row in counted.items():
            figures = {name: figure for name, figure in _figures(fitting, row).items() if figure.base}
            result[value].update(figures)
    return {value: figures for value, figures in result.items() if figures}


def _condition(scope: Scope | Q | None, indicator: Indicator) -> Q:
    return scope.of(indicator) if isinstance(scope, Scope) else scope or Q()


def _grouped(names: Iterable[str]) -> list[list[Indicator]]:
    """Those that count rows of the same kind and the same instants, together."""
    grouped: dict[tuple[type[Model], Any], list[Indicator]] = {}
    for one in (INDICATORS[name] for name in names):
        grouped.setdefault((one.of, one.within), []).append(one)
    return list(grouped.values())


def _passes(
    indicators: list[Indicator], window: Window, scope: Scope | Q | None
) -> Iterator[tuple[QuerySet[Any], dict[str, Aggregate]]]:
    """The rows to go through, and what is counted of them each time: once for all that rows say themselves.

    What asks other rows is counted for itself: as a condition on the rows it is answered for all of them together, in
    a count it would be asked for each.
    """
    one = indicators[0]
    rows = one.of._default_manager.filter(one.within(window)).filter(_condition(scope, one))
    counted = {name: count for indicator in indicators for name, count in _counts(indicator, window).items()}
    together = {name: aggregate for name, (where, aggregate) in counted.items() if not asks_others(where)}
    if together:
        conditions = [where for where, _aggregate in counted.values() if not asks_others(where)]
        yield rows.filter(_in_common(conditions)), {
            name: aggregate(filter=where or None) for name, (where, aggregate) in counted.items() if name in together
        }  # fmt: skip
    for name, (where, aggregate) in counted.items():
        if name not in together:
            yield rows.filter(where), {name: aggregate(filter=None)}


def asks_others(condition: Q) -> bool:
    """Whether other rows must be looked at to say if it is true of one."""
    return any(
        asks_others(child) if isinstance(child, Q) else not isinstance(child, tuple) for child in condition.children
    )


def _in_common(conditions: list[Q]) -> Q:
    """What the rows that count have in common: limits of a few duties, so that the others need not be read."""
    duties: set[Any] = set()
    for condition in conditions:
        named = [child[1] for child in _all_of(condition) if child[0] == "duty"]
        if not named:
            return Q()
        duties.update(named)
    return Q(duty__in=sorted(duties))


def _all_of(condition: Q) -> Iterator[tuple[str, Any]]:
    """The comparisons each of which must be true."""
    if condition.negated or (condition.connector != Q.AND and len(condition.children) > 1):
        return
    for child in condition.children:
        if isinstance(child, Q):
            yield from _all_of(child)
        elif isinstance(child, tuple):
            yield child


def _counts(one: Indicator, window: Window) -> dict[str, tuple[Q, Callable[..., Aggregate]]]:
    """What is counted for an indicator: `_base`, `_part` and `_measured` of its name, each of which rows and how."""
    among, count = one.among_rows(window), partial(Count, "pk")
    found: dict[str, tuple[Q, Callable[..., Aggregate]]] = {f"{one.name}_base": (among, count)}
    if one.part is not None:
        found[f"{one.name}_part"] = (among & one.part(window), count)
    if one.measure is not None:
        measured = partial(Percentile, one.measure, share=one.share) if one.share is not None else partial(
            Avg, one.measure
        )  # fmt: skip
        found[f"{one.name}_measured"] = (among, measured)
    return found


def counts(indicators: Iterable[Indicator], window: Window) -> dict[str, Aggregate]:
    """What is counted of a window's rows for these indicators, in one pass over few rows."""
    return {
        name: aggregate(filter=where or None)
        for one in indicators
        for name, (where, aggregate) in _counts(one, window).items()
    }


def _figures(indicators: Iterable[Indicator], row: dict[str, Any]) -> dict[str, Figure]:
    """Where rows are counted apart a value that is in none of a pass's rows has 0."""
    return {
        one.name: Figure(
            one, row.get(f"{one.name}_base", 0), row.get(f"{one.name}_part", 0) if one.is_rate else None,
            row.get(f"{one.name}_measured"),
        )
        for one in indicators
    }  # fmt: skip


def total(by: dict[Any, dict[str, Figure]], names: Iterable[str]) -> dict[str, Figure]:
    """The figures of `names` over all the rows that `compute_by` counted apart; what is measured cannot be added."""
    found = {}
    for name in names:
        figures = [figures[name] for figures in by.values() if name in figures]
        part = sum(figure.part or 0 for figure in figures) if INDICATORS[name].is_rate else None
        found[name] = Figure(INDICATORS[name], sum(figure.base for figure in figures), part)
    return found
