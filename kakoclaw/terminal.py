"""Ctrl-C for the server, and for nobody else in front of it."""

from __future__ import annotations

import os
import signal
import sys


def take_terminal() -> None:
    """Become the terminal's foreground process group, when this process's group is that now.

    Ctrl-C signals the whole foreground group. ``make`` would be in it, and reports an interrupt of its own
    (``Error 130``) however cleanly its child ended. In a group of its own the server alone is asked to stop, and make
    sees what happened: a command that ended with status 0. Without a terminal, nothing changes.
    """
    if not sys.stdin.isatty():
        return
    terminal = sys.stdin.fileno()
    if os.tcgetpgrp(terminal) != os.getpgrp():
        return  # In the background: Ctrl-C is not meant for it.
    os.setpgid(0, 0)
    # Setting the foreground group from outside it would stop this process.
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(terminal, os.getpgrp())
    signal.signal(signal.SIGTTOU, before)
    # Ctrl-Z would stop the server but not make, and the shell, which waits for make, would never come back.
    signal.signal(signal.SIGTSTP, lambda *_: None)
