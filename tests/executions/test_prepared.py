"""Prepared statements say the same as the querysets they are made from, on every database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from executions.models import EventRow, Execution, Worker
from executions.prepared import Among, Param, Prepared, PreparedInsert, PreparedObjects, PreparedUpdate
from executions.states import State

pytestmark = pytest.mark.django_db

AWKWARD = {"text": "日本語 'quoted' \"twice\" 100%s \\ \u2028", "list": [1, None, True, {"x": 1.5}]}


def made(owner, **fields):
    execution = Execution(**{"owner": owner, "agent": "demo", "prompt": "x", **fields})
    PreparedInsert(Execution).execute(execution)
    return execution


def test_what_is_inserted_is_read_as_it_was(owner):
    execution = made(owner, prompt="100% '; --", options=AWKWARD, cost_usd=Decimal("0.000123"))
    assert execution.pk
    assert not execution._state.adding
    read = Execution.objects.get()
    assert (read.prompt, read.options, read.cost_usd) == ("100% '; --", AWKWARD, Decimal("0.000123"))
    assert read.created_at == execution.created_at
    assert read.question is None


def test_many_are_inserted_in_one_statement(owner):
    execution = made(owner)
    with CaptureQueriesContext(connection) as queries:
        PreparedInsert(EventRow).execute_many(
            EventRow(execution=execution, seq=n, type="text", data=AWKWARD, created_at=execution.created_at)
            for n in range(1, 6)
        )
    assert len(queries) <= 5  # PostgreSQL's driver sends several, in one go
    assert [row.data for row in EventRow.objects.all()] == [AWKWARD] * 5


def test_constraints_hold(owner):
    fields = {"owner": owner, "agent": "demo", "prompt": "x", "state": State.FINISHED}
    with pytest.raises(IntegrityError), transaction.atomic():
        PreparedInsert(Execution).execute(Execution(**fields))
    assert not Execution.objects.exists()


def test_objects_are_the_same_as_a_querysets(owner):
    execution = made(owner, options=AWKWARD, receipt={"by": "ada"}, cost_usd=Decimal("1.5"))
    (same,) = PreparedObjects(lambda: Execution.objects.filter(pk=Param("pk"))).all(pk=execution.pk)
    other = Execution.objects.get()
    for field in Execution._meta.concrete_fields:
        assert getattr(same, field.attname) == getattr(other, field.attname), field
    assert same == other


def test_deferred_columns_are_read_when_asked_for(owner):
    execution = made(owner, options=AWKWARD)
    (short,) = PreparedObjects(lambda: Execution.objects.filter(pk=Param("pk")).defer("options")).all(pk=execution.pk)
    assert short.get_deferred_fields() == {"options"}
    assert short.options == AWKWARD


def test_a_list_may_have_any_length(owner):
    mine = [made(owner).pk for _ in range(5)]
    chosen = Prepared(lambda: Execution.objects.filter(Among("pk", "ids")).order_by("pk").values_list("pk"))
    for ids in ([], mine[:1], mine, mine * 500):
        assert [pk for (pk,) in chosen.rows(ids=ids)] == sorted(set(ids))


def test_an_update_is_guarded_and_says_how_many_it_changed(owner):
    one, two = made(owner, priority=1), made(owner, priority=5)
    raised = PreparedUpdate(
        lambda: Execution.objects.filter(Among("pk", "ids"), priority__lt=Param("below")),
        lambda: {
            "priority": F("priority") + Param("by"),
            "receipt": Param("receipt", Execution._meta.get_field("receipt")),
        },
    )
    assert raised.execute(ids=[one.pk, two.pk], below=3, by=2, receipt=AWKWARD) == 1
    assert raised.execute(ids=[one.pk, two.pk], below=3, by=2, receipt={}) == 0
    assert sorted(Execution.objects.values_list("priority", flat=True)) == [3, 5]
    assert Execution.objects.get(pk=one.pk).receipt == AWKWARD


def test_a_statement_is_made_once():
    built = []

    def build():
        built.append(1)
        return Worker.objects.alive().order_by().filter(pk=Param("worker")).values_list("pk")

    alive = Prepared(build)
    assert not alive.exists(worker="a")
    assert not alive.exists(worker="b'; --")
    assert built == [1]


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(KeyError):
        Prepared(lambda: Execution.objects.filter(pk=Param("pk")).values_list("pk")).rows(key=1)
