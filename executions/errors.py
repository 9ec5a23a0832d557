"""What can go wrong with a request, each with a stable ``code`` and the status it has over HTTP."""

from django.utils.translation import gettext, gettext_noop


class ExecutionError(Exception):
    """The request could not be carried out."""

    code = "execution_error"
    status = 400

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or gettext((self.__doc__ or "").strip()))

    @property
    def message(self) -> str:
        return str(self.args[0])


class InvalidInput(ExecutionError):
    """The input is not valid."""

    code = "invalid"


class InvalidProject(InvalidInput):
    """This is not a project directory that is allowed here."""

    code = "invalid_project"


class InvalidImage(InvalidInput):
    """This is not an image that can be attached."""

    code = "invalid_image"


class UnknownImage(InvalidInput):
    """There is no such image of yours."""

    code = "unknown_image"


class ProjectBusy(ExecutionError):
    """This project already has an unfinished execution."""

    code = "project_busy"
    status = 409


class ClaudeMissing(ExecutionError):
    """The Claude CLI is not installed here."""

    code = "claude_missing"
    status = 503


class SessionBusy(ExecutionError):
    """This session already has an unfinished execution."""

    code = "session_busy"
    status = 409


class KeepsConversation(ExecutionError):
    """The agent that answered there keeps the conversation itself and can't forget its end. Ask again below instead."""

    code = "keeps_conversation"
    status = 409


class UnknownAgent(ExecutionError):
    """There is no agent of that name."""

    code = "unknown_agent"


class UnknownModel(ExecutionError):
    """That model is not offered here."""

    code = "unknown_model"


class NotFound(ExecutionError):
    """There is no such execution."""

    code = "not_found"
    status = 404


class ScopeMissing(ExecutionError):
    """The token that this came with may not be used for it."""

    code = "scope_missing"
    status = 403

    @staticmethod
    def text(scope: str, needed: str) -> str:
        """Return what is wrong, and what would be right."""
        text = gettext(
            "This token has the scope '%(scope)s', and this takes '%(needed)s': make another one in the settings."
        )
        return text % {"scope": scope, "needed": needed}


class KeyReused(ExecutionError):
    """This idempotency key was used for another request before; use a new one for each request."""

    code = "idempotency_key_reused"
    status = 422


class QueueFull(InvalidInput):
    """There are too many executions of this user in the queue."""

    code = "queue_full"


class StartNotAllowed(ExecutionError):
    """This user may not start anything now; the staff decides that."""

    code = "start_not_allowed"
    status = 403


class BudgetUsedUp(ExecutionError):
    """The budget is used up."""

    code = "budget_used_up"
    status = 403


class NoSuchWorker(NotFound):
    """There is no such worker at work."""

    code = "no_such_worker"


class NoSuchUser(NotFound):
    """There is no such user."""


class NotHeld(ExecutionError):
    """The queue is not held."""

    code = "not_held"
    status = 409


class NotWaiting(ExecutionError):
    """This execution does not wait for that answer."""

    code = "not_waiting"
    status = 409


class NotFinished(ExecutionError):
    """This execution has not finished yet."""

    code = "not_finished"
    status = 409


class NotQueued(ExecutionError):
    """This execution is no longer queued."""

    code = "not_queued"
    status = 409


#: What is said where nothing more is known: the first lines of the classes, for the catalogs.
DEFAULTS = (
    gettext_noop("The request could not be carried out."),
    gettext_noop("The input is not valid."),
    gettext_noop("This is not a project directory that is allowed here."),
    gettext_noop("This is not an image that can be attached."),
    gettext_noop("There is no such image of yours."),
    gettext_noop("This project already has an unfinished execution."),
    gettext_noop("The Claude CLI is not installed here."),
    gettext_noop("This session already has an unfinished execution."),
    gettext_noop(
        "The agent that answered there keeps the conversation itself and can't forget its end. Ask again below instead."
    ),
    gettext_noop("There is no agent of that name."),
    gettext_noop("That model is not offered here."),
    gettext_noop("There is no such execution."),
    gettext_noop("The token that this came with may not be used for it."),
    gettext_noop("This idempotency key was used for another request before; use a new one for each request."),
    gettext_noop("There are too many executions of this user in the queue."),
    gettext_noop("This user may not start anything now; the staff decides that."),
    gettext_noop("The budget is used up."),
    gettext_noop("There is no such worker at work."),
    gettext_noop("There is no such user."),
    gettext_noop("The queue is not held."),
    gettext_noop("This execution does not wait for that answer."),
    gettext_noop("This execution has not finished yet."),
    gettext_noop("This execution is no longer queued."),
)
