"""``manage.py doctor``: what is wrong with this installation, in words a person can act on."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from kakoclaw.doctor import Level, examine


class Command(BaseCommand):
    """Asks all there is to ask and changes nothing."""

    help = (
        "Say what is misconfigured, and what to do about it. The exit status is 1 when something does not work, with "
        "--strict also when something is only not as it should be, else 0."
    )
    requires_system_checks: list[str] = []  # asked among the others

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings as well")
        parser.add_argument("--json", action="store_true", dest="as_json", help="say it to a program")

    def handle(self, *, strict: bool, as_json: bool, **options: Any) -> None:
        answers = dict(examine())
        found = [finding for findings in answers.values() for finding in findings]
        if as_json:
            told = [{"question": name, **asdict(finding)} for name, list_ in answers.items() for finding in list_]
            self.stdout.write(json.dumps({"asked": list(answers), "findings": told}, indent=2))
        else:
            self._tell(answers)
        if any(finding.level is Level.ERROR for finding in found) or (strict and found):
            sys.exit(1)

    def _tell(self, answers: dict[str, Any]) -> None:
        for name, findings in answers.items():
            if not findings:
                self.stdout.write(f"{self.style.SUCCESS('ok'):10} {name}")
            for finding in findings:
                paint = self.style.ERROR if finding.level is Level.ERROR else self.style.WARNING
                self.stdout.write(f"{paint(finding.level):10} {name}: {finding.what}")
                self.stdout.write(f"{'':10} → {finding.remedy}")
