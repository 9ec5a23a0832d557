"""A script of a page together with everything that it imports, so that a browser asks for all of it at once.

Without this, it learns of an import only when the importing script has come: four journeys to the server, not one.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_IMPORT = re.compile(r"""^(?:import|export)\b[^"';]*?["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)


@lru_cache
def imports_of(script: str) -> tuple[str, ...]:
    """Return the names of all static files that a script imports, directly or not; each once, the nearest first."""
    found: dict[str, None] = {}
    waiting = [script]
    while waiting:
        name = waiting.pop(0)
        path = finders.find(name)
        text = Path(path).read_text(encoding="utf-8") if isinstance(path, str) else ""
        for relative in _IMPORT.findall(text):
            imported = posixpath.normpath(posixpath.join(posixpath.dirname(name), relative))
            if imported not in found and imported != script:
                found[imported] = None
                waiting.append(imported)
    return tuple(found)


@register.simple_tag
def module(script: str) -> SafeString:
    """Return the tag of a script, and of each script that it imports one that fetches it beforehand."""
    links = ((static(name),) for name in imports_of(script))
    preloads = format_html_join("\n  ", '<link rel="modulepreload" href="{}">', links)
    return format_html('{}\n  <script type="module" src="{}"></script>', preloads, static(script))
