"""The site below a path of a host, behind nginx that ends TLS: the example of deploy/nginx, for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.proxies import Proxy, nginx
from tests.servers import ADMIN, Server, Servers, manage

pytestmark = pytest.mark.services

BASE = "/agents"
#: The proxy hands the path on, as the example has it, or takes it away.
WAYS = {"hands it on": {}, "takes it away": {"proxy_pass http://kakoclaw;": "proxy_pass http://kakoclaw/;"}}


@pytest.fixture(scope="module")
def below(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is told where it will be found."""
    servers = Servers(prepared_home, tmp_path_factory.mktemp("below"))
    yield servers.start(KAKOCLAW_BASE_PATH=BASE, KAKOCLAW_HTTPS="1")
    servers.close()


@pytest.fixture(scope="module", params=WAYS)
def proxy(request: pytest.FixtureRequest, below: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with nginx(tmp_path_factory.mktemp("nginx"), below.url, changes=WAYS[request.param]) as proxy:
        yield proxy


@pytest.fixture
def api(proxy: Proxy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{proxy.origin}{BASE}", verify=proxy.trust, timeout=30) as client:
        login = client.post("/api/v1/auth/login", json={"username": ADMIN[0], "password": ADMIN[1]})
        client.headers["Authorization"] = f"Bearer {login.json()['token']}"
        yield client


def test_every_address_that_is_answered_leads_below_the_path(proxy: Proxy, api: httpx.Client) -> None:
    for number in range(2):
        started = api.post("/api/v1/executions/", json={"prompt": f"say {number}"})
        assert started.status_code == 201, started.text
    assert started.headers.get("Location", f"{BASE}/").removeprefix(proxy.origin).startswith(f"{BASE}/")
    page = api.get("/api/v1/executions/", params={"limit": 1}).json()
    assert page["next"].startswith(f"{proxy.origin}{BASE}/api/v1/executions/?")
    assert api.get(page["next"]).status_code == 200
    schema = api.get("/api/v1/schema/", params={"format": "json"}).json()
    assert f"{BASE}/api/v1/executions/" in schema["paths"]
    assert all(path.startswith(f"{BASE}/") for path in schema["paths"])


def test_a_stream_and_a_socket_go_through(proxy: Proxy, api: httpx.Client) -> None:
    started = api.post("/api/v1/executions/", json={"prompt": "count 3 every 10ms", "session_id": "web:below"}).json()
    with api.stream("GET", f"/api/v1/executions/{started['id']}/events/stream/") as stream:
        assert "succeeded" in "".join(stream.iter_text())
    token = str(api.headers["Authorization"]).removeprefix("Bearer ")
    address = f"{proxy.origin.replace('https', 'wss')}{BASE}/ws/chat?token={token}"
    with connect(address, ssl=proxy.trust, origin=proxy.origin) as socket:  # type: ignore[arg-type]
        socket.send(json.dumps({"content": "say hello", "session_id": "web:below"}))
        kinds = []
        while (kind := json.loads(socket.recv(timeout=20))["type"]) != "ready":
            kinds.append(kind)
    assert {"stream_start", "stream", "stream_end"} <= set(kinds)
    assert "token=" not in proxy.requests
    with pytest.raises(InvalidStatus):
        connect(address.replace("/ws/chat", "/ws/nothing"), ssl=proxy.trust)


def test_a_page_names_no_address_outside_of_the_path(proxy: Proxy) -> None:
    with httpx.Client(verify=proxy.trust, follow_redirects=True, timeout=30) as browser:
        page = browser.get(f"{proxy.origin}{BASE}")
        assert str(page.url).startswith(f"{proxy.origin}{BASE}/login?next={BASE}/")
        csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert csrf is not None
        form = {"username": ADMIN[0], "password": ADMIN[1], "csrfmiddlewaretoken": csrf[1]}
        home = browser.post(page.url, data=form, headers={"Referer": str(page.url), "Origin": proxy.origin})
        assert str(home.url) == f"{proxy.origin}{BASE}/"
        assert {cookie.path for cookie in browser.cookies.jar} == {f"{BASE}/"}
        assert all(cookie.secure for cookie in browser.cookies.jar)
        for path in ("", "activity", "history", "settings", "admin/", "admin/executions/execution/", "no/such/page",
                     "api/v1/executions/?format=api", "api/v1/docs/", "api/v1/reference/"):  # fmt: skip
            html = browser.get(f"{proxy.origin}{BASE}/{path}").text
            addresses = re.findall(r'(?:href|src|action|data-[a-z-]+)="(/[^" ]*)"', html)
            assert addresses, path
            assert [address for address in addresses if not address.startswith(f"{BASE}/")] == [], path


def test_errors_are_json_for_programs_there_too(api: httpx.Client) -> None:
    answer = api.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    assert api.get("/metrics").status_code == 200
    assert "Strict-Transport-Security" not in answer.headers, "the host is not this site's alone"


def test_a_health_check_past_the_proxy_asks_at_either_address(below: Server) -> None:
    origin = below.url.removesuffix(BASE)
    assert below.url == f"{origin}{BASE}"
    for address in (f"{origin}/api/v1/health", f"{below.url}/api/v1/health"):
        assert httpx.get(address, timeout=30).json() == {"status": "ok"}


def test_nobody_moves_the_site_by_a_header(below: Server) -> None:
    answer = httpx.get(f"{below.url}/login", headers={"Daphne-Root-Path": "/elsewhere"}, timeout=30)
    assert answer.status_code == 200
    assert "elsewhere" not in answer.text


@pytest.mark.parametrize("path", ["agents", "/a b", "/../x", "//x", "/x?y", "https://example.org/agents"])
def test_a_path_that_is_none_is_told(servers: Servers, path: str) -> None:
    server = servers.start(wait=False, KAKOCLAW_BASE_PATH=path)
    assert server.wait() != 0
    assert "KAKOCLAW_BASE_PATH" in server.log


def test_a_path_like_a_page_of_ours_is_warned_of(prepared_home: Path) -> None:
    for path, warned in (("/chat", True), ("/api/x", True), ("/static", True), ("/agents", False), ("", False)):
        done = manage(prepared_home, "check", KAKOCLAW_BASE_PATH=path)
        assert done.returncode == 0, done.stderr
        assert ("kakoclaw.W004" in done.stderr) is warned, path
