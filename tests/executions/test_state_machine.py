"""Any interleaving of what people, workers and faults do to executions, on the real database."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.utils import timezone
from hypothesis import HealthCheck, settings, stateful
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from executions import services
from executions.compaction import compact
from executions.errors import NotFinished, NotQueued, NotWaiting, SessionBusy
from executions.events import Finished, Notice, Text, Thinking, ToolOutput
from executions.leases import finish_left_behind, overdue
from executions.models import EventRow, Execution, Worker
from executions.signals import executions_finished
from executions.states import ACTIVE, State
from executions.writing import Batch, Finish, write
from tests.executions.handmade import HandmadeWorker, commit_fails, text_of

PER_OWNER = 2
EVENTS = st.one_of(
    st.text(max_size=5).map(Text),
    st.text(max_size=5).map(Thinking),
    st.builds(ToolOutput, st.sampled_from(["call-1", "call-2"]), st.text(max_size=5)),
    st.text(max_size=5).map(Notice),
)


def keep_ledger(executions: list[Execution], **kwargs: Any) -> None:
    """One row for each time an execution is said to be finished, in the same transaction."""
    Session.objects.bulk_create(
        Session(session_key=uuid.uuid4().hex, session_data=str(e.pk), expire_date=timezone.now()) for e in executions
    )


class Lives(RuleBasedStateMachine):
    """Two workers, two owners, three sessions, and everything that can happen to their executions."""

    @initialize()
    def begin(self) -> None:
        create = get_user_model().objects.create
        self.owners = [create(username=uuid.uuid4().hex, is_staff=True) for _ in range(2)]
        self.workers = [HandmadeWorker(), HandmadeWorker()]
        self.frozen: list[HandmadeWorker] = []
        self.answered: list[tuple[int, str]] = []
        self.ended: dict[int, dict[str, Any]] = {}

    def teardown(self) -> None:
        for model in (EventRow, Execution, Worker, Session, get_user_model()):
            model.objects.all().delete()

    # People -----------------------------------------------------------------------------------------------------------

    @rule(
        owner=st.integers(0, 1),
        session=st.sampled_from(["", "a", "b"]),
        priority=st.integers(-1, 1),
        on_busy=st.sampled_from(["queue", "interrupt", "reject"]),
    )
    def start(self, owner: int, session: str, priority: int, on_busy: str) -> None:
        mine = Execution.objects.unfinished().filter(owner=self.owners[owner], session_id=session)
        before = set(mine.values_list("pk", flat=True)) if session else set()
        options = {"session_id": session, "priority": priority, "on_busy": on_busy}
        try:
            new = services.start(owner=self.owners[owner], prompt="say hi", **options)
        except SessionBusy:
            assert before
            assert on_busy == "reject"
        else:
            assert not (before and on_busy == "reject")
            if on_busy == "interrupt":
                for old in Execution.objects.filter(pk__in=before - {new.pk}):
                    assert old.cancel_source == "interrupt" or old.cancel_requested_at

    @rule(data=st.data(), many=st.booleans())
    def cancel(self, data: st.DataObject, many: bool) -> None:
        everything = Execution.objects.all()
        chosen = everything if many else everything.filter(pk=data.draw(self.execution()))
        before = dict(chosen.values_list("pk", "state"))
        report = services.cancel(chosen, by=self.owners[0], reason="enough")
        for pk, state in before.items():
            places = [report.canceled, report.requested, report.already_requested, report.already_finished]
            assert [pk in place for place in places].count(True) == 1
            assert (pk in report.canceled) == (state == State.QUEUED)
            assert (pk in report.already_finished) == (state == State.FINISHED)

    @rule(data=st.data(), right=st.booleans())
    def answer(self, data: st.DataObject, right: bool) -> None:
        execution = Execution.objects.get(pk=data.draw(self.execution()))
        question_id = (execution.question or {}).get("question_id", "none") if right else "wrong"
        expected = right and execution.state == State.WAITING and not execution.stopping
        given = {"question_id": question_id, "answer": {"answers": {"Which?": "Red"}}, "by": execution.owner}
        try:
            services.answer(execution.pk, **given)
        except NotWaiting:
            assert not expected
        else:
            assert expected
            self.answered.append((execution.pk, question_id))

    @precondition(lambda self: self.answered)
    @rule(data=st.data())
    def answer_again(self, data: st.DataObject) -> None:
        pk, question_id = data.draw(st.sampled_from(self.answered))
        with pytest.raises(NotWaiting):
            services.answer(pk, question_id=question_id, answer={"approved": True}, by=self.owners[0])

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        old = Execution.objects.get(pk=data.draw(self.execution()))
        try:
            new = services.retry(old, by=old.owner)
        except NotFinished:
            assert old.state != State.FINISHED
        else:
            assert old.state == State.FINISHED
            assert (new.retry_of, new.state, new.prompt) == (old, State.QUEUED, old.prompt)

    @rule(data=st.data(), priority=st.integers(-1, 1))
    def set_priority(self, data: st.DataObject, priority: int) -> None:
        execution = Execution.objects.get(pk=data.draw(self.execution()))
        try:
            services.set_priority(execution, priority, by=execution.owner)
        except NotQueued:
            assert execution.state != State.QUEUED
        else:
            assert execution.state == State.QUEUED

    # Workers ----------------------------------------------------------------------------------------------------------

    @rule(which=st.integers(0, 1), slots=st.integers(0, 4))
    def claim(self, which: int, slots: int) -> None:
        running = Counter(Execution.objects.filter(state=State.RUNNING).values_list("owner_id", flat=True))
        claimed = self.workers[which].claim(slots)
        assert len(claimed) <= slots
        for owner, count in Counter(e.owner_id for e in claimed).items():
            assert running[owner] + count <= PER_OWNER

    @rule(data=st.data(), event=EVENTS)
    def emit(self, data: st.DataObject, event: Any) -> None:
        if held := self.held(data):
            held[0].emit(held[1], event)

    @rule(data=st.data(), fault=st.sampled_from(["none", "before commit", "after commit"]))
    def write(self, data: st.DataObject, fault: str) -> None:
        worker = data.draw(st.sampled_from(self.workers + self.frozen))
        batch = worker.batch(*worker.logs)
        if fault != "none" and worker not in self.frozen:
            with commit_fails(after=fault == "after commit"), pytest.raises(OperationalError):
                write(batch)
            batch.repeated = True
        assert write(batch).lease_lost == (worker in self.frozen)

    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        if held := self.held(data):
            worker, pk = held
            active = Execution.objects.get(pk=pk).state in ACTIVE
            assert (worker.ask(pk) is not None) == (active and worker not in self.frozen)

    @rule(
        data=st.data(),
        outcome=st.sampled_from(["succeeded", "failed", "timed_out", "canceled", "lost"]),
        fault=st.sampled_from(["none", "none", "before commit", "after commit"]),
    )
    def finish(self, data: st.DataObject, outcome: str, fault: str) -> None:
        if not (held := self.held(data)):
            return
        worker, pk = held
        step = Finish(pk, Finished(outcome, "because"), worker.said[pk])
        batch = worker.batch(pk, steps=[step])
        if fault != "none" and worker not in self.frozen:
            with commit_fails(after=fault == "after commit"), pytest.raises(OperationalError):
                write(batch)
            batch.repeated = True
        assert (pk in write(batch).won) == (worker not in self.frozen)
        if worker not in self.frozen:
            assert not worker.finish(pk, "failed")
            del worker.logs[pk]

    @rule(data=st.data())
    def finish_what_another_holds(self, data: st.DataObject) -> None:
        if held := self.held(data):
            worker, pk = held
            other = next(w for w in self.workers if w is not worker)
            step = Finish(pk, Finished("succeeded"), seq=worker.logs[pk].next_seq)
            other.logs.pop(pk, None)
            assert write(Batch(other.id, {pk: []}, [step])).won == set()

    @rule(which=st.integers(0, 1))
    def lose(self, which: int) -> None:
        """A worker freezes, another declares it lost; a new one takes its place, and the frozen one writes on."""
        frozen, other = self.workers[which], self.workers[1 - which]
        held = set(Execution.objects.held_by(frozen.id).values_list("pk", flat=True))
        frozen.expire()
        assert set(finish_left_behind(other.id, overdue(other.id))) == held
        self.frozen.append(frozen)
        self.workers[which] = HandmadeWorker()

    @rule(data=st.data())
    def compact(self, data: st.DataObject) -> None:
        compact(data.draw(self.execution()))

    # What must always hold --------------------------------------------------------------------------------------------

    @invariant()
    def every_execution_is_consistent(self) -> None:
        rows: dict[int, list[EventRow]] = {}
        for row in EventRow.objects.order_by("execution_id", "seq"):
            rows.setdefault(row.execution_id, []).append(row)
        told = Counter(int(text) for text in Session.objects.values_list("session_data", flat=True))
        active: set[tuple[int, str]] = set()
        for execution in Execution.objects.values():
            pk, journal = execution["id"], rows.get(execution["id"], [])
            check_journal(journal)
            if execution["state"] == State.FINISHED:
                check_finished(execution, journal)
                assert told[pk] == 1
                del execution["compacted"]
                assert self.ended.setdefault(pk, execution) == execution
            else:
                assert Finished.type not in {row.type for row in journal}
                assert (told[pk], execution["outcome"], execution["finished_at"]) == (0, "", None)
                assert pk not in self.ended
            if execution["state"] in ACTIVE and execution["session_id"]:
                key = (execution["owner_id"], execution["session_id"])
                assert key not in active
                active.add(key)
            if execution["state"] == State.WAITING:
                assert execution["question"]

    # Choices ----------------------------------------------------------------------------------------------------------

    def execution(self) -> st.SearchStrategy[int]:
        ids = list(Execution.objects.order_by("pk").values_list("pk", flat=True))
        if not ids:
            ids = [services.start(owner=self.owners[0], prompt="say hi").pk]
        # By position, not by number: numbers differ each time hypothesis tries the same example again.
        return st.integers(0, len(ids) - 1).map(ids.__getitem__)

    def held(self, data: st.DataObject) -> tuple[HandmadeWorker, int] | None:
        """Choose an execution that some worker, frozen ones too, believes to hold."""
        pairs = [(worker, pk) for worker in self.workers + self.frozen for pk in worker.logs]
        return pairs[data.draw(st.integers(0, len(pairs) - 1))] if pairs else None


def check_journal(rows: list[EventRow]) -> None:
    """From 1 on without a gap; a joined row says where each of its parts ended."""
    seq = 0
    for row in rows:
        assert (row.first_seq or row.seq) == seq + 1
        if row.cuts:
            assert len(row.cuts) == row.seq - seq
            assert row.cuts == sorted(row.cuts)
            assert row.cuts[-1] == len(row.data["text"])
        seq = row.seq


def check_finished(execution: dict[str, Any], rows: list[EventRow]) -> None:
    """The columns say what the last event says, and the output is the text in the journal."""
    assert [row.type for row in rows].count(Finished.type) == 1
    last = rows[-1]
    assert (last.type, last.seq) == (Finished.type, execution["last_seq"])
    for name in ("outcome", "error", "error_code", "receipt"):
        assert last.data[name] == execution[name], name
    assert execution["output"] == text_of(rows)
    assert execution["question"] is None
    assert execution["finished_at"] is not None


@pytest.mark.django_db(transaction=True)
def test_exactly_one_outcome_whatever_happens_in_which_order(settings_of_engine: Any) -> None:
    settings_of_engine(MAX_RUNNING_PER_OWNER=PER_OWNER)
    executions_finished.connect(keep_ledger)
    try:
        stateful.run_state_machine_as_test(
            Lives,
            settings=settings(
                max_examples=20, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    finally:
        executions_finished.disconnect(keep_ledger)
