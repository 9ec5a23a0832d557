"""What happens to the executions of a user who is deleted while some of them run."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models.signals import pre_delete

from executions import bus
from executions.models import Execution


def connect() -> None:
    """Listen to deletions of users."""
    pre_delete.connect(_stop_all_of, sender=get_user_model(), dispatch_uid="executions.user_deleted")


def _stop_all_of(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Hold up the events of what the user runs until it is deleted with the user; its workers stop it then.

    The doorbell makes that sooner: a worker looks for what it should no longer run once a poll.
    """
    with transaction.atomic():
        active = Execution.objects.active().filter(owner=instance).lock_whole()
        held: dict[str, list[int]] = defaultdict(list)
        for pk, worker_id in active.values_list("pk", "worker_id"):
            held[worker_id].append(pk)
    for worker_id, ids in held.items():
        message = {"type": "execution.cancel", "ids": ids}
        transaction.on_commit(partial(bus.ring, bus.worker_group(worker_id), message))
