"""The database backend: Django's own, with a queue for the writers of one process.

SQLite has one writer at a time, and lets others try again after sleeps of up to 100 ms, in no order: under load, a
cancel that takes 2 ms would wait for most of a second while the journal writes. A lock wakes the next one at once.
Other processes' writers are still kept apart by SQLite itself.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions begin when it is their turn in this process, and end it in any case."""

    _turn: threading.Lock | None = None

    def _start_transaction_under_autocommit(self) -> None:
        lock = _locks[str(self.settings_dict["NAME"])]
        if not lock.acquire(timeout=self.settings_dict["OPTIONS"].get("timeout", 5)):
            raise OperationalError("database is locked")
        self._turn = lock
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def is_usable(self) -> bool:
        """Whether the connection still works; Django believes it of every one of SQLite, and these are kept."""
        try:
            self.connection.execute("SELECT 1")
        except sqlite3.Error:
            return False
        return True

    def _commit(self) -> Any:
        result = super()._commit()  # type: ignore[misc]
        self._end_turn()
        return result

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.release()
