"""The files in deploy/ agree with each other, with the settings, and with what the commands take."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from kakoclaw.settings import env

#: Seconds that a worker may need after its drain.
TO_FINISH = 15


@pytest.fixture
def deploy(repository: Path) -> Path:
    return repository / "deploy"


def texts(deploy: Path) -> str:
    return "\n".join(path.read_text() for path in sorted(deploy.rglob("*")) if path.is_file())


def unit(path: Path) -> configparser.ConfigParser:
    class Repeatable(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            if isinstance(value, list) and key in self:
                value = [*self[key], *value]
            super().__setitem__(key, value)

    parser = configparser.ConfigParser(strict=False, interpolation=None, dict_type=Repeatable)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read_string(path.read_text().replace("\\\n", " "))
    return parser


def test_every_variable_is_a_setting(deploy: Path) -> None:
    assert set(re.findall(r"\bKAKOCLAW_[A-Z_]+", texts(deploy))) <= env.known


def test_management_commands_and_their_options_exist(deploy: Path) -> None:
    text = re.sub(r"[\"',\[\]]", " ", texts(deploy)).replace("\\\n", " ")
    commands = re.findall(r"manage\.py +([a-z]+)([^\n]*)", text)
    assert {name for name, _ in commands} >= {"setup", "runworker", "executions", "collectstatic"}
    for name, rest in commands:
        command = load_command_class(get_commands()[name], name)
        known = command.create_parser("manage.py", name).format_help()
        if name == "executions":
            known += "--older-than"
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in known, f"{name} has no {option}"


def test_workers_get_the_time_to_drain_everywhere(deploy: Path) -> None:
    worker = yaml.safe_load((deploy / "compose.yaml").read_text())["services"]["worker"]
    drain = int(worker["environment"]["KAKOCLAW_DRAIN_SECONDS"])
    assert int(worker["stop_grace_period"].removesuffix("s")) >= drain + TO_FINISH
    service = unit(deploy / "systemd" / "kakoclaw-worker@.service")["Service"]
    match = re.search(r"KAKOCLAW_DRAIN_SECONDS=(\d+)", service["Environment"])
    assert match is not None
    assert int(service["TimeoutStopSec"]) >= int(match[1]) + TO_FINISH
    assert service["KillMode"] == "mixed", "children of a worker that drains must not get its SIGTERM"
    pods = {
        document["metadata"]["name"]: document["spec"]["template"]["spec"]
        for document in yaml.safe_load_all((deploy / "kubernetes.yaml").read_text())
        if document["kind"] == "Deployment"
    }
    pod = pods["kakoclaw-worker"]
    drain = next(int(e["value"]) for e in pod["containers"][0]["env"] if e["name"] == "KAKOCLAW_DRAIN_SECONDS")
    assert pod["terminationGracePeriodSeconds"] >= drain + TO_FINISH


def test_everything_that_serves_has_a_health_check(deploy: Path) -> None:
    services = yaml.safe_load((deploy / "compose.yaml").read_text())["services"]
    for name in ("web", "worker", "postgres", "redis"):
        assert services[name]["healthcheck"]["test"], name
    assert "/api/v1/health" in " ".join(services["web"]["healthcheck"]["test"])
    for document in yaml.safe_load_all((deploy / "kubernetes.yaml").read_text()):
        if document["kind"] == "Deployment":
            assert all("livenessProbe" in c for c in document["spec"]["template"]["spec"]["containers"])
    assert "/api/v1/health" in unit(deploy / "systemd" / "kakoclaw-web@.service")["Service"]["ExecStartPost"]


def test_the_workers_do_not_know_the_key_that_signs_sessions(deploy: Path) -> None:
    services = yaml.safe_load((deploy / "compose.yaml").read_text())["services"]
    assert "KAKOCLAW_SECRET_KEY" in services["web"]["environment"]
    assert "KAKOCLAW_SECRET_KEY" not in services["worker"]["environment"]
    assert services["worker"].get("user", "") != "root"
    assert re.search(r"^USER kakoclaw$", (deploy / "Dockerfile").read_text(), flags=re.MULTILINE)


def test_proxies_pass_sockets_and_hold_nothing_back(deploy: Path) -> None:
    for path in (deploy / "nginx").glob("*.conf"):
        text = path.read_text()
        for line in ("proxy_buffering off;", "proxy_set_header Upgrade $http_upgrade;", "proxy_read_timeout 1h;",
                     "proxy_set_header X-Forwarded-For $remote_addr;", "log_format without_query"):  # fmt: skip
            assert line in text, f"{path.name} lacks {line}"
