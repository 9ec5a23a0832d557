"""What an empty chat offers to try."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    title: str
    prompt: str


DEMO = (
    Example("Stream an answer", "count 200 every 50ms"),
    Example("Run a command", "say I will look around first.\nrun ls -la && sleep 2 && uname -a\nsay Done."),
    Example("Ask me something", "ask Which way? | Left | Right\nsay Off we go."),
    Example("Show a plan first", "plan Write hello.txt, then read it back\nwrite hello.txt Hello!\nread hello.txt"),
)
MODEL = (
    Example("Look around", "List the files in your workspace and tell me what is there."),
    Example("Make something", "Write a small Python script that prints the first 20 prime numbers, and run it."),
    Example("Find something out", "Search the web for what is new in Python, and sum it up in five lines."),
    Example("Explain", "Explain how a hash map works, with a short example."),
)
CLAUDE = (
    Example("Look around", "Explain what this project does, and how its parts fit together."),
    Example("Fix something", "Run the tests, and fix what fails."),
    Example("Plan first", "/plan Find what is slow here, and how to make it fast."),
    Example("Review", "Review the uncommitted changes, and tell me what you would do differently."),
)


def examples_for(model: str) -> tuple[Example, ...]:
    """Return the examples that fit the default model."""
    return DEMO if model == "demo" else MODEL
