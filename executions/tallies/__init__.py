"""Tallies: what happened in a stretch of time, counted once and kept, so that 90 days are some hundred rows to read.

``noting`` writes down each end in the transaction that finishes an execution, ``adding`` turns what was noted into
counts, ``upkeep`` is the worker's task that does so every few seconds, and ``reading`` answers the dashboard.
"""
