"""Addresses of the chat's pages, to be included at the root."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from chat import account, pages, preferences, projects, service_worker, webhooks
from chat.push import pages as push_pages

urlpatterns = [
    path("", pages.chat, name="chat"),
    path("chat/segments/<int:pk>", pages.segments, name="segments"),
    path("chat/<str:session_id>", pages.chat, name="chat_session"),
    path("chat/<str:session_id>/turns", pages.turns, name="turns"),
    path("projects", projects.projects, name="projects"),
    path("settings", account.settings, name="settings"),
    path("settings/profile", preferences.profile, name="profile"),
    path("settings/theme", preferences.theme, name="theme"),
    path("settings/tokens", preferences.make_token, name="make_token"),
    path("settings/tokens/<int:key>/end", preferences.end_token, name="end_token"),
    path("settings/webhooks", webhooks.make, name="make_webhook"),
    path("settings/webhooks/<int:pk>", webhooks.show, name="webhook"),
    path("settings/webhooks/<int:pk>/change", webhooks.change, name="change_webhook"),
    path("settings/webhooks/<int:pk>/switch", webhooks.switch, name="switch_webhook"),
    path("settings/webhooks/<int:pk>/rotate", webhooks.rotate, name="rotate_webhook"),
    path("settings/webhooks/<int:pk>/test", webhooks.test, name="test_webhook"),
    path("settings/webhooks/<int:pk>/end", webhooks.end, name="end_webhook"),
    path("settings/webhooks/<int:pk>/deliveries/<int:delivery>/again", webhooks.redeliver, name="redeliver"),
    path("settings/browsers/<int:pk>/end", push_pages.end_browser, name="end_browser"),
    path("service-worker.js", service_worker.service_worker, name="service_worker"),
    path("login", account.Login.as_view(), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
]
