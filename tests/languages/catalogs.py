"""The catalogs of the site, as they are in the project."""

from __future__ import annotations

from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parents[2] / "kakoclaw" / "locale"
LANGUAGES = ("es", "ja")
DOMAINS = ("django", "djangojs")
FILES = [f"{language}/LC_MESSAGES/{domain}" for language in LANGUAGES for domain in DOMAINS]

Key = tuple[str | None, str, str]


def catalog(name: str) -> polib.POFile:
    """Return the catalog of one of :data:`FILES`."""
    return polib.pofile(str(LOCALE / f"{name}.po"))


def key(entry: polib.POEntry) -> Key:
    """Return what an entry is found by."""
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def translations(entry: polib.POEntry) -> list[str]:
    """Return all forms of an entry's translation."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
