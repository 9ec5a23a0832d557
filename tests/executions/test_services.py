"""What people do with executions, and what they are told when it can't be done."""

import pytest
from django.contrib.auth import get_user_model

from executions import services
from executions.compaction import compact
from executions.errors import InvalidInput, NotFinished, NotFound, NotQueued, NotWaiting, UnknownAgent, UnknownModel
from executions.events import Question
from executions.leases import finish_left_behind, overdue, resign
from executions.models import Execution, Worker
from executions.writing import Wait, write
from tests.executions.handmade import HandmadeWorker, journal_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker():
    return HandmadeWorker()


def start(owner, **options):
    return services.start(**{"owner": owner, "prompt": "say hi", **options})


def waiting(worker, owner, **question):
    execution = start(owner)
    worker.claim()
    write(worker.batch(execution.pk, steps=[Wait(execution.pk, Question("q", **question))]))
    return Execution.objects.get(pk=execution.pk)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"prompt": ""}, "empty"),
        ({"prompt": " \n"}, "empty"),
        ({"prompt": None}, "must be text, not NoneType"),
        ({"prompt": "a\0b"}, "NUL"),
        ({"prompt": "\ud83d"}, "lone surrogate"),
        ({"prompt": "x" * 1_000_001}, "at most 1,000,000"),
        ({"session_id": "a b"}, "session_id"),
        ({"session_id": "a/../b"}, "session_id"),
        ({"session_id": "a\n"}, "session_id"),
        ({"session_id": "x" * 129}, "session_id"),
        ({"session_id": 7}, "session_id"),
        ({"on_busy": "panic"}, "queue, interrupt, reject"),
        ({"priority": 101}, "priority"),
        ({"priority": True}, "priority"),
        ({"priority": "1"}, "priority"),
        ({"options": ["exec"]}, "options"),
        ({"options": {"exclude_tools": "exec"}}, "exclude_tools"),
        ({"options": {"exclude_tools": [1]}}, "exclude_tools"),
        ({"options": {"exclude_tools": ["\0"]}}, "NUL"),
        ({"options": {"web_search": "yes"}}, "web_search"),
        ({"limits": {"wall_seconds": -1}}, "positive"),
        ({"limits": {"wall_seconds": float("nan")}}, "positive"),
        ({"limits": {"wall_seconds": 10**9}}, "at most"),
        ({"limits": {"wishes": 3}}, "wall_seconds"),
    ],
)
def test_bad_input_is_refused_with_what_would_be_right_and_nothing_is_stored(owner, bad, says):
    with pytest.raises(InvalidInput, match=says):
        start(owner, **bad)
    assert not Execution.objects.exists()


def test_unknown_models_and_agents_are_refused(owner):
    with pytest.raises(UnknownModel, match="demo"):
        start(owner, model="gpt-9")
    with pytest.raises(UnknownAgent, match="demo"):
        start(owner, agent="nobody")


def test_a_full_queue_is_refused(owner, settings_of_engine):
    settings_of_engine(MAX_QUEUED_PER_OWNER=2)
    start(owner)
    start(owner)
    with pytest.raises(InvalidInput, match="2 executions queued"):
        start(owner)


def test_interrupt_stops_what_is_queued_and_what_runs_and_other_sessions_go_on(owner, worker):
    running, queued, other = start(owner, session_id="a"), start(owner, session_id="a"), start(owner, session_id="b")
    worker.claim()
    new = start(owner, session_id="a", on_busy="interrupt")
    states = {e.pk: (e.status, e.cancel_source) for e in Execution.objects.all()}
    assert states == {
        running.pk: ("stopping", "interrupt"),
        queued.pk: ("canceled", "interrupt"),
        other.pk: ("queued", ""),
        new.pk: ("queued", ""),
    }


def test_canceling_a_queued_execution_finishes_it_with_a_receipt(owner):
    execution = start(owner)
    report = services.cancel(Execution.objects.all(), by=owner, reason="enough", source="page")
    assert (report.canceled, report.count) == ([execution.pk], 1)
    done = Execution.objects.get()
    assert (done.status, done.last_seq, done.output) == ("canceled", 1, "")
    assert (done.cancel_requested_by, done.cancel_reason, done.cancel_source) == (owner, "enough", "page")
    assert done.receipt == journal_of(done.pk)[-1].data["receipt"]
    assert services.cancel(Execution.objects.all(), by=owner).already_finished == [execution.pk]


def test_the_first_cancel_is_the_one_that_is_remembered(owner, worker):
    execution = start(owner)
    worker.claim()
    assert services.cancel(Execution.objects.all(), by=owner, reason="first").requested == [execution.pk]
    assert services.cancel(Execution.objects.all(), by=None, reason="second").already_requested == [execution.pk]
    assert Execution.objects.get().cancel_reason == "first"


@pytest.mark.parametrize("bad", [{"reason": "x" * 501}, {"reason": "\0"}, {"source": "mars"}])
def test_a_bad_reason_or_source_of_a_cancel_is_refused(owner, bad):
    start(owner)
    with pytest.raises(InvalidInput):
        services.cancel(Execution.objects.all(), **{"by": owner, **bad})
    assert Execution.objects.get().state == "queued"


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("question", {"answers": {"Which?": "Red"}}, {"approved": True}),
        ("plan", {"approved": False, "comment": "no"}, {"answers": {"Which?": "Red"}}),
    ],
)
def test_an_answer_has_to_fit_the_question(owner, worker, kind, right, wrong):
    execution = waiting(worker, owner, kind=kind)
    given = {"question_id": "q", "by": owner}
    for bad in (wrong, {}, {"answers": {}}, {"answers": {"?": 3}}, {"answers": {"?": "\0"}}, {"approved": "yes"}, None):
        with pytest.raises(InvalidInput):
            services.answer(execution.pk, answer=bad, **given)
    services.answer(execution.pk, answer=right, **given)
    with pytest.raises(NotWaiting):
        services.answer(execution.pk, answer=right, **given)
    assert Execution.objects.get().answer == right


def test_who_may_not_see_an_execution_can_not_answer_it(owner, worker):
    execution = waiting(worker, owner)
    stranger = get_user_model().objects.create(username="eve")
    for by, pk in ((stranger, execution.pk), (owner, execution.pk + 1)):
        with pytest.raises(NotFound):
            services.answer(pk, question_id="q", answer={"answers": {"?": "x"}}, by=by)


@pytest.mark.parametrize("question_id", ["other", "", "\0", "\ud800", None, {"a": 1}, "x" * 1000])
def test_an_answer_to_another_question_is_refused(owner, worker, question_id):
    execution = waiting(worker, owner)
    with pytest.raises((NotWaiting, InvalidInput)):
        services.answer(execution.pk, question_id=question_id, answer={"answers": {"?": "x"}}, by=owner)
    assert Execution.objects.get().state == "waiting"


def test_a_stopping_execution_takes_no_answer(owner, worker):
    execution = waiting(worker, owner)
    services.cancel(Execution.objects.all(), by=owner)
    with pytest.raises(NotWaiting):
        services.answer(execution.pk, question_id="q", answer={"answers": {"?": "x"}}, by=owner)


def test_a_retry_asks_for_the_same_again(owner, worker):
    options = {"session_id": "a", "options": {"exclude_tools": ["exec"]}, "limits": {"steps": 3}}
    old = start(owner, **options)
    with pytest.raises(NotFinished):
        services.retry(old, by=owner)
    services.cancel(Execution.objects.all(), by=owner)
    old.refresh_from_db()
    new = services.retry(old, by=owner)
    assert (new.prompt, new.session_id, new.options, new.retry_of) == (old.prompt, "a", old.options, old)


def test_priority_can_be_changed_only_in_the_queue(owner, worker):
    execution = start(owner)
    services.set_priority(execution, 5, by=owner)
    assert Execution.objects.get().priority == 5
    with pytest.raises(InvalidInput):
        services.set_priority(execution, 1000, by=owner)
    worker.claim()
    with pytest.raises(NotQueued):
        services.set_priority(execution, 1, by=owner)


@pytest.mark.parametrize("how", ["frozen", "stopped", "row deleted"])
def test_what_a_worker_that_is_gone_held_is_finished_whatever_became_of_it(owner, worker, how):
    executions = [start(owner) for _ in range(3)]
    worker.claim(3)
    worker.flush(executions[0].pk)
    other = HandmadeWorker()
    if how == "frozen":
        worker.expire()
    elif how == "stopped":
        resign(worker.id)
    else:
        Worker.objects.filter(pk=worker.id).delete()
    assert sorted(finish_left_behind(other.id, overdue(other.id))) == [e.pk for e in executions]
    assert finish_left_behind(other.id, overdue(other.id)) == []
    assert set(Execution.objects.values_list("outcome", "error_code")) == {("lost", "worker_lost")}
    assert [row.type for row in journal_of(executions[0].pk)] == ["started", "finished"]
    assert not compact(executions[0].pk)
