"""``python -m kakoclaw.client``: the command line for a server elsewhere; no site needs to be set up here."""

from __future__ import annotations

import sys

from django.conf import settings


def main(arguments: list[str]) -> None:
    """Run one sub-command; exits with its code."""
    settings.configure(USE_I18N=False)
    # What it imports reads the settings.
    from kakoclaw.management.commands.executions import Command

    class Elsewhere(Command):
        only_remote = True
        program = "python -m kakoclaw.client"

    Elsewhere().run_from_argv(["python -m kakoclaw.client", "", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
