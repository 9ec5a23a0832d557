"""What the API's schema says that no view says by itself: tokens, errors, and what Django answers without a view."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

Operation = dict[str, Any]

#: Every error there is, and when it is answered.
ERRORS = {
    400: ("BadRequest", "The input is wrong; `fields` says where, where it is a field's."),
    401: ("Unauthorized", "No valid token or login session came with the request."),
    403: ("Forbidden", "The scope of the token does not allow it, or a browser's CSRF token is missing."),
    404: ("NotFound", "There is no such thing, or it is somebody else's."),
    406: ("NotAcceptable", "It can't be told in any of the media types that `Accept` names."),
    413: ("TooLarge", "The body is larger than the server takes."),
    415: ("UnsupportedMediaType", "The body is of a media type that is not understood here."),
    429: ("TooMany", "Too many requests or open connections; `Retry-After` says for how many seconds to wait."),
    500: ("ServerError", "The server has failed; its log says why."),
    503: ("Unavailable", "The database, or what this needs, is away; try again in a moment."),
}


def _health(status: str, required: list[str], **properties: Any) -> dict[str, Any]:
    properties = {"status": {"const": status}, **properties}
    schema = {"type": "object", "required": ["status", *required], "properties": properties}
    return {"application/json": {"schema": schema}}


#: A view that asks nobody who they are and needs no thread, and so none of DRF's.
HEALTH: dict[str, Operation] = {
    "get": {
        "operationId": "health",
        "summary": "Whether this server can do its work",
        "tags": ["health"],
        "security": [],
        "responses": {
            "200": {"description": "It can.", "content": _health("ok", [])},
            "503": {
                "description": "It can't; `failing` names the parts that are down.",
                "content": _health(
                    "error",
                    ["detail", "code", "failing"],
                    detail={"type": "string"},
                    code={"const": "unavailable"},
                    failing={"type": "array", "items": {"enum": ["database", "channel_layer"]}},
                ),
            },
        },
    }
}
#: What can be done with an execution that was started.
LINKED = ("retrieve", "cancel", "answer", "retry", "priority", "events_retrieve")
#: Whose body names something that may not exist.
NAMED_IN_BODY = {"command", "command_stream", "command_continue", "command_continue_stream"}


class BearerScheme(OpenApiAuthenticationExtension):
    """``Authorization: Bearer <token>``, from ``POST /api/v1/auth/login``. Found by being imported."""

    target_class = "chat.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Of `POST /api/v1/auth/login`, or made at `POST /api/v1/tokens/` with a scope and an end.",
        }


def describe_errors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add to every operation the errors that it may answer and does not name itself."""
    problem = {"schema": {"$ref": "#/components/schemas/Error"}}
    result["components"]["responses"] = {
        name: {
            "description": meaning,
            "content": {"application/json": problem, "application/problem+json": problem},
            **({"headers": RETRY_AFTER} if status in (429, 503) else {}),
        }
        for status, (name, meaning) in ERRORS.items()
    }
    for path in result["paths"].values():
        for operation in path.values():
            _only_json(operation)
            for status in _errors_of(operation):
                name = ERRORS[status][0]
                operation["responses"].setdefault(str(status), {"$ref": f"#/components/responses/{name}"})
            operation["responses"] = dict(sorted(operation["responses"].items()))
    result["paths"][f"{settings.BASE_PATH}/api/v1/executions/"]["post"]["responses"]["201"]["links"] = {
        name: {"operationId": f"executions_{name}", "parameters": {"id": "$response.body#/id"}} for name in LINKED
    }
    result["paths"] = dict(sorted({**result["paths"], f"{settings.BASE_PATH}/api/v1/health/": HEALTH}.items()))
    return result


def _only_json(operation: Operation) -> None:
    """Leave out forms, which the browsable API's pages send, where there is JSON."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        operation["requestBody"]["content"] = {"application/json": content["application/json"]}


RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}


def _errors_of(operation: Operation) -> Iterator[int]:
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    if places or "requestBody" in operation:
        yield 400
    if operation.get("security"):
        yield from (401, 403)
    if "path" in places or "execution_id" in names or operation["operationId"] in NAMED_IN_BODY:
        yield 404
    if "requestBody" in operation:
        yield from (413, 415)
    yield from (406, 429, 500, 503)
