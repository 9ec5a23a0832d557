"""What is stored of failures and notices, in the reader's language.

An agent, a worker or a limit tells in English what happened, and that is what is stored and what the API and the logs
have. Whatever was told in one of these sentences can be said in another language when it is shown; what a provider or a
program has said stays as it was said.
"""

from __future__ import annotations

import re
from functools import lru_cache

from django.utils.translation import get_language, gettext, gettext_noop

#: Sentences in which something is told, the particular before the general. Two in a row may be told together.
SENTENCES = (
    gettext_noop("It took longer than the limit of %(seconds)s seconds."),
    gettext_noop("The server was stopped while this was running."),
    gettext_noop("The agent canceled itself."),
    gettext_noop("The worker that ran this is gone; what it had written by then was kept."),
    gettext_noop("The worker took this and could not run it; start it again."),
    gettext_noop("The worker that ran this execution is gone; what it had written until then is kept."),
    gettext_noop("Interrupted before it had a result."),
    gettext_noop("The execution failed."),
    gettext_noop("The execution took longer than it may and was stopped."),
    gettext_noop("Execution canceled by user"),
    gettext_noop("The answer reached the limit of %(count)s characters."),
    gettext_noop("The limit of %(count)s steps was reached."),
    gettext_noop("Stopped after %(count)s steps, the limit of an execution."),
    gettext_noop("The session's workspace can't be made: %(detail)s."),
    gettext_noop("The agent tried to end the server (%(detail)s)."),
    gettext_noop("%(model)s is not the name of a model; use %(examples)s."),
    gettext_noop("The provider %(provider)s needs a missing package: %(command)s."),
    gettext_noop("There is no provider %(provider)s for the model %(model)s; use %(examples)s."),
    gettext_noop("The model %(model)s cannot be used: %(detail)s"),
    gettext_noop("The model %(model)s needs %(variables)s in the server's environment."),
    gettext_noop("The model %(model)s gave an empty answer."),
    gettext_noop("The conversation is too long for this model; start a new session (%(model)s): %(detail)s"),
    gettext_noop("The model's server did not accept the request (HTTP %(status)s) (%(model)s): %(detail)s"),
    gettext_noop("The model's server refused the API key (HTTP %(status)s) (%(model)s): %(detail)s"),
    gettext_noop("The model's server does not know this model or address (HTTP %(status)s) (%(model)s): %(detail)s"),
    gettext_noop("The model's server says that the conversation is too long (HTTP %(status)s) (%(model)s): %(detail)s"),
    gettext_noop(
        "The model's server is limiting its rate, or its quota is used up (HTTP %(status)s) (%(model)s): %(detail)s"
    ),
    gettext_noop("The model's server refused the request (HTTP %(status)s) (%(model)s): %(detail)s"),
    gettext_noop("The model's server failed (HTTP %(status)s) (%(model)s): %(detail)s"),
    gettext_noop("The model's server did not answer in time (%(model)s): %(detail)s"),
    gettext_noop("The connection to the model's server broke in the middle of the answer (%(model)s): %(detail)s"),
    gettext_noop("The model's server cannot be reached (%(model)s): %(detail)s"),
    gettext_noop("The model's server sent something that is not an answer (%(model)s): %(detail)s"),
    gettext_noop("The model's server failed (%(model)s): %(detail)s"),
    gettext_noop("The MCP server %(name)s cannot be used: %(detail)s"),
    gettext_noop(
        "The Claude CLI is not logged in, or its key is refused. Log in as the server's user with `claude`, or set "
        "ANTHROPIC_API_KEY: %(detail)s"
    ),
    gettext_noop("The model's server could not read an image: %(detail)s"),
    gettext_noop("The model's server did not accept the request: %(detail)s"),
    gettext_noop("The model's server limits your rate, or the quota is used up: %(detail)s"),
    gettext_noop("The model's server is overloaded; try again later: %(detail)s"),
    gettext_noop("The Claude CLI failed: %(detail)s"),
    gettext_noop("The Claude CLI ended with exit status %(status)s before it had a result and said nothing."),
    gettext_noop("The Claude CLI ended with exit status %(status)s before it had a result: %(detail)s"),
    gettext_noop("The Claude CLI ended by signal %(signal)s before it had a result and said nothing."),
    gettext_noop("The Claude CLI ended by signal %(signal)s before it had a result: %(detail)s"),
    gettext_noop("The Claude CLI wrote something that is not its protocol: %(detail)s"),
    gettext_noop("The Claude CLI wrote a line of more than %(count)s bytes."),
    gettext_noop("The Claude CLI said nothing for %(seconds)s s while none of its tools ran; it was ended."),
    gettext_noop("The Claude CLI could not be started: %(detail)s."),
    gettext_noop("There is no earlier conversation %(session)s of yours; this is a fresh start."),
    gettext_noop(
        "The CLI has not kept the conversation before this message, so it begins anew and knows nothing of it."
    ),
    gettext_noop("The model's server did not answer; the CLI tries again (attempt %(number)s)."),
    gettext_noop("The conversation became too long and was summarized by the CLI."),
    gettext_noop("Ended with the run, because it still ran in the background: %(names)s"),
    gettext_noop("The demo does not understand this line and went on: %(line)s"),
    gettext_noop("%(tool)s is switched off for this message; the step was skipped."),
    # Of deliveries.
    gettext_noop("It did not answer within %(seconds)s s."),
    gettext_noop("It could not be reached: %(detail)s"),
    gettext_noop("It redirects, which is not followed: give the address that it redirects to."),
    gettext_noop("%(host)s is at a private address (%(address)s), which is not allowed here."),
    gettext_noop("The host %(host)s was not found: %(detail)s."),
    gettext_noop("Whoever sent it was gone before the answer came."),
    gettext_noop("The receiver has answered 410 Gone: it wants nothing any more."),
    gettext_noop("%(failures)s attempts in a row have failed since %(since)s; the last: %(detail)s"),
    gettext_noop("The webhook was switched off."),
    gettext_noop("A member of the staff has switched it off."),
)
_VALUE = re.compile(r"%\((\w+)\)s")


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return the sentences, each with a pattern that finds its values in what was told."""
    return [(re.compile(_pattern(sentence), re.DOTALL), sentence) for sentence in SENTENCES]


def _pattern(sentence: str) -> str:
    # ``split`` with a group: texts at even places, the names of values between them.
    pieces = _VALUE.split(sentence)
    return "".join(f"(?P<{piece}>.+)" if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces))


def in_words(text: str) -> str:
    """Return what was told, in the language in use as far as it was told in one of :data:`SENTENCES`."""
    if not text or (get_language() or "en").startswith("en"):
        return text
    for pattern, sentence in _patterns():
        if (found := pattern.fullmatch(text)) is not None:
            return gettext(sentence) % found.groupdict()
    return text
