"""Connections to addresses that somebody else has chosen: a model, a person, a browser."""
