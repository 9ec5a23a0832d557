"""What one owner may: how many, how urgent, for how much; and what is told to whoever wants more."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import owner_limits, services
from executions.errors import BudgetUsedUp, InvalidInput, QueueFull, StartNotAllowed
from executions.models import AuditEntry, Execution, OwnerLimits, OwnerUsage
from tests.executions.api.conftest import make
from tests.executions.handmade import HandmadeWorker

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker() -> HandmadeWorker:
    return HandmadeWorker()


def limit(user: User, **values: Any) -> None:
    owner_limits.change(user, values, by=None)


def spend(user: User, dollars: str = "0", tokens: int = 0, day: date | None = None) -> None:
    run = Execution(owner=user, cost_usd=Decimal(dollars), input_tokens=tokens)
    owner_limits.count_usage([run], day)


def claimed(worker: HandmadeWorker, slots: int = 10) -> list[int]:
    return [execution.pk for execution in worker.claim(slots)]


def test_an_owners_own_limit_of_runs_holds_instead_of_everybodys(
    user: User, other_user: User, worker: HandmadeWorker, settings_of_engine: Any
) -> None:
    settings_of_engine(MAX_RUNNING_PER_OWNER=2)
    limit(user, max_running=3)
    limit(other_user, max_running=1)
    mine, others = [make(user).pk for _ in range(5)], [make(other_user).pk for _ in range(5)]
    assert sorted(claimed(worker)) == sorted([*mine[:3], *others[:1]])


def test_an_owners_own_limit_of_the_queue_is_told(user: User) -> None:
    limit(user, max_queued=1)
    services.start(owner=user, prompt="say hi")
    with pytest.raises(QueueFull, match="1 executions queued"):
        services.start(owner=user, prompt="say hi")
    limit(user, max_queued=0)
    with pytest.raises(QueueFull):
        services.start(owner=user, prompt="say hi")


def test_an_owners_own_highest_priority_holds_at_the_start_and_later(user: User, admin: User) -> None:
    limit(user, max_priority=3)
    execution = services.start(owner=user, prompt="say hi", priority=3)
    with pytest.raises(InvalidInput, match="to 3"):
        services.start(owner=user, prompt="say hi", priority=4)
    with pytest.raises(InvalidInput, match="to 3"):
        services.set_priority(execution, 4, by=user)
    services.set_priority(execution, 50, by=admin)


def test_who_may_not_start_is_refused_and_what_they_have_queued_waits(
    user: User, other_user: User, worker: HandmadeWorker
) -> None:
    waits, goes_on = make(user), make(other_user)
    limit(user, may_start=False)
    with pytest.raises(StartNotAllowed):
        services.start(owner=user, prompt="say hi")
    assert claimed(worker) == [goes_on.pk]
    limit(user, may_start=True)
    assert claimed(worker) == [waits.pk]


def test_what_an_inactive_user_has_queued_waits_and_nobody_starts_in_their_name(
    user: User, admin: User, worker: HandmadeWorker
) -> None:
    finished, queued = make(user, "finished"), make(user)
    user.is_active = False
    user.save()
    assert claimed(worker) == []
    with pytest.raises(StartNotAllowed):
        services.retry(finished, by=admin)
    user.is_active = True
    user.save()
    assert claimed(worker) == [queued.pk]


@pytest.mark.parametrize(
    ("budget", "spent"),
    [
        ({"usd_per_day": "0.50"}, {"dollars": "0.50"}),
        ({"usd_per_month": 2}, {"dollars": "2.10"}),
        ({"tokens_per_day": 1000}, {"tokens": 1000}),
        ({"tokens_per_month": 1000}, {"tokens": 1001}),
        ({"usd_per_day": 0}, {}),
    ],
)
def test_a_start_beyond_a_budget_is_refused_and_what_is_queued_waits(
    user: User, worker: HandmadeWorker, budget: dict[str, Any], spent: dict[str, Any]
) -> None:
    queued = make(user)
    limit(user, **budget)
    if spent:
        spend(user, **spent)
    with pytest.raises(BudgetUsedUp, match="used up"):
        services.start(owner=user, prompt="say hi")
    assert claimed(worker) == []
    limit(user, **dict.fromkeys(budget))
    assert claimed(worker) == [queued.pk]


def test_a_budget_that_is_not_used_up_lets_starts_and_claims_pass(user: User, worker: HandmadeWorker) -> None:
    limit(user, usd_per_day=1, tokens_per_month=100)
    spend(user, "0.999999", 99)
    execution = services.start(owner=user, prompt="say hi")
    assert claimed(worker) == [execution.pk]


def test_a_budget_begins_anew_with_its_day_and_its_month(user: User) -> None:
    today = date(2026, 3, 2)
    spend(user, "5", 7, date(2026, 2, 28))
    spend(user, "3", 5, date(2026, 3, 1))
    spend(user, "1", 2, today)
    from datetime import UTC, datetime

    assert owner_limits.spent_by([user.pk], datetime(2026, 3, 2, 12, tzinfo=UTC)) == {
        user.pk: {"usd_per_day": 1, "usd_per_month": 4, "tokens_per_day": 2, "tokens_per_month": 7}
    }


def test_a_budget_of_the_settings_is_everybodys_and_an_owners_own_takes_its_place(
    user: User, other_user: User, worker: HandmadeWorker, settings_of_engine: Any
) -> None:
    settings_of_engine(BUDGETS={"tokens_per_day": 10})
    limit(other_user, tokens_per_day=100)
    spend(user, tokens=50)
    spend(other_user, tokens=50)
    make(user)
    queued = make(other_user)
    with pytest.raises(BudgetUsedUp):
        services.start(owner=user, prompt="say hi")
    assert claimed(worker) == [queued.pk]


def test_what_a_run_has_used_is_counted_when_it_finishes_and_stays_when_it_is_deleted(
    user: User, worker: HandmadeWorker
) -> None:
    from executions.events import Finished, Usage
    from executions.writing import Finish, write

    for dollars in (0.25, 0.5):
        execution = services.start(owner=user, prompt="say hi")
        worker.claim(1)
        usage = Usage(input_tokens=100, output_tokens=20, requests=1, cost_usd=dollars)
        write(worker.batch(execution.pk, steps=[Finish(execution.pk, Finished("succeeded"), usage=usage)]))
        execution.delete()
    used = OwnerUsage.objects.get()
    assert (used.owner, used.cost_usd, used.tokens) == (user, Decimal("0.75"), 240)


def test_a_change_is_recorded_as_old_and_new_with_its_reason(user: User, admin: User) -> None:
    owner_limits.change(user, {"max_running": 4, "usd_per_day": "1.5"}, by=admin, reason="trial")
    owner_limits.change(user, {"max_running": 4}, by=admin)  # changes nothing
    entry = AuditEntry.objects.get(action="limits_changed")
    assert (entry.actor_name, entry.owner_name, entry.others) == ("admin", "ada", True)
    assert entry.details == {"reason": "trial", "changes": {"max_running": [None, 4], "usd_per_day": [None, 1.5]}}


@pytest.mark.parametrize(
    "wrong",
    [{"max_running": -1}, {"max_running": "many"}, {"max_priority": 101}, {"usd_per_day": -1}, {"speed": 1},
     {"usd_per_day": "0.001"}, {"tokens_per_day": 2**70}],
)  # fmt: skip
def test_a_wrong_limit_is_refused_by_its_name_and_changes_nothing(user: User, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        limit(user, **wrong)
    assert not OwnerLimits.objects.exists()
    assert not AuditEntry.objects.filter(action="limits_changed").exists()


def test_an_owner_sees_what_is_used(user: User) -> None:
    make(user)
    make(user, "running")
    make(user, "finished")
    spend(user, "0.2", 5)
    used = owner_limits.used_by(user)
    assert (used.running, used.queued, used.usd_per_day, used.tokens_per_month) == (1, 1, Decimal("0.2"), 5)


def test_a_start_reads_limits_with_one_statement(user: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        owner_limits.require_start(owner_limits.limits_of(user), user)
