"""An MCP tool server over standard input and output, for tests: newline-delimited JSON-RPC, nothing installed.

``python -m executions.testing.fake_mcp [--die | --silent]``. Its tools: ``echo`` (gives ``text`` back), ``add``
(``a`` + ``b``), ``fail`` (an error result), ``slow`` (sleeps ``seconds``), ``die`` (the process exits without an
answer) and ``fork`` (starts a process that outlives it, and returns its pid).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any

NUMBER = {"type": "number"}
TOOLS: dict[str, tuple[str, dict[str, Any]]] = {
    "echo": ("Give the text back.", {"text": {"type": "string"}}),
    "add": ("Add two numbers.", {"a": NUMBER, "b": NUMBER}),
    "fail": ("Fail with that text.", {"text": {"type": "string"}}),
    "slow": ("Answer after some seconds.", {"seconds": NUMBER}),
    "die": ("End the server without an answer.", {}),
    "fork": ("Start a process that stays; return its pid.", {}),
}


def call(name: str, args: dict[str, Any]) -> tuple[str, bool]:
    """Run a tool; return its text and whether it is an error."""
    match name:
        case "echo":
            return str(args["text"]), False
        case "add":
            return f"{args['a'] + args['b']:g}", False
        case "fail":
            return str(args["text"]), True
        case "slow":
            time.sleep(args["seconds"])
            return "done", False
        case "die":
            os._exit(3)
        case "fork":
            child = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True, stdout=subprocess.DEVNULL)
            return str(child.pid), False
        case _:
            return f"There is no tool {name}.", True


def handle(message: dict[str, Any]) -> dict[str, Any] | None:
    """Return the result of a request, or ``None`` when there is no such method."""
    params = message.get("params") or {}
    match message["method"]:
        case "initialize":
            info = {"name": "fake-mcp", "version": "1"}
            version = params["protocolVersion"]
            return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
        case "ping":
            return {}
        case "tools/list":
            schema = {"type": "object"}
            described = [
                {
                    "name": name,
                    "description": text,
                    "inputSchema": {**schema, "properties": args, "required": list(args)},
                }
                for name, (text, args) in TOOLS.items()
            ]
            return {"tools": described}
        case "tools/call":
            try:
                text, failed = call(params["name"], params.get("arguments") or {})
            except KeyError as missing:
                text, failed = f"The argument {missing} is missing.", True
            return {"content": [{"type": "text", "text": text}], "isError": failed}
    return None


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m executions.testing.fake_mcp", description=__doc__.split(",")[0])
    parser.add_argument("--die", action="store_true", help="exit at once, with a line on standard error")
    parser.add_argument("--silent", action="store_true", help="never answer")
    options = parser.parse_args()
    print("fake-mcp: this is a line on standard error", file=sys.stderr, flush=True)
    if options.die:
        sys.exit("fake-mcp: told to die")
    for line in sys.stdin:
        message = json.loads(line)
        if options.silent or "id" not in message or "method" not in message:
            continue
        result = handle(message)
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
        if result is None:
            answer["error"] = {"code": -32601, "message": f"Method not found: {message['method']}"}
        else:
            answer["result"] = result
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
