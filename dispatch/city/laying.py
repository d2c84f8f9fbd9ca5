"""A city from sheets, one of them or a whole folder: all of it, or nothing where a single row is wrong.

What stands already and is the same stays untouched, so that it can be run again; what a sheet leaves out stays too, but
for the directory, which is what its sheet says. A sheet that is not there is passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _t

from dispatch.city import sheets
from dispatch.city.sheets import chosen, plain
from dispatch.directory import sheet as directory
from dispatch.directory import versions
from dispatch.places import sheet as places
from dispatch.sheets.grids import Unreadable
from dispatch.sheets.tables import Row, Table
from hotline.accounts import administrators, one_time
from hotline.accounts.models import ApiToken, Department, Region, User
from hotline.accounts.permissions import Role
from hotline.administering import role_requests
from hotline.setting_up.changing import shown
from hotline.text import one_line
from tickets.models import Category

NEW, CHANGED, SAME = "new", "changed", "same"
LEVELS_OF_CATEGORIES = ("first", "second", "third")


class Problem(NamedTuple):
    """What is wrong: the file, the row as the program that shows the file numbers it (0: the file as a whole)."""

    file: str
    row: int
    text: str

    def __str__(self) -> str:
        if not self.row:
            return f"{self.file}: {self.text}"
        return _t("%(file)s, row %(row)d: %(text)s") % {"file": self.file, "row": self.row, "text": self.text}


class Refused(Exception):
    """A folder that is not laid in; nothing has been changed."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Entry(NamedTuple):
    """What becomes of one row: new or changed, and which values it had and gets."""

    row: int
    what: str
    becomes: str
    changes: list[tuple[str, str, str]]  # label, before, after


@dataclass
class Laid:
    """What was done with each sheet."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)  # files that are none of the sheets


@dataclass
class Work:
    """One sheet while it is laid in, for `actor` where somebody does it on a page."""

    file: str
    table: Table
    columns: Mapping[str, Any]
    actor: User | None = None
    counts: Counter[str] = field(default_factory=lambda: Counter({NEW: 0, CHANGED: 0, SAME: 0}))
    problems: list[Problem] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    made: list[Any] = field(default_factory=list)  # rows that are new
    altered: list[Any] = field(default_factory=list)  # rows that were changed
    fields: set[str] = field(default_factory=set)  # in which any of these was

    def wrong(self, row: int, text: str) -> None:
        self.problems.append(Problem(self.file, row, text))

    def rows(self, needed: tuple[str, ...]) -> Iterator[tuple[Row, dict[str, str]]]:
        """The rows that can be relied on and have what is needed; of the others it is told what is wrong."""
        for row in self.table.rows:
            given = {name: one_line(value) for name, value in row.values.items()}
            if row.fault:
                self.wrong(row.number, row.fault)
            elif empty := [name for name in needed if not given.get(name)]:
                self.wrong(row.number, _t("Empty: %(names)s") % {"names": _t(", ").join(map(self._heading, empty))})
            else:
                yield row, given

    def _heading(self, name: str) -> str:
        return str(self.columns[name])

    def keep(self, row: Row, one: models.Model, values: Mapping[str, Any], *, known: Sequence[str] = ()) -> bool:
        """Gives a row its values, saved where they differ; tells what the model refuses, and is then false.

        What is `known` to be right, since it was read from the database, is not asked there again.
        """
        becomes = self.set(row, one, values, lambda: one.full_clean(exclude={"password", *known}))
        if becomes in (NEW, CHANGED):
            one.save()
        return becomes is not None

    def set(self, row: Row, one: models.Model, values: Mapping[str, Any], check: Callable[[], None]) -> str | None:
        """Gives a row its values and has it checked, not saved; what becomes of it, or None where it is wrong."""
        is_new = one.pk is None
        before = {} if is_new else {name: getattr(one, name) for name in values}
        if not is_new and before == dict(values):
            self.counts[SAME] += 1
            return SAME
        told = {name: "" if is_new else shown(one, name) for name in values}
        for name, value in values.items():
            setattr(one, name, value)
        try:
            check()
        except ValidationError as error:
            self.wrong(row.number, " ".join(self._named(one, error)))
            return None
        differing = [name for name in values if is_new or getattr(one, name) != before[name]]
        becomes = NEW if is_new else CHANGED if differing else SAME
        self.counts[becomes] += 1
        if becomes != SAME:
            changes = [(self._label(one, name), told[name], after) for name in differing
                       if (after := shown(one, name)) or told[name]]  # fmt: skip
            what = f"{one} ({one.username})" if isinstance(one, User) else str(one)
            self.entries.append(Entry(row.number, what, becomes, changes))
            (self.made if is_new else self.altered).append(one)
            self.fields |= set() if is_new else set(differing)
        return becomes

    def _named(self, one: models.Model, error: ValidationError) -> Iterator[str]:
        """What a model refuses, each with the column that it is about."""
        refused = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, said in refused.items():
            words = " ".join(said)
            if name in self.columns:
                words = _t("%(label)s: %(value)s") % {"label": self._label(one, name), "value": words}
            yield words

    def _label(self, one: models.Model, name: str) -> str:
        label = self.columns.get(name)
        return str(label if label is not None else getattr(one._meta.get_field(name), "verbose_name", name))


def one_sheet(name: str, table: Table, *, actor: User, keep: bool, file: str = "") -> Work:
    """Lays one sheet in as `lay_in` would. Nothing stays of it where a row is wrong, or where `keep` is false."""
    work = Work(file, table, sheets.ALL[name].columns, actor)
    with transaction.atomic():
        _LAYERS[name](work)
        if work.problems or not keep:
            transaction.set_rollback(True)
    return work


def lay_in(folder: Path, *, hand_on: Callable[[dict[str, str]], None] | None = None) -> Laid:
    """Lays a city in. Raises Refused with everything that is wrong in any of its sheets.

    `hand_on` is given the one-time passwords of the people who are new, where there are any; where it raises,
    nothing is laid in. Without it they have none yet.
    """
    laid, problems = Laid(), []
    new: list[User] = []
    known = {path for sheet in sheets.ALL.values() for path in sheet.find(folder)}
    laid.passed_over = sorted(path.name for path in folder.iterdir() if path.is_file() and path not in known)
    if not known:
        names = _t(", ").join(f"{name}.xlsx" for name in sheets.ALL)
        raise Refused([Problem(str(folder), 0, _t("None of the sheets is here: %(names)s") % {"names": names})])
    with transaction.atomic():
        for name, sheet in sheets.ALL.items():
            files = sheet.find(folder)
            if len(files) > 1:
                text = _t("The same sheet twice: %(names)s") % {"names": _t(", ").join(path.name for path in files)}
                problems.append(Problem(files[0].name, 0, text))
            if not files:
                continue
            try:
                work = Work(files[0].name, sheet.read(files[0]), sheet.columns)
            except Unreadable as error:
                problems.append(Problem(files[0].name, error.row, str(error).removeprefix(f"{files[0]}: ")))
                continue
            _LAYERS[name](work)
            laid.counts[name] = work.counts
            problems += work.problems
            new += work.made if name == "people" else []
        if problems:
            raise Refused(problems)
        if hand_on and new:
            hand_on(one_time.give(new, one_time.draw(new), by=None))
    return laid


# -- regions and departments ----------------------------------------------------------------------------------


def _regions(work: Work) -> None:
    levels = chosen(Region.Level)
    order = list(Region.Level.values)
    rows = []
    for row, given in work.rows(sheets.REGIONS.needed):
        if (level := levels.get(plain(given["level"]))) is None:
            work.wrong(row.number, _t("“%(name)s” is no level.") % {"name": given["level"][:20]})
            continue
        rows.append((order.index(level), row, given, level))
    seen: dict[str, int] = {}
    for _level, row, given, level in sorted(rows, key=lambda one: (one[0], one[1].number)):
        if _twice(work, seen, given["code"], row):
            continue
        one = Region.objects.filter(code=given["code"]).first() or Region(code=given["code"])
        parent = one.parent if "parent" not in given else None
        if given.get("parent"):
            found = Region.objects.filter(models.Q(code=given["parent"]) | models.Q(name=given["parent"]))
            if len(found) != 1:
                work.wrong(row.number, _t("“%(name)s” is no region above it.") % {"name": given["parent"][:40]})
                continue
            parent = found[0]
        values: dict[str, Any] = {"name": given["name"], "level": level, "parent": parent}
        try:
            values |= {name: float(given[name]) for name in ("longitude", "latitude") if given.get(name)}
        except ValueError:
            work.wrong(row.number, _t("Longitude and latitude are numbers of degrees, such as 113.92."))
            continue
        work.keep(row, one, values)


def _departments(work: Work) -> None:
    levels, regions = chosen(Department.Level), _regions_by_name()
    known = _departments_by_name()
    rows: dict[str, tuple[Row, dict[str, Any]]] = {}
    seen: dict[str, int] = {}
    for row, given in work.rows(sheets.DEPARTMENTS.needed):
        if _twice(work, seen, given["name"], row):
            continue
        level, region = levels.get(plain(given["level"])), regions.get(plain(given["region"]))
        stands = known.get(given["name"])
        is_open = _said(given, "is_open", default=True, stands=stands)
        if level is None:
            work.wrong(row.number, _t("“%(name)s” is no level.") % {"name": given["level"][:20]})
        elif not region:
            work.wrong(row.number, _t("“%(name)s” is not known.") % {"name": given["region"][:40]})
        elif is_open is None:
            work.wrong(row.number, _t("Write 是 or 否 where the question is yes or no."))
        else:
            above = given.get("parent", "")
            if "parent" not in given and stands is not None and stands.parent is not None:
                above = stands.parent.name
            values: dict[str, Any] = {"level": level, "region": region, "parent": above, "is_open": is_open}
            if "phone" in given:
                values["phone"] = given["phone"]
            rows[given["name"]] = (row, values)
    for name in _parents_first(work, rows):
        row, values = rows[name]
        parent = known.get(values["parent"])
        if values["parent"] and parent is None:
            work.wrong(row.number, _t("“%(name)s” is not known.") % {"name": values["parent"][:40]})
            continue
        one = known.get(name) or Department(name=name)
        moves = one.pk is not None and one.parent != parent
        if work.keep(row, one, {**values, "parent": parent}, known=("parent", "region", "successor")):
            known[name] = one
            if moves:  # and all that stands below it
                known = _departments_by_name()


def _departments_by_name() -> dict[str, Department]:
    return {one.name: one for one in Department.objects.select_related("parent", "region")}


def _parents_first(work: Work, rows: dict[str, tuple[Row, dict[str, Any]]]) -> list[str]:
    """The names so that each comes after the one above it; those that go in a circle are told and left out."""
    order: dict[str, None] = {}
    for name in rows:
        way: list[str] = []
        step = name
        while step in rows and step not in order and step not in way:
            way.append(step)
            step = rows[step][1]["parent"]
        if step in way:
            for one in way[way.index(step) :]:
                work.wrong(rows[one][0].number, _t("An entry cannot stand below itself."))
                order[one] = None
        order |= dict.fromkeys(reversed(way))
    told = {problem.row for problem in work.problems}
    return [name for name in order if rows[name][0].number not in told]


def _regions_by_name() -> dict[str, Region | None]:
    """Regions by code, by the whole way down and, where it is the only one, by name; None where there are several."""
    found: dict[str, Region | None] = {}
    regions = list(Region.objects.select_related("parent"))
    for region in regions:
        name = plain(region.name)
        found[name] = None if name in found else region
    for region in regions:
        found |= {plain(region.code): region, plain(region.full_name): region}
    return found


# -- categories -----------------------------------------------------------------------------------------------


def _categories(work: Work) -> None:
    known = {(one.parent_id, plain(one.name)): one for one in Category.objects.all()}
    seen: dict[str, int] = {}
    for row, given in work.rows(sheets.CATEGORIES.needed):
        if _twice(work, seen, "/".join(given[level] for level in LEVELS_OF_CATEGORIES), row):
            continue
        parent: Category | None = None
        for level in LEVELS_OF_CATEGORIES:
            one = known.get((parent.pk if parent else None, plain(given[level])))
            values: dict[str, Any] = {}
            if level == LEVELS_OF_CATEGORIES[-1]:
                is_used = _said(given, "is_used", default=True, stands=one)
                if is_used is None:
                    work.wrong(row.number, _t("Write 是 or 否 where the question is yes or no."))
                    break
                values = {"is_used": is_used} | ({"keywords": given["keywords"]} if "keywords" in given else {})
            if one is None:
                one = Category(name=given[level], parent=parent, code=Category.next_code(parent))
                values = {"name": given[level], **values}
            elif not values:
                parent = one
                continue
            if not work.keep(row, one, values, known=("parent",)):
                break
            known[parent.pk if parent else None, plain(given[level])] = parent = one


# -- people ---------------------------------------------------------------------------------------------------


def _people(work: Work) -> None:
    roles = chosen(Role)
    departments = {plain(one.name): one for one in Department.objects.all()}
    known = {one.username.casefold(): one for one in User.objects.select_related("department")}
    seen: dict[str, int] = {}
    touched: list[tuple[Row, User]] = []
    for row, given in work.rows(sheets.PEOPLE.needed):
        if _twice(work, seen, given["username"].casefold(), row):
            continue
        role, named = roles.get(plain(given["role"])), given.get("department", "")
        stands = known.get(given["username"].casefold())
        department = departments.get(plain(named)) if named else None
        if "department" not in given and stands is not None:
            department = stands.department
        is_lead = _said(given, "is_lead", default=False, stands=stands)
        is_active = _said(given, "is_active", default=True, stands=stands)
        if role is None:
            work.wrong(row.number, _t("“%(name)s” is no role.") % {"name": given["role"][:20]})
        elif named and department is None:
            work.wrong(row.number, _t("“%(name)s” is not known.") % {"name": named[:40]})
        elif is_lead is None or is_active is None:
            work.wrong(row.number, _t("Write 是 or 否 where the question is yes or no."))
        else:
            values: dict[str, Any] = {
                "full_name": given["full_name"], "role": role, "department": department, "is_lead": is_lead,
                "is_active": is_active, **{name: given[name] for name in ("phone", "extension") if name in given},
            }  # fmt: skip
            one = stands or User(username=given["username"])
            if _is_own(work, one) and (role, department, is_active) != (one.role, one.department, one.is_active):
                work.wrong(
                    row.number, _t("Your own role, department and account are changed by another administrator.")
                )
            elif work.actor is not None and _is_for_two(stands, role, is_active):
                work.wrong(
                    row.number,
                    _t(
                        "A role, and the account of an administrator or auditor, is changed by two administrators: "
                        "on the page of this person."
                    ),
                )
            elif work.set(row, one, values, partial(_check_person, one, {"username", *values})) in (NEW, CHANGED):
                touched.append((row, one))
    holders = Counter(one.extension for one in [*known.values(), *work.made] if one.extension)
    for row, one in touched:
        if holders[one.extension] > 1:
            work.wrong(row.number, _t("Somebody else has this extension."))
    if not work.problems:
        try:
            _write_people(work)
        except ValidationError as error:
            work.wrong(0, " ".join(error.messages))


def _is_own(work: Work, one: User) -> bool:
    return work.actor is not None and one.pk == work.actor.pk


def _is_for_two(stands: User | None, role: str, is_active: bool) -> bool:
    """Whether two administrators decide on it; a sheet is one's. By the command, whoever runs the machine decides."""
    was, is_switched = (stands.role, stands.is_active != is_active) if stands else ("", False)
    return role_requests.needs_a_second(was, role, opens_or_closes=is_switched)


def _check_person(one: User, given: set[str]) -> None:
    """What can be said of a person without asking the database; thousands of them come at once."""
    one.clean_fields(exclude={field.name for field in one._meta.fields if field.name not in given} | {"department"})
    one.clean()


def _write_people(work: Work) -> None:
    """All of them in a few statements. Raises ValidationError where no administrator would be left."""
    for one in [*work.made, *work.altered]:
        one.follow_role()
    for one in work.made:
        one.set_unusable_password()
    with administrators.one_remains():
        if "extension" in work.fields:  # they may change places
            User.objects.filter(pk__in=[one.pk for one in work.altered]).update(extension="")
        User.objects.bulk_create(work.made, batch_size=1000)
        if work.altered:
            User.objects.bulk_update(
                work.altered, [*work.fields, *(("is_staff",) if "role" in work.fields else ())], batch_size=500
            )
        ApiToken.objects.filter(user__in=[one for one in work.altered if not one.is_active]).delete()


# -- places and the directory ---------------------------------------------------------------------------------


def _places(work: Work) -> None:
    found = places.read(work.table)
    for row, reason in found.rejected:
        work.wrong(row.number, reason)
    if not work.problems:
        work.counts.update(places.take_in(found.entries, actor=None))


def _directory(work: Work) -> None:
    try:
        lines = directory.lines(work.table)
        draft = versions.draft_whole(lines, note=_t("Laid in from sheets"), actor=None)
    except directory.Refused as refused:
        for problem in refused.problems:
            work.wrong(problem.row, problem.text)
        return
    if draft is None:
        work.counts[SAME] += len(lines)
        return
    work.counts[NEW] += len(draft.brought)
    work.counts[SAME] += len(lines) - len(draft.brought)
    versions.put_in_force(draft, actor=None)


_LAYERS: dict[str, Callable[[Work], None]] = {
    "regions": _regions, "departments": _departments, "categories": _categories, "people": _people,
    "places": _places, "directory": _directory,
}  # fmt: skip


def _twice(work: Work, seen: dict[str, int], key: str, row: Row) -> bool:
    """Whether the same stands in a row above; it is told."""
    if key in seen:
        work.wrong(row.number, _t("The same stands in row %(row)d already.") % {"row": seen[key]})
        return True
    seen[key] = row.number
    return False


def _said(given: Mapping[str, str], name: str, *, default: bool, stands: models.Model | None) -> bool | None:
    """What a row says to a question of yes or no; where the sheet does not ask it, what stands. None: neither."""
    if name not in given and stands is not None:
        return bool(getattr(stands, name))
    return _yes(given.get(name, ""), default=default)


def _yes(written: str, *, default: bool) -> bool | None:
    """What a cell says to a question of yes or no; None where it says neither."""
    said = plain(written)
    if not said:
        return default
    return True if said in sheets.YES else False if said in sheets.NO else None
