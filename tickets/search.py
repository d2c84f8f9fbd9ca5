"""Full-text search that finds two-character Chinese words, on PostgreSQL alone.

PostgreSQL has no Chinese word splitter without extensions, so we cut text ourselves.

1. Text is folded: width and compatibility forms (NFKC), case, and traditional characters to simplified ones.
2. A run of Chinese characters is cut into overlapping pairs (钢板异响 → 钢板 板异 异响 响), a run of other letters and
   digits is one word. Four or more digits are found by each of their endings too, and a telephone number that is
   written with blanks or dashes by its digits as they are kept.
3. The tokens go into a tsvector with a GIN index. What a person types is folded and cut the same way and asks for all
   its pairs and for words that begin so; a single character asks for pairs that begin with it. A label before a number
   (电话：, 工单号) is not asked for.

Who called is found too, and stands in no index: there every token is a keyed digest (`hidden_entries`,
hotline.vault.blind). So a name is found by its pairs and its single characters, a number whole, by its endings and by
its middle group; a beginning of a word finds nothing there.

Old rows were cut as it was done then: `CUT` counts the ways, and tickets.lists.reindexing brings rows up to it.

A list shows the first few of what is found, in some order. Where much is found the first few are soon met along that
order's index; where little is found they are gathered from the search index and sorted. PostgreSQL would choose
between the two by an estimate that is far too high for rare words, and walk along a million tickets to find nothing;
`narrow` chooses itself, and looks where PostgreSQL cannot know.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, TextField, Value

from hotline import telephone, text
from hotline.vault import blind

CUT = 5
# Every Chinese character of Unicode: radicals, numerals, extensions A to J, and the private area of GBK's rare names.
HAN = "⺀-⿕々-〇〡-〩〸-〻㐀-䶿一-鿿豈-﫿\ue000-\uf8ff\U00020000-\U0003fffd"
RUNS = re.compile(rf"(?P<han>[{HAN}]+)|(?P<word>[^\W_{HAN}]+)")
CHOOSING_A_FORM = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # of a character; the character is the same
NUMBER = re.compile(r"(?<![\w+])[+(]{0,2}\d[\d\s()\-]{4,20}\d(?:\s*(?:转|ext\.?|-)\s*\d{1,6})?(?!\w)")
LABEL = re.compile(
    r"(?:[^\s\d:,;]{1,8}:|(?:联系|来电|固定|手机)?(?:电话|手机|座机|号码)(?:号码|号)?|(?:工单|诉求|受理|投诉|单)(?:编号|号码|号)?|编号)"
    r"[\s:#]*(?=[+(]{0,2}\d{3}|[a-z]{1,4}\d{6})"
)
AFTER_A_NUMBER = re.compile(r"(?<=\d{6})\s*号")
MIN_DIGITS = 4  # the shortest ending of a number that is worth an entry
MAX_WORD = 40  # characters
MAX_ASKED = 120  # characters of a search that are looked at
# Share of the tickets up to which what is found is gathered and sorted. At a million this is 5,000 rows, which take
# about as long to gather as 25 of them take to be met along an index.
GATHERED = 0.005
# PostgreSQL expects one row in a hundred of a beginning that it has never seen, and that in two columns; and several
# words as seldom together as if none had to do with another. Up to this share it may not know, and it is looked.
UNKNOWN = 0.0205
EVERYWHERE = 0.1  # the share from which words stand in tickets of every sort, and looking them up alone takes long
Rows = TypeVar("Rows", bound=QuerySet[Any])


def fold(written: str) -> str:
    """`written` as it is compared: one form for every width, case and script of the same characters."""
    folded = unicodedata.normalize("NFKC", text.clean(written)).casefold()
    return CHOOSING_A_FORM.sub("", folded).translate(_same_characters())


def simplified(written: str) -> str:
    """A text with its traditional characters as simplified ones, sign by sign, so that it is as long as it was."""
    return written.translate(_same_characters())


@cache
def _same_characters() -> dict[int, str]:
    """Traditional characters with their simplified ones (OpenCC), digits of every script with ours.

    Character by character, unlike OpenCC itself: a search may hold half of the word that OpenCC would look at.
    """
    table = {code: str(unicodedata.decimal(chr(code))) for code in range(0x80, 0x20000) if chr(code).isdecimal()}
    pairs = (resources.files("opencc") / "dictionary" / "TSCharacters.txt").read_text(encoding="utf-8")
    for line in pairs.splitlines():
        traditional, simplified = line.split("\t")
        table[ord(traditional)] = simplified.split()[0]
    return table


def tokens(written: str) -> Iterator[str]:
    """The tokens under which a text is found."""
    folded = fold(written)
    for run in RUNS.finditer(folded):
        if characters := run["han"]:
            yield from (characters[i : i + 2] for i in range(len(characters)))
        else:
            word = run["word"][:MAX_WORD]
            yield word
            yield from _endings(word)
    for number in NUMBER.finditer(folded):
        if read := telephone.read_or_none(number[0]):
            yield read.digits.lstrip("+")
            yield from _endings(read.digits)


def _endings(word: str) -> Iterator[str]:
    """The endings of the digits in a word."""
    for run in re.finditer(rf"\d{{{MIN_DIGITS},}}", word):
        digits = run[0]
        yield from (digits[i:] for i in range(0 if len(digits) < len(word) else 1, len(digits) - MIN_DIGITS + 1))


def entries(*texts: str) -> list[str]:
    """What stands in the search vector of `texts`."""
    return sorted({token for written in texts for token in tokens(written)})


def hidden_entries(*texts: str) -> list[str]:
    """What stands in the search vector of texts that only some may read: digests of their tokens and characters.

    Of a mobile number also the middle group of the three in which people say it.
    """
    runs = (run["han"] or "" for written in texts for run in RUNS.finditer(fold(written)))
    characters = (sign for run in runs for sign in run)
    middles = (written[3:7] for written in texts if telephone.MOBILE.fullmatch(written))
    return blind.entries({*entries(*texts), *characters, *middles})


def vector(*texts: str) -> Func:
    """A database expression: the search vector of `texts`."""
    return _as_vector(entries(*texts))


def hidden_vector(*texts: str) -> Func:
    """The same, of texts that only some may read."""
    return _as_vector(hidden_entries(*texts))


def _as_vector(found: list[str]) -> Func:
    return Func(Value(found, output_field=ArrayField(TextField())), function="array_to_tsvector")


class Entries(SearchQuery):
    """A query for entries as they stand: PostgreSQL's own parser would drop signs that it takes for no letters."""

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **kwargs: Any) -> Any:
        written, params = compiler.compile(self.get_source_expressions()[-1])
        return f"{written}::tsquery", params


@dataclass(frozen=True)
class Term:
    """A word that is asked for, or any that begins so."""

    word: str
    is_beginning: bool = False

    def __str__(self) -> str:
        return f"'{self.word}':*" if self.is_beginning else f"'{self.word}'"


def _hidden(term: Term) -> str:
    """What is asked of digests in place of a term: the word itself, as each key may have written it."""
    return "(" + " | ".join(f"'{entry}'" for entry in blind.asked(term.word)) + ")"


@dataclass(frozen=True)
class Asked:
    """What a person typed into a search: its terms, and what of it could not be searched for."""

    terms: tuple[Term, ...]
    left_out: str = ""

    @property
    def query(self) -> SearchQuery | None:
        """What is asked of a search vector; None where nothing is."""
        return _all(str(term) for term in self.terms) if self.terms else None

    @property
    def hidden(self) -> SearchQuery | None:
        """The same, asked of the vector of what only some may read."""
        return _all(_hidden(term) for term in self.terms) if self.terms else None


def ask(words: str) -> Asked:
    """The query for what a person typed; it has none where that holds nothing to search for."""
    folded = fold(words)
    numbers, rest = _numbers_in(AFTER_A_NUMBER.sub(" ", LABEL.sub(" ", folded[:MAX_ASKED])))
    terms = tuple(dict.fromkeys([*numbers, *_terms(rest)]))
    strange = dict.fromkeys(sign for sign in RUNS.sub("", rest) if unicodedata.category(sign)[0] in "SC")
    return Asked(terms, f"{' '.join(strange)} {folded[MAX_ASKED:]}".strip())


def _all(terms: Iterable[str]) -> SearchQuery:
    return Entries(" & ".join(terms), search_type="raw")


def _numbers_in(folded: str) -> tuple[list[Term], str]:
    """The terms for the telephone numbers in a search, and the rest of it."""
    terms: list[Term] = []

    def take(number: re.Match[str]) -> str:
        read = telephone.read_or_none(number[0])
        if read is None:
            return number[0]
        terms.extend(_of_number(number[0], read))
        return " "

    return terms, NUMBER.sub(take, folded)


def _of_number(written: str, read: telephone.Number) -> Iterator[Term]:
    """A number as it was typed or as it is kept, whichever is shorter: a part finds the whole, not the other way."""
    typed = re.sub(r"\D", "", written).removesuffix(read.extension)
    yield Term(min(typed, read.digits.lstrip("+"), key=len), is_beginning=True)
    if read.extension:
        yield Term(read.extension, is_beginning=True)


def _terms(folded: str) -> Iterator[Term]:
    for run in RUNS.finditer(folded):
        characters = run["han"]
        if not characters:
            yield Term(run["word"][:MAX_WORD], is_beginning=True)
        elif len(characters) == 1:
            yield Term(characters, is_beginning=True)
        else:
            yield from (Term(characters[i : i + 2]) for i in range(len(characters) - 1))


def narrow(rows: Rows, condition: Q) -> Rows:
    """Those of `rows` for which a search's `condition` is true, by the way that suits how many there are.

    Whatever else narrows `rows` is best in them already: a common word may be rare with a department.
    """
    found, stored = rows.filter(condition), _stored(rows.model)
    alone = rows.model._default_manager.filter(condition)
    share = _expected(alone) / stored
    has_more = bool(rows.query.where)  # to go by than the words
    few = _few(alone, GATHERED / 10 if has_more else GATHERED) if share <= UNKNOWN else None
    if few is None and has_more and share <= EVERYWHERE and _expected(found) <= UNKNOWN * stored:
        few = _few(found, GATHERED)
    return found if few is None else rows.filter(pk__in=few)


def is_one_of(ids: QuerySet[Any]) -> Func:
    """Whether a row's id is among these, which are looked up first."""
    return Func(
        F("pk"), ArraySubquery(ids),
        template="%(expressions)s)", arg_joiner=" = ANY(", output_field=BooleanField(),
    )  # fmt: skip


def _expected(found: QuerySet[Any]) -> float:
    """How many rows PostgreSQL expects; for words good where they are common, too high where they are rare."""
    try:
        plan = found.order_by().values("pk").explain(format="json")
    except EmptyResultSet:
        return 0
    return float(json.loads(plan)[0]["Plan"]["Plan Rows"])


def _few(found: QuerySet[Any], share: float) -> list[int] | None:
    """The keys of what is found, looked up in the indices of words; None where it is more than this share of all."""
    most = int(share * _stored(found.model))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        keys = list(found.order_by().values_list("pk", flat=True)[: most + 1])
        cursor.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = on")
    return keys if len(keys) <= most else None


def _stored(model: type[Model]) -> float:
    """How many rows the table had when it was last looked over; at least one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        return max(1.0, cursor.fetchone()[0])
