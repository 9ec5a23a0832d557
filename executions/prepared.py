"""Statements in Django's notation that are made into SQL once, for those that every execution needs.

Making the SQL of a queryset costs five to twenty times what the database needs for it (150 to 400 µs, measured with
Django 5.2 on SQLite), and all threads of a process take turns at it. A prepared statement keeps the SQL for each kind
of database; its values come by name::

    _OLDER = Prepared(lambda: Execution.objects.queued().filter(owner=Param("owner")).values_list("pk"))
    _OLDER.rows(owner=7)

A parameter stands for one value, or for a list of numbers in :class:`Among`. Values that decide whether a condition is
there at all make other SQL, and so another statement, or an ordinary queryset.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models import Expression, F, Func, QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.subqueries import UpdateQuery
from django.utils.functional import cached_property

M = TypeVar("M", bound=models.Model)


_IN_JSON = " IN (SELECT value FROM json_each("


class Param(Expression):
    """A value that is given when the statement is executed.

    ``field`` is needed where the driver can't take the value as it is: JSON, dates and decimals that are stored.
    """

    def __init__(self, name: str, field: models.Field[Any, Any] | None = None) -> None:
        super().__init__()
        self.name = name
        self.field_of_value = field

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        """Stand among the parameters of the SQL, for :meth:`_Statement.bind` to find."""
        return "%s", [self]

    def prepare(self, value: Any) -> Any:
        """Return ``value`` as the driver takes it."""
        field = self.field_of_value
        return value if field is None else field.get_db_prep_save(value, connection)


class _ListParam(Param):
    """A list of numbers, as one value of the driver."""

    def prepare(self, value: Any) -> Any:
        return list(value) if connection.vendor == "postgresql" else json.dumps(list(value))


class Among(Func):
    """The condition that a column has one of the numbers in the list ``name``, however many there are."""

    conditional = True
    output_field = models.BooleanField()

    def __init__(self, column: str, name: str) -> None:
        super().__init__(F(column), _ListParam(name))

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="%(expressions)s))", arg_joiner=_IN_JSON)

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY(")


class _Statement:
    """SQL and its parameters, by kind of database."""

    def __init__(self, compile_: Callable[[], tuple[str, Sequence[Any]]]) -> None:
        self._compile = compile_
        self._compiled: dict[str, tuple[str, Sequence[Any]]] = {}

    def bind(self, values: dict[str, Any]) -> tuple[str, list[Any]]:
        """Return the SQL and what the driver gets with it."""
        if connection.vendor not in self._compiled:
            self._compiled[connection.vendor] = self._compile()
        sql, params = self._compiled[connection.vendor]
        return sql, [p.prepare(values[p.name]) if isinstance(p, Param) else p for p in params]


class Prepared:
    """A SELECT. ``build`` returns a ``values_list`` of columns that need no conversion: numbers and texts."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self._statement = _Statement(lambda: build().query.sql_with_params())

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Return all rows."""
        with connection.cursor() as cursor:
            cursor.execute(*self._statement.bind(values))
            return cursor.fetchall()

    def exists(self, **values: Any) -> bool:
        """Return whether there is a row; give ``build`` a limit of one."""
        return bool(self.rows(**values))


class PreparedObjects(Generic[M]):
    """A SELECT of whole objects of one model; ``build`` returns an ordinary queryset without relations."""

    def __init__(self, build: Callable[[], QuerySet[M, M]]) -> None:
        self._build = build
        self._model: type[M]
        self._columns: list[str]
        self._converters: dict[int, tuple[list[Callable[..., Any]], Any]]
        self._statement = _Statement(self._compile)

    def _compile(self) -> tuple[str, Sequence[Any]]:
        queryset = self._build()
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        columns = [column for column, _, _ in compiler.select]
        self._model = queryset.model
        self._columns = [column.target.attname for column in columns]
        self._converters = compiler.get_converters(columns)
        return sql, params

    def all(self, **values: Any) -> list[M]:
        """Return the objects."""
        sql, params = self._statement.bind(values)
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            rows = [list(row) for row in cursor.fetchall()]
        for position, (converters, column) in self._converters.items():
            for row in rows:
                for convert in converters:
                    row[position] = convert(row[position], column, connection)
        return [self._model.from_db(connection.alias, self._columns, row) for row in rows]


class PreparedInsert(Generic[M]):
    """An INSERT of whole objects. It sends no signals of Django's.

    The fields ``without`` get the database's own defaults; the objects do not learn which.
    """

    def __init__(self, model: type[M], without: Collection[str] = ()) -> None:
        self._model = model
        assert model._meta.pk is not None
        assert model._meta.pk.column is not None
        self._key: str = model._meta.pk.column
        self._fields = [f for f in model._meta.concrete_fields if not f.primary_key and f.name not in without]

    @cached_property
    def _sql(self) -> str:
        quote = connection.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in self._fields)
        places = ", ".join(["%s"] * len(self._fields))
        return f"INSERT INTO {quote(self._model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608 - ours

    def _values(self, instance: M) -> list[Any]:
        return [field.get_db_prep_save(field.pre_save(instance, True), connection) for field in self._fields]

    def execute(self, instance: M) -> None:
        """Store a new object and give it its primary key."""
        with connection.cursor() as cursor:
            cursor.execute(f"{self._sql} RETURNING {self._key}", self._values(instance))
            (instance.pk,) = cursor.fetchone()
        instance._state.adding = False
        instance._state.db = connection.alias

    def execute_many(self, instances: Iterable[M]) -> None:
        """Store new objects; they learn no primary keys."""
        with connection.cursor() as cursor:
            cursor.executemany(self._sql, [self._values(instance) for instance in instances])


class PreparedUpdate:
    """A guarded UPDATE of the rows of ``build()`` with the values of ``changes()``."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]], changes: Callable[[], dict[str, Any]]) -> None:
        self._build = build
        self._changes = changes
        self._statement = _Statement(self._compile)

    def _compile(self) -> tuple[str, Sequence[Any]]:
        query: UpdateQuery = self._build().query.chain(UpdateQuery)  # type: ignore[assignment]
        query.add_update_values(self._changes())
        sql, params = query.get_compiler(connection=connection).as_sql()
        return sql, params

    def execute(self, **values: Any) -> int:
        """Return how many rows were changed."""
        with connection.cursor() as cursor:
            cursor.execute(*self._statement.bind(values))
            return int(cursor.rowcount)
