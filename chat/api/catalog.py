"""What a message may choose: models and tools."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api import responses
from chat.api.base import PanelView
from executions.agents.llm.catalog import catalog
from executions.agents.tools import TOOLS
from executions.conf import conf


class ModelsView(PanelView):
    """The models on offer, by provider."""

    @extend_schema(responses=responses.ModelsResponse)
    def get(self, request: Request) -> Response:
        return Response({"current_model": conf.model, "providers": _providers()})


def _providers() -> list[dict[str, Any]]:
    # The catalog always lists ``demo``; here only what a message is allowed to name.
    allowed = {conf.model, *conf.models}
    providers: list[dict[str, Any]] = [{**provider} for provider in catalog(conf.models, conf.model)]
    for provider in providers:
        provider["models"] = [model for model in provider["models"] if model["id"] in allowed]
    return [provider for provider in providers if provider["models"]]


class ToolsView(PanelView):
    """The names of the tools that a message may exclude."""

    @extend_schema(responses=responses.ToolsResponse)
    def get(self, request: Request) -> Response:
        return Response({"tools": list(TOOLS)})
