"""The engine's REST API: history, live events, start, cancel, answer, retry."""
