"""The reader's language: how it is chosen, and the words that the pages' scripts need.

Which one it is, Django's LocaleMiddleware finds: the cookie that is set here, or what the browser asks for.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import JavaScriptCatalog

YEAR = 365 * 24 * 3600
LANGUAGES: dict[str, str] = dict(settings.LANGUAGES)
_catalog = JavaScriptCatalog.as_view(packages=["kakoclaw"])


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Choose the language of this browser's pages; an empty one is whatever the browser asks for."""
    wanted = request.POST.get("next", "")
    response = redirect(wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else "chat")
    chosen = request.POST.get("language", "")
    if chosen in LANGUAGES:
        flags: dict[str, Any] = {"secure": settings.SESSION_COOKIE_SECURE, "samesite": "Lax", "httponly": True}
        flags["path"] = settings.LANGUAGE_COOKIE_PATH
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=YEAR, **flags)
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_COOKIE_PATH, samesite="Lax")
    return response


@require_safe
@gzip_page
def words(request: HttpRequest, language: str, version: str) -> HttpResponse:
    """Send the words of the pages' scripts. They may be kept for ever: other words have another address."""
    if language not in LANGUAGES:
        raise Http404
    script, current = _script(language)
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    # A page that is older than this server gets the words there are; they are not those of its address.
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable" if version == current else "no-cache"
    return response


def words_address() -> str:
    """Return the address of the words of the language in use."""
    language = translation.get_language()
    if language not in LANGUAGES:
        language = settings.LANGUAGE_CODE
    return reverse("words", args=[language, _script(language)[1]])


@lru_cache(maxsize=len(LANGUAGES))
def _script(language: str) -> tuple[bytes, str]:
    """Return the script with all words of a language, and its version, which changes with them."""
    request = HttpRequest()
    request.method = "GET"
    with translation.override(language):
        script: bytes = cast("HttpResponse", _catalog(request)).content
    return script, hashlib.sha256(script).hexdigest()[:12]
