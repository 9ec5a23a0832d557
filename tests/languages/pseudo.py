"""A language in which every text that is marked for translation stands in ⟦brackets⟧: whatever does not was forgotten.

It takes the place of Japanese in a server of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

import polib

CATALOGS = Path(__file__).resolve().parents[2] / "kakoclaw" / "locale" / "ja" / "LC_MESSAGES"
LANGUAGE = "ja"
_INNERMOST = re.compile(r"⟦[^⟦⟧]*⟧")


def write(folder: Path) -> None:
    """Write the catalogs of this language into ``folder``, to be used as one of ``LOCALE_PATHS``."""
    target = folder / LANGUAGE / "LC_MESSAGES"
    target.mkdir(parents=True)
    for name in ("django", "djangojs"):
        catalog = polib.pofile(str(CATALOGS / f"{name}.po"))
        for entry in catalog:
            if entry.msgid_plural:
                entry.msgstr_plural = {0: f"⟦{entry.msgid_plural}⟧"}
            else:
                entry.msgstr = f"⟦{entry.msgid}⟧"
        catalog.save_as_mofile(str(target / f"{name}.mo"))


def outside(text: str) -> str:
    """Return what of ``text`` is in no brackets."""
    while (rest := _INNERMOST.sub(" ", text)) != text:
        text = rest
    return text
