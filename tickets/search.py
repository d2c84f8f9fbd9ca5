"""Full-text search that finds two-character Chinese words, on PostgreSQL alone.

PostgreSQL has no Chinese word splitter without extensions, so we cut text ourselves: a run of Chinese
characters into overlapping pairs (钢板异响 → 钢板 板异 异响 响), a run of letters and digits into one lower-case
word, a run of four or more digits also into its endings, so that the last digits of a phone find it. The
tokens go into a tsvector with a GIN index. A query is cut the same way and asks for all its pairs; a single
character asks for pairs that begin with it.

A list shows the first few of what is found, in some order. Where much is found the first few are soon met along that
order's index; where little is found they are gathered from the search index and sorted. PostgreSQL would choose
between the two by an estimate that is far too high for rare words, and walk along a million tickets to find nothing;
`narrow` chooses itself.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Func, Model, Q, QuerySet, TextField, Value

RUNS = re.compile(r"(?P<han>[\u3400-\u4dbf\u4e00-\u9fff]+)|(?P<word>[0-9a-z]+)")
MIN_DIGITS = 4  # the shortest ending of a number that is worth an entry
MAX_WORD = 40  # characters
# Share of the tickets up to which what is found is gathered and sorted. At a million this is 5,000 rows, which take
# about as long to gather as 25 of them take to be met along an index.
GATHERED = 0.005
EVERYTHING = 2**31  # a limit that cuts nothing off, but has PostgreSQL plan what it limits by itself
Rows = TypeVar("Rows", bound="QuerySet[Any]")


def tokens(text: str) -> Iterator[str]:
    """The tokens under which `text` is found."""
    for run in RUNS.finditer(text.lower()):
        if characters := run["han"]:
            yield from (characters[i : i + 2] for i in range(len(characters)))
        else:
            word = run["word"][:MAX_WORD]
            yield word
            if word.isdecimal():
                yield from (word[i:] for i in range(1, len(word) - MIN_DIGITS + 1))


def vector(*texts: str) -> Func:
    """A database expression: the search vector of `texts`."""
    found = sorted({token for text in texts for token in tokens(text)})
    return Func(Value(found, output_field=ArrayField(TextField())), function="array_to_tsvector")


def query(words: str) -> SearchQuery | None:
    """The query for what a person typed; None where that holds nothing to search for."""
    terms = list(_terms(words))
    if not terms:
        return None
    return SearchQuery(" & ".join(terms), search_type="raw", config="simple")


def _terms(words: str) -> Iterable[str]:
    for run in RUNS.finditer(words.lower()):
        characters = run["han"]
        if not characters:
            yield f"'{run['word'][:MAX_WORD]}':*"
        elif len(characters) == 1:
            yield f"'{characters}':*"
        else:
            yield from (f"'{characters[i : i + 2]}'" for i in range(len(characters) - 1))


def narrow(rows: Rows, condition: Q) -> Rows:
    """Those of `rows` for which a search's `condition` is true, by the way that suits how many there are."""
    found = rows.model._default_manager.filter(condition)
    if _expected(found) > GATHERED * _stored(rows.model):
        return rows.filter(condition)
    return rows.filter(pk__in=found.values("pk")[:EVERYTHING])


def _expected(found: "QuerySet[Any]") -> float:
    """How many rows PostgreSQL expects; for words good where they are common, too high where they are rare."""
    return float(json.loads(found.values("pk").explain(format="json"))[0]["Plan"]["Plan Rows"])


def _stored(model: type[Model]) -> float:
    """How many rows the table had when it was last looked over; at least one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        return max(1.0, cursor.fetchone()[0])
