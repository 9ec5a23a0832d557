"""Addresses of the pages about executions, to be included at the root."""

from django.urls import path

from executions.pages import acting, activity, execution, export, history, news

urlpatterns = [
    path("activity", activity.activity, name="activity"),
    path("activity/count", news.count, name="count"),
    path("activity/held", news.held, name="held"),
    path("activity/preview", acting.preview, name="preview"),
    path("activity/stop", acting.stop, name="stop"),
    path("history", history.history, name="history"),
    path("history/export", export.export, name="export"),
    path("executions/<int:pk>", execution.execution, name="execution"),
    path("executions/<int:pk>/events/<int:seq>", execution.event, name="event"),
    path("executions/<int:pk>/priority", acting.priority, name="priority"),
    path("executions/<int:pk>/retry", acting.retry, name="retry"),
]
