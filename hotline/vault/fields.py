"""Columns that a model declares like any other, and that lie encrypted in the database."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import IsNull, Lookup

from hotline.vault import blind, cipher


class EncryptedMixin:
    """What all of them do. `purpose` says what the text is: a value is only ever read as what it was written as.

    `found_by` names the MarkField beside it, by which it is found whole (`exact`, `in`). Without one a row can be
    asked only whether it has a value at all. Nothing else can be asked, and no order goes by it.
    """

    def __init__(self, *args: Any, purpose: str = "", found_by: str = "", **options: Any) -> None:
        self.purpose, self.found_by = purpose, found_by
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()  # type: ignore[misc]
        said = {"purpose": self.purpose, "found_by": self.found_by}
        return name, path, args, options | {what: value for what, value in said.items() if value}

    def db_type(self, connection: Any) -> str:
        return "bytea"

    def cast_db_type(self, connection: Any) -> str:
        return "bytea"

    def written(self, value: Any) -> str:
        """`value` as the text that is encrypted; empty where there is none."""
        return str(value)

    def read(self, text: str) -> Any:
        return text

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else self.read(cipher.decrypted(value, self.purpose))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        return connection.Database.Binary(cipher.encrypted(self.written(value), self.purpose))

    def get_lookup(self, name: str) -> Any:
        return {"exact": Found, "in": FoundAmong, "isnull": IsNull, "by_another_key_than": ByAnotherKey}.get(name)

    def get_transform(self, name: str) -> None:
        return None


class EncryptedCharField(EncryptedMixin, models.CharField):
    """A line. Its length is that of the text, and is checked by forms."""


class EncryptedTextField(EncryptedMixin, models.TextField):
    """A text of any length."""


class EncryptedJSONField(EncryptedMixin, models.Field):
    """A list or a dictionary, of what JSON can say; an empty one is kept as nothing at all."""

    def __init__(self, *args: Any, default: Any = dict, **options: Any) -> None:
        super().__init__(*args, default=default, **options)

    def written(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False) if value else ""

    def read(self, text: str) -> Any:
        return json.loads(text) if text else self.get_default()


class MarkField(models.BinaryField):
    """The blind index of the encrypted field `of`: set whenever the row is saved, None where it has no value."""

    def __init__(self, *args: Any, of: str = "", **options: Any) -> None:
        self.of = of
        super().__init__(*args, **{"null": True, "editable": False} | options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"of": self.of}

    def pre_save(self, row: Any, add: bool) -> Any:
        field = row._meta.get_field(self.of)
        made = blind.mark(field.written(getattr(row, self.of)), field.purpose)
        setattr(row, self.attname, made)
        return made


class Found(Lookup):
    """Whether an encrypted column holds a value, asked of its blind index; of an empty one the column itself."""

    lookup_name = "exact"
    prepare_rhs = False

    def get_prep_lookup(self) -> Any:
        if not isinstance(self.rhs, str):
            raise FieldError("An encrypted column is compared with a text.")
        return self.rhs

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        binary = connection.Database.Binary
        column, params = compiler.compile(self.lhs)
        if not self.rhs:
            return f"{column} = %s", [*params, binary(b"")]
        return among(self.lhs, [self.rhs], compiler, binary)


class FoundAmong(Lookup):
    """Whether an encrypted column holds one of some values."""

    lookup_name = "in"
    prepare_rhs = False

    def get_prep_lookup(self) -> Any:
        values = None if isinstance(self.rhs, str) or hasattr(self.rhs, "resolve_expression") else list(self.rhs)
        if values is None or not all(isinstance(value, str) for value in values):
            raise FieldError("An encrypted column is looked for among texts.")
        return values

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        binary = connection.Database.Binary
        whole = [value for value in self.rhs if value]
        found, params = among(self.lhs, whole, compiler, binary)
        if len(whole) == len(self.rhs):
            return found, params
        column, more = compiler.compile(self.lhs)
        return f"({found} OR {column} = %s)", [*params, *more, binary(b"")]


class ByAnotherKey(Lookup):
    """Whether an encrypted column holds something that another key than this one encrypted."""

    lookup_name = "by_another_key_than"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = compiler.compile(self.lhs)
        prefix = cipher.prefix(self.rhs)
        asked = f"({column} <> ''::bytea AND substring({column} FROM 1 FOR %s) <> %s)"
        return asked, [*params, *params, len(prefix), connection.Database.Binary(prefix)]


def among(column: Any, values: list[str], compiler: Any, binary: Any) -> Any:
    """A condition: the blind index of `column` is that of one of `values`."""
    field = column.output_field
    if not isinstance(column, Col) or not field.found_by:
        raise FieldError(f"{field} is encrypted and has no index to be found by.")
    index = field.model._meta.get_field(field.found_by)
    found, params = compiler.compile(Col(column.alias, index))
    marks = [binary(one) for value in values for one in blind.marks(value, field.purpose)]
    return f"{found} = ANY(%s::bytea[])", [*params, marks]
