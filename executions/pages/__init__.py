"""The pages about executions: what runs now, what has run, and one run in detail. They work without scripts."""
