"""What an empty chat offers to try."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Example:
    title: str | Promise
    prompt: str | Promise


DEMO = (
    Example(_("Stream an answer"), "count 200 every 50ms"),
    Example(_("Run a command"), "say I will look around first.\nrun ls -la && sleep 2 && uname -a\nsay Done."),
    Example(_("Ask me something"), "ask Which way? | Left | Right\nsay Off we go."),
    Example(_("Show a plan first"), "plan Write hello.txt, then read it back\nwrite hello.txt Hello!\nread hello.txt"),
)
MODEL = (
    Example(_("Look around"), _("List the files in your workspace and tell me what is there.")),
    Example(_("Make something"), _("Write a small Python script that prints the first 20 prime numbers, and run it.")),
    Example(_("Find something out"), _("Search the web for what is new in Python, and sum it up in five lines.")),
    Example(_("Explain"), _("Explain how a hash map works, with a short example.")),
)
CLAUDE = (
    Example(_("Look around"), _("Explain what this project does, and how its parts fit together.")),
    Example(_("Fix something"), _("Run the tests, and fix what fails.")),
    Example(_("Plan first"), _("/plan Find what is slow here, and how to make it fast.")),
    Example(_("Review"), _("Review the uncommitted changes, and tell me what you would do differently.")),
)
#: How a model is connected, in the words of the settings; the first is whatever speaks OpenAI's protocol.
CONNECTIONS = (
    (
        "Ollama, vLLM, llama.cpp, LM Studio",
        "KAKOCLAW_MODEL=openai-chat:llama3.2\nOPENAI_BASE_URL=http://127.0.0.1:11434/v1\nOPENAI_API_KEY=none",
    ),
    ("Anthropic", "KAKOCLAW_MODEL=anthropic:NAME\nANTHROPIC_API_KEY=…"),
    ("OpenAI", "KAKOCLAW_MODEL=openai:NAME\nOPENAI_API_KEY=…"),
    ("Gemini", "KAKOCLAW_MODEL=google:NAME\nGOOGLE_API_KEY=…"),
)


def examples_for(model: str) -> tuple[Example, ...]:
    """Return the examples that fit the default model."""
    return DEMO if model == "demo" else MODEL
