"""Checks the arguments of a call against the tool's schema, in words that help to call it better.

Only what the schemas here use: flat objects of strings, integers, numbers and booleans with bounds.
"""

from __future__ import annotations

import math
from typing import Any

from executions.agents.tools.tool import ToolError

NAMES = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}


def checked(schema: dict[str, Any], args: object) -> dict[str, Any]:
    """Return the arguments, numbers converted from text and ``null`` taken as absent.

    Raises ToolError that lists everything that is wrong.
    """
    properties: dict[str, dict[str, Any]] = schema["properties"]
    takes = f"It takes {', '.join(properties)}."
    if not isinstance(args, dict):
        raise ToolError(f"The arguments must be a JSON object, not {type(args).__name__}. {takes}")
    given = {name: value for name, value in args.items() if value is not None}
    problems = [f"unknown argument {name!r}" for name in given if name not in properties]
    problems += [f"{name!r} is missing" for name in schema["required"] if name not in given]
    values: dict[str, Any] = {}
    for name in properties.keys() & given.keys():
        try:
            values[name] = _converted(given[name], properties[name])
        except ValueError as error:
            problems.append(f"{name!r} {error}")
    if problems:
        raise ToolError(f"Wrong arguments: {'; '.join(problems)}. {takes}")
    return values


def _converted(value: object, schema: dict[str, Any]) -> object:
    kind = schema["type"]
    if kind == "string":
        return _text(value, schema)
    if kind == "boolean":
        if not isinstance(value, bool):
            raise ValueError(f"must be {NAMES[kind]}")
        return value
    return _number(value, schema)


def _text(value: object, schema: dict[str, Any]) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a text, not {type(value).__name__}")  # noqa: TRY004 - wrong as a value
    if len(value) < schema.get("minLength", 0):
        raise ValueError("must not be empty")
    if len(value) > schema.get("maxLength", math.inf):
        raise ValueError(f"has {len(value):,} characters, at most {schema['maxLength']:,} are allowed")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("holds half of a surrogate pair, which is no character")
    return value


def _number(value: object, schema: dict[str, Any]) -> int | float:
    kind = schema["type"]
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"must be {NAMES[kind]}")  # noqa: TRY004
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise ValueError(f"must be {NAMES[kind]}, not {str(value)[:40]!r}") from None
    if not math.isfinite(number) or (kind == "integer" and not number.is_integer()):
        raise ValueError(f"must be {NAMES[kind]}, not {str(value)[:40]!r}")
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    if number <= schema.get("exclusiveMinimum", -math.inf):
        raise ValueError(f"must be more than {schema['exclusiveMinimum']}")
    if not low <= number <= high:
        raise ValueError(f"must be between {low} and {high}" if high < math.inf else f"must be at least {low}")
    return int(number) if kind == "integer" else number
