"""What a run of the CLI has used: counted as its messages go by, corrected by what the result says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from executions.events import Usage

INPUTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class Meter:
    """The sum so far.

    The CLI tells the cost with its result; until then, and for good when it is stopped before, it is reckoned from the
    list prices, where the model has one. ``total`` is what the CLI said last for its whole conversation.
    """

    def __init__(self, total: float = 0.0) -> None:
        self.requests = 0
        self.total = total
        self._tokens: dict[str, dict[str, int]] = {}  # by message id: the CLI tells a message's usage several times
        self._models: dict[str, str] = {}
        self._cost: float | None = None

    @property
    def tokens(self) -> int:
        return sum(self._sums())

    def begin(self, message: Mapping[str, Any]) -> None:
        """A message of the model begins."""
        message_id = str(message.get("id", ""))
        if message_id not in self._tokens:
            self.requests += 1
        self._models[message_id] = str(message.get("model", ""))
        self._tokens[message_id] = {}
        self.add(message_id, message.get("usage"))

    def add(self, message_id: str, usage: Any) -> None:
        """Note what is known of a message's usage now; its numbers are cumulative."""
        if not isinstance(usage, Mapping) or message_id not in self._tokens:
            return
        known = self._tokens[message_id]
        for name in (*INPUTS, "output_tokens"):
            if isinstance(number := usage.get(name), int) and not isinstance(number, bool) and number >= 0:
                known[name] = number

    async def reckon(self) -> None:
        """Estimate the cost so far. The first time, the list of prices is imported in a thread."""
        self._cost = await asyncio.to_thread(_price, dict(self._models), {k: dict(v) for k, v in self._tokens.items()})

    def settle(self, result: Mapping[str, Any]) -> None:
        """Take the cost of the CLI's result in place of the estimate: this run's part of what is cumulative."""
        total = result.get("total_cost_usd")
        since = result.get("model_usage_since_last_result")
        if isinstance(since, Mapping) and since:
            self._cost = sum(float(used.get("costUSD") or 0) for used in since.values() if isinstance(used, Mapping))
        elif isinstance(total, int | float):
            self._cost = max(0.0, float(total) - self.total)
        if isinstance(total, int | float):
            self.total = float(total)

    def event(self) -> Usage:
        read, written = self._sums()
        return Usage(read, written, self.requests, self._cost)

    def _sums(self) -> tuple[int, int]:
        known = self._tokens.values()
        read = sum(usage.get(name, 0) for usage in known for name in INPUTS)
        return read, sum(usage.get("output_tokens", 0) for usage in known)


def _price(models: Mapping[str, str], tokens: Mapping[str, Mapping[str, int]]) -> float | None:
    import genai_prices  # 0.2 s

    cost = 0.0
    for message_id, used in tokens.items():
        usage = genai_prices.Usage(
            input_tokens=sum(used.get(name, 0) for name in INPUTS),
            cache_write_tokens=used.get("cache_creation_input_tokens", 0),
            cache_read_tokens=used.get("cache_read_input_tokens", 0),
            output_tokens=used.get("output_tokens", 0),
        )
        try:
            cost += float(genai_prices.calc_price(usage, models[message_id], provider_id="anthropic").total_price)
        except LookupError:
            return None
    return cost
