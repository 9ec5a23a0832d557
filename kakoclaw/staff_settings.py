"""How Unfold is to show the staff's pages; what they do is in kakoclaw/staff.py."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "KakoClaw",
    "SITE_HEADER": "KakoClaw",
    "SITE_URL": lambda request: reverse("chat"),
    "SITE_SUBHEADER": gettext_lazy("Staff"),
    "SITE_ICON": lambda request: static("kakoclaw/favicon.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("kakoclaw/favicon.svg")}],
    "THEME": "kakoclaw.staff.theme",
    "COLORS": "kakoclaw.staff.no_colors",
    "STYLES": [lambda request: static("kakoclaw/colors.css"), lambda request: static("kakoclaw/staff.css")],
    "SCRIPTS": [
        lambda request: static("kakoclaw/alpine/tokens.js"),
        lambda request: static("kakoclaw/alpine/parser.js"),
        lambda request: static("kakoclaw/alpine/values.js"),
        lambda request: static("kakoclaw/alpine/evaluator.js"),
        lambda request: static("kakoclaw/staff.js"),
    ],
    "SIDEBAR": {"navigation": "kakoclaw.staff.navigation"},
    "LOGIN": {"form": "chat.forms.AdminLoginForm"},
}
