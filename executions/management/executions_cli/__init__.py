"""The sub-commands of ``manage.py executions``, one a module."""

from executions.management.executions_cli.active import Active
from executions.management.executions_cli.answer import Answer
from executions.management.executions_cli.cancel import Cancel
from executions.management.executions_cli.history import History
from executions.management.executions_cli.retry import Retry
from executions.management.executions_cli.show import Show
from executions.management.executions_cli.start import Start
from executions.management.executions_cli.subcommand import Subcommand
from executions.management.executions_cli.tail import Tail

#: Work on any backend, and import no models.
ANYWHERE: dict[str, type[Subcommand]] = {
    "active": Active,
    "history": History,
    "show": Show,
    "start": Start,
    "tail": Tail,
    "answer": Answer,
    "cancel": Cancel,
    "retry": Retry,
}


def on_the_server() -> dict[str, type[Subcommand]]:
    """Return those that need the database itself."""
    from executions.management.executions_cli.audit import Audit, PruneAudit
    from executions.management.executions_cli.drain import Drain, Resume
    from executions.management.executions_cli.hold import Hold
    from executions.management.executions_cli.limits import Limits
    from executions.management.executions_cli.prune import Compact, Prune
    from executions.management.executions_cli.release import Release
    from executions.management.executions_cli.workers import Workers

    return {
        "hold": Hold,
        "release": Release,
        "workers": Workers,
        "drain": Drain,
        "resume": Resume,
        "limits": Limits,
        "audit": Audit,
        "prune-audit": PruneAudit,
        "prune": Prune,
        "compact": Compact,
    }
