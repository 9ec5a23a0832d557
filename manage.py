#!/usr/bin/env python
"""Run a management command of the KakoClaw site."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kakoclaw.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # Its text is written for the person who set the variable; a traceback would only hide it.
        sys.exit(_fail(str(error)))


def _fail(message: str) -> int:
    for line in message.splitlines():
        print(f"kakoclaw: {line}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
