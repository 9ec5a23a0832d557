"""The API does what its schema says, whatever is sent: schemathesis against a real server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT, Server

#: Ends the token that everything is asked with.
LEFT_OUT = ("auth_logout_create",)
#: A schema can't say which models, projects and sessions a site has, and forms hold texts only, which are read as what
#: they should be.
NOT_CHECKED = ("positive_data_acceptance", "negative_data_rejection")


@pytest.mark.slow
def test_nothing_that_is_sent_makes_the_api_break_its_schema(server: Server, tmp_path: Path) -> None:
    command = [
        Path(sys.executable).with_name("schemathesis"), "run", ROOT / "docs" / "openapi.yaml",
        "--url", server.url, "--header", f"Authorization: Bearer {server.token()}", "--request-timeout", "20",
        "--max-examples", "3", "--generation-deterministic", "--continue-on-failure", "--no-color",
        "--exclude-checks", ",".join(NOT_CHECKED), "--exclude-operation-id", *LEFT_OUT,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert "Traceback" not in server.log
