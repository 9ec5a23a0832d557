"""Models by name, and the connections to their servers.

Each event loop has one provider (and so one HTTP client, with its pool of connections) for each provider's name: the
runs of a worker share connections, and a run that is canceled closes only the one it was reading from.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model, infer_model
from pydantic_ai.providers import Provider, infer_provider

from executions.agents.base import AgentFailure
from executions.agents.llm.catalog import ALIASES, KEYS

EXAMPLES = "openai-chat:NAME, anthropic:NAME, google:NAME or ollama:NAME"


@dataclass(slots=True)
class _Clients:
    """What one event loop has open."""

    models: dict[str, Model] = field(default_factory=dict)
    providers: dict[str, Provider[Any]] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Clients] = WeakKeyDictionary()


async def model(name: str) -> Model:
    """Return the model of that pydantic-ai name, e.g. ``openai-chat:gpt-5``. Raises AgentFailure.

    The first use of a provider imports its library, in a thread.
    """
    clients = _by_loop.setdefault(asyncio.get_running_loop(), _Clients())
    if found := clients.models.get(name):
        return found
    async with clients.lock:
        if name not in clients.models:
            known = set(clients.providers)
            clients.models[name] = await asyncio.to_thread(_make, name, clients.providers)
            for provider in clients.providers.keys() - known:
                # Entered once, so that leaving it in close() is what closes its HTTP client.
                await clients.providers[provider].__aenter__()
        return clients.models[name]


async def close() -> None:
    """Close the connections of the running event loop."""
    clients = _by_loop.pop(asyncio.get_running_loop(), None)
    for provider in clients.providers.values() if clients else ():
        await provider.__aexit__(None, None, None)


def _make(name: str, providers: dict[str, Provider[Any]]) -> Model:
    provider, colon, model_name = name.partition(":")
    if not (provider and colon and model_name):
        raise AgentFailure(f"{name!r} is not the name of a model; use {EXAMPLES}.", "model_config")
    provider = ALIASES.get(provider, provider)

    def shared(provider: str) -> Provider[Any]:
        if provider not in providers:
            providers[provider] = infer_provider(provider)
        return providers[provider]

    try:
        return infer_model(f"{provider}:{model_name}", provider_factory=shared)
    except ImportError as error:
        text = f"The provider {provider} needs a missing package: pip install 'pydantic-ai-slim[{provider}]'."
        raise AgentFailure(text, "model_unavailable") from error
    except ValueError as error:
        text = f"There is no provider {provider!r} for the model {name!r}; use {EXAMPLES}."
        raise AgentFailure(text, "model_config") from error
    except UserError as error:
        variables = KEYS.get(provider)
        if not variables:
            raise AgentFailure(f"The model {name!r} cannot be used: {error}", "model_config") from error
        text = f"The model {name!r} needs {' or '.join(variables)} in the server's environment."
        raise AgentFailure(text, "model_config") from error
