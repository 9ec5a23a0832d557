"""Questions to the database: clocks, people, workers, the queue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.functions import Now

from executions.conf import conf
from executions.models import Execution, Worker
from kakoclaw import __version__
from kakoclaw.doctor.findings import Finding, error, warning

#: What clocks may differ by before times that people are shown look wrong.
CLOCKS_DIFFER = 2.0
#: Something that has waited longer, while there are free workers, is stuck.
STUCK = timedelta(minutes=5)


def database_fits() -> Iterator[Finding]:
    """Ask whether several processes share a database that is made for one machine."""
    if settings.REDIS_URL and connection.vendor == "sqlite":
        yield warning(
            "REDIS_URL is set, for several processes, and the database is SQLite, which has one writer at a time.",
            "Set DATABASE_URL to a PostgreSQL: see docs/deployment.md.",
        )


def clocks_agree() -> Iterator[Finding]:
    """Ask whether the clocks of this machine and of the database tell the same time."""
    now = ExpressionWrapper(Now(), output_field=DateTimeField())
    there = User.objects.annotate(now=now).values_list("now", flat=True).first()
    apart = abs((datetime.now(UTC) - there).total_seconds()) if there else 0.0
    if apart > CLOCKS_DIFFER:
        yield warning(
            f"The clocks of this machine and of the database differ by {apart:.0f} seconds.",
            "Set both by NTP. Leases go by the database's clock alone; times that people see do not.",
        )


def somebody_can_sign_in() -> Iterator[Finding]:
    """Ask whether there is a member of the staff."""
    if not any(user.has_usable_password() for user in User.objects.filter(is_active=True, is_staff=True)):
        yield warning(
            "No member of the staff can sign in.",
            "Run `manage.py createsuperuser`, or `manage.py changepassword admin`.",
        )


def workers_run() -> Iterator[Finding]:
    """Ask whether anybody runs executions, and with which version."""
    alive = list(Worker.objects.alive())
    heard = set(Worker.objects.alive().exclude(pk__in=_silent()).values_list("pk", flat=True))
    for worker in alive:
        if worker.pk not in heard:
            yield warning(
                f"The worker {worker} was not heard of for more than {conf.lease_seconds:g} seconds.",
                "Nothing is needed while any server or worker runs: it finishes what that one had as lost.",
            )
        elif worker.version != __version__:
            yield warning(
                f"The worker {worker} runs version {worker.version}, and this is {__version__}.", "Restart it."
            )
    if not heard:
        how = "`manage.py serve`" if conf.embedded_worker else "`manage.py runworker`"
        yield warning("No worker is running, so nothing that is started will begin.", f"Start one: {how}.")


def _silent() -> list[str]:
    return list(Worker.objects.expired(timedelta(seconds=conf.lease_seconds)).values_list("pk", flat=True))


def queue_moves() -> Iterator[Finding]:
    """Ask whether something waits that could run: of an agent that no worker serves, or for far too long."""
    served: set[str] = set()
    for agents in Worker.objects.alive().values_list("agents", flat=True):
        served |= set(agents) or set(conf.agents)
    agents = set(Execution.objects.queued().order_by().values_list("agent", flat=True).distinct())
    for agent in sorted(agents - served if served else ()):
        yield error(f"Executions of the agent {agent} are queued, and no worker serves it.", "Start one that does.")
    if served and not Execution.objects.active().exists():
        old = Execution.objects.queued().filter(created_at__lt=Now() - STUCK, agent__in=served)
        if old.exists():
            yield error(
                f"Nothing runs, and something has been queued for more than {STUCK.seconds // 60} minutes.",
                "Look into the log of the workers; restarting them loses nothing that is queued.",
            )
