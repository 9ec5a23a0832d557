"""Addresses of the pages about executions, to be included at the root."""

from django.urls import path

from executions import pages

urlpatterns = [
    path("activity", pages.activity, name="activity"),
    path("activity/count", pages.count, name="count"),
    path("activity/stop", pages.stop, name="stop"),
    path("history", pages.history, name="history"),
    path("executions/<int:pk>", pages.execution, name="execution"),
    path("executions/<int:pk>/retry", pages.retry, name="retry"),
]
