"""Staff pages of the engine: executions, the workers that run them, and the people they are of.

State is never edited here: the pages call the same services as everything else.
"""

from executions.admin import audit, executions, limits, queue, users, webhooks, workers

__all__ = ["audit", "executions", "limits", "queue", "users", "webhooks", "workers"]
