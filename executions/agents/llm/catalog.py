"""Which models are offered, and which of them can be used: what the pages and ``GET models`` show.

Nothing here imports pydantic-ai or asks a server; a provider counts as enabled when its variables are set.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TypedDict

#: Other names of a provider, as people write them.
ALIASES = {"gemini": "google", "google-gla": "google", "openai-responses": "openai"}

#: Any one of these variables lets the provider be used; none are needed where there are none.
KEYS: dict[str, tuple[str, ...]] = {
    "openai": ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
    "openai-chat": ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "ollama": ("OLLAMA_BASE_URL",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "xai": ("XAI_API_KEY",),
    "together": ("TOGETHER_API_KEY",),
    "fireworks": ("FIREWORKS_API_KEY",),
    "vllm": ("VLLM_BASE_URL",),
    "litellm": ("LITELLM_BASE_URL", "LITELLM_API_KEY"),
    "demo": (),
}


class ModelEntry(TypedDict):
    """A model as it is chosen: ``id`` is what a message names."""

    id: str
    provider: str


class ProviderEntry(TypedDict):
    """A provider with its models; ``is_active`` marks the one that serves the current model."""

    name: str
    enabled: bool
    is_active: bool
    models: list[ModelEntry]


def provider_of(model: str) -> str:
    """Return the provider's part of a model's name: ``anthropic`` of ``anthropic:NAME``, ``demo`` of ``demo``."""
    name = model.partition(":")[0]
    return ALIASES.get(name, name)


def is_enabled(provider: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the variables that this provider needs are set; unknown providers get the benefit of the doubt."""
    variables = KEYS.get(provider, ())
    return not variables or any(environment.get(name) for name in variables)


def catalog(models: Iterable[str], current: str, environment: Mapping[str, str] = os.environ) -> list[ProviderEntry]:
    """Return the offered models by provider, in the order they are configured.

    ``models`` is the configured list; ``current`` (the default model) and ``demo`` are always part of the answer.
    """
    providers: dict[str, ProviderEntry] = {}
    for model in dict.fromkeys([*models, current, "demo"]):
        name = provider_of(model)
        if name not in providers:
            enabled, active = is_enabled(name, environment), name == provider_of(current)
            providers[name] = ProviderEntry(name=name, enabled=enabled, is_active=active, models=[])
        providers[name]["models"].append(ModelEntry(id=model, provider=name))
    return list(providers.values())
