"""The schema of the API that is committed: that of the code, with every error, and examples that are right."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

Operation = dict[str, Any]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    text = (Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml").read_text()
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_the_committed_schema_is_that_of_the_code_and_has_no_warnings(repository: Path) -> None:
    out = io.StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=out)
    assert out.getvalue().strip() == (repository / "docs" / "openapi.yaml").read_text().strip(), "run `make schema`"


def test_it_is_of_openapi_3_1(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    assert "nullable" not in yaml.safe_dump(schema)


def test_every_operation_describes_its_errors(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema):
        if name.endswith("/health/"):
            continue
        answers = set(operation["responses"])
        assert {"406", "429", "500", "503"} <= answers, name
        assert not operation.get("security") or {"401", "403"} <= answers, name
        assert "requestBody" not in operation or {"400", "413", "415"} <= answers, name
        for status, response in operation["responses"].items():
            found = response
            if "$ref" in response:
                found = schema["components"]["responses"][response["$ref"].rpartition("/")[2]]
            if status >= "400":
                assert found["content"]["application/json"]["schema"]["$ref"].endswith("/Error"), (name, status)


def test_every_example_is_what_its_schema_says(schema: dict[str, Any]) -> None:
    found = list(examples(schema))
    assert len(found) > 15
    for name, value, wanted in found:
        whole = {**wanted, "components": schema["components"]}
        errors = [error.message for error in jsonschema_rs.validator_for(whole).iter_errors(value)]
        assert not errors, (name, errors)


def examples(schema: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield the name of an operation, an example of what it takes or answers, and the schema of that."""
    for name, operation in operations(schema):
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            for content in part.get("content", {}).values():
                for example in content.get("examples", {}).values():
                    yield name, example["value"], content["schema"]


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["docs", "reference"])
def test_the_pages_of_the_api_load_nothing_from_elsewhere(client: Client, user: User, page: str) -> None:
    assert client.get(f"/api/v1/{page}/").status_code == 401
    client.force_login(user)
    response = client.get(f"/api/v1/{page}/")
    assert response.status_code == 200
    text = response.content.decode()
    assert "https://" not in text
    assert "<style" not in text
    assert "unsafe-inline" not in response["Content-Security-Policy"]
