"""What an execution has used, counted over its model requests."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import genai_prices
from pydantic_ai.messages import ModelResponse

from executions.events import Usage


@dataclass(slots=True)
class Meter:
    """The sum so far. The cost is unknown as soon as the cost of one answer is."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = Decimal(0)

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def add(self, response: ModelResponse) -> None:
        """Count what the server reported for this answer, whole or partial."""
        self.input_tokens += response.usage.input_tokens
        self.output_tokens += response.usage.output_tokens
        price = _price(response)
        self.cost = None if self.cost is None or price is None else self.cost + price

    def event(self) -> Usage:
        cost = None if self.cost is None or not self.tokens else float(self.cost)
        return Usage(self.input_tokens, self.output_tokens, self.requests, cost)


def _price(response: ModelResponse) -> Decimal | None:
    """Return the price in USD, ``None`` where it is not known, as with any server that is not the provider's own."""
    if not (response.model_name and response.provider_url):
        return None
    try:
        priced = genai_prices.calc_price(response.usage, response.model_name, provider_api_url=response.provider_url)
    except LookupError:
        return None
    return priced.total_price
