"""The questions, in the order in which their answers make sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.management.base import CommandError

from kakoclaw import preflight
from kakoclaw.doctor import agents, machine, services
from kakoclaw.doctor.findings import Finding, error, warning

Question = Callable[[], Iterator[Finding]]


def settings_go_together() -> Iterator[Finding]:
    """Ask Django's checks and our own; those for deployment are about HTTPS, and asked where that is in front."""
    for message in run_checks(include_deployment_checks=settings.HTTPS):
        if not message.is_silenced():
            make = error if message.level >= ERROR else warning
            yield make(str(message.msg), str(message.hint or f"See the check {message.id} in Django's documentation."))


def database_answers() -> Iterator[Finding]:
    """Ask whether the database is there."""
    try:
        preflight.require_database()
    except CommandError as problem:
        yield error(str(problem), "Start it, or correct DATABASE_URL: see docs/deployment.md.")


def home_is_set_up() -> Iterator[Finding]:
    """Ask whether the tables and the collected files are those of this version."""
    try:
        preflight.require_setup()
    except CommandError:
        yield error("The database or the static files are not those of this version.", "Run `manage.py setup`.")


def redis_answers() -> Iterator[Finding]:
    """Ask whether Redis is there, where it is used."""
    try:
        preflight.require_redis()
    except CommandError as problem:
        yield error(str(problem), "Start it, or correct REDIS_URL. Until then all is slower, and nothing is lost.")


#: By name. Those after a name in NEEDED are not asked when that one has found an error.
QUESTIONS: dict[str, Question] = {
    "settings": settings_go_together,
    "files": machine.files_are_safe,
    "space": machine.there_is_room,
    "limits": machine.limits_are_high_enough,
    "metrics": machine.metrics_have_a_directory,
    "models": agents.models_can_be_used,
    "claude": agents.claude_can_be_used,
    "redis": redis_answers,
    "database": database_answers,
    "setup": home_is_set_up,
    "kind of database": services.database_fits,
    "clock": services.clocks_agree,
    "people": services.somebody_can_sign_in,
    "workers": services.workers_run,
    "queue": services.queue_moves,
}
NEEDED = ("database", "setup")


def examine() -> Iterator[tuple[str, list[Finding]]]:
    """Yield the name of each question with what it has found."""
    for name, question in QUESTIONS.items():
        findings = list(question())
        yield name, findings
        if name in NEEDED and findings:
            return
