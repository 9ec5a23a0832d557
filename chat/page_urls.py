"""Addresses of the chat's pages, to be included at the root."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from chat import account, pages, preferences, projects, service_worker
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
    path("settings/browsers/<int:pk>/end", push_pages.end_browser, name="end_browser"),
    path("service-worker.js", service_worker.service_worker, name="service_worker"),
    path("login", account.Login.as_view(), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
]
