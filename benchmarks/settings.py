"""The site's own settings, with a demo agent that writes down when its code has ended."""

from kakoclaw.settings import *  # noqa: F403
from kakoclaw.settings import EXECUTIONS

EXECUTIONS["AGENTS"] |= {"demo": "benchmarks.stopwatch.TimedDemoAgent", "llm": "benchmarks.stopwatch.TimedLLMAgent"}
