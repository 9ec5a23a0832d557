"""Questions about what agents need."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from executions.agents.claude import cli
from executions.agents.llm import catalog
from executions.conf import conf
from kakoclaw.doctor.findings import Finding, warning


def models_can_be_used() -> Iterator[Finding]:
    """Ask whether every model that is offered has the variables of its provider; the default one has its own check."""
    for model in settings.MODELS:
        provider = catalog.provider_of(model)
        if model != settings.MODEL and not catalog.is_enabled(provider):
            yield warning(
                f"The model {model} is offered and cannot be used.",
                f"Set {' or '.join(catalog.KEYS[provider])}, or take it out of KAKOCLAW_MODELS: see docs/models.md.",
            )


def claude_can_be_used() -> Iterator[Finding]:
    """Ask whether the Claude CLI is there, where projects are."""
    if not conf.project_roots:
        return
    status = cli.available()
    if status.problem:
        yield warning(f"There are projects, and {status.problem}", status.how_to_add or "See docs/claude.md.")
