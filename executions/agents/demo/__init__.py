"""An offline agent: everything the product does, before anyone has an API key."""

from executions.agents.demo.agent import DemoAgent

__all__ = ["DemoAgent"]
