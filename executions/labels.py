"""The names of models and their fields, in the reader's language.

They are what Django makes of the names in the code. Were they written at each field, every other word would be a
migration; so they are put into the reader's language here, for all that the staff's pages show.
"""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy, gettext_noop

#: For the catalogs.
LABELS = (
    gettext_noop("calls of the model"),
    gettext_noop("assistant"),
    gettext_noop("system"),
    gettext_noop("actor id"),
    gettext_noop("agent"),
    gettext_noop("agent session"),
    gettext_noop("agents"),
    gettext_noop("answer"),
    gettext_noop("archived"),
    gettext_noop("attempts"),
    gettext_noop("cancel reason"),
    gettext_noop("cancel requested at"),
    gettext_noop("cancel requested by"),
    gettext_noop("cancel source"),
    gettext_noop("changed at"),
    gettext_noop("content"),
    gettext_noop("cost usd"),
    gettext_noop("created"),
    gettext_noop("created at"),
    gettext_noop("deleted at"),
    gettext_noop("disabled at"),
    gettext_noop("disabled reason"),
    gettext_noop("draining at"),
    gettext_noop("error"),
    gettext_noop("error code"),
    gettext_noop("event"),
    gettext_noop("execution"),
    gettext_noop("executions"),
    gettext_noop("expiry"),
    gettext_noop("failures"),
    gettext_noop("finished at"),
    gettext_noop("heartbeat at"),
    gettext_noop("host"),
    gettext_noop("id"),
    gettext_noop("ID"),
    gettext_noop("input tokens"),
    gettext_noop("last message"),
    gettext_noop("last seq"),
    gettext_noop("last used at"),
    gettext_noop("lock"),
    gettext_noop("lost at"),
    gettext_noop("message"),
    gettext_noop("message count"),
    gettext_noop("messages"),
    gettext_noop("model"),
    gettext_noop("name"),
    gettext_noop("options"),
    gettext_noop("outcome"),
    gettext_noop("output"),
    gettext_noop("output tokens"),
    gettext_noop("owner"),
    gettext_noop("pid"),
    gettext_noop("priority"),
    gettext_noop("process started at"),
    gettext_noop("prompt"),
    gettext_noop("pruned"),
    gettext_noop("question"),
    gettext_noop("receipt"),
    gettext_noop("request id"),
    gettext_noop("requests"),
    gettext_noop("retry of"),
    gettext_noop("role"),
    gettext_noop("scope"),
    gettext_noop("security"),
    gettext_noop("session"),
    gettext_noop("session id"),
    gettext_noop("sessions"),
    gettext_noop("slots"),
    gettext_noop("started at"),
    gettext_noop("state"),
    gettext_noop("stopped at"),
    gettext_noop("title"),
    gettext_noop("token"),
    gettext_noop("tokens"),
    gettext_noop("transcript"),
    gettext_noop("turn"),
    gettext_noop("updated at"),
    gettext_noop("url"),
    gettext_noop("user"),
    gettext_noop("version"),
    gettext_noop("webhook"),
    gettext_noop("webhooks"),
    gettext_noop("worker"),
    gettext_noop("workers"),
)


def translate(config: AppConfig) -> None:
    """Let the names of the application, its models and their fields be said in the language in use."""
    config.verbose_name = gettext_lazy(str(config.verbose_name))
    for model in config.get_models():
        meta = model._meta
        if isinstance(meta.verbose_name, str):
            # Django makes the plural when it is asked for, from whatever the name is then.
            meta.verbose_name_plural = gettext_lazy(str(meta.verbose_name_plural))
            meta.verbose_name = gettext_lazy(meta.verbose_name)
        for field in meta.get_fields(include_hidden=True):
            name = getattr(field, "verbose_name", None)
            if isinstance(name, str):
                field.verbose_name = gettext_lazy(name)  # type: ignore[union-attr]
            help_text = getattr(field, "help_text", "")
            if isinstance(help_text, str) and help_text:
                field.help_text = gettext_lazy(help_text)  # type: ignore[union-attr]
