"""What the command endpoints answer, for the API's documentation."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class AnswerResponse(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    session_id = serializers.CharField(help_text="The CLI's, for `command/continue`.")
    output = serializers.CharField()
    questions = serializers.ListField(child=serializers.DictField(), help_text="What it asks and waits for.")
    completed = serializers.BooleanField()
    cost_usd = serializers.FloatField(allow_null=True)
    error = serializers.CharField(allow_null=True)
    execution_id = serializers.IntegerField()


class ProjectResponse(serializers.Serializer[Any]):
    name = serializers.CharField()
    path = serializers.CharField()


class ProjectsResponse(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    projects = ProjectResponse(many=True)


class FilesResponse(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    files = serializers.DictField(help_text="By name: a directory is such an object again, a file its size in bytes.")
    truncated = serializers.BooleanField(help_text="Whether there is more than is told.")
