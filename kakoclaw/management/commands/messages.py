"""``manage.py messages``: take the words of the code into the catalogs, and compile them. Needs GNU gettext."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, call_command
from django.core.management.commands import makemessages

from kakoclaw.languages import LANGUAGES

#: The source language needs no catalog.
LOCALES = [code for code in LANGUAGES if code != settings.LANGUAGE_CODE]
#: Folders, from the project's, whose words nobody is shown.
IGNORED = ["tests", "tests/*", "benchmarks/*", "docs/*", "deploy/*", "var/*", ".*", "executions/testing/*"]
#: It would change with every run, and two branches that both ran it could not be merged.
DATE = re.compile(r'^"POT-Creation-Date: [^\n]*\n', re.MULTILINE)


class Extraction(makemessages.Command):
    """Django's own, without guesses: a text that has changed is to be translated anew."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching", "--sort-output"]


class Command(BaseCommand):
    """Run in the project's folder."""

    help = "Take the words of the code into the catalogs of all languages, and compile them. Needs GNU gettext."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only-extract", action="store_true", help="do not compile")

    def handle(self, *args: Any, only_extract: bool, **options: Any) -> None:
        for domain, extensions in (("django", ["py", "html", "txt"]), ("djangojs", ["js"])):
            call_command(
                Extraction(),
                locale=LOCALES,
                domain=domain,
                extensions=extensions,
                ignore_patterns=IGNORED,
                no_location=True,
                no_wrap=True,
                no_obsolete=True,
                verbosity=0,
            )
        for catalog in Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/*.po"):
            text = catalog.read_text(encoding="utf-8")
            catalog.write_text(DATE.sub("", text), encoding="utf-8")
        if not only_extract:
            call_command("compilemessages", locale=LOCALES, ignore_patterns=[".*", "var"], verbosity=0)
